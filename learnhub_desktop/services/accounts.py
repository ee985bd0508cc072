"""Deleting an account: the person is forgotten, money and enrolments stay."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import (
    DeletionPreview,
    DeletionReason,
    DeletionRefusal,
    Obstacle,
    PersonRow,
    deleted_email,
    deleted_name,
    obstacles_to_deletion,
)
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services.refund_effects import end_subscription

_LISTED: Final = 50
_TOUCHED: Final = (
    Touched.CATALOG
    | Touched.STUDENTS
    | Touched.ENROLMENTS
    | Touched.PAYMENTS
    | Touched.SUBSCRIPTIONS
)
_ENDS_WITH_IT: Final = "The subscription ends, with the courses it opened; it is not billed again."
_ENDED_WITH_IT: Final = (
    "The subscription has ended, with the courses it opened; it is not billed again."
)


def preview_deletion(uow: UnitOfWork, user_id: int) -> DeletionPreview:
    """What deleting this account would do, and all that stands in its way."""
    uow.actor.require(Right.DELETE_ACCOUNT)
    person = uow.users.get(user_id)
    return DeletionPreview(person, _obstacles(uow, person), _consequences(uow, person))


def delete_account(
    uow: UnitOfWork, user_id: int, *, reason: DeletionReason, row_version: int
) -> Changes:
    """Delete an account softly: name, e-mail and notes go for good, the rest stays.

    A subscription ends as if it were cancelled now, with the courses it opened. The country
    stays: reports count by it, and it names nobody among many. ``row_version`` is what the
    screen showed. RuleRefused, with the list, while money is under way or left, or while an
    instructor has live courses.
    """
    uow.actor.require(Right.DELETE_ACCOUNT)
    # A purchase locks this row before it holds a seat, and a new course its instructor's.
    person = uow.users.lock(user_id)
    obstacles = _obstacles(uow, person)
    if not obstacles and person.row_version != row_version:
        obstacles = (
            Obstacle(
                DeletionRefusal.STALE_SCREEN,
                f"Another desk changed {person.name} meanwhile. Look at it again before deleting.",
            ),
        )
    if obstacles:
        raise RuleRefused(obstacles[0].reason, " ".join(o.message for o in obstacles))
    refund_due = uow.users.has_refund_due(user_id)
    subscriptions = uow.users.list_running_subscriptions(user_id)
    for subscription_id in subscriptions:
        uow.subscriptions.lock_with_courses(subscription_id)
        end_subscription(uow, subscription_id)
    _forget(uow, person, reason)
    sentences = [
        f"The account of {person.user_type} {user_id} was deleted. "
        "Its payments and enrolments stay, and its e-mail address can be used again."
    ]
    if subscriptions:
        sentences.append(_ENDED_WITH_IT)
    if refund_due:
        sentences.append("A payment of this account is still due back.")
    return Changes(
        _TOUCHED,
        " ".join(sentences),
        subject_id=user_id,
        warning=refund_due,
    )


def _forget(uow: UnitOfWork, person: PersonRow, reason: DeletionReason) -> None:
    name = deleted_name(person.user_type, person.user_id)
    email = deleted_email(person.user_id)
    uow.users.update(
        person.user_id,
        name=name,
        email=email,
        search_text=search_key(name, email),
        external_id=None,
        deleted_at=uow.now(),
        deletion_reason=str(reason),
    )
    uow.users.forget_texts(person.user_id)
    uow.users.disable_accounts(person.user_id)


def _obstacles(uow: UnitOfWork, person: PersonRow) -> tuple[Obstacle, ...]:
    if person.deleted_at is not None:
        return (Obstacle(DeletionRefusal.ALREADY_DELETED, "This account was deleted already."),)
    if uow.actor.account in uow.users.accounts_of(person.user_id):
        return (
            Obstacle(
                DeletionRefusal.OWN_ACCOUNT,
                "This is the account that you work with. Ask another administrator to delete it.",
            ),
        )
    balance, currency = uow.users.balance(person.user_id)
    return obstacles_to_deletion(
        balance=balance,
        currency=currency,
        open_payments=uow.users.list_open_money(person.user_id, limit=_LISTED),
        live_courses=uow.users.list_taught(person.user_id, live_only=True, limit=_LISTED),
    )


def _consequences(uow: UnitOfWork, person: PersonRow) -> tuple[str, ...]:
    detail = uow.users.detail(person.user_id)
    name = deleted_name(person.user_type, person.user_id)
    said = [
        "The name, the e-mail address and every note about the person are removed for good.",
        "Nobody can log in with the account any more.",
        f"Payments and enrolments stay, under the name “{name}”.",
    ]
    seats = detail.waiting + detail.active + detail.completed
    if person.user_type is UserType.STUDENT and seats:
        said.append(
            "1 enrolment keeps its seat; cancel it first to free the seat."
            if seats == 1
            else f"{seats:,} enrolments keep their seats; cancel them first to free the seats."
        )
    if uow.users.list_running_subscriptions(person.user_id):
        said.append(_ENDS_WITH_IT)
    if uow.users.has_refund_due(person.user_id):
        said.append("A payment is still due back; settle it first.")
    return tuple(said)
