"""What came of trying to reach a school, in words and for code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """What a server shows. ``fingerprint`` is its SHA-256 in hexadecimal."""

    fingerprint: str
    subject: str
    issuer: str
    valid_until: datetime

    @property
    def spaced(self) -> str:
        """The fingerprint in pairs, as other programs show it: ``AB:CD:…``."""
        pairs = (self.fingerprint[at : at + 2] for at in range(0, len(self.fingerprint), 2))
        return ":".join(pairs).upper()


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
