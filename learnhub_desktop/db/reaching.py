"""Why a server could not be reached, from what the driver raised."""

from __future__ import annotations

import socket
import sqlite3
import ssl
from typing import Final

from sqlalchemy.exc import DBAPIError

from learnhub_desktop.domain.connecting import Reach

_LOST: Final = 2013
_BY_CODE: Final[dict[int, Reach]] = {
    1040: Reach.TOO_MANY,
    1203: Reach.TOO_MANY,
    1226: Reach.TOO_MANY,
    1044: Reach.NO_RIGHT,
    1045: Reach.WRONG_PASSWORD,
    1698: Reach.WRONG_PASSWORD,
    1049: Reach.NO_DATABASE,
    1129: Reach.NOT_FROM_HERE,
    1130: Reach.NOT_FROM_HERE,
    1142: Reach.NO_RIGHT,
    1820: Reach.PASSWORD_EXPIRED,
    1862: Reach.PASSWORD_EXPIRED,
    2026: Reach.NO_ENCRYPTION,
    _LOST: Reach.UNREACHABLE,
    3118: Reach.ACCOUNT_LOCKED,
    3159: Reach.NEEDS_ENCRYPTION,
    4151: Reach.ACCOUNT_LOCKED,
}
# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL.
_OTHER_NAME: Final = (62, 64)

# `{server}` is what the school is called: its label, or the address that was tried.
_SENTENCES: Final[dict[Reach, str]] = {
    Reach.NO_HOST: "{server} cannot be reached: there is no computer of that name.",
    Reach.REFUSED: "{server} cannot be reached: no server answers there. "
    "Check the port, or whether it runs.",
    Reach.TIMED_OUT: "{server} cannot be reached: it does not answer. Check network and firewall.",
    Reach.UNREACHABLE: "{server} cannot be reached. Check the network, then try again.",
    Reach.NOT_A_SERVER: "{server} is no MySQL or MariaDB server. Check the port.",
    Reach.NO_ENCRYPTION: "{server} offers no encryption, and a password must not travel without.",
    Reach.NEEDS_ENCRYPTION: "{server} accepts encrypted connections only.",
    Reach.UNTRUSTED: "{server} shows a certificate that nobody this computer trusts has signed. "
    "Name the file of its authority, or pin the certificate if its fingerprint is the right one.",
    Reach.OTHER_NAME: "{server} shows a certificate for another name. Use that name, or pin the "
    "certificate if its fingerprint is the right one.",
    Reach.PIN_CHANGED: "{server} shows another certificate than the one that was pinned. Ask its "
    "administrator before you pin the new one.",
    Reach.TOO_MANY: "{server} has too many connections open. Try again in a moment.",
    Reach.NOT_FROM_HERE: "{server} lets nobody in from this computer. Ask its administrator.",
    Reach.WRONG_PASSWORD: "{server} does not know this account with this password.",
    Reach.ACCOUNT_LOCKED: "{server} has locked this account. Ask an administrator.",
    Reach.PASSWORD_EXPIRED: "{server} takes this account’s password no longer: it has expired.",
    Reach.NO_RIGHT: "{server} gives this account no right to that database. Ask an administrator.",
    Reach.NO_DATABASE: "{server} has no database of that name.",
}


def sentence(reach: Reach, server: str) -> str:
    """What is the matter with the server, and what to do."""
    template = _SENTENCES.get(reach, _SENTENCES[Reach.UNREACHABLE])
    return template.format(server=server)


def reach_of(error: BaseException) -> Reach:
    """How far the attempt came; BROKEN where the error tells nothing of that."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return Reach.BAD_FILE
    cause = getattr(original, "original_exception", None)
    if cause is not None:
        return _of_system(cause)
    args = getattr(original, "args", ())
    code = args[0] if args else None
    if code == _LOST and "timed out" in str(original):
        return Reach.TIMED_OUT
    if isinstance(code, int):
        return _BY_CODE.get(code, Reach.BROKEN)
    # The driver counts packets and cannot make sense of another program's greeting.
    return Reach.NOT_A_SERVER if "sequence number" in str(original) else Reach.BROKEN


def _of_system(cause: BaseException) -> Reach:
    match cause:
        case ssl.SSLCertVerificationError():
            if getattr(cause, "is_pin", False):
                return Reach.PIN_CHANGED
            is_name = getattr(cause, "verify_code", 0) in _OTHER_NAME
            return Reach.OTHER_NAME if is_name else Reach.UNTRUSTED
        case ssl.SSLError():
            return Reach.NOT_A_SERVER
        case socket.gaierror():
            return Reach.NO_HOST
        case ConnectionRefusedError():
            return Reach.REFUSED
        case TimeoutError():
            return Reach.TIMED_OUT
    return Reach.UNREACHABLE
