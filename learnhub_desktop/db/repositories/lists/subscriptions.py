"""The list of subscriptions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select

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
    enrollments,
    payments,
    subscription_plans,
    subscriptions,
    users,
)
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.search import Asker, MeasureKind
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    OPEN_PAYMENTS,
    RUNNING_SUBSCRIPTIONS,
    PaymentKind,
    SubscriptionStatus,
)
from learnhub_desktop.domain.subscriptions import SubscriptionRow

_S: Final = subscriptions.c
_E: Final = enrollments.c
_P: Final = payments.c
_PLANS: Final = subscription_plans.c
_STUDENT: Final = Join(users, users.c.user_id == _S.user_id)
_PLAN: Final = Join(subscription_plans, _PLANS.plan_type == _S.plan_type)
_RUNNING: Final = _S.status.in_(RUNNING_SUBSCRIPTIONS)
_IS_OPEN_CHARGE: Final = and_(
    _P.subscription_id == _S.subscription_id,
    _P.kind == PaymentKind.CHARGE,
    _P.status.in_(sorted(OPEN_PAYMENTS)),
)
_MEASURES: Final = {"price": Measure(_PLANS.price, MeasureKind.AMOUNT, ("plan",))}
_BILLS_ON: Final = Measure(_S.next_billing_date, MeasureKind.DATE)
_PAID_UNTIL: Final = Measure(_S.current_period_end, MeasureKind.DATE)


def subscriptions_list(see: Relations) -> ListSource[SubscriptionRow]:
    return ListSource(
        name="subscriptions",
        right=Right.VIEW_PAYMENTS,
        base=subscriptions,
        row_id=_S.subscription_id,
        joins={"student": _STUDENT, "plan": _PLAN},
        sorts={
            "id": SortKey(()),
            "student": SortKey((users.c.search_text,), needs=("student",)),
            "plan": SortKey((_S.plan_type,)),
            "price": SortKey((_PLANS.price,), needs=("plan",)),
            # Of one state those that are billed next come first: as the index has them.
            "status": SortKey((_S.status, _S.next_billing_date), nullable=True),
            "paid_until": SortKey((_S.current_period_end,)),
            "bills_on": SortKey((_S.next_billing_date,), nullable=True),
            "retry": SortKey((_S.next_retry_at,), nullable=True),
            # The numbers are given in the order of time, and their index is the table itself.
            "created": SortKey(()),
        },
        default_sort=Sort("created", descending=True),
        more_columns=frozenset({"email", "currency", "ends", "courses", "tries"}),
        measures=_MEASURES,
        filters={
            "status": filters.one_of(_S.status, SubscriptionStatus),
            "plan": filters.texts(lambda codes: _S.plan_type.in_(codes)),
            # What a person may have to do something about.
            "attention": filters.cases(
                {
                    "due": _is_due,
                    "past_due": _S.status == SubscriptionStatus.PAST_DUE,
                    "unsettled": exists().where(_IS_OPEN_CHARGE),
                    "ending": and_(_RUNNING, _S.cancel_at_period_end.is_(True)),
                    "never_paid": and_(~_RUNNING, _S.current_period_end == _S.start_date),
                }
            ),
            "bills_on": filters.between(_BILLS_ON, "bills_on"),
            "paid_until": filters.between(_PAID_UNTIL, "paid_until"),
            "student": filters.ids(_S.user_id, "student"),
        },
        find_word=_find_word,
        find_address=lambda email, resolve: _S.user_id.in_(
            resolve(select(users.c.user_id).where(filters.begins(users.c.email, email)))
        ),
        load=load_rows(_rows_statement(), _S.subscription_id, _row),
    )


def _rows_statement() -> Any:
    open_courses = (
        select(func.count())
        .where(
            _E.subscription_id == _S.subscription_id,
            _E.status.in_(OPEN_ENROLMENTS),
        )
        .correlate(subscriptions)
        .scalar_subquery()
    )
    open_charge = (
        select(func.min(_P.payment_id))
        .where(_IS_OPEN_CHARGE)
        .correlate(subscriptions)
        .scalar_subquery()
    )
    return select(
        _S.subscription_id,
        _S.user_id,
        users.c.name,
        users.c.email,
        _S.plan_type,
        _PLANS.title,
        _S.next_plan_type,
        _PLANS.price,
        _PLANS.currency,
        _S.status,
        _S.start_date,
        _S.current_period_end,
        _S.next_billing_date,
        _S.cancel_at_period_end,
        _S.retry_count,
        _S.next_retry_at,
        open_courses.label("open_courses"),
        open_charge.label("open_charge_id"),
        _S.created_at,
    ).select_from(subscriptions.join(users, _STUDENT.on).join(subscription_plans, _PLAN.on))


def _is_due(asker: Asker) -> Condition:
    now = asker.now()
    return and_(
        _RUNNING,
        _S.next_billing_date <= now.astimezone(asker.zone()).date(),
        or_(_S.next_retry_at.is_(None), _S.next_retry_at <= now),
    )


def _find_word(word: str, resolve: Resolve) -> Condition:
    return _S.user_id.in_(
        resolve(select(users.c.user_id).where(filters.contains(users.c.search_text, word)))
    )


def _row(found: Any) -> SubscriptionRow:
    return SubscriptionRow(
        subscription_id=found.subscription_id,
        student_id=found.user_id,
        student_name=found.name,
        student_email=found.email,
        plan_type=found.plan_type,
        plan_title=found.title,
        next_plan_type=found.next_plan_type,
        price=found.price,
        currency=found.currency,
        status=SubscriptionStatus(found.status),
        start_date=found.start_date,
        current_period_end=found.current_period_end,
        next_billing_date=found.next_billing_date,
        cancel_at_period_end=bool(found.cancel_at_period_end),
        retry_count=found.retry_count,
        next_retry_at=found.next_retry_at,
        open_courses=int(found.open_courses),
        created_at=found.created_at,
        open_charge_id=found.open_charge_id,
    )
