"""What a database error means for the transaction, decided by its code.

The class says nothing: a CHECK, a SIGNAL, a deadlock and a lost server all arrive as
OperationalError.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, StrEnum, auto
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from learnhub_desktop.db.reaching import reach_of, sentence
from learnhub_desktop.domain.connecting import Reach
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    NotAllowed,
    RuleRefused,
    SchemaMismatch,
    ServerBusy,
)


class Meaning(Enum):
    RETRY = auto()  # a lost lock or certification: run the whole transaction again
    LOST = auto()  # the connection is gone: a new one, then again if no COMMIT was sent
    NOT_WRITABLE = auto()  # a secondary or read-only member: find the writer
    STOPPED = auto()  # a killed or timed-out statement
    REFUSED = auto()  # a rule of the database said no
    DENIED = auto()  # the account lacks a right
    NO_SCHOOL = auto()  # a table or column is missing
    BUG = auto()


class ServerRefusal(StrEnum):
    TRIGGER = "trigger"
    DUPLICATE = "duplicate"
    REFERENCE = "reference"
    CHECK = "check"


# https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html, and FACTS 35:
# 1180 and 3101 are Group Replication's conflict at COMMIT, 1020 is MariaDB's snapshot check;
# 3781 to 3783 and 3796 to 3799 say that a member cannot begin a transaction in its state.
_BY_CODE: Final[dict[int, Meaning]] = {
    **dict.fromkeys((1205, 1213, 1180, 3101, 1020, 3572), Meaning.RETRY),
    **dict.fromkeys((2002, 2003, 2006, 2013, 2055, 4031, 1053, 1927, 1077, 1079), Meaning.LOST),
    **dict.fromkeys((1040, 1203, 1226), Meaning.LOST),  # too many connections
    **dict.fromkeys((1129, 1130, 2026, 3159), Meaning.LOST),  # not from here, or not like this
    **dict.fromkeys((1290, 1836, 1047, 1792, 3100), Meaning.NOT_WRITABLE),
    **dict.fromkeys((3781, 3782, 3783, 3796, 3797, 3798, 3799), Meaning.NOT_WRITABLE),
    **dict.fromkeys((1317, 3024, 1969, 1028), Meaning.STOPPED),
    **dict.fromkeys((1644, 3819, 4025, 1062, 1586, 1451, 1452, 1048, 1264, 1265, 1406, 1690, 1366),
                    Meaning.REFUSED),
    **dict.fromkeys((1044, 1045, 1142, 1143, 1227, 1370, 1419, 1698, 1820, 1862, 3118, 4151),
                    Meaning.DENIED),
    **dict.fromkeys((1049, 1146, 1054), Meaning.NO_SCHOOL),
}  # fmt: skip

# A member of a Galera cluster says so where a transaction of another member ends this one
# while it reads a trigger, whose text is as it should be. The next try reads it.
_CANNOT_PARSE: Final = 1064
_UNREAD_TRIGGER: Final = "has an error in its body"

# At COMMIT a member says these when it has lost its cluster, and the others may have the change.
_LEFT_OPEN: Final = (3100, 1047)

# "The table does not comply with the requirements by an external plugin."
NOT_IN_A_GROUP: Final = 3098

_NOT_LET_IN: Final = frozenset({Reach.WRONG_PASSWORD, Reach.ACCOUNT_LOCKED, Reach.PASSWORD_EXPIRED})

_DUPLICATES: Final = {
    "users_email": "There is already an account with this e-mail address.",
    "users_external_id": "There is already an account with this external id.",
    "courses_external_id": "There is already a course with this external id.",
    "enrollments_student_id": "This student is in the course already.",
    "reviews_student_id": "This student has reviewed the course already.",
    "payments_idempotency_key": "This key was used for another payment.",
    "payments_transaction_id": "A payment with this transaction id exists already.",
    "payments_released_alert_id": "This release was used for another payment already.",
    "subscription_payments": "This period was billed already.",
    "course_tags": "The course has this tag already.",
    "course_prerequisites": "The course has this prerequisite already.",
}


def code_of(error: DBAPIError) -> int | None:
    """The server's error number, or SQLite's extended result code."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        return code if isinstance(code, int) else None
    args = getattr(original, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def meaning_of(error: DBAPIError) -> Meaning:
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_meaning(error.orig)
    code = code_of(error)
    if code is None or code == 0:
        # PyMySQL raises InterfaceError(0, '') on a socket that it has closed itself.
        return Meaning.LOST if error.connection_invalidated or code == 0 else Meaning.BUG
    if code == _CANNOT_PARSE and _UNREAD_TRIGGER in _sentence(error):
        return Meaning.RETRY
    return _BY_CODE.get(code, Meaning.BUG)


def is_left_open(error: DBAPIError) -> bool:
    """Whether a COMMIT that failed like this may have been kept all the same."""
    return meaning_of(error) is Meaning.LOST or code_of(error) in _LEFT_OPEN


def _sqlite_meaning(error: sqlite3.Error) -> Meaning:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Meaning.BUG
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Meaning.RETRY
        case sqlite3.SQLITE_INTERRUPT:
            return Meaning.STOPPED
        case sqlite3.SQLITE_CONSTRAINT:
            return Meaning.REFUSED
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return Meaning.DENIED
        case (
            sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_FULL
            | sqlite3.SQLITE_CORRUPT
            | sqlite3.SQLITE_NOTADB
        ):
            return Meaning.LOST
        case sqlite3.SQLITE_ERROR if "no such table" in str(error) or "no such col" in str(error):
            return Meaning.NO_SCHOOL
    return Meaning.BUG


def for_people(error: DBAPIError | PoolTimeout, *, label: str) -> LearnHubError | None:
    """The error a person can act on, or None where this is a bug and must reach the hook."""
    if isinstance(error, PoolTimeout):
        return ServerBusy(f"{label} is busy: every connection is in use. Try again in a moment.")
    match meaning_of(error):
        case Meaning.RETRY:
            return ServerBusy(f"{label} is busy. Nothing was changed; try again in a moment.")
        case Meaning.LOST:
            return DatabaseUnavailable(_lost(error, label))
        case Meaning.NOT_WRITABLE:
            return DatabaseUnavailable(f"{label} accepts no changes at the moment.")
        case Meaning.STOPPED:
            return ServerBusy(f"{label} took too long to answer and was stopped.")
        case Meaning.REFUSED:
            return _refusal(error)
        case Meaning.DENIED:
            return NotAllowed(_denied(error, label))
        case Meaning.NO_SCHOOL:
            return SchemaMismatch(
                f"{label} holds no school, or one of another version. "
                "An administrator can set it up with `learnhub db create` or `db upgrade`."
            )
    return None


@contextmanager
def told(label: str) -> Iterator[None]:
    """Turn what a person can act on into its error; a bug passes as it is."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        expected = for_people(error, label=label)
        if expected is None:
            raise
        raise expected from error


def _denied(error: DBAPIError, label: str) -> str:
    if code_of(error) == 1419:
        return (
            f"{label} keeps a binary log and lets only a SUPER account make triggers. Use such an "
            "account, or ask for log_bin_trust_function_creators=1 while the school is set up."
        )
    reach = reach_of(error)
    if reach in _NOT_LET_IN:
        return sentence(reach, label)
    needed = re.search(r"at least one of\) the (.+?) privilege", _sentence(error))
    if needed:
        return f"Your account on {label} lacks a right of the server: {needed.group(1)}."
    return f"Your account on {label} has no right to do this."


def _lost(error: DBAPIError, label: str) -> str:
    if isinstance(error.orig, sqlite3.Error):
        return f"{label} cannot be used: {error.orig}."
    return sentence(reach_of(error), label)


def _refusal(error: DBAPIError) -> LearnHubError:
    text = _sentence(error)
    code = code_of(error)
    is_sqlite = isinstance(error.orig, sqlite3.Error)
    if code == 1644 or (is_sqlite and code == sqlite3.SQLITE_CONSTRAINT_TRIGGER):
        return RuleRefused(ServerRefusal.TRIGGER, text)
    if code in (1062, 1586) or (is_sqlite and "UNIQUE" in text):
        key = _key(error)
        for name, said in _DUPLICATES.items():
            if name in key:
                return RuleRefused(ServerRefusal.DUPLICATE, said)
        return RuleRefused(
            ServerRefusal.DUPLICATE, "This was saved already, perhaps by another desk."
        )
    if code in (1451, 1452) or (is_sqlite and "FOREIGN KEY" in text):
        return RuleRefused(
            ServerRefusal.REFERENCE,
            "Something this refers to is gone or still in use. Reload and try again.",
        )
    if code in (1406, 1366, 1264, 1265, 1690):
        column = re.search(r"column '(\w+)'", text)
        return InvalidInput(
            column.group(1) if column else "",
            "A value is too long or cannot be stored by this server.",
        )
    return RuleRefused(
        ServerRefusal.CHECK, f"The database refused a value that is not allowed: {text}"
    )


def _key(error: DBAPIError) -> str:
    """Which key is taken: "users_email" on SQLite, "uq_users_email" on the servers."""
    text = _sentence(error).replace(".", "_")
    if "'PRIMARY'" in text:
        # MariaDB does not say whose primary key.
        table = re.search(r"INTO `?(\w+)", error.statement or "")
        return f"{text} {table.group(1) if table else ''}"
    return text


def _sentence(error: DBAPIError) -> str:
    args = getattr(error.orig, "args", ())
    return str(args[-1]) if args else str(error.orig)
