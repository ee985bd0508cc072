"""Which school a command works on, and opening it."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from learnhub_desktop import opening, passwords, settings
from learnhub_desktop.db.connecting import shown_by_all
from learnhub_desktop.db.reaching import reach_of
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.connecting import Reach
from learnhub_desktop.errors import DatabaseUnavailable, InvalidInput
from learnhub_desktop.opening import School
from learnhub_desktop.settings import Profile

VARIABLE: Final = "LEARNHUB_DATABASE"
_NOT_TRUSTED: Final = (Reach.UNTRUSTED, Reach.OTHER_NAME)


def named_profile(options: Namespace) -> Profile | None:
    """What ``--database`` names, else what the environment names; None without either."""
    named = options.database or os.environ.get(VARIABLE)
    return opening.parse_database(named) if named else None


def new_profile(options: Namespace) -> Profile:
    """Where a school is to be made: it must be said, since it is never where one is."""
    profile = named_profile(options)
    if profile is None:
        raise InvalidInput("database", "Say where, for example --database sqlite:///school.db.")
    return profile


def chosen_profile(options: Namespace) -> Profile:
    """The profile that was named, else the one that was used last."""
    named = named_profile(options)
    if named is not None:
        return named
    saved = settings.load()
    last = saved.profile(saved.last_profile) if saved.last_profile is not None else None
    if last is None:
        raise InvalidInput(
            "database", "Name the school with --database, for example --database sample."
        )
    return last


@contextmanager
def opened(options: Namespace) -> Iterator[School]:
    """The chosen school, open for the command's length."""
    profile = chosen_profile(options)
    with showing_certificate(profile):
        school = opening.open_school(profile, password=passwords.find(profile))
    try:
        yield school
    finally:
        school.close()


@contextmanager
def opened_database(options: Namespace) -> Iterator[Database]:
    """The chosen school's database alone, for work that may take long."""
    profile = chosen_profile(options)
    with showing_certificate(profile):
        database = opening.open_database(profile, password=passwords.find(profile), patient=True)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def showing_certificate(profile: Profile) -> Iterator[None]:
    """Where a certificate is not trusted, say its fingerprint: a person may know it."""
    try:
        yield
    except DatabaseUnavailable as error:
        cause = error.__cause__
        if not isinstance(cause, DBAPIError) or reach_of(cause) not in _NOT_TRUSTED:
            raise
        shown = shown_by_all(profile)
        if shown is None:
            raise
        raise DatabaseUnavailable(
            f"{error} It can be pinned with ?pin={shown.fingerprint}"
        ) from error
