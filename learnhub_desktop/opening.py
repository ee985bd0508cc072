"""Opening a school: from a name, an address or a profile to its database and gateways."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

import pymysql
from sqlalchemy.exc import DBAPIError

from learnhub_desktop import settings
from learnhub_desktop.db import connecting
from learnhub_desktop.db.connecting import address
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.reaching import reach_of, sentence
from learnhub_desktop.db.tls import context_for
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.db.version import check_version
from learnhub_desktop.domain.connecting import Reach, bare, read_addresses
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    NotAllowed,
    SchemaMismatch,
)
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services.gateways import open_gateways
from learnhub_desktop.settings import Profile, Tls

SAMPLE: Final = "sample"
_SERVERS: Final = ("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql")
_TLS: Final = {"system": Tls.SYSTEM, "off": Tls.OFF}
_KEPT_OUT: Final = (
    Reach.WRONG_PASSWORD,
    Reach.NO_RIGHT,
    Reach.ACCOUNT_LOCKED,
    Reach.PASSWORD_EXPIRED,
)
_NO_SERVER: Final = (ValueError, LookupError, ArithmeticError, struct.error, pymysql.Error)
# No certificate has this digest, so the server is asked for the one that it has.
_NO_PIN: Final = "0" * 64
_LONGEST_NAME: Final = 64  # of a database, for MySQL and MariaDB
_IN_PATHS: Final = "/\\:"
_PIN: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class School:
    """A school that is open. ``settings`` are as they were when it was opened.

    ``password`` is what it was opened with, for processes that this program starts.
    """

    database: Database
    gateways: Gateways
    settings: SchoolSettings
    profile: Profile
    password: str | None = field(default=None, repr=False)

    def close(self) -> None:
        self.gateways.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class Probe:
    """What trying a profile came to. ``certificate`` is the SHA-256, in hexadecimal, of what
    the server showed, where that is the question: whoever trusts it can pin it.
    """

    is_ok: bool
    sentence: str
    certificate: str | None = None


def open_school(profile: Profile, *, password: str | None) -> School:
    """Open the school, once it is known that this program may work with it.

    DatabaseUnavailable says why it cannot be reached, SchemaMismatch why this program may
    not work with it, InvalidInput what in the profile cannot be used.
    """
    database = open_database(profile, password=password)
    try:
        gateways = open_gateways(database, books=settings.books_folder())
        return School(database, gateways, database.read(_settings), profile, password)
    except BaseException:
        database.close()
        raise


def open_database(profile: Profile, *, password: str | None, patient: bool = False) -> Database:
    """The school's database alone, for what needs no gateway; see `open_school`.

    A ``patient`` one waits for an answer as long as it takes: for backups and recounts.
    """
    require_file(profile)
    engines = open_engines(address(profile, password), tls=context_for(profile), patient=patient)
    try:
        with reached(profile), told(profile.label), engines.reader.connect() as connection:
            check_version(connection)
    except BaseException:
        engines.dispose()
        raise
    return Database(engines, label=profile.label)


def probe(profile: Profile, *, password: str | None) -> Probe:
    """Try the profile, and say plainly what came of it; nothing stays open.

    For a pin that is not chosen yet the server is asked what it shows.
    """
    to_pin = profile.tls is Tls.PINNED and not profile.pin
    outcome = connecting.probe(replace(profile, pin=_NO_PIN) if to_pin else profile, password)
    shown = None if outcome.certificate is None else outcome.certificate.fingerprint
    if to_pin and outcome.certificate is not None:
        return Probe(
            False,
            f"{profile.host} shows a certificate for {outcome.certificate.subject}. Accept it if "
            "its fingerprint is the one that the server's administrator tells you.",
            shown,
        )
    return Probe(outcome.is_ready, outcome.sentence, shown)


@contextmanager
def reached(profile: Profile) -> Iterator[None]:
    """Around a school's first connection: what keeps people out of it, as DatabaseUnavailable.

    Once one is in, the same errors of a server mean other things.
    """
    try:
        yield
    except NotAllowed as error:
        cause = error.__cause__
        reach = reach_of(cause) if isinstance(cause, DBAPIError) else Reach.BROKEN
        if reach not in _KEPT_OUT:
            raise
        raise DatabaseUnavailable(sentence(reach, profile.label)) from error
    except SchemaMismatch as error:
        cause = error.__cause__
        if isinstance(cause, DBAPIError) and reach_of(cause) is Reach.NO_DATABASE:
            raise DatabaseUnavailable(sentence(Reach.NO_DATABASE, profile.label)) from error
        raise
    except DBAPIError as error:
        if reach_of(error) is Reach.BROKEN:
            raise
        raise DatabaseUnavailable(sentence(reach_of(error), profile.label)) from error
    except _NO_SERVER as error:
        # What another kind of program says in greeting breaks the driver in many ways.
        if not profile.is_server:
            raise
        raise DatabaseUnavailable(sentence(Reach.NOT_A_SERVER, profile.label)) from error


def require_file(profile: Profile) -> None:
    """DatabaseUnavailable where the profile's file is missing: SQLite would make an empty one."""
    if profile.path is None or Path(profile.path).is_file():
        return
    if profile == settings.sample_profile():
        raise DatabaseUnavailable("The sample school is not there yet. Make it: learnhub sample.")
    raise DatabaseUnavailable(
        f"There is no school in {profile.path}. Make one: learnhub db create."
    )


def _settings(uow: UnitOfWork) -> SchoolSettings:
    return uow.settings.get()


def parse_database(text: str) -> Profile:
    """The profile that ``--database`` names.

    A saved profile's name, ``sample``, ``sqlite:///school.db`` or
    ``mysql://account@host:3306/database?ca=FILE``; a cluster's members stand with commas
    between, ``host1,host2:3307``. InvalidInput, in a sentence, for anything else, and for an
    address that holds a password: addresses end up in histories and logs.
    """
    text = text.strip()
    if "://" not in text:
        return _saved(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _refused(f"“{_shown(text)}” is not an address.") from None
    scheme = parts.scheme.lower()
    if scheme == "sqlite":
        return _file(parts)
    if scheme in _SERVERS:
        return _server(parts)
    raise _refused(
        f"A database of kind “{scheme[:20]}” cannot hold a school. "
        "Use mysql://account@host/database or sqlite:///school.db."
    )


def address_of(profile: Profile) -> str:
    """What `parse_database` reads as this school: a file's address, or a saved name."""
    if profile.path is not None:
        return f"sqlite:///{quote(profile.path, safe=_IN_PATHS)}"
    return profile.name


def _saved(name: str) -> Profile:
    if name.casefold() == SAMPLE:
        return settings.sample_profile()
    known = settings.load().profiles
    for profile in known:
        if profile.name.casefold() == name.casefold():
            return profile
    if name.endswith((".db", ".sqlite")):
        raise _refused(f"Write sqlite:///{name} to name a file.")
    names = ", ".join([SAMPLE, *(profile.name for profile in known)])
    raise _refused(f"There is no school called “{name[:60]}” on this computer. Known: {names}.")


def _file(parts: SplitResult) -> Profile:
    """``sqlite:///school.db`` is beside the current folder, ``sqlite:////srv/school.db`` is not."""
    path = unquote(parts.path)[1:]
    if parts.netloc or parts.query or not path:
        raise _refused("Name the file with three slashes, as in sqlite:///school.db.")
    return Profile(Path(path).stem, path=str(Path(path).expanduser().absolute()))


def _server(parts: SplitResult) -> Profile:
    servers = parts.netloc.rpartition("@")[2]
    try:
        addresses = read_addresses(servers) if servers else ()
    except InvalidInput:
        raise _refused(f"“{_shown(parts.geturl())}” is not an address.") from None
    if parts.password is not None:
        raise _refused(
            "A password does not belong in an address, where others can read it. Leave it out: "
            "LearnHub takes it from LEARNHUB_PASSWORD, the keyring, or asks for it."
        )
    database = unquote(parts.path).strip("/")
    if not addresses or not parts.username or not database or "/" in database:
        raise _refused("Name account, server and database, as in mysql://ada@db1:3306/learnhub.")
    if len(database) > _LONGEST_NAME:
        raise _refused(f"A database's name has at most {_LONGEST_NAME} characters.")
    first, *further = addresses
    tls, ca_file, pin = _read_tls(parts.query)
    return Profile(
        f"{database}@{first.host}",
        host=first.host,
        port=first.port,
        further=tuple(further),
        database=database,
        account=unquote(parts.username),
        tls=tls,
        ca_file=ca_file,
        pin=pin,
    )


def _read_tls(query: str) -> tuple[Tls, str | None, str | None]:
    """``tls=system``, ``tls=off``, ``ca=FILE`` or ``pin=SHA256``: how the server is checked."""
    options = parse_qsl(query, keep_blank_values=True)
    if not options:
        return Tls.SYSTEM, None, None
    if len(options) > 1:
        raise _refused("Name one of ?tls=system, ?tls=off, ?ca=FILE and ?pin=SHA256.")
    name, value = options[0]
    match name:
        case "tls" if value in _TLS:
            return _TLS[value], None, None
        case "ca" if value:
            return Tls.CA_FILE, str(Path(value).expanduser().absolute()), None
        case "pin":
            pin = bare(value)
            if not all(_PIN.fullmatch(each) for each in pin.split(",")):
                raise _refused("A pin is the certificate's SHA-256: 64 hexadecimal digits.")
            return Tls.PINNED, None, pin
    raise _refused("Name one of ?tls=system, ?tls=off, ?ca=FILE and ?pin=SHA256.")


def _shown(text: str) -> str:
    """The address without what may be a password."""
    return re.sub(r"//[^@/]*@", "//", text)[:60]


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput("database", sentence)
