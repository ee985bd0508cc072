"""Trying a profile: every way in which a school cannot be opened has its own plain answer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pymysql
from sqlalchemy import URL, Connection, create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from learnhub_desktop.db.cluster import url_with
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.reaching import reach_of, sentence
from learnhub_desktop.db.tables import school_settings
from learnhub_desktop.db.tls import context_for, fetch_certificate
from learnhub_desktop.db.version import check_version
from learnhub_desktop.domain.connecting import Address, Certificate, Outcome, Reach
from learnhub_desktop.errors import InvalidInput, LearnHubError, SchemaMismatch, SchemaProblem
from learnhub_desktop.settings import Profile

_TIMEOUT_S: Final = 5
_SCHEMA: Final = {
    SchemaProblem.NO_SCHOOL: Reach.NO_SCHOOL,
    SchemaProblem.OLDER: Reach.OLDER,
    SchemaProblem.NEWER: Reach.NEWER,
}
_ASK_TO_PIN: Final = (Reach.UNTRUSTED, Reach.OTHER_NAME, Reach.PIN_CHANGED)


def probe(profile: Profile, password: str | None) -> Outcome:
    """Try to open the profile's school and say what came of it; nothing stays connected.

    Of a cluster every member is tried, since each may have to take over. The call takes some
    seconds where a server does not answer.
    """
    if not profile.further:
        return _probe_one(profile, password)
    tried = [_probe_one(_alone(profile, each), password) for each in profile.addresses]
    ready = [outcome for outcome in tried if outcome.is_ready]
    missing = [outcome for outcome in tried if not outcome.is_ready]
    # A certificate is a question for the person, whatever the others say.
    questions = [outcome for outcome in missing if outcome.can_pin]
    if questions:
        return replace(questions[0], certificate=shown_by_all(profile))
    if not ready:
        return missing[0]
    said = f"“{ready[0].school}” is ready in {profile.label}."
    if missing:
        said += f" But only {len(ready)} of {len(tried)} addresses can be used. "
        said += missing[0].sentence
    else:
        said += f" All {len(tried)} addresses can be used."
    return replace(ready[0], sentence=said)


def _alone(profile: Profile, address: Address) -> Profile:
    return replace(profile, host=address.host, port=address.port, further=())


def shown_by_all(profile: Profile) -> Certificate | None:
    """What the profile's servers show, taken together, so that all are pinned at once.

    None where none of them can be reached with encryption.
    """
    shown = [_shown(_alone(profile, each)) for each in profile.addresses]
    found = list(dict.fromkeys(each for each in shown if each is not None))
    if not found:
        return None
    return Certificate(
        ",".join(dict.fromkeys(each.fingerprint for each in found)),
        ", ".join(dict.fromkeys(each.subject for each in found)),
        found[0].issuer,
        min(each.valid_until for each in found),
    )


def _probe_one(profile: Profile, password: str | None) -> Outcome:
    if profile.host is None and not Path(profile.path or "").is_file():
        return Outcome(Reach.NO_FILE, f"There is no file {profile.path}.")
    try:
        with _connected(profile, password) as connection:
            check_version(connection)
            school = str(connection.scalar(select(school_settings.c.school_name)))
            return Outcome(Reach.READY, f"“{school}” is ready in {profile.label}.", school=school)
    except SchemaMismatch as error:
        return Outcome(_SCHEMA[error.problem], str(error))
    except InvalidInput as error:
        return Outcome(Reach.BAD_PROFILE, str(error))
    except LearnHubError as error:
        return Outcome(Reach.BAD_FILE, str(error))
    except DBAPIError as error:
        return _not_reached(profile, reach_of(error), error)
    except (ValueError, LookupError, ArithmeticError, struct.error, pymysql.Error) as error:
        # What another kind of program says in greeting breaks the driver in many ways.
        return _not_reached(profile, Reach.NOT_A_SERVER, error)


def _not_reached(profile: Profile, reach: Reach, error: Exception) -> Outcome:
    if reach is Reach.BAD_FILE:
        reason = getattr(error, "orig", error)
        return Outcome(reach, f"{profile.label} cannot be used: {reason}.")
    where = f"{profile.host}:{profile.port}"
    if reach is Reach.BROKEN:
        reason = getattr(error, "orig", error)
        return Outcome(reach, f"{where} cannot be used. It said: {reason}.")
    certificate = _shown(profile) if reach in _ASK_TO_PIN else None
    return Outcome(reach, sentence(reach, where), certificate=certificate)


def _shown(profile: Profile) -> Certificate | None:
    assert profile.host is not None
    try:
        return fetch_certificate(profile.host, profile.port)
    except pymysql.Error:  # gone again since a moment ago
        return None


def address(profile: Profile, password: str | None) -> URL:
    """What the engines connect to; the only place where the password stands."""
    if profile.host is None:
        return URL.create("sqlite", database=profile.path)
    url = URL.create(
        "mysql+pymysql",
        username=profile.account,
        password=password or None,
        host=profile.host,
        port=profile.port,
        database=profile.database,
    )
    return url_with(url, profile.further)


@contextmanager
def _connected(profile: Profile, password: str | None) -> Iterator[Connection]:
    if profile.host is None:
        engines = open_engines(address(profile, None))
        try:
            with engines.reader.connect() as connection:
                yield connection
        finally:
            engines.dispose()
        return
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": _TIMEOUT_S,
        "read_timeout": _TIMEOUT_S,
        "write_timeout": _TIMEOUT_S,
    }
    context = context_for(profile)
    arguments |= {"ssl_disabled": True} if context is None else {"ssl": context}
    url = address(profile, password)
    engine = create_engine(url, connect_args=arguments, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
