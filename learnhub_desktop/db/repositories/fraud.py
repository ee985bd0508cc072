"""Fraud rules, what they look at, and alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Prepared
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.types import AllRows, Moment
from learnhub_desktop.domain.alerts import AlertExtra, AlertFacts, RecentPayment
from learnhub_desktop.domain.scoring import Facts, Needs, Rule
from learnhub_desktop.domain.states import (
    AlertLevel,
    AlertStatus,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
    RuleState,
    RuleType,
)
from learnhub_desktop.errors import NotFound

_P: Final = t.payments.c
# What a student is known by: charges that took money and kept some of it.
_TAKEN: Final = (PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED)
# Charges that failed without a card's being tried say nothing of it.
_NOT_THE_CARD: Final[tuple[ColumnElement[Any], ...]] = tuple(
    literal_column(f"'{each}'")
    for each in (
        "blocked",
        "cancelled",
        "gateway_unreachable",
        "hold_expired",
        "not_found",
        "verification_declined",
    )
)
_A: Final = t.fraud_alerts.c
_ALERT: Final = select(
    _A.alert_id,
    _A.payment_id,
    _A.user_id,
    _A.course_id,
    _A.status,
    _A.alert_level,
    _A.action,
    _A.score,
    _A.alert_data,
    _A.released_at,
    _A.created_at,
    _A.row_version,
)


_R: Final = t.fraud_detection_rules.c
_RULE: Final = (
    _R.rule_id,
    _R.rule_name,
    _R.rule_type,
    _R.rule_condition,
    _R.action,
    _R.score,
    _R.alert_level,
    _R.state,
    _R.version,
)
_RULES: Final = select(*_RULE).order_by(_R.rule_id)
# All rules as one text, for `rules_of`: they are the same at nearly every purchase.
RULES_AS_TEXT: Final = select(AllRows(*_RULE)).scalar_subquery()


@lru_cache(maxsize=8)
def _count_charges(needs: Needs) -> Prepared:
    """The statement for these windows: rules change seldom, and purchases queue behind it."""
    same_currency = _P.currency == bindparam("wanted_currency", type_=String())
    # Written out: a list of values would be put into the text anew each time.
    has_money = or_(*(_P.status == each for each in _TAKEN))
    taken = and_(has_money, same_currency)
    columns: list[ColumnElement[Any]] = [
        # Summed and counted apart: SQLite's AVG is a float.
        func.sum(case((taken, _P.amount))).label("sum"),
        func.count(case((taken, 1))).label("count"),
        func.count(case((and_(has_money, _P.country.is_not(None)), 1))).label("placed"),
    ]
    for hours in needs.charge_hours:
        recent = and_(_P.created_at >= _since(f"hours_{hours}"), _P.status != PaymentStatus.FAILED)
        columns.append(func.count(case((recent, 1))).label(f"charges_{hours}"))
        same = and_(recent, same_currency)
        columns.append(func.sum(case((same, _P.amount))).label(f"spent_{hours}"))
    for minutes in needs.failure_minutes:
        failed = and_(
            _P.created_at >= _since(f"minutes_{minutes}"),
            _P.status == PaymentStatus.FAILED,
            func.coalesce(_P.reason_code, literal_column("''")).not_in(_NOT_THE_CARD),
        )
        columns.append(func.count(case((failed, 1))).label(f"failed_{minutes}"))
    for hours in needs.card_hours:
        others = t.payments.alias(f"others_{hours}")
        columns.append(
            select(func.count(func.distinct(others.c.user_id)))
            .where(
                others.c.card_fingerprint == bindparam("wanted_card", type_=String()),
                others.c.created_at >= _since(f"card_{hours}"),
                others.c.user_id != bindparam("wanted_user", type_=Integer()),
                others.c.kind == PaymentKind.CHARGE,
            )
            .scalar_subquery()
            .label(f"others_{hours}")
        )
    return Prepared(
        select(*columns).where(
            _P.user_id == bindparam("wanted_user", type_=Integer()),
            _P.kind == PaymentKind.CHARGE,
        )
    )


def _since(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=Moment())


def _rule(row: Sequence[Any]) -> Rule:
    rule_id, name, rule_type, condition, action, score, level, state, version = row
    return Rule(
        rule_id=rule_id,
        name=name or f"Rule {rule_id}",
        rule_type=None if rule_type is None else RuleType(rule_type),
        condition=dict(condition or {}),
        action=RuleAction(action or RuleAction.FLAG),
        score=score,
        level=AlertLevel(level),
        state=RuleState(state),
        version=version,
    )


def _in_force(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those that are on or in shadow."""
    return tuple(rule for rule in rules if rule.state is not RuleState.OFF)


@lru_cache(maxsize=8)
def rules_of(text: str | None) -> tuple[Rule, ...]:
    """The rules that are on or in shadow, oldest first, of `RULES_AS_TEXT`."""
    rows = json.loads(text, parse_float=Decimal) if text else []
    for row in rows:
        if isinstance(row[3], str):
            # Only MySQL knows a document within a document from a text.
            row[3] = json.loads(row[3], parse_float=Decimal)
    return _in_force(_rule(row) for row in sorted(rows))


class FraudRepository(Repository):
    """Fraud rules, what they look at, and alerts."""

    def rules(self) -> tuple[Rule, ...]:
        """All rules that are on or in shadow, oldest first."""
        return _in_force(self.all_rules())

    def all_rules(self) -> tuple[Rule, ...]:
        return tuple(_rule(row) for row in self.connection.execute(_RULES))

    def update_rule(self, rule_id: int, **values: Any) -> None:
        c = t.fraud_detection_rules.c
        self.connection.execute(
            update(t.fraud_detection_rules).where(c.rule_id == rule_id).values(**values)
        )

    def gather(
        self,
        *,
        user_id: int,
        amount: Decimal,
        currency: str,
        school_currency: str,
        country: str | None,
        card_fingerprint: str | None,
        needs: Needs,
        now: datetime,
        has_history: bool,
    ) -> Facts:
        """What the rules look at, in at most two statements, under the student's lock.

        None where neither the student nor the card has any payments.
        """
        if has_history:
            counts = self._counts(user_id, currency, card_fingerprint, needs, now)
        else:
            counts = {**dict.fromkeys(_count_charges(needs).names, 0), "average": None}
        return Facts(
            amount=amount,
            currency=currency,
            school_currency=school_currency,
            country=country,
            charges={hours: counts[f"charges_{hours}"] or 0 for hours in needs.charge_hours},
            spent={hours: Decimal(counts[f"spent_{hours}"] or 0) for hours in needs.charge_hours},
            failures={
                minutes: counts[f"failed_{minutes}"] or 0 for minutes in needs.failure_minutes
            },
            average=counts["average"],
            countries=self._countries(user_id) if country is not None and counts["placed"] else {},
            students_of_card={
                hours: 1 + counts[f"others_{hours}"]
                for hours in needs.card_hours
                if card_fingerprint is not None
            },
        )

    def _counts(
        self, user_id: int, currency: str, card: str | None, needs: Needs, now: datetime
    ) -> Mapping[str, Any]:
        since = {f"hours_{n}": now - timedelta(hours=n) for n in needs.charge_hours}
        since |= {f"minutes_{n}": now - timedelta(minutes=n) for n in needs.failure_minutes}
        since |= {f"card_{n}": now - timedelta(hours=n) for n in needs.card_hours}
        statement = _count_charges(needs)
        row = statement.row(
            self.connection,
            wanted_user=user_id,
            wanted_currency=currency,
            wanted_card=card,
            **since,
        )
        assert row is not None  # sums always have a row
        counts = dict(zip(statement.names, row, strict=True))
        average = None
        if counts["count"]:
            average = (Decimal(counts["sum"]) / counts["count"]).quantize(Decimal("0.01"))
        return {**counts, "average": average}

    def _countries(self, user_id: int) -> dict[str, int]:
        rows = self.connection.execute(
            select(_P.country, func.count())
            .where(
                _P.user_id == user_id,
                _P.kind == PaymentKind.CHARGE,
                _P.status.in_(_TAKEN),
                _P.country.is_not(None),
            )
            .group_by(_P.country)
        )
        return {country: count for country, count in rows}

    def add_alert(self, **values: Any) -> int:
        return self.insert(t.fraud_alerts, **values)

    def find_alert(self, alert_id: int) -> AlertFacts | None:
        return self._alert(_ALERT.where(_A.alert_id == alert_id))

    def get_alert(self, alert_id: int) -> AlertFacts:
        found = self.find_alert(alert_id)
        if found is None:
            raise NotFound(f"There is no alert with the number {alert_id}.")
        return found

    def lock_alert(self, alert_id: int) -> AlertFacts:
        found = self._alert(_ALERT.where(_A.alert_id == alert_id).with_for_update())
        if found is None:
            raise NotFound(f"There is no alert with the number {alert_id}.")
        return found

    def find_alert_of_payment(self, payment_id: int) -> AlertFacts | None:
        return self._alert(
            _ALERT.where(_A.payment_id == payment_id).order_by(_A.alert_id.desc()).limit(1)
        )

    def alert_extra(self, alert_id: int) -> AlertExtra:
        """Names beside an alert, and who decided on it."""
        row = self.connection.execute(
            select(
                t.users.c.name,
                t.users.c.email,
                t.courses.c.title,
                _A.reviewed_at,
                _A.reviewed_by_account,
                _A.review_comment,
            )
            .select_from(t.fraud_alerts)
            .outerjoin(t.users, t.users.c.user_id == _A.user_id)
            .outerjoin(t.courses, t.courses.c.course_id == _A.course_id)
            .where(_A.alert_id == alert_id)
        ).one()
        return AlertExtra(row[0] or "An unknown student", row[1] or "", *row[2:])

    def recent_payments(self, user_id: int | None, *, limit: int) -> tuple[RecentPayment, ...]:
        """The student's charges, newest first."""
        rows = self.connection.execute(
            select(
                _P.payment_id,
                t.courses.c.title,
                _P.amount,
                _P.currency,
                _P.payment_method,
                _P.status,
                _P.country,
                _P.created_at,
            )
            .outerjoin(t.courses, t.courses.c.course_id == _P.course_id)
            .where(_P.user_id == user_id, _P.kind == PaymentKind.CHARGE)
            .order_by(_P.created_at.desc(), _P.payment_id.desc())
            .limit(limit)
        )
        return tuple(
            RecentPayment(
                *row[:4],
                None if row.payment_method is None else PaymentMethod(row.payment_method),
                PaymentStatus(row.status),
                row.country,
                row.created_at,
            )
            for row in rows
        )

    def update_alert(self, alert_id: int, **values: Any) -> None:
        self.connection.execute(
            update(t.fraud_alerts).where(_A.alert_id == alert_id).values(**values)
        )

    def release_is_used(self, alert_id: int) -> bool:
        used = self.connection.scalar(
            select(_P.payment_id).where(_P.released_alert_id == alert_id).limit(1)
        )
        return used is not None

    def _alert(self, statement: Select[Any]) -> AlertFacts | None:
        row = self.connection.execute(statement).one_or_none()
        if row is None:
            return None
        return AlertFacts(
            alert_id=row.alert_id,
            payment_id=row.payment_id,
            user_id=row.user_id,
            course_id=row.course_id,
            status=AlertStatus(row.status),
            level=AlertLevel(row.alert_level or AlertLevel.MEDIUM),
            action=None if row.action is None else RuleAction(row.action),
            score=row.score,
            data=dict(row.alert_data or {}),
            released_at=row.released_at,
            created_at=row.created_at,
            row_version=row.row_version,
        )
