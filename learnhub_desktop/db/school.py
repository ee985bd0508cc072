"""Making a school: the schema, its settings row, the first rules and plans."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from learnhub_desktop.db import objects
from learnhub_desktop.db.engine import Engines
from learnhub_desktop.db.tables import (
    fraud_detection_rules,
    metadata,
    people,
    school_settings,
    subscription_plans,
)
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import AlertLevel, GatewayKind, RuleAction, RuleType, SchoolKind


@dataclass(frozen=True, slots=True)
class NewSchool:
    """What `learnhub db create` is told."""

    name: str = "LearnHub"
    currency: str = "USD"
    time_zone: str = "UTC"
    kind: SchoolKind = SchoolKind.PRODUCTION
    gateway: GatewayKind = GatewayKind.MANUAL
    gateway_book_id: str | None = None


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


def create_school(engines: Engines, school: NewSchool) -> None:
    """Make the schema and an empty school in an empty database."""
    with engines.writer.connect() as connection:
        metadata.create_all(connection)
        objects.apply(connection, definer=None)
        fill(connection, school)
        connection.commit()


def fill(connection: Connection, school: NewSchool) -> None:
    """Write the settings, the first rules and plans where they are missing."""
    if connection.scalar(select(func.count()).select_from(school_settings)) == 0:
        connection.execute(
            insert(school_settings).values(
                settings_id=1,
                school_name=school.name,
                kind=school.kind,
                currency=school.currency,
                time_zone=school.time_zone,
                gateway=school.gateway,
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
    if connection.dialect.name == "mysql":
        account = connection.exec_driver_sql("SELECT SUBSTRING_INDEX(USER(), '@', 1)").scalar_one()
        known = connection.scalar(
            select(func.count()).select_from(people).where(people.c.account == account)
        )
        if not known:
            connection.execute(insert(people).values(account=account, role=Role.ADMIN))
