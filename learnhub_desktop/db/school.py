"""Making a school: the schema, its settings row, the first rules and plans."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, func, insert, inspect, make_url, select

from learnhub_desktop.db.engine import Engines, open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.tables import (
    fraud_detection_rules,
    people,
    school_settings,
    subscription_plans,
    users,
)
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.db.types import TEXT_COLLATION
from learnhub_desktop.db.upgrade import Upgraded, bring_up
from learnhub_desktop.db.version import standing
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.money import check_currency
from learnhub_desktop.domain.school import check_time_zone
from learnhub_desktop.domain.states import AlertLevel, GatewayKind, RuleAction, RuleType, SchoolKind
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput, RuleRefused

NAME_LENGTH: Final = 100


class SchoolRefusal(StrEnum):
    EXISTS = "exists"
    OTHER_PROGRAM = "other_program"
    HALF_RESTORED = "half_restored"


@dataclass(frozen=True, slots=True)
class NewSchool:
    """What `learnhub db create` is told.

    ``gateway`` None is the simulated one for a sample or test school and the manual one for
    a real school, which must have no other. The simulated gateway's book names its id.
    """

    name: str = "LearnHub"
    currency: str = "USD"
    time_zone: str = "UTC"
    kind: SchoolKind = SchoolKind.PRODUCTION
    gateway: GatewayKind | None = None
    gateway_book_id: str | None = None

    @property
    def chosen_gateway(self) -> GatewayKind:
        if self.gateway is not None:
            return self.gateway
        is_real = self.kind is SchoolKind.PRODUCTION
        return GatewayKind.MANUAL if is_real else GatewayKind.SIMULATED


# The thresholds are data: a condition's numbers may be changed in the program.
FIRST_RULES: Final[tuple[dict[str, Any], ...]] = (
    {
        "rule_name": "Many payments in a day",
        "rule_type": RuleType.VELOCITY,
        "rule_condition": {"measure": "charges", "hours": 24, "above": 5},
        "action": RuleAction.FLAG,
        "score": 50,
        "alert_level": AlertLevel.HIGH,
    },
    {
        "rule_name": "Large amount",
        "rule_type": RuleType.AMOUNT,
        "rule_condition": {"measure": "amount", "above": "500.00"},
        "action": RuleAction.FLAG,
        "score": 30,
        "alert_level": AlertLevel.MEDIUM,
    },
    {
        "rule_name": "Far above the student's average",
        "rule_type": RuleType.AMOUNT,
        "rule_condition": {"measure": "times_average", "above": 5},
        "action": RuleAction.FLAG,
        "score": 40,
        "alert_level": AlertLevel.MEDIUM,
    },
    {
        "rule_name": "Another country than usual",
        "rule_type": RuleType.LOCATION,
        "rule_condition": {"measure": "unusual_country", "charges": 3},
        "action": RuleAction.FLAG,
        "score": 30,
        "alert_level": AlertLevel.MEDIUM,
    },
    {
        "rule_name": "Several failures, then a success",
        "rule_type": RuleType.PATTERN,
        "rule_condition": {"measure": "failures", "minutes": 60, "above": 2},
        "action": RuleAction.FLAG,
        "score": 40,
        "alert_level": AlertLevel.HIGH,
    },
    {
        "rule_name": "Many students from one card",
        "rule_type": RuleType.PATTERN,
        "rule_condition": {"measure": "students_of_card", "hours": 24, "above": 2},
        "action": RuleAction.REQUIRE_VERIFICATION,
        "score": 50,
        "alert_level": AlertLevel.HIGH,
    },
)

_PLANS: Final = (("monthly", "Monthly", 1, "29.00"), ("annual", "Annual", 12, "290.00"))


def create(
    url: str | URL,
    school: NewSchool,
    *,
    tls: ssl.SSLContext | None = None,
) -> Upgraded:
    """Make an empty school; the database or the file too, where there is none.

    RuleRefused where the database holds a school or another program's tables. After a call
    that broke off the next one goes on from there.
    """
    parsed = make_url(url)
    checked = check_new_school(school)
    with told(label(parsed)), _no_file_left_behind(parsed):
        ensure_database(parsed, tls=tls)
        engines = open_engines(parsed, tls=tls, patient=True)
        try:
            return create_school(engines, checked)
        finally:
            engines.dispose()


@contextmanager
def _no_file_left_behind(url: URL) -> Iterator[None]:
    """Remove the file of a school that could not be made, unless it was there before."""
    path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    if path is None or path.exists():
        yield
        return
    try:
        yield
    except BaseException:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                path.with_name(path.name + ending).unlink(missing_ok=True)
        raise


def create_school(engines: Engines, school: NewSchool) -> Upgraded:
    """Make the schema and an empty school in a database that is there."""
    require_no_school(engines)
    made = bring_up(engines)
    with engines.writer.connect() as connection:
        account = _account(connection)
    database = Database(
        engines, label=label(engines.writer.url), actor=actor_of(account, Role.ADMIN)
    )
    database.write(fill_school, school)
    return made


def check_new_school(school: NewSchool) -> NewSchool:
    """Return the school as it will be stored; InvalidInput where something cannot be."""
    name = check_text(school.name, field="name", label="The school's name", longest=NAME_LENGTH)
    if school.kind is SchoolKind.PRODUCTION and school.chosen_gateway is GatewayKind.SIMULATED:
        raise InvalidInput("gateway", "The simulated gateway is only for a sample or test school.")
    return NewSchool(
        name=name,
        currency=check_currency(school.currency),
        time_zone=check_time_zone(school.time_zone),
        kind=school.kind,
        gateway=school.chosen_gateway,
        gateway_book_id=school.gateway_book_id,
    )


def ensure_database(url: URL, *, tls: ssl.SSLContext | None) -> None:
    """Create the server's database, or the folder of a file, where it is missing."""
    if url.get_backend_name() == "sqlite":
        folder = Path(url.database or "").absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                "database", f"No file can be made in {folder}: {error.strerror or error}."
            ) from error
        return
    name = (url.database or "").replace("`", "``")
    if not name:
        raise InvalidInput("database", "Name the database, as in mysql://server/school.")
    server = URL.create(
        url.drivername, url.username, url.password, url.host, url.port, query=url.query
    )
    engines = open_engines(server, tls=tls)
    try:
        with engines.writer.connect() as connection:
            # A database that is there already may have been made for this account alone.
            there = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s"
            if not connection.exec_driver_sql(there, (url.database,)).scalar():
                connection.exec_driver_sql(
                    f"CREATE DATABASE IF NOT EXISTS `{name}`"
                    f" CHARACTER SET utf8mb4 COLLATE {TEXT_COLLATION}"
                )
    finally:
        engines.dispose()


def require_no_school(engines: Engines) -> None:
    """RuleRefused where the database holds a school or something else than one being made."""
    with engines.writer.connect() as connection:
        found = standing(connection)
        if found is not None and found.has_settings:
            raise RuleRefused(
                SchoolRefusal.EXISTS,
                "This database holds a school already. Name another one, or an empty one.",
            )
        if found is None and inspect(connection).get_table_names():
            raise RuleRefused(
                SchoolRefusal.OTHER_PROGRAM,
                "This database holds tables of another program. Name an empty one.",
            )
        if inspect(connection).has_table("users") and connection.scalar(
            select(func.count()).select_from(users)
        ):
            raise RuleRefused(
                SchoolRefusal.HALF_RESTORED,
                "The restoring of a school into this database broke off. "
                "Run `learnhub db restore` once more.",
            )


def label(url: URL) -> str:
    """What sentences call the database: the file's name, or the database and its server."""
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").name
    return f"{url.database} on {url.host}"


def fill_school(uow: UnitOfWork, school: NewSchool) -> None:
    """Write the settings, the first rules and plans, and who made the school."""
    connection = uow.connection
    connection.execute(
        insert(school_settings).values(
            settings_id=1,
            school_name=school.name,
            kind=school.kind,
            currency=school.currency,
            time_zone=school.time_zone,
            gateway=school.chosen_gateway,
            gateway_book_id=school.gateway_book_id,
        )
    )
    connection.execute(insert(fraud_detection_rules), list(FIRST_RULES))
    for plan_type, title, months, price in _PLANS:
        connection.execute(
            insert(subscription_plans).values(
                plan_type=plan_type,
                title=title,
                period_months=months,
                price=Decimal(price),
                currency=school.currency,
            )
        )
    make_administrator(connection)


def make_administrator(connection: Connection) -> None:
    """Name the connected account of a server as an administrator, unless it has a role."""
    if connection.dialect.name == "sqlite":
        return
    account = _account(connection)
    known = select(func.count()).select_from(people).where(people.c.account == account)
    if not connection.scalar(known):
        connection.execute(insert(people).values(account=account, role=Role.ADMIN))


def _account(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return "db create"
    return str(connection.exec_driver_sql("SELECT SUBSTRING_INDEX(USER(), '@', 1)").scalar_one())
