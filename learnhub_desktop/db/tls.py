"""Encrypted connections: checked by the system, by an own authority, or by a pin.

A pin is checked after the handshake and before anything is said: neither password nor account
name reach a server that is not the one whose certificate was seen at the first connection.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pymysql

from learnhub_desktop.domain.connecting import Certificate, bare
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.settings import Profile, Tls

if TYPE_CHECKING:
    from cryptography import x509

_TIMEOUT_S: Final = 5


class WrongCertificate(ssl.SSLCertVerificationError):
    """The server shows another certificate than the one that was pinned."""

    is_pin = True


def context_for(profile: Profile) -> ssl.SSLContext | None:
    """What the profile's connections are encrypted and checked with; one for all of them.

    None only for a server on this computer. InvalidInput where the profile cannot be used.
    """
    if profile.host is None:
        return None
    match profile.tls:
        case Tls.OFF:
            if not all(is_this_computer(each.host) for each in profile.addresses):
                raise InvalidInput(
                    "tls",
                    "Without encryption a password can be read on its way. Only a server on this "
                    "computer can be reached without it.",
                )
            return None
        case Tls.PINNED:
            if not profile.pin:
                raise InvalidInput("pin", "Connect once and pin the certificate that is shown.")
            return _Pinned.to(profile.pin)
        case Tls.CA_FILE:
            return _checked_by(Path(profile.ca_file or ""))
    return _relaxed(ssl.create_default_context())


def _checked_by(ca_file: Path) -> ssl.SSLContext:
    try:
        return _relaxed(ssl.create_default_context(cafile=ca_file))
    except ssl.SSLError as error:
        raise InvalidInput(
            "ca_file", f"{ca_file.name} holds no certificate in PEM form."
        ) from error
    except OSError as error:
        raise InvalidInput(
            "ca_file", f"The certificate file {ca_file} cannot be read: {error.strerror}."
        ) from error


def _relaxed(context: ssl.SSLContext) -> ssl.SSLContext:
    # The authorities that MySQL makes for itself leave out what RFC 5280 wants since Python
    # 3.13; the chain and the host's name are checked all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def is_this_computer(host: str) -> bool:
    """Whether the name or address means this very computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def fetch_certificate(host: str, port: int, *, timeout_s: int = _TIMEOUT_S) -> Certificate:
    """Ask a server for its certificate, and break off before anybody logs in.

    Raises what the driver raises where the server cannot be reached or offers no encryption.
    """
    looking = _Looking(ssl.PROTOCOL_TLS_CLIENT)
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE
    try:
        pymysql.connect(
            host=host,
            port=port,
            user="",
            ssl=looking,
            connect_timeout=timeout_s,
            read_timeout=timeout_s,
        )
    except _Seen as seen:
        return read_certificate(seen.der)
    raise AssertionError("the handshake was not looked at")


def read_certificate(der: bytes) -> Certificate:
    # Only a certificate that is shown needs it, and it takes as long to load as the driver.
    from cryptography import x509

    parsed = x509.load_der_x509_certificate(der)
    return Certificate(
        hashlib.sha256(der).hexdigest(),
        _common_name(parsed.subject),
        _common_name(parsed.issuer),
        parsed.not_valid_after_utc,
    )


def _common_name(name: x509.Name) -> str:
    from cryptography import x509

    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


class _Seen(Exception):
    """The certificate was seen; the connection goes no further."""

    def __init__(self, der: bytes) -> None:
        super().__init__()
        self.der = der


class _Looking(ssl.SSLContext):
    """Shows the server's certificate and ends the connection before the log-in."""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(*args, **options)
        der = wrapped.getpeercert(binary_form=True)
        wrapped.close()
        raise _Seen(der or b"")


class _Pinned(ssl.SSLContext):
    """Accepts what was pinned only, whoever signed it and whatever name stands on it.

    The members of a cluster each show a certificate of their own.
    """

    _pins: tuple[str, ...]

    @classmethod
    def to(cls, pin: str) -> _Pinned:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context._pins = tuple(bare(pin).split(","))
        return context

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        # The driver logs in over what this returns, so nothing was said before it.
        wrapped = super().wrap_socket(*args, **options)
        shown = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
        if not any(hmac.compare_digest(shown, pin) for pin in self._pins):
            wrapped.close()
            raise WrongCertificate(f"pinned {', '.join(self._pins)}, shown {shown}")
        return wrapped


def is_verifying(context: ssl.SSLContext | None) -> bool:
    """Whether connections with this context are sure whom they talk to."""
    if context is None:
        return False
    return isinstance(context, _Pinned) or (
        context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    )
