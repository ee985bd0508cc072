"""Which schema this program works with, and whether a database has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db.failures import Meaning, meaning_of
from learnhub_desktop.db.tables import schema_info, school_settings
from learnhub_desktop.errors import SchemaMismatch, SchemaProblem

# The number of the newest revision, and the oldest program that still works with it.
SCHEMA_VERSION: Final = 1
OLDEST_CLIENT: Final = 1
# What this program is to `schema_info.oldest_client`.
CLIENT_VERSION: Final = 1

UNFINISHED: Final = 0  # the version of a school that is still being made or restored


@dataclass(frozen=True, slots=True)
class Standing:
    """What `schema_info` says. ``has_settings`` tells whether the school was filled in."""

    schema_version: int
    oldest_client: int
    has_settings: bool
    definer: str | None


def standing(connection: Connection) -> Standing | None:
    """The schema as it stands; None where the database was never a school's."""
    settings = select(func.count()).select_from(school_settings).scalar_subquery()
    info = select(
        schema_info.c.schema_version, schema_info.c.oldest_client, schema_info.c.definer
    ).where(schema_info.c.info_id == 1)
    try:
        found = connection.execute(info).one_or_none()
        filled = found is not None and found.schema_version != UNFINISHED
        has_settings = filled and bool(connection.scalar(select(settings)))
    except DBAPIError as error:
        if meaning_of(error) is Meaning.NO_SCHOOL:
            return None
        raise
    if found is None:
        return None
    return Standing(found.schema_version, found.oldest_client, has_settings, found.definer)


def check_version(connection: Connection) -> None:
    """Raise SchemaMismatch unless this program may work with the school in this database."""
    found = standing(connection)
    if found is None:
        raise SchemaMismatch(
            "This database holds no school yet. "
            "An administrator can set one up with `learnhub db create`.",
            problem=SchemaProblem.NO_SCHOOL,
        )
    if found.schema_version == UNFINISHED or not found.has_settings:
        raise SchemaMismatch(
            "The school in this database is not finished. "
            "An administrator can run `learnhub db create` or `learnhub db restore` once more.",
            problem=SchemaProblem.NO_SCHOOL,
        )
    if found.schema_version < SCHEMA_VERSION:
        raise SchemaMismatch(
            f"This school is of an older version ({found.schema_version}) than this program "
            f"({SCHEMA_VERSION}). An administrator can bring it up to date with "
            "`learnhub db upgrade`.",
            problem=SchemaProblem.OLDER,
        )
    if found.oldest_client > CLIENT_VERSION:
        raise SchemaMismatch(
            f"This school is of a newer version ({found.schema_version}) than this program "
            f"({SCHEMA_VERSION}). Install the newer LearnHub on this computer.",
            problem=SchemaProblem.NEWER,
        )
