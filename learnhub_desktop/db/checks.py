"""Whether this database and this program fit, in words: what `learnhub db check` says.

Each check looks at one thing and yields one sentence; what is lost where a setting is another
than the school needs is part of the sentence.
"""

from __future__ import annotations

import shutil
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from learnhub_desktop.db import objects
from learnhub_desktop.db.engine import READERS, WRITERS, Engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.invariants.counters import seats
from learnhub_desktop.db.rights import held, needed_for_upgrade
from learnhub_desktop.db.school import label
from learnhub_desktop.db.tables import people
from learnhub_desktop.db.tls import is_this_computer, is_verifying
from learnhub_desktop.db.version import SCHEMA_VERSION, check_version, standing
from learnhub_desktop.domain.findings import Finding, Severity
from learnhub_desktop.errors import SchemaMismatch

# Each workstation: readers and writers with one more of each, and one that stops a read.
CONNECTIONS_PER_DESK: Final = READERS + 1 + WRITERS + 1 + 1
_FEW_DESKS: Final = 10
_NEARLY_ALL: Final = 0.8
_LITTLE_SPACE: Final = 500 * 1024**2
_OLDEST_SQLITE: Final = (3, 38, 0)  # JSON as part of the library


@dataclass(frozen=True, slots=True)
class _Look:
    """What the checks of a server look at, read once."""

    connection: Connection
    version: str
    variables: dict[str, str]
    is_mariadb: bool
    tls: ssl.SSLContext | None

    def on(self, name: str) -> bool:
        return self.variables.get(name, "").upper() in ("ON", "1")


Check = Callable[[_Look], Iterator[Finding]]


def check(engines: Engines, *, tls: ssl.SSLContext | None = None) -> list[Finding]:
    """Look at everything, in the order in which one would set it right.

    ``tls`` is what the engines were opened with. Raises what a lost server raises.
    """
    with told(label(engines.writer.url)), engines.reader.connect() as connection:
        if engines.killer is None:
            return list(_file(connection))
        rows = connection.exec_driver_sql("SHOW GLOBAL VARIABLES").all()
        look = _Look(
            connection,
            version=str(connection.exec_driver_sql("SELECT VERSION()").scalar()),
            variables={str(name): str(value) for name, value in rows},
            is_mariadb=bool(getattr(connection.dialect, "is_mariadb", False)),
            tls=tls,
        )
        return [finding for each in _SERVER for finding in each(look)]


def _ok(topic: str, sentence: str) -> Finding:
    return Finding(Severity.OK, topic, sentence)


def _warning(topic: str, sentence: str) -> Finding:
    return Finding(Severity.WARNING, topic, sentence)


def _problem(topic: str, sentence: str) -> Finding:
    return Finding(Severity.PROBLEM, topic, sentence)


def judge_version(version: str) -> Finding:
    """What the server's own word for its version means."""
    is_mariadb = "mariadb" in version.lower()
    name = "MariaDB" if is_mariadb else "MySQL"
    number = version.split("-")[0]
    parts = tuple(int(part) for part in number.split(".")[:2] if part.isdigit())
    oldest, tested = ((10, 11), "10.11") if is_mariadb else ((8, 4), "9.7")
    said = f"{name} {number}"
    if parts < oldest:
        return _problem(
            "server",
            f"{said} is too old. LearnHub needs {name} {oldest[0]}.{oldest[1]} or newer.",
        )
    if number.startswith(f"{tested}.") or (not is_mariadb and parts[:1] == (9,)):
        return _ok("server", f"{said} is a version that LearnHub is tested with.")
    return _warning(
        "server", f"{said} is expected to work, but only {name} {tested} has been tested."
    )


def _version(look: _Look) -> Iterator[Finding]:
    yield judge_version(look.version)


def _writable(look: _Look) -> Iterator[Finding]:
    if look.on("read_only") or look.on("super_read_only"):
        yield _problem("server", "The server is read-only at the moment: nothing can be saved.")


def _durability(look: _Look) -> Iterator[Finding]:
    flush = look.variables.get("innodb_flush_log_at_trx_commit", "")
    if flush == "1":
        yield _ok("durability", "A payment is on the disk before the server confirms it.")
    else:
        when = "the server’s program or its machine" if flush == "0" else "the server’s machine"
        yield _problem(
            "durability",
            f"innodb_flush_log_at_trx_commit is {flush}: if {when} stops, about the last second "
            "of confirmed payments is lost. Set it to 1.",
        )
    if look.on("log_bin") and look.variables.get("sync_binlog") != "1":
        yield _warning(
            "durability",
            f"sync_binlog is {look.variables.get('sync_binlog')}: after a power cut a replica, or "
            "a restore from the binary log, may miss confirmed payments. Set it to 1.",
        )


def _isolation(look: _Look) -> Iterator[Finding]:
    if look.on("log_bin") and look.variables.get("binlog_format") == "STATEMENT":
        yield _problem(
            "isolation",
            "binlog_format is STATEMENT, with which READ COMMITTED cannot write. Set it to ROW.",
        )
    else:
        yield _ok("isolation", "Writing at READ COMMITTED, with locking reads, works here.")


def _time_zone(look: _Look) -> Iterator[Finding]:
    zone = look.variables.get("time_zone", "")
    system = look.variables.get("system_time_zone", "")
    if zone in ("+00:00", "UTC") or (zone == "SYSTEM" and system == "UTC"):
        yield _ok("time zone", "NOW() is UTC here, so other programs write the right time too.")
    else:
        said = system if zone == "SYSTEM" else zone
        yield _warning(
            "time zone",
            f"NOW() is of the time zone {said} here: what other programs write with it is off. "
            "Set default_time_zone = '+00:00'.",
        )


def _strictness(look: _Look) -> Iterator[Finding]:
    modes = look.variables.get("sql_mode", "").split(",")
    if {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"} & set(modes):
        yield _ok("strictness", "The server refuses values that do not fit, to every program.")
    else:
        yield _warning(
            "strictness",
            "sql_mode is not strict: values of other programs that do not fit are cut without a "
            "word. Add STRICT_ALL_TABLES.",
        )


def _encryption(look: _Look) -> Iterator[Finding]:
    cipher = look.connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()[1]
    host = str(look.connection.engine.url.host)
    if not cipher and is_this_computer(host):
        yield _ok("encryption", "The server is on this computer; nothing travels a network.")
    elif not cipher:
        yield _problem("encryption", "The connection is not encrypted: others can read along.")
    elif is_verifying(look.tls):
        yield _ok("encryption", f"Encrypted ({cipher}), and the server’s certificate is checked.")
    else:
        yield _problem(
            "encryption",
            f"Encrypted ({cipher}), but nobody checks whose certificate it is: another computer "
            "could pose as the server.",
        )
    if not look.on("require_secure_transport") and not is_this_computer(host):
        yield _warning(
            "encryption",
            "The server lets accounts in without encryption. Set require_secure_transport = ON.",
        )


def _connections(look: _Look) -> Iterator[Finding]:
    most = int(look.variables.get("max_connections", "0"))
    desks = most // CONNECTIONS_PER_DESK
    said = (
        f"{most} connections are enough for {desks} workstations with up to "
        f"{CONNECTIONS_PER_DESK} each."
    )
    if desks < _FEW_DESKS:
        yield _warning("connections", f"{said} Raise max_connections, or put a proxy in between.")
    else:
        yield _ok("connections", said)
    peak = int(
        look.connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'").one()[1]
    )
    if peak > most * _NEARLY_ALL:
        yield _warning(
            "connections", f"Up to {peak} of {most} connections were in use at once already."
        )


def _schema(look: _Look) -> Iterator[Finding]:
    yield from _schema_of(look.connection)


def _schema_of(connection: Connection) -> Iterator[Finding]:
    try:
        check_version(connection)
    except SchemaMismatch as error:
        yield _problem("schema", str(error))
        return
    yield _ok("schema", f"The school is of version {SCHEMA_VERSION}, as this program needs it.")


def _triggers(look: _Look) -> Iterator[Finding]:
    found = standing(look.connection)
    if found is None or not found.has_settings:
        return
    if "TRIGGER" not in held(look.connection):
        yield _warning(
            "triggers",
            "This account may not see the school’s triggers. Let an administrator run the check.",
        )
        return
    yield from _changed_triggers(look.connection, found.definer)
    owners = set(
        look.connection.exec_driver_sql(
            "SELECT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        ).scalars()
    )
    wanted = (found.definer or "").replace("`", "")
    strangers = sorted(owners - {wanted})
    if strangers:
        yield _warning(
            "definer",
            f"Triggers belong to the account {', '.join(strangers)}. If it is ever dropped, "
            "nothing can be saved any more. Let an account that may create users and set any "
            "definer run `learnhub db upgrade`.",
        )
    else:
        yield _ok("definer", f"Triggers and views belong to the locked account {wanted}.")


def _changed_triggers(connection: Connection, definer: str | None) -> Iterator[Finding]:
    changed = objects.outdated(connection, definer=definer)
    if changed:
        some = ", ".join(changed[:5]) + (" and more" if len(changed) > 5 else "")
        yield _problem(
            "triggers",
            f"Missing or changed by hand: {some}. `learnhub db upgrade` makes them again.",
        )
    else:
        yield _ok("triggers", "Every trigger and view is as this program makes it.")


def _rights(look: _Look) -> Iterator[Finding]:
    missing = sorted(needed_for_upgrade(look.is_mariadb) - held(look.connection))
    if not missing:
        yield _ok("rights", "This account may upgrade the school.")
    else:
        yield _warning(
            "rights",
            f"This account cannot upgrade the school by itself; it lacks {', '.join(missing)}. "
            "Rights that come through a role are not counted.",
        )
    account = look.connection.exec_driver_sql("SELECT SUBSTRING_INDEX(USER(), '@', 1)").scalar()
    found = standing(look.connection)
    if found is not None and found.has_settings:
        role = look.connection.scalar(
            select(people.c.role).where(people.c.account == account, ~people.c.disabled)
        )
        if role is None:
            yield _problem("rights", f"The school gives the account {account} no role.")
        else:
            yield _ok("rights", f"The school knows the account {account} as {role}.")


def _trust(look: _Look) -> Iterator[Finding]:
    if not look.on("log_bin") or look.on("log_bin_trust_function_creators"):
        return
    if "SUPER" not in held(look.connection):
        yield _warning(
            "rights",
            "With its binary log the server lets only a SUPER account make triggers. For an "
            "upgrade use one, or have log_bin_trust_function_creators switched on meanwhile.",
        )


def _uncounted_seats(look: _Look) -> Iterator[Finding]:
    found = standing(look.connection)
    if found is None or not found.has_settings:
        return
    courses = len(list(seats(look.connection)))
    if courses:
        yield _warning(
            "seats",
            f"{courses:,} {'course counts' if courses == 1 else 'courses count'} other seats than "
            "enrolments hold: another program takes seats without counting them. "
            "`learnhub db verify` shows which.",
        )
    else:
        yield _ok("seats", "Every seat that is taken is counted.")


_SERVER: Final[tuple[Check, ...]] = (
    _version,
    _writable,
    _schema,
    _triggers,
    _durability,
    _isolation,
    _time_zone,
    _strictness,
    _encryption,
    _connections,
    _rights,
    _trust,
    _uncounted_seats,
)


def _file(connection: Connection) -> Iterator[Finding]:
    path = Path(str(connection.engine.url.database))
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        yield _problem("file", f"SQLite {sqlite3.sqlite_version} is too old; 3.38 is needed.")
    else:
        # `open_engines` refuses a network folder.
        yield _ok("file", f"{path.name} is on a disk of this computer, one seat at a time.")
    yield from _schema_of(connection)
    found = standing(connection)
    if found is not None and found.has_settings:
        yield from _changed_triggers(connection, None)
    mode = _pragma(connection, "journal_mode")
    synchronous = _pragma(connection, "synchronous")
    if mode == "wal" and synchronous == 2:
        yield _ok("durability", "A payment is on the disk before it is confirmed.")
    else:
        yield _problem("durability", f"The file’s journal is {mode}, its sync {synchronous}.")
    sound = str(_pragma(connection, "integrity_check"))
    if sound == "ok":
        yield _ok("integrity", "The file is sound.")
    else:
        yield _problem("integrity", f"The file is damaged: {sound[:200]}. Restore a backup.")
    orphans = len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())
    if orphans:
        rows = "1 row refers" if orphans == 1 else f"{orphans:,} rows refer"
        yield _problem("integrity", f"{rows} to something that is not there.")
    free = shutil.disk_usage(path.parent).free
    if free < _LITTLE_SPACE:
        yield _warning("file", f"Only {free // 1024**2} MB are free on the disk of {path.name}.")


def _pragma(connection: Connection, name: str) -> Any:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()
