"""What is shown of a subscription: its standing in words, its bills, its courses, its offers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.purchases import PurchaseRefusal
from learnhub_desktop.domain.states import BillingStatus, PaymentStatus
from learnhub_desktop.domain.subscriptions import Standing
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import lists, subscription_reads, subscriptions
from tests.services.desk import Desk
from tests.services.money_rows import change_settings
from tests.services.subscribers import at, day, give_card, renew, row, sign_up, subscribe


def detail_of(desk: Desk, subscription_id: int):
    return desk.read(subscription_reads.get_subscription, subscription_id)


class TestHowItStands:
    def test_a_paid_one_says_until_when_and_what_is_charged_then(self, desk: Desk) -> None:
        found = detail_of(desk, subscribe(desk))

        assert found.row.standing is Standing.ACTIVE
        assert found.says == "Paid until 10 April 2026; 29.00 USD is charged then."
        assert found.next_period == (day("2026-04-10"), day("2026-05-10"))
        assert not found.is_due and not found.is_over and found.has_card

    def test_a_changed_plan_is_named_with_its_price(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.change_plan, subscription_id, "annual")

        found = detail_of(desk, subscription_id)

        assert found.says == "Paid until 10 April 2026; 290.00 USD for “Annual” is charged then."
        assert found.next_period == (day("2026-04-10"), day("2027-04-10"))

    def test_one_that_ends_is_not_charged_again(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.cancel, subscription_id, now=False, reason="Moved")

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.ENDING
        assert found.row.bills_on is None and found.next_plan is None
        assert found.says == "Paid until 10 April 2026, and ends then. Nothing more is charged."
        assert found.cancel_reason == "Moved"

    def test_on_its_day_it_is_due(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")

        found = detail_of(desk, subscription_id)

        assert found.is_due and found.is_over
        assert found.says == "What was paid ended on 10 April 2026. 29.00 USD is due now."

    def test_a_declined_one_says_how_often_and_when_it_is_tried_again(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.PAST_DUE
        assert found.says == (
            "What was paid ended on 10 April 2026. The charge was declined once; it is tried "
            "again on 13 April 2026 at 06:00."
        )
        assert not found.is_due
        assert [(bill.status, bill.tries) for bill in found.bills] == [
            (BillingStatus.FAILED, 1),
            (BillingStatus.COMPLETED, 0),
        ]

    def test_a_charge_that_was_not_sent_is_nobodys_fault(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        desk.gateway.set_mood(Mood.UNREACHABLE)
        renew(desk, subscription_id)

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.ACTIVE
        assert found.says.startswith(
            "Paid until 10 April 2026. The charge of 29.00 USD could not be sent to the gateway; "
            "it is tried again on 10 April 2026 at "
        )

    def test_a_charge_without_an_answer_is_not_settled(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        unknown = renew(desk, subscription_id)

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.UNSETTLED
        assert found.row.open_charge_id == unknown.payment_id
        assert found.says == (
            f"It is not known yet whether payment {unknown.payment_id} went through. Nothing is "
            "charged twice."
        )
        assert not found.is_due
        assert found.bills[0].payment_status is PaymentStatus.UNKNOWN

    def test_one_whose_first_charge_was_declined_never_began(self, desk: Desk) -> None:
        declined = sign_up(desk, desk.student(), card="tok_declined")
        subscription_id = desk.payment(declined.payment_id).subscription_id

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.NEVER_PAID
        assert found.says == (
            "It never began: its first charge did not succeed, so nothing is open."
        )

    def test_one_that_was_ended_says_when(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")

        found = detail_of(desk, subscription_id)

        assert found.row.standing is Standing.CANCELLED
        assert found.says == (
            "It has ended on 10 March 2026, with the access that it opened. Nothing is charged."
        )

    def test_its_courses_stand_with_those_that_are_open_first(self, desk: Desk) -> None:
        subscription_id, first = subscribe(desk), desk.course(title="SQL")
        second = desk.course(title="Python")
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, first)
        desk.pass_time(hours=1)
        desk.write(subscriptions.open_course, subscription_id, second)

        found = detail_of(desk, subscription_id)

        assert [(course.title, course.is_open) for course in found.courses] == [
            ("Python", True),
            ("SQL", True),
        ]
        assert found.row.open_courses == 2
        assert found.row.student_id == student

    def test_nobody_without_the_right_sees_it(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.database._actor = actor_of("tutor", Role.INSTRUCTOR)

        with pytest.raises(NotAllowed, match="may not view payments"):
            detail_of(desk, subscription_id)

    def test_a_number_that_is_none(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="There is no subscription with the number 77"):
            detail_of(desk, 77)


class TestTheOffer:
    def test_each_plan_has_its_price_and_first_period(self, desk: Desk) -> None:
        preview = desk.read(subscription_reads.preview_sign_up, desk.student())

        assert preview.refusal == ""
        assert [(o.plan.title, o.plan.price, *o.first_period) for o in preview.offers] == [
            ("Monthly", Decimal("29.00"), day("2026-03-10"), day("2026-04-10")),
            ("Annual", Decimal("290.00"), day("2026-03-10"), day("2027-03-10")),
        ]

    def test_the_first_day_is_the_schools(self, desk: Desk) -> None:
        desk.make(change_settings, time_zone="Pacific/Auckland")
        desk.clock.now = at("2026-01-30T11:30")

        preview = desk.read(subscription_reads.preview_sign_up, desk.student())

        assert preview.offers[0].first_period == (day("2026-01-31"), day("2026-02-28"))

    def test_who_has_one_is_told_its_number(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        student = row(desk, subscription_id).user_id

        preview = desk.read(subscription_reads.preview_sign_up, student)

        assert preview.refusal == (
            f"Ada has a subscription already (No. {subscription_id}). Change its plan instead."
        )

    def test_an_unsettled_charge_comes_first(self, desk: Desk) -> None:
        student = desk.student()
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        unknown = sign_up(desk, student)

        preview = desk.read(subscription_reads.preview_sign_up, student)

        assert f"payment {unknown.payment_id}" in preview.refusal


class TestOpeningACourse:
    def test_seats_and_day_are_shown_before(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course(max_students=3)

        preview = desk.read(subscription_reads.preview_opening, subscription_id, course)

        assert (preview.seats_left, preview.until) == (3, day("2026-04-10"))
        assert (preview.missing, preview.refusal) == ((), "")

    def test_a_full_course_is_refused_beforehand(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course(max_students=1)
        desk.buy(desk.student(name="Bob"), course)

        preview = desk.read(subscription_reads.preview_opening, subscription_id, course)

        assert preview.refusal == "“SQL” is full: its only seat is taken."

    def test_prerequisites_hold_here_too(self, desk: Desk) -> None:
        subscription_id, basics = subscribe(desk), desk.course(title="Basics")
        mastery = desk.course(title="Mastery")
        desk.make(
            lambda connection: connection.execute(
                insert(t.course_prerequisites).values(
                    course_id=mastery, prerequisite_course_id=basics
                )
            )
        )

        assert desk.read(subscription_reads.preview_opening, subscription_id, mastery).missing == (
            "Basics",
        )
        with pytest.raises(RuleRefused) as refused:
            desk.write(subscriptions.open_course, subscription_id, mastery)
        assert refused.value.reason is PurchaseRefusal.PREREQUISITES
        assert str(refused.value) == (
            "Ada has to complete “Basics” first, or be let in with a reason."
        )
        desk.write(subscriptions.open_course, subscription_id, mastery, override_reason="Knows it")
        student = row(desk, subscription_id).user_id
        assert desk.enrolment(student, mastery).reason == "Knows it"


@pytest.fixture
def five(desk: Desk) -> dict[str, int]:
    """One of each: active, ending, past due, not settled, never paid."""
    found = {"active": subscribe(desk, "annual", name="Ann")}
    desk.pass_time(hours=1)
    found["ending"] = subscribe(desk, "annual", name="Eve")
    desk.write(subscriptions.cancel, found["ending"], now=False, reason="Moved")
    found["past due"] = subscribe(desk, name="Pat", search_text="pat", email="pat@example.org")
    give_card(desk, found["past due"], "tok_declined")
    found["not settled"] = subscribe(desk, name="Una")
    desk.clock.now = at("2026-04-10T06:00")
    renew(desk, found["past due"])
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    renew(desk, found["not settled"])
    desk.gateway.set_mood(Mood.APPROVE)
    declined = sign_up(desk, desk.student(name="Ned"), card="tok_declined")
    found["never paid"] = desk.payment(declined.payment_id).subscription_id
    return found


@pytest.mark.parametrize(
    "query, names",
    [
        (ListQuery("subscriptions"), ["never paid", "not settled", "past due", "ending", "active"]),
        (ListQuery("subscriptions").with_filter("status", "past_due"), ["past due"]),
        (ListQuery("subscriptions").with_filter("plan", "annual"), ["ending", "active"]),
        (ListQuery("subscriptions").with_filter("attention", "due"), ["not settled"]),
        (ListQuery("subscriptions").with_filter("attention", "past_due"), ["past due"]),
        (ListQuery("subscriptions").with_filter("attention", "unsettled"), ["not settled"]),
        (ListQuery("subscriptions").with_filter("attention", "ending"), ["ending"]),
        (ListQuery("subscriptions").with_filter("attention", "never_paid"), ["never paid"]),
        (ListQuery("subscriptions").with_filter("attention", "ending", "past_due"),
         ["past due", "ending"]),
        (ListQuery("subscriptions").with_filter("bills_on", "2027-03-10", ""), ["ending", "active"]),
        (ListQuery("subscriptions").with_filter("paid_until", "2026-04-10", "2026-04-10"),
         ["never paid", "not settled", "past due"]),
        (ListQuery("subscriptions", text="pat"), ["past due"]),
        (ListQuery("subscriptions", text="pat@example.org"), ["past due"]),
        (ListQuery("subscriptions", text="status:past_due"), ["past due"]),
        (ListQuery("subscriptions", text="price>100"), ["ending", "active"]),
    ],
)  # fmt: skip
def test_the_list_is_filtered(
    desk: Desk, five: dict[str, int], query: ListQuery, names: list[str]
) -> None:
    rows = desk.read(lists.page, query, first=0, count=9, anchor=None).rows
    called = {number: name for name, number in five.items()}

    assert [called[row.subscription_id] for row in rows] == names
    assert desk.read(lists.head, query).total == len(names)


def test_the_list_of_one_student(desk: Desk, five: dict[str, int]) -> None:
    student = row(desk, five["ending"]).user_id
    query = ListQuery("subscriptions").with_filter("student", str(student))

    (found,) = desk.read(lists.page, query, first=0, count=9, anchor=None).rows

    assert found.student_name == "Eve"
    assert found.standing is Standing.ENDING
    assert found.price == Decimal("290.00")
    assert found.created_at == at("2026-03-10T12:00") + timedelta(hours=1)


@pytest.mark.parametrize("values", [("soon", ""), ("2026-03-10", "2026-03-11", "x")])
def test_a_day_that_is_none_is_refused(desk: Desk, values: tuple[str, ...]) -> None:
    query = ListQuery("subscriptions").with_filter("bills_on", *values)

    with pytest.raises(InvalidInput) as refused:
        desk.read(lists.head, query)

    assert refused.value.field == "bills_on"
