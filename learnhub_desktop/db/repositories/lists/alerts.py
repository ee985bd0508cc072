"""The queue of fraud alerts."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, or_, select

from learnhub_desktop.db.repositories.lists import filters
from learnhub_desktop.db.repositories.lists.relations import Relations
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    Join,
    ListSource,
    Measure,
    Resolve,
    SortKey,
    load_rows,
)
from learnhub_desktop.db.tables import courses, fraud_alerts, payments, payments_archive, users
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import AlertLevel, AlertStatus, PaymentStatus, RuleAction

_A: Final = fraud_alerts.c
_STUDENT: Final = Join(users, users.c.user_id == _A.user_id, outer=True)
_COURSE: Final = Join(courses, courses.c.course_id == _A.course_id, outer=True)
_PAYMENT: Final = Join(payments, payments.c.payment_id == _A.payment_id, outer=True)
# An alert outlives the live row of its payment, which leaves with its closed year.
_ARCHIVED: Final = Join(
    payments_archive, payments_archive.c.payment_id == _A.payment_id, outer=True
)
_AMOUNT: Final = func.coalesce(payments.c.amount, payments_archive.c.amount)
_MEASURES: Final = {
    "score": Measure(_A.score, MeasureKind.NUMBER),
    "amount": Measure(_AMOUNT, MeasureKind.AMOUNT, ("payment", "archived")),
    "created": Measure(_A.created_at, MeasureKind.DAY),
}


def alerts_list(see: Relations) -> ListSource[AlertRow]:
    return ListSource(
        name="alerts",
        right=Right.VIEW_ALERTS,
        base=fraud_alerts,
        row_id=_A.alert_id,
        joins={
            "student": _STUDENT,
            "course": _COURSE,
            "payment": _PAYMENT,
            "archived": _ARCHIVED,
        },
        sorts={
            "id": SortKey(()),
            "level": SortKey((_A.severity, _A.created_at)),
            "score": SortKey((_A.score,)),
            "student": SortKey((users.c.search_text,), nullable=True, needs=("student",)),
            "course": SortKey((courses.c.search_text,), nullable=True, needs=("course",)),
            "amount": SortKey((_AMOUNT,), nullable=True, needs=("payment", "archived")),
            "status": SortKey((_A.status, _A.severity, _A.created_at)),
            "action": SortKey((_A.action,), nullable=True),
            "created": SortKey((_A.created_at,)),
            "reviewed": SortKey((_A.reviewed_at,), nullable=True),
        },
        default_sort=Sort("level", descending=True),
        more_columns=frozenset({"payment", "currency", "released", "reviewed_by"}),
        measures=_MEASURES,
        filters={
            "status": filters.one_of(_A.status, AlertStatus),
            "level": filters.one_of(_A.alert_level, AlertLevel),
            "action": filters.one_of(_A.action, RuleAction),
            "created": filters.between(_MEASURES["created"], "created"),
            "score": filters.between(_MEASURES["score"], "score"),
            "student": filters.ids(_A.user_id, "student"),
            "course": filters.ids(_A.course_id, "course"),
            "payment": filters.ids(_A.payment_id, "payment"),
            "released": filters.cases(
                {"yes": _A.released_at.is_not(None), "no": _A.released_at.is_(None)}
            ),
        },
        find_word=_find_word,
        find_address=lambda email, resolve: _A.user_id.in_(
            resolve(select(users.c.user_id).where(filters.begins(users.c.email, email)))
        ),
        load=load_rows(
            select(
                _A.alert_id,
                _A.alert_level,
                _A.score,
                _A.action,
                _A.status,
                _A.user_id,
                users.c.name,
                _A.course_id,
                courses.c.title,
                _A.payment_id,
                func.coalesce(payments.c.status, payments_archive.c.status).label("paid"),
                _AMOUNT.label("amount"),
                func.coalesce(payments.c.currency, payments_archive.c.currency).label("currency"),
                _A.created_at,
                _A.reviewed_at,
                _A.reviewed_by_account,
                _A.released_at,
                _A.row_version,
            ).select_from(
                fraud_alerts.join(users, _STUDENT.on, isouter=True)
                .join(courses, _COURSE.on, isouter=True)
                .join(payments, _PAYMENT.on, isouter=True)
                .join(payments_archive, _ARCHIVED.on, isouter=True)
            ),
            _A.alert_id,
            _row,
        ),
    )


def _find_word(word: str, resolve: Resolve) -> Condition:
    return or_(
        _A.user_id.in_(
            resolve(select(users.c.user_id).where(filters.contains(users.c.search_text, word)))
        ),
        _A.course_id.in_(
            resolve(
                select(courses.c.course_id).where(filters.contains(courses.c.search_text, word))
            )
        ),
    )


def _row(found: Any) -> AlertRow:
    return AlertRow(
        alert_id=found.alert_id,
        # Other programs may leave it out; such an alert sorts with the low ones.
        level=AlertLevel.LOW if found.alert_level is None else AlertLevel(found.alert_level),
        score=found.score,
        action=None if found.action is None else RuleAction(found.action),
        status=AlertStatus(found.status),
        student_id=found.user_id,
        student_name=found.name,
        course_id=found.course_id,
        course_title=found.title,
        payment_id=found.payment_id,
        payment_status=None if found.paid is None else PaymentStatus(found.paid),
        amount=found.amount,
        currency=found.currency,
        created_at=found.created_at,
        reviewed_at=found.reviewed_at,
        reviewed_by=found.reviewed_by_account,
        released_at=found.released_at,
        row_version=found.row_version,
    )
