"""What a purchase is refused for: one sentence each, nothing written, nothing sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.purchases import PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import enrolments, purchases
from learnhub_desktop.services.purchases import Card
from tests.factories import NOW, make_enrolment
from tests.services.course_rows import make_access
from tests.services.desk import Desk
from tests.services.money_rows import change_course, require_course


@dataclass
class Case:
    """One refusal: what there is, what is asked for, and what is said."""

    reason: PurchaseRefusal
    sentence: str
    student: dict[str, Any] = field(default_factory=dict)
    course: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Desk, int, int], Any] = lambda desk, student, course: None
    preview: bool = True  # whether the dialog says the same before its button


def _needs(*titles: str) -> Callable[[Desk, int, int], None]:
    def before(desk: Desk, student: int, course: int) -> None:
        for title in titles:
            desk.make(require_course, course, desk.course(title=title))

    return before


def _lifetime(desk: Desk, student: int, course: int) -> None:
    desk.make(make_enrolment, student, course)
    desk.make(make_access, student, course)


CASES = {
    "deleted": Case(
        PurchaseRefusal.NO_STUDENT, "This account was deleted.", student={"deleted_at": NOW}
    ),
    "instructor": Case(
        PurchaseRefusal.NO_STUDENT,
        "Ada is an instructor, and only students are enrolled.",
        student={"user_type": "instructor"},
    ),
    "administrator": Case(
        PurchaseRefusal.NO_STUDENT,
        "Ada is an admin, and only students are enrolled.",
        student={"user_type": "admin"},
    ),
    "archived": Case(
        PurchaseRefusal.COURSE_NOT_LIVE,
        "“SQL” is archived and takes no new enrolments.",
        course={"status": "archived"},
    ),
    "draft": Case(
        PurchaseRefusal.COURSE_NOT_LIVE,
        "“SQL” is a draft. Make it active before anyone enrols.",
        course={"status": "draft"},
    ),
    "full": Case(
        PurchaseRefusal.COURSE_FULL,
        "“SQL” is full: all 30 seats are taken.",
        course={"max_students": 30, "enrolled_students": 30},
    ),
    "full with one seat": Case(
        PurchaseRefusal.COURSE_FULL,
        "“SQL” is full: its only seat is taken.",
        course={"max_students": 1, "enrolled_students": 1},
    ),
    "no seats": Case(
        PurchaseRefusal.COURSE_FULL, "“SQL” has no seats.", course={"max_students": 0}
    ),
    "price": Case(
        PurchaseRefusal.PRICE_CHANGED,
        "“SQL” now costs 59.00 USD, not 49.00 USD. Nothing was charged; look at the new price "
        "first.",
        course={"price": Decimal("59.00")},
        preview=False,
    ),
    "currency": Case(
        PurchaseRefusal.PRICE_CHANGED,
        "“SQL” now costs 49.00 EUR, not 49.00 USD. Nothing was charged; look at the new price "
        "first.",
        course={"currency": "EUR"},
        preview=False,
    ),
    "prerequisites": Case(
        PurchaseRefusal.PREREQUISITES,
        "Ada has to complete “Basics”, “Logic” and “Sets” first, or be let in with a reason.",
        before=_needs("Sets", "Basics", "Logic"),
        preview=False,
    ),
    "lifetime": Case(
        PurchaseRefusal.NOTHING_TO_BUY,
        "Ada has lifetime access to “SQL” already.",
        before=_lifetime,
    ),
    "half-made by another program": Case(
        PurchaseRefusal.HELD_ALREADY,
        "A purchase of this course is waiting already. Settle it first.",
        before=lambda desk, student, course: desk.make(
            make_enrolment, student, course, status="pending"
        ),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_refusal_says_why_and_leaves_nothing(desk: Desk, case: Case) -> None:
    student, course = desk.student(**case.student), desk.course(**case.course)
    case.before(desk, student, course)
    enrolled, seats = desk.rows(t.enrollments), desk.seats(course)
    order = desk.order(student, course, **case.order)

    with pytest.raises(RuleRefused) as refused:
        desk.place(order)

    assert (refused.value.reason, str(refused.value)) == (case.reason, case.sentence)
    # The hold decides by itself, too: what was read before it is only an opinion.
    with pytest.raises(RuleRefused) as held:
        desk.write(purchases.hold, order, Card("card_x", "US"), "simulated")
    assert (held.value.reason, str(held.value)) == (case.reason, case.sentence)
    if case.preview:
        shown = desk.read(enrolments.preview, student, course)
        assert shown.refusal == case.sentence
    assert desk.rows(t.enrollments) == enrolled
    assert (desk.payments(), desk.sent(), desk.seats(course)) == ([], [], seats)
    assert desk.rows(t.idempotency) == desk.rows(t.cards) == []


def test_the_preview_and_the_purchase_agree_on_what_is_granted(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=30)

    shown = desk.read(enrolments.preview, student, course)
    desk.buy(student, course, price=shown.price, currency=shown.currency, extends=shown.extends)

    assert (shown.refusal, shown.extends, shown.seats_left) == ("", False, 30)
    assert desk.access(student, course).access_expires_at == shown.access_until
    again = desk.read(enrolments.preview, student, course)
    assert (again.extends, again.refusal, again.seats_left) == (True, "", 29)
    desk.buy(student, course, extends=again.extends)
    assert desk.access(student, course).access_expires_at == again.access_until


def test_a_student_of_the_course_needs_no_prerequisite_that_was_added_later(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)
    desk.make(require_course, course, desk.course(title="Basics"))

    shown = desk.read(enrolments.preview, student, course)
    again = desk.buy(student, course)

    assert shown.missing_prerequisites == ()
    assert again.outcome is PurchaseOutcome.COMPLETED


def test_a_student_is_let_in_without_prerequisites_with_a_reason(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.make(require_course, course, desk.course(title="Basics"))

    bought = desk.buy(student, course, override_reason="  Ten years of practice ")

    assert desk.enrolment(student, course).reason == "Ten years of practice"
    assert desk.payment(bought.payment_id).comment == "Ten years of practice"
    [first] = desk.rows(
        t.payment_events,
        t.payment_events.c.payment_id == bought.payment_id,
        t.payment_events.c.event_type == "initiated",
    )
    assert first.event_data["prerequisites_overridden"] is True


def test_a_reason_that_was_not_needed_is_not_kept(desk: Desk) -> None:
    student, course = desk.student(), desk.course()

    bought = desk.buy(student, course, override_reason="To be safe")

    assert desk.enrolment(student, course).reason is None
    assert desk.payment(bought.payment_id).comment is None


@pytest.mark.parametrize(
    "values, field_name, sentence",
    [
        ({"key": "  "}, "key", "A key has 1 to 100 plain letters, digits and signs."),
        ({"key": "k" * 101}, "key", "A key has 1 to 100 plain letters, digits and signs."),
        ({"key": "schlüssel"}, "key", "A key has 1 to 100 plain letters, digits and signs."),
        ({"price": Decimal(-1)}, "price", "The amount cannot be below zero."),
        ({"price": Decimal("1.001")}, "price", "The amount can have at most two decimals."),
        (
            {"currency": "JPY"},
            "currency",
            "JPY is not divided into hundredths, and LearnHub keeps two decimals. Choose a "
            "currency with cents.",
        ),
        ({"currency": "dollars"}, "currency", "“dollars” is not a currency code such as USD."),
        ({"card": " "}, "card", "Name the card: the token that the gateway gave for it."),
        ({"card": None}, "card", "Name the card: the token that the gateway gave for it."),
        (
            {"card": "4111 1111 1111 1111"},
            "card",
            "This looks like a card number. LearnHub takes only a token such as tok_visa.",
        ),
        (
            {"override_reason": "x" * 10_000},
            "override",
            "The reason can have at most 500 characters; this has 10,000.",
        ),
        ({"override_reason": " "}, "override", "The reason cannot be empty."),
        (
            {"override_reason": "a\x00b"},
            "override",
            "The reason holds a character that cannot be stored.",
        ),
    ],
)
def test_what_cannot_be_kept_is_said_of_its_field(
    desk: Desk, values: dict[str, Any], field_name: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as wrong:
        desk.buy(desk.student(), desk.course(), **values)

    assert (wrong.value.field, str(wrong.value)) == (field_name, sentence)
    assert desk.payments() == []


def test_a_student_or_course_that_is_not_there_is_said(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"^There is no student with the number 999\.$"):
        desk.buy(999, desk.course())
    with pytest.raises(RuleRefused, match=r"^There is no course with the number 999\.$"):
        desk.buy(desk.student(), 999)


def test_a_school_without_a_gateway_takes_no_cards(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course())

    with pytest.raises(RuleRefused) as refused:
        purchases.buy(desk.database, order, gateways=Gateways(None))

    assert str(refused.value) == (
        "This school has no gateway for cards. Take a bank transfer or cash."
    )


@pytest.mark.parametrize(
    "role, price, sentence",
    [
        (Role.INSTRUCTOR, 0, "The account desk may not enrol students."),
        (Role.FINANCE, 0, "The account desk may not enrol students."),
    ],
)
def test_who_may_not_enrol_sells_nothing(desk: Desk, role: Role, price: int, sentence: str) -> None:
    order = desk.order(desk.student(), desk.course(price=Decimal(price)), price=Decimal(price))
    desk.database._actor = actor_of("desk", role)

    with pytest.raises(NotAllowed) as refused:
        desk.place(order)

    assert str(refused.value) == f"{sentence} Ask an administrator of this school."


def test_the_seat_that_was_freed_meanwhile_is_sold(desk: Desk) -> None:
    """The claim failed, yet under the lock there is a seat: another desk freed it in between."""
    student, course = desk.student(), desk.course(max_students=1)
    desk.make(change_course, course, enrolled_students=1)
    order = desk.order(student, course, method=PaymentMethod.CASH)

    def hold_late(uow: Any) -> Any:
        place = uow.purchases.place

        def place_late(*args: Any, **values: Any) -> Any:
            placed = place(*args, **values)
            if placed is None:
                uow.enrolments.free_seat(course)
            return placed

        uow.purchases.place = place_late
        return purchases.hold(uow, order, Card(), "manual")

    held = desk.write(hold_late)

    assert held.outcome is PurchaseOutcome.WAITING
    assert desk.seats(course) == 1
