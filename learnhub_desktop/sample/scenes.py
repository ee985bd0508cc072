"""What happens to named students: at least one of everything that can happen to a payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.extensions import Extension
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.refunds import RefundReason, RefundTo
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import (
    EventType,
    PaymentMethod,
    PaymentStatus,
    move_payment,
)
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.gateways import Operation
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.sample.stage import Stage, Student
from learnhub_desktop.sample_data import ARCHIVED_TITLE
from learnhub_desktop.services import (
    access,
    accounts,
    archiving,
    asking,
    enrolments,
    outcomes,
    payments,
    refunds,
)
from learnhub_desktop.services.refund_rules import RefundOrder

FULL_TITLE = "Public Speaking"
_TRANSFER = PaymentMethod.BANK_TRANSFER


def give_back(
    stage: Stage,
    bought: Purchase,
    *,
    reason: RefundReason = RefundReason.CUSTOMER_REQUEST,
    part: int | None = None,
    to: RefundTo = RefundTo.ORIGINAL,
    comment: str = "",
) -> None:
    """Refund a purchase; ``part`` is in percent of its price."""
    assert bought.payment_id is not None
    facts = stage.database.read(_facts, bought.payment_id)
    order = RefundOrder(
        key=stage.new_key(),
        payment_id=bought.payment_id,
        reason=reason,
        seen_refunded=facts.refunded_amount,
        amount=None if part is None else (facts.amount * part / 100).quantize(facts.amount),
        comment=comment,
        to=to,
    )
    refunds.refund(stage.database, order, gateways=stage.gateways)


def record_receipt(stage: Stage, bought: Purchase, reference: str) -> None:
    assert bought.payment_id is not None
    place = stage.database.read(payments.find_place, bought.payment_id)
    amount = stage.database.read(_facts, bought.payment_id).amount
    stage.write(outcomes.record_receipt, place, reference=reference, amount=amount)


def plan(stage: Stage, people: list[Student]) -> None:
    """Plan every scene; each takes the students that it needs from ``people``."""
    cast = iter(people)
    for scene in (
        _long_ago, _archived_course, _full_course, _transfers, _given_back, _to_the_balance,
        _by_hand, _skipped_ahead, _no_answer, _declined, _deleted,
    ):  # fmt: skip
        scene(stage, cast.__next__)


def _long_ago(stage: Stage, who: Callable[[], Student]) -> None:
    """Bought more than a year ago: access has run out, was extended, or was bought again."""
    for number, title in enumerate(("SQL Basics", "Python Basics", "Statistics I") * 2):
        student = who()

        def buy(student: Student = student, title: str = title) -> None:
            stage.buy(student, title)
            stage.study(student, title, 5, over_days=60)

        stage.plan(stage.some_time(400 - 3 * number), buy)
        if number == 0:
            extension = Extension(months=3)
            act = partial(_extend, stage, student, title, extension, "Was ill for two months.")
            stage.plan(stage.some_time(12), act)
        elif number == 1:
            stage.plan(stage.some_time(20), partial(stage.buy, student, title))


def _extend(stage: Stage, student: Student, title: str, more: Extension, why: str) -> None:
    course_id = stage.courses[title].course_id
    seen = stage.database.read(access.explain_access, student.user_id, course_id)
    stage.write(
        access.extend_access,
        student.user_id,
        course_id,
        extension=more,
        reason=why,
        seen_until=seen.until,
    )


def _archived_course(stage: Stage, who: Callable[[], Student]) -> None:
    """Taken off sale; those who bought it keep their access."""
    for number in range(5):
        student = who()

        def buy(student: Student = student, lessons: int = number % 3) -> None:
            stage.buy(student, ARCHIVED_TITLE)
            stage.study(student, ARCHIVED_TITLE, lessons)

        stage.plan(stage.some_time(110 - 8 * number), buy)
    archive = partial(
        stage.write,
        archiving.archive_course,
        stage.courses[ARCHIVED_TITLE].course_id,
        reason="The tricks work in no browser any more.",
    )
    stage.plan(stage.some_time(45), archive)


def _full_course(stage: Stage, who: Callable[[], Student]) -> None:
    """Eight seats, all taken: one is held for a payment in cash."""
    for number in range(7):
        student = who()

        def buy(student: Student = student, lessons: int = number % 6) -> None:
            stage.buy(student, FULL_TITLE)
            stage.study(student, FULL_TITLE, lessons)

        stage.plan(stage.some_time(70 - 9 * number), buy)
    last = partial(stage.buy, who(), FULL_TITLE, method=PaymentMethod.CASH)
    stage.plan(stage.ago(hours=3), last)


def _transfers(stage: Stage, who: Callable[[], Student]) -> None:
    """Paid, waiting, too late and called off."""
    paid, waiting, late, off = who(), who(), who(), who()

    def buy(student: Student, title: str) -> Purchase:
        return stage.buy(student, title, method=_TRANSFER)

    def pay() -> None:
        bought = buy(paid, "Accounting for Founders")
        act = partial(record_receipt, stage, bought, "Statement 31, line 7")
        stage.plan(stage.clock.now + timedelta(days=3), act)

    def expire() -> None:
        bought = buy(late, "Project Management")
        assert bought.payment_id is not None
        ask = partial(asking.ask_now, stage.database, bought.payment_id, gateways=stage.gateways)
        stage.plan(stage.clock.now + timedelta(days=8), ask)

    def call_off() -> None:
        bought = buy(off, "Photography Basics")
        assert bought.payment_id is not None
        place = stage.database.read(payments.find_place, bought.payment_id)
        stage.plan(
            stage.clock.now + timedelta(days=1), partial(stage.write, outcomes.cancel_hold, place)
        )

    stage.plan(stage.some_time(33), pay)
    stage.plan(stage.some_time(2), partial(buy, waiting, "Spanish for Travel"))
    stage.plan(stage.some_time(18), expire)
    stage.plan(stage.some_time(26), call_off)


def _given_back(stage: Stage, who: Callable[[], Student]) -> None:
    """Refunds that went through, in full and in part, and those that did not or not yet."""

    def sell(days: int, card: str, after: int, act: Callable[[Purchase], None], title: str) -> None:
        student = who()

        def buy() -> None:
            bought = stage.buy(student, title, card=f"{card}_{student.country.lower()}")
            stage.plan(stage.clock.now + timedelta(days=after), partial(act, bought))

        stage.plan(stage.some_time(days), buy)

    back = partial(give_back, stage)
    sell(64, "tok_visa_21", 4, partial(back, comment="Bought the wrong course."), "Statistics I")
    technical = partial(back, reason=RefundReason.TECHNICAL_PROBLEM, part=50)
    sell(51, "tok_visa_22", 9, technical, "Photography Basics")
    sell(9, "tok_refund_pending", 7, back, "Python Basics")
    sell(15, "tok_refund_declined", 3, back, "SQL Basics")
    sell(40, "tok_visa_23", 6, partial(_dispute, stage), "Accounting for Founders")

    by_hand = who()

    def buy_and_return() -> None:
        bought = stage.buy(by_hand, "Drawing for Everyone", method=_TRANSFER)
        receipt = partial(record_receipt, stage, bought, "Statement 40, line 2")
        stage.plan(stage.clock.now + timedelta(days=2), receipt)
        stage.plan(stage.clock.now + timedelta(days=5), partial(back, bought))

    stage.plan(stage.some_time(8), buy_and_return)


def _dispute(stage: Stage, bought: Purchase) -> None:
    assert bought.payment_id is not None
    stage.write(open_dispute, bought.payment_id)


def open_dispute(uow: UnitOfWork, payment_id: int) -> None:
    """The card's bank disputes a charge: nobody at a desk can do that."""
    payment = uow.payments.lock(payment_id)
    uow.payments.update(payment_id, status=move_payment(payment.status, PaymentStatus.DISPUTED))
    uow.payments.note(payment_id, [(EventType.DISPUTE_OPENED, {})], uow.now())


def _to_the_balance(stage: Stage, who: Callable[[], Student]) -> None:
    """Refunded to the balance, and another course paid from it."""
    student = who()

    def buy() -> None:
        bought = stage.buy(student, "Statistics I")
        act = partial(give_back, stage, bought, reason=RefundReason.DUPLICATE, to=RefundTo.BALANCE)
        stage.plan(stage.clock.now + timedelta(days=2), act)
        again = partial(stage.buy, student, "Python Basics", method=PaymentMethod.ACCOUNT_BALANCE)
        stage.plan(stage.clock.now + timedelta(days=5), again)

    stage.plan(stage.some_time(37), buy)


def _by_hand(stage: Stage, who: Callable[[], Student]) -> None:
    """Enrolled with a reason and no payment, past the prerequisites, and cancelled again."""
    scholar, expert, gone = who(), who(), who()

    def enrol(student: Student, title: str, reason: str, *, override: bool = False) -> None:
        stage.write(
            enrolments.enrol_by_hand,
            student_id=student.user_id,
            course_id=stage.courses[title].course_id,
            reason=reason,
            override_prerequisites=override,
        )
        stage.study(student, title, 3)

    def cancel() -> None:
        bought = stage.buy(gone, "Project Management")
        assert bought.enrollment_id is not None
        act = partial(
            stage.write,
            enrolments.cancel_enrolment,
            bought.enrollment_id,
            reason="Moved to another school, and wants no money back.",
        )
        stage.plan(stage.clock.now + timedelta(days=11), act)

    stage.plan(stage.some_time(58), partial(enrol, scholar, "Negotiation", "Scholarship"))
    stage.plan(
        stage.some_time(48),
        partial(enrol, expert, "SQL Mastery", "Has taught SQL for years.", override=True),
    )
    stage.plan(stage.some_time(29), cancel)


def _skipped_ahead(stage: Stage, who: Callable[[], Student]) -> None:
    """Let in without the prerequisites, with a reason; paid like any other."""
    title = "Machine Learning, Honestly"
    for days, lessons in ((43, 4), (17, 1), (4, 0)):
        student = who()

        def buy(student: Student = student, lessons: int = lessons) -> None:
            stage.buy(student, title, override="Passed the placement test.")
            stage.study(student, title, lessons)

        stage.plan(stage.some_time(days), buy)


def _no_answer(stage: Stage, who: Callable[[], Student]) -> None:
    """The gateway gave no answer: one charge went through all the same, the other did not."""
    first, second = who(), who()
    taken = f"tok_lost_answer_{first.country.lower()}"
    stage.plan(stage.ago(minutes=40), partial(stage.buy, first, "Spreadsheets at Work", card=taken))

    def decline_in_silence() -> None:
        stage.gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.CHARGE, calls=1)
        stage.buy(second, "Photography Basics", card=f"tok_declined_{second.country.lower()}")

    stage.plan(stage.some_time(1), decline_in_silence)


def _declined(stage: Stage, who: Callable[[], Student]) -> None:
    """Cards that are declined, each for its own reason; the last student tries another card."""
    for number, behaviour in enumerate(("declined", "insufficient_funds", "expired")):
        student = who()
        card = f"tok_{behaviour}_{student.country.lower()}"
        moment = stage.some_time(14 - 5 * number)
        stage.plan(moment, partial(_buy_declined, stage, student, "SQL Basics", card))
        if number == 2:
            stage.plan(moment + timedelta(minutes=6), partial(stage.buy, student, "SQL Basics"))


def _buy_declined(stage: Stage, student: Student, title: str, card: str) -> None:
    bought = stage.buy(student, title, card=card)
    assert bought.outcome is PurchaseOutcome.DECLINED


def _deleted(stage: Stage, who: Callable[[], Student]) -> None:
    """An account that was deleted: its enrolment and payment stay, its name is gone."""
    student = who()
    stage.plan(stage.some_time(80), partial(stage.buy, student, "Gardening on a Balcony"))

    def delete() -> None:
        person = stage.database.read(accounts.preview_deletion, student.user_id).person
        stage.write(
            accounts.delete_account,
            student.user_id,
            reason=DeletionReason.REQUESTED,
            row_version=person.row_version,
        )

    stage.plan(stage.some_time(10), delete)


def _facts(uow: UnitOfWork, payment_id: int) -> PaymentFacts:
    return uow.payments.get(payment_id)
