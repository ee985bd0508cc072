"""Students with a subscription: one of everything that can become of it.

Their moments are fixed and not drawn, so that the rest of the story stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.subscriptions import SubscriptionFacts
from learnhub_desktop.gateways import Operation
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.sample import school
from learnhub_desktop.sample.stage import CURRENCY, Stage, Student
from learnhub_desktop.services import progress, renewals, subscriptions
from learnhub_desktop.services.subscriptions import SignUp

SUBSCRIBERS: Final = 13
_PRICES: Final = {"monthly": Decimal("29.00"), "annual": Decimal("290.00")}
_BILLED_AT: Final = time(6, 10, tzinfo=UTC)


@dataclass(slots=True)
class _Subscriber:
    """``subscription_id`` is zero until the student has signed up."""

    stage: Stage
    student: Student
    plan: str
    subscription_id: int = 0
    is_billed: bool = True

    def after(self, days: int, act: Callable[[], object], *, hour: int = 10) -> None:
        """Have something done so many days after now."""
        moment = self.stage.clock.now + timedelta(days=days)
        self.stage.plan(moment.replace(hour=hour, minute=20), act)

    def sign_up(self, then: Callable[[_Subscriber], None], card: str = "") -> None:
        order = SignUp(
            key=self.stage.new_key(),
            student_id=self.student.user_id,
            plan_type=self.plan,
            price=_PRICES[self.plan],
            currency=CURRENCY,
            card=card or self.student.card,
        )
        paid = subscriptions.sign_up(self.stage.database, order, gateways=self.stage.gateways)
        assert paid.payment_id is not None
        self.subscription_id = self.stage.database.read(_subscription_of, paid.payment_id)
        then(self)
        self.bill_when_due()

    def bill_when_due(self) -> None:
        """Have the next period billed on its day, and tried again where that did not succeed."""
        facts = self.stage.database.read(_facts, self.subscription_id)
        if not facts.is_running or not self.is_billed:
            return
        assert facts.next_billing_date is not None
        due_at = datetime.combine(facts.next_billing_date, _BILLED_AT)
        self.stage.plan(facts.next_retry_at or due_at, self._bill)

    def _bill(self) -> None:
        if self.is_billed:
            renewals.renew(self.stage.database, self.subscription_id, gateways=self.stage.gateways)
            self.bill_when_due()

    def open(self, title: str, lessons: int = 0) -> None:
        """Open a course, and have the first of its lessons done a week later."""
        course = self.stage.courses[title]
        self.stage.write(subscriptions.open_course, self.subscription_id, course.course_id)
        if lessons:
            learn = partial(
                self.stage.write,
                progress.mark_lessons,
                self.student.user_id,
                course.course_id,
                course.lessons[:lessons],
                done=True,
            )
            self.after(7, learn, hour=18)

    def give_card(self, card: str) -> None:
        gateway = self.stage.gateways.for_method("credit_card")
        self.stage.write(
            subscriptions.change_card,
            self.subscription_id,
            card=card,
            fingerprint=gateway.card_fingerprint(card),
        )

    def cancel(self, reason: str, *, now: bool = False) -> None:
        self.stage.write(subscriptions.cancel, self.subscription_id, now=now, reason=reason)

    def change_plan(self, plan: str) -> None:
        self.stage.write(subscriptions.change_plan, self.subscription_id, plan)


def plan(stage: Stage, people: list[Student]) -> None:
    """Plan what becomes of each; they joined the day before they signed up."""
    stories: tuple[tuple[int, str, str, Callable[[_Subscriber], None]], ...] = (
        (112, "annual", "", _eager),
        (101, "monthly", "", _eager),
        (88, "monthly", "", _quiet),
        (74, "monthly", "", _declined_to_the_end),
        (61, "annual", "", _quiet),
        (58, "monthly", "", _ended_at_once),
        (47, "monthly", "", _wants_a_year),
        (41, "monthly", "", _past_due),
        (33, "monthly", "", _not_answered),
        (31, "monthly", "", _not_billed),
        (19, "monthly", "", _will_end),
        (12, "monthly", "tok_insufficient_funds", _nothing),
        (4, "annual", "", _quiet),
    )
    for student, (days, plan_type, card, story) in zip(people, stories, strict=True):
        who = _Subscriber(stage, student, plan_type)
        joined = stage.ago(days=days + 1).replace(hour=9, minute=5)
        stage.plan(joined, partial(school.join, stage, student))
        signed = stage.ago(days=days).replace(hour=8, minute=40)
        named = f"{card}_{student.country.lower()}" if card else ""
        stage.plan(signed, partial(who.sign_up, story, named))


def _nothing(who: _Subscriber) -> None:
    """The first charge was declined: nothing ever began."""


def _quiet(who: _Subscriber) -> None:
    who.open("Spreadsheets at Work", 2)


def _eager(who: _Subscriber) -> None:
    who.open("Python Basics", 5)
    who.after(16, partial(who.open, "SQL Basics", 3))
    who.after(30, partial(who.open, "Drawing for Everyone", 1))


def _declined_to_the_end(who: _Subscriber) -> None:
    """A card that is declined until nothing is left to try."""
    who.open("Statistics I", 1)
    card = f"tok_expired_{who.student.country.lower()}"
    who.after(9, partial(who.give_card, card))


def _ended_at_once(who: _Subscriber) -> None:
    who.open("Project Management", 2)
    who.after(35, partial(who.cancel, "Moved abroad; wants no courses any more.", now=True))


def _wants_a_year(who: _Subscriber) -> None:
    who.open("SQL Basics", 4)
    who.after(44, partial(who.change_plan, "annual"))


def _past_due(who: _Subscriber) -> None:
    """Declined on its day, and tried again since."""
    who.open("Photography Basics", 2)
    card = f"tok_insufficient_funds_{who.student.country.lower()}"
    who.after(12, partial(who.give_card, card))


def _not_answered(who: _Subscriber) -> None:
    """The gateway took its time over the second period, and has not answered yet."""
    who.open("Python Basics", 3)
    who.is_billed = False
    who.stage.plan(who.stage.ago(minutes=25), partial(_lose_the_answer, who))


def _lose_the_answer(who: _Subscriber) -> None:
    who.stage.gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.CHARGE, calls=1)
    renewals.renew(who.stage.database, who.subscription_id, gateways=who.stage.gateways)


def _not_billed(who: _Subscriber) -> None:
    """Its day has come, and no job has run yet."""
    who.open("Spanish for Travel", 1)
    who.is_billed = False


def _will_end(who: _Subscriber) -> None:
    who.open("Negotiation", 2)
    who.after(14, partial(who.cancel, "Finished what was wanted."))


def _facts(uow: UnitOfWork, subscription_id: int) -> SubscriptionFacts:
    return uow.billing.get(subscription_id)


def _subscription_of(uow: UnitOfWork, payment_id: int) -> int:
    found = uow.payments.get(payment_id).subscription_id
    assert found is not None
    return found
