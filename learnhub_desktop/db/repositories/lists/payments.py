"""The list of payments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select

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
from learnhub_desktop.db.tables import (
    courses,
    payments,
    subscription_plans,
    subscriptions,
    users,
)
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import PaymentKind, PaymentMethod, PaymentStatus

_P: Final = payments.c
_STUDENT: Final = Join(users, users.c.user_id == _P.user_id)
_COURSE: Final = Join(courses, courses.c.course_id == _P.course_id, outer=True)
_SUBSCRIPTION: Final = Join(
    subscriptions, subscriptions.c.subscription_id == _P.subscription_id, outer=True
)
_PLAN: Final = Join(
    subscription_plans,
    subscription_plans.c.plan_type == subscriptions.c.plan_type,
    outer=True,
)
_MEASURES: Final = {
    "amount": Measure(_P.amount, MeasureKind.AMOUNT),
    "refunded": Measure(_P.refunded_amount, MeasureKind.AMOUNT),
    "created": Measure(_P.created_at, MeasureKind.DAY),
    "processed": Measure(_P.processed_at, MeasureKind.DAY),
}


def payments_list(see: Relations) -> ListSource[PaymentRow]:
    return ListSource(
        name="payments",
        right=Right.VIEW_PAYMENTS,
        base=payments,
        row_id=_P.payment_id,
        joins={"student": _STUDENT, "course": _COURSE},
        sorts={
            "id": SortKey(()),
            "student": SortKey((users.c.search_text,), needs=("student",)),
            "course": SortKey((courses.c.search_text,), nullable=True, needs=("course",)),
            "amount": SortKey((_P.amount,)),
            "refunded": SortKey((_P.refunded_amount,)),
            # Of one state the oldest, or the newest, first: as the index has them.
            "method": SortKey((_P.payment_method, _P.created_at), nullable=True),
            "status": SortKey((_P.status, _P.created_at)),
            "kind": SortKey((_P.kind,)),
            "created": SortKey((_P.created_at,)),
            "processed": SortKey((_P.processed_at,), nullable=True),
            "gateway": SortKey((_P.payment_gateway,), nullable=True),
            "reason": SortKey((_P.reason_code,), nullable=True),
        },
        default_sort=Sort("created", descending=True),
        more_columns=frozenset({"currency", "comment", "reference", "refund_due"}),
        measures=_MEASURES,
        filters={
            "status": filters.one_of(_P.status, PaymentStatus),
            "method": filters.one_of(_P.payment_method, PaymentMethod, nothing="none"),
            "kind": filters.one_of(_P.kind, PaymentKind),
            "created": filters.between(_MEASURES["created"], "created"),
            "processed": filters.between(_MEASURES["processed"], "processed"),
            "amount": filters.between(_MEASURES["amount"], "amount"),
            "course": filters.ids(_P.course_id, "course"),
            "student": filters.ids(_P.user_id, "student"),
            "currency": filters.texts(
                lambda codes: _P.currency.in_([code.upper() for code in codes])
            ),
            "refund_due": filters.cases(
                {"yes": _P.refund_due.is_(True), "no": _P.refund_due.is_(False)}
            ),
            "attention": filters.cases(
                {
                    "unknown": _P.status == PaymentStatus.UNKNOWN,
                    "unknown_hour": _unknown_since(timedelta(hours=1)),
                    "unknown_day": _unknown_since(timedelta(days=1)),
                    "unknown_week": _unknown_since(timedelta(days=7)),
                    "hold_expired": lambda now: and_(
                        _P.status == PaymentStatus.PENDING, _P.hold_expires_at <= now
                    ),
                    "refund_open": and_(
                        _P.kind == PaymentKind.REFUND,
                        _P.status.in_((PaymentStatus.PENDING, PaymentStatus.UNKNOWN)),
                    ),
                    "refund_due": _P.refund_due.is_(True),
                }
            ),
        },
        find_word=_find_word,
        find_address=lambda email, resolve: _P.user_id.in_(
            resolve(select(users.c.user_id).where(filters.begins(users.c.email, email)))
        ),
        load=load_rows(
            select(
                _P.payment_id,
                _P.user_id,
                users.c.name,
                users.c.email,
                _P.kind,
                _P.course_id,
                _P.subscription_id,
                _P.enrollment_id,
                func.coalesce(courses.c.title, subscription_plans.c.title, "").label("title"),
                _P.amount,
                _P.currency,
                _P.refunded_amount,
                _P.payment_method,
                _P.status,
                _P.payment_gateway,
                _P.gateway_reference,
                _P.refunds_payment_id,
                _P.reason_code,
                _P.comment,
                _P.refund_due,
                _P.hold_expires_at,
                _P.created_at,
                _P.processed_at,
            ).select_from(
                payments.join(users, _STUDENT.on)
                .join(courses, _COURSE.on, isouter=True)
                .join(subscriptions, _SUBSCRIPTION.on, isouter=True)
                .join(subscription_plans, _PLAN.on, isouter=True)
            ),
            _P.payment_id,
            _row,
        ),
    )


def _unknown_since(age: timedelta) -> Any:
    def condition(now: datetime) -> Condition:
        return and_(_P.status == PaymentStatus.UNKNOWN, _P.created_at <= now - age)

    return condition


def _find_word(word: str, resolve: Resolve) -> Condition:
    return or_(
        _P.user_id.in_(
            resolve(select(users.c.user_id).where(filters.contains(users.c.search_text, word)))
        ),
        _P.course_id.in_(
            resolve(
                select(courses.c.course_id).where(filters.contains(courses.c.search_text, word))
            )
        ),
        # References are looked for as a whole: they come from a clipboard.
        _P.gateway_reference == word,
        _P.transaction_id == word,
    )


def _row(found: Any) -> PaymentRow:
    return PaymentRow(
        payment_id=found.payment_id,
        student_id=found.user_id,
        student_name=found.name,
        student_email=found.email,
        kind=PaymentKind(found.kind),
        course_id=found.course_id,
        subscription_id=found.subscription_id,
        enrollment_id=found.enrollment_id,
        title=found.title,
        amount=found.amount,
        currency=found.currency,
        refunded_amount=found.refunded_amount,
        method=None if found.payment_method is None else PaymentMethod(found.payment_method),
        status=PaymentStatus(found.status),
        gateway=found.payment_gateway,
        gateway_reference=found.gateway_reference,
        refunds_payment_id=found.refunds_payment_id,
        reason_code=found.reason_code,
        comment=found.comment,
        refund_due=found.refund_due,
        hold_expires_at=found.hold_expires_at,
        created_at=found.created_at,
        processed_at=found.processed_at,
    )
