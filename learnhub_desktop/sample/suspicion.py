"""What the fraud rules notice, and what reviewers make of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.alerts import AlertFacts
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.states import AlertStatus
from learnhub_desktop.sample.stage import Stage, Student
from learnhub_desktop.services import alerts

_DEAR = "Web Design"
_CHEAP = (
    "Typing Without Looking", "Gardening on a Balcony", "Spreadsheets at Work",
    "Drawing for Everyone", "Spanish for Travel", "Python Basics", "SQL Basics",
)  # fmt: skip


def plan(stage: Stage, people: list[Student]) -> None:
    """Plan every scene; each takes the students that it needs from ``people``."""
    cast = iter(people)
    for scene in (_large_amounts, _many_in_a_day, _failures, _blocked, _one_card):
        scene(stage, cast.__next__)


def _review(
    stage: Stage, payment_id: int, decision: AlertStatus, comment: str
) -> Callable[[], None]:
    def act() -> None:
        facts = stage.database.read(find_alert, payment_id)
        stage.write(
            alerts.review_alert,
            facts.alert_id,
            decision=decision,
            seen_version=facts.row_version,
            comment=comment,
        )

    return act


def _large_amounts(stage: Stage, who: Callable[[], Student]) -> None:
    """Each is above what the rule lets pass in silence; two wait for a reviewer."""
    said = (
        (81, AlertStatus.REVIEWED, "Called back: the employer pays."),
        (60, AlertStatus.FALSE_POSITIVE, "Known from two earlier courses."),
        (34, AlertStatus.REVIEWED, ""),
        (12, None, ""),
        (2, None, ""),
    )
    for days, decision, comment in said:
        student = who()

        def buy(
            student: Student = student,
            decision: AlertStatus | None = decision,
            comment: str = comment,
        ) -> None:
            bought = stage.buy(student, _DEAR)
            assert bought.payment_id is not None
            stage.study(student, _DEAR, 2)
            if decision is not None:
                review = _review(stage, bought.payment_id, decision, comment)
                stage.plan(stage.clock.now + timedelta(days=1), review)

        stage.plan(stage.some_time(days), buy)


def _many_in_a_day(stage: Stage, who: Callable[[], Student]) -> None:
    """Seven courses within a day: the last is flagged, and waits."""
    student = who()
    begun = stage.some_time(6)
    for number, title in enumerate(_CHEAP):
        moment = begun + timedelta(minutes=17 * number)
        stage.plan(moment, partial(stage.buy, student, title))


def _failures(stage: Stage, who: Callable[[], Student]) -> None:
    """Three cards fail, the fourth works: confirmed as fraud the next day."""
    student = who()
    begun = stage.some_time(23)
    for number in range(3):
        card = f"tok_declined_{student.country.lower()}_{number}"
        act = partial(stage.buy, student, "Negotiation", card=card)
        stage.plan(begun + timedelta(minutes=4 * number), act)

    def succeed() -> None:
        bought = stage.buy(student, "Negotiation")
        assert bought.payment_id is not None
        review = _review(
            stage,
            bought.payment_id,
            AlertStatus.CONFIRMED_FRAUD,
            "The card's owner knows nothing of it.",
        )
        stage.plan(stage.clock.now + timedelta(days=1), review)

    stage.plan(begun + timedelta(minutes=15), succeed)


def _blocked(stage: Stage, who: Callable[[], Student]) -> None:
    """Large, far above the average and from another country: refused; one was released."""
    for days, follows in ((1, None), (20, _release), (33, _confirm)):
        student = who()
        for number, title in enumerate(_CHEAP[1:4]):
            stage.plan(stage.some_time(95 - 9 * number), partial(stage.buy, student, title))

        def buy(
            student: Student = student,
            follows: Callable[[Stage, Student, Purchase], None] | None = follows,
        ) -> None:
            elsewhere = "us" if student.country != "US" else "fr"
            blocked = stage.buy(student, _DEAR, card=f"tok_visa_{elsewhere}_away")
            assert blocked.outcome is PurchaseOutcome.BLOCKED
            if follows is not None:
                act = partial(follows, stage, student, blocked)
                stage.plan(stage.clock.now + timedelta(hours=5), act)

        stage.plan(stage.some_time(days), buy)


def _release(stage: Stage, student: Student, blocked: Purchase) -> None:
    assert blocked.alert_id is not None
    stage.write(alerts.release, blocked.alert_id, comment="On a journey; called back.")
    stage.buy(student, _DEAR, release=blocked.alert_id)


def _confirm(stage: Stage, student: Student, blocked: Purchase) -> None:
    assert blocked.payment_id is not None
    _review(
        stage, blocked.payment_id, AlertStatus.CONFIRMED_FRAUD, "The card was reported stolen."
    )()


def _one_card(stage: Stage, who: Callable[[], Student]) -> None:
    """One card for three students: the third purchase waits for a reviewer's decision."""
    for days, decide in ((0, None), (16, _approve), (27, _decline)):
        begun = stage.ago(hours=6) if days == 0 else stage.some_time(days)
        card = f"tok_visa_es_shared_{days}"
        for number in range(3):
            student = who()

            def buy(
                student: Student = student,
                card: str = card,
                decide: Callable[[Stage, Purchase, str], None] | None = decide,
            ) -> None:
                held = stage.buy(student, "Statistics I", card=card)
                if held.outcome is PurchaseOutcome.VERIFICATION and decide is not None:
                    act = partial(decide, stage, held, card)
                    stage.plan(stage.clock.now + timedelta(hours=4), act)

            stage.plan(begun + timedelta(minutes=50 * number), buy)


def _approve(stage: Stage, held: Purchase, card: str) -> None:
    assert held.alert_id is not None
    waiting = stage.database.read(alerts.find_verification, held.alert_id)
    stage.write(alerts.approve_verification, waiting, comment="Three sisters, one card.")
    alerts.charge_verified(stage.database, held.alert_id, card=card, gateways=stage.gateways)


def _decline(stage: Stage, held: Purchase, card: str) -> None:
    assert held.alert_id is not None
    waiting = stage.database.read(alerts.find_verification, held.alert_id)
    stage.write(alerts.decline_verification, waiting, comment="Nobody knows the card's owner.")


def find_alert(uow: UnitOfWork, payment_id: int) -> AlertFacts:
    found = uow.fraud.find_alert_of_payment(payment_id)
    assert found is not None
    return found
