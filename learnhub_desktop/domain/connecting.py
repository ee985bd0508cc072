"""What came of trying to reach a school, in words and for code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from learnhub_desktop.errors import InvalidInput

DEFAULT_PORT: Final = 3306


class Address(NamedTuple):
    """Where one server listens."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_addresses(text: str, *, port: int = DEFAULT_PORT) -> tuple[Address, ...]:
    """``db1, db2:3307``: the servers that hold the same database; InvalidInput names what is none.

    ``port`` is meant where none is said. The order is kept, and who is named twice counts once.
    """
    found = [read_address(part, port=port) for part in text.split(",") if part.strip()]
    if not found:
        raise InvalidInput("host", "Name the server.")
    return tuple(dict.fromkeys(found))


def read_address(text: str, *, port: int = DEFAULT_PORT) -> Address:
    """``db1``, ``db1:3307``, ``192.0.2.1``, ``[2001:db8::1]:3307``; InvalidInput for else."""
    text = text.strip()
    if text.count(":") > 1 and "[" not in text:
        text = f"[{text}]"  # an IPv6 address alone
    try:
        parts = urlsplit(f"//{text}")
        named = parts.port
    except ValueError:
        raise _no_address(text) from None
    wrong = parts.username is not None or parts.path or parts.query or parts.fragment
    if wrong or not parts.hostname or " " in parts.hostname or named == 0:
        raise _no_address(text)
    return Address(parts.hostname, port if named is None else named)


def _no_address(text: str) -> InvalidInput:
    return InvalidInput(
        "host", f"“{text.strip()[:60]}” is no server’s address such as db1.example.org:3306."
    )


class Reach(StrEnum):
    """How far an attempt to open a school came."""

    READY = "ready"
    NO_HOST = "no_host"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    NOT_A_SERVER = "not_a_server"
    NO_ENCRYPTION = "no_encryption"
    NEEDS_ENCRYPTION = "needs_encryption"
    UNTRUSTED = "untrusted"
    OTHER_NAME = "other_name"
    PIN_CHANGED = "pin_changed"
    TOO_MANY = "too_many"
    NOT_FROM_HERE = "not_from_here"
    WRONG_PASSWORD = "wrong_password"
    ACCOUNT_LOCKED = "account_locked"
    PASSWORD_EXPIRED = "password_expired"
    NO_RIGHT = "no_right"
    NO_DATABASE = "no_database"
    NO_FILE = "no_file"
    BAD_FILE = "bad_file"
    NO_SCHOOL = "no_school"
    OLDER = "older"
    NEWER = "newer"
    BAD_PROFILE = "bad_profile"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server shows. ``fingerprint`` is its SHA-256 in hexadecimal.

    The members of a cluster each have one: then all stand here, with commas between.
    """

    fingerprint: str
    subject: str
    issuer: str
    valid_until: datetime

    @property
    def spaced(self) -> str:
        """The fingerprint in pairs, as other programs show it: ``AB:CD:…``."""
        return spaced(self.fingerprint)


def spaced(fingerprints: str) -> str:
    """One or, with commas between, several in pairs: ``AB:CD:…, 12:34:…``."""
    return ", ".join(_pairs(each) for each in fingerprints.split(","))


def _pairs(fingerprint: str) -> str:
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def bare(fingerprints: str) -> str:
    """What `spaced` made, or another program, as it is compared: ``abcd…,1234…``."""
    return re.sub("[: ]", "", fingerprints).lower()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer for the person: ``sentence`` says what is and what to do.

    ``certificate`` is what the server showed where that is the question: it can be pinned.
    ``school`` is the school's name where it could be opened.
    """

    reach: Reach
    sentence: str
    certificate: Certificate | None = None
    school: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.reach is Reach.READY

    @property
    def can_pin(self) -> bool:
        return self.certificate is not None
