"""A purchase that is decided, and the rows that its hold writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from learnhub_desktop.db.repositories.keys import key_values
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.purchases import GATEWAY_METHODS, Order
from learnhub_desktop.domain.school import HoldPolicy
from learnhub_desktop.domain.scoring import Assessment, Verdict
from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentStatus
from learnhub_desktop.services.holds import Events

OPERATION: Final = "purchase"


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept of the card that was presented."""

    fingerprint: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A purchase that is decided and not yet written."""

    order: Order
    card: Card
    gateway_name: str
    caller: str
    student: StudentFacts
    course: CourseFacts
    existing: EnrolmentFacts | None
    policy: HoldPolicy
    assessment: Assessment | None  # None where no money moves
    verdict: Verdict
    released: bool
    overridden: bool

    @property
    def extends(self) -> bool:
        return self.existing is not None and self.existing.is_open

    @property
    def is_sent(self) -> bool:
        """Whether the gateway is called as soon as the hold is kept."""
        return self.verdict is not Verdict.VERIFY and self.order.method in GATEWAY_METHODS

    @property
    def reason(self) -> str | None:
        """Why the student was let in without the prerequisites."""
        return self.order.override_reason if self.overridden else None


def key_of(uow: UnitOfWork, draft: Draft, result: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the key's row keeps of this purchase, but for its payment."""
    return key_values(
        draft.order.key,
        OPERATION,
        draft.order.parameters(draft.card.fingerprint),
        account=uow.actor.account,
        now=uow.now(),
        result=result,
        caller=draft.caller,
    )


def keep(
    uow: UnitOfWork, draft: Draft, payment_id: int | None, result: dict[str, Any] | None = None
) -> None:
    uow.keys.store(key_of(uow, draft, result), payment_id)


def payment_values(draft: Draft, now: datetime) -> dict[str, Any]:
    order = draft.order
    return {
        "user_id": order.student_id,
        "course_id": order.course_id,
        "kind": PaymentKind.CHARGE,
        "amount": order.price,
        "currency": order.currency,
        "payment_method": order.method,
        "status": PaymentStatus.PENDING,
        "idempotency_key": order.key,
        "payment_gateway": draft.gateway_name,
        "card_fingerprint": draft.card.fingerprint,
        "country": draft.card.country,
        "flash_sale_id": order.sale_id,
        "comment": draft.reason,
        "access_months": draft.course.access_months,
        "created_at": now,
    }


def initiated(draft: Draft) -> tuple[EventType, dict[str, Any]]:
    order = draft.order
    facts: dict[str, Any] = {
        "user_id": order.student_id,
        "course_id": order.course_id,
        "amount": f"{order.price:.2f}",
        "currency": order.currency,
        "extends": draft.extends,
        "prerequisites_overridden": draft.overridden,
    }
    # A purchase that only shadow rules hit raises no alert that would tell of them.
    shadow = [] if draft.assessment is None else draft.assessment.in_shadow
    return EventType.INITIATED, facts | ({"shadow_rules": shadow} if shadow else {})


def hold_events(draft: Draft, expires_at: datetime) -> Events:
    events: Events = [initiated(draft)]
    if not draft.extends:
        events.append((EventType.HOLD_PLACED, {"until": expires_at.isoformat()}))
    if draft.verdict is Verdict.VERIFY:
        events.append((EventType.VERIFICATION_REQUESTED, {}))
    elif draft.is_sent:
        events.append((EventType.PAYMENT_GATEWAY_CALLED, {"gateway": draft.gateway_name}))
    return events


def hold_minutes(draft: Draft) -> int:
    """How long the seat is held: by the method, and for a reviewer longer."""
    if draft.verdict is Verdict.VERIFY:
        return draft.policy.hold_minutes_verification
    return draft.policy.minutes(draft.order.method)
