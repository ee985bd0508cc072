"""Scoring a purchase under the student's lock, and the alert that it raises."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.purchases import Order
from learnhub_desktop.domain.school import HoldPolicy
from learnhub_desktop.domain.scoring import Assessment, Rule, Verdict, assess, needs_of
from learnhub_desktop.domain.states import AlertStatus, RuleAction

_ACTIONS = {
    Verdict.BLOCK: RuleAction.BLOCK,
    Verdict.VERIFY: RuleAction.REQUIRE_VERIFICATION,
    Verdict.FLAG: RuleAction.FLAG,
}


def score(
    uow: UnitOfWork,
    order: Order,
    policy: HoldPolicy,
    rules: tuple[Rule, ...],
    *,
    card_fingerprint: str | None,
    country: str | None,
    has_history: bool,
) -> Assessment:
    """Evaluate every rule. The student's (and the card's) lock makes attempts queue here.

    ``has_history`` False: neither of them has any payments, which need not be counted.
    """
    facts = uow.fraud.gather(
        user_id=order.student_id,
        amount=order.price,
        currency=order.currency,
        school_currency=policy.currency,
        country=country,
        card_fingerprint=card_fingerprint,
        needs=needs_of(rules),
        now=uow.now(),
        has_history=has_history,
    )
    return assess(rules, facts, block_score=policy.block_score)


def raise_alert(
    uow: UnitOfWork, order: Order, assessment: Assessment, *, payment_id: int, released: bool
) -> int | None:
    """One alert a purchase, however many rules fired; None where none counts."""
    if assessment.verdict is Verdict.PASS:
        return None
    strongest = assessment.strongest
    # A released purchase is let through; what fired is still told.
    action = RuleAction.FLAG if released else _ACTIONS[assessment.verdict]
    return uow.fraud.add_alert(
        payment_id=payment_id,
        user_id=order.student_id,
        course_id=order.course_id,
        rule_id=strongest.rule.rule_id if strongest else None,
        rule_version=strongest.rule.version if strongest else None,
        alert_level=assessment.level,
        action=action,
        score=assessment.score,
        alert_data={
            **assessment.as_facts(),
            "amount": f"{order.price:.2f}",
            "currency": order.currency,
        },
        status=AlertStatus.PENDING,
        created_at=uow.now(),
    )
