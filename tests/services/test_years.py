"""Closed years: what moves to the archive, what stays, and that nothing is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.domain.years import Kept, YearRefusal
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import subscriptions, years
from tests.factories import add
from tests.services.closed_years import archive, make_past, numbers, on, snapshot
from tests.services.desk import Desk
from tests.services.money_rows import change_payment, change_settings
from tests.services.subscribers import at, day, renew, row, sign_up


class TestMoving:
    @pytest.mark.proof
    def test_whole_charges_leave_with_all_their_refunds_and_events(self, desk: Desk) -> None:
        past = make_past(desk)
        before = snapshot(desk)

        done = archive(desk, 2024)

        assert (done.payments, done.events) == (7, 40)
        archived = numbers(desk, t.payments_archive)
        refunds = {
            each.refunds_payment_id
            for each in desk.rows(t.payments_archive)
            if each.kind == "refund"
        }
        assert set(archived) >= {past.paid, past.refunded, past.partly, past.declined}
        assert refunds == {past.refunded, past.partly}
        assert set(numbers(desk, t.payments)) >= {past.waiting, past.refunded_later}
        assert snapshot(desk) == before
        assert done.kept == {Kept.OPEN: 1, Kept.LATER: 1}

    def test_what_happened_in_a_later_year_leaves_with_that_year(self, desk: Desk) -> None:
        past = make_past(desk)
        archive(desk, 2024)
        assert past.refunded_later in numbers(desk, t.payments)

        archive(desk, 2025)

        assert past.refunded_later in numbers(desk, t.payments_archive)

    def test_again_moves_nothing(self, desk: Desk) -> None:
        make_past(desk)
        archive(desk, 2024)
        before = snapshot(desk)

        again = archive(desk, 2024)

        assert (again.payments, again.events) == (0, 0)
        assert snapshot(desk) == before

    def test_what_was_settled_since_leaves_the_next_time(self, desk: Desk) -> None:
        past = make_past(desk)
        archive(desk, 2024)
        with on(desk, "2025-02-01T10:00"):
            from learnhub_desktop.services import settling

            desk.write(settling.cancel_hold, desk.where(past.waiting))

        assert archive(desk, 2024).payments == 0
        assert archive(desk, 2025).payments == 3
        assert past.waiting in numbers(desk, t.payments_archive)

    def test_many_charges_move_in_small_transactions_in_the_order_of_their_numbers(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with on(desk, "2024-06-01T10:00"):
            course = desk.course()
            bought = [desk.buy(desk.student(), course).payment_id for _ in range(12)]
        monkeypatch.setattr(years, "_MOST_ROWS", 60)
        told: list[tuple[int, int]] = []

        done = archive(desk, 2024, progress=lambda *far: told.append(far))

        # Each charge has seven events: four and fourteen rows, so three charges at a time.
        assert done.payments == 12
        assert told == [(0, 12), (3, 12), (6, 12), (9, 12), (12, 12)]
        assert numbers(desk, t.payments_archive) == bought

    def test_one_that_is_larger_than_a_transaction_should_be_moves_alone(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_past(desk)
        monkeypatch.setattr(years, "_MOST_ROWS", 1)

        assert archive(desk, 2024).payments == 7

    def test_a_key_stays_used_for_ever(self, desk: Desk) -> None:
        with on(desk, "2024-06-01T10:00"):
            order = desk.order(desk.student(), desk.course())
            first = desk.place(order)
        archive(desk, 2024)

        again = desk.place(order)

        assert again.replayed and again.payment_id == first.payment_id
        assert len(desk.sent()) == 1

    def test_what_it_bought_stays_open(self, desk: Desk) -> None:
        course = desk.course(access_months=None)
        with on(desk, "2024-06-01T10:00"):
            student = desk.student()
            desk.buy(student, course)

        archive(desk, 2024)

        assert desk.enrolment(student, course).status == "active"
        assert desk.seats(course) == 1

    def test_the_delete_is_audited_as_what_it_was(self, desk: Desk) -> None:
        past = make_past(desk)
        archive(desk, 2024)

        [entry] = desk.rows(
            t.audit_log,
            t.audit_log.c.entity == "payments",
            t.audit_log.c.entity_id == str(past.paid),
            t.audit_log.c.action == "delete",
        )
        assert entry.operation == "archive_payments"

    def test_the_view_of_all_payments_shows_each_once(self, desk: Desk) -> None:
        make_past(desk)
        query = text("SELECT payment_id FROM all_payments ORDER BY payment_id")
        before = desk.ask(lambda c: list(c.scalars(query)))

        archive(desk, 2024)

        assert desk.ask(lambda c: list(c.scalars(query))) == before


class TestStaying:
    """A charge stays as long as something open refers to it."""

    def one(self, desk: Desk, **values: Any) -> int:
        with on(desk, "2024-06-01T10:00"):
            paid = desk.buy(desk.student(), desk.course(), **values).payment_id
        assert paid is not None
        return paid

    def kept(self, desk: Desk, year: int = 2024) -> dict[Kept, int]:
        done = archive(desk, year)
        assert (done.payments, numbers(desk, t.payments_archive)) == (0, [])
        return dict(done.kept)

    def test_an_unknown_one(self, desk: Desk) -> None:
        self.one(desk, card="tok_lost_answer")
        assert self.kept(desk) == {Kept.OPEN: 1}

    def test_a_hold_for_a_transfer(self, desk: Desk) -> None:
        self.one(desk, method=PaymentMethod.BANK_TRANSFER, card=None)
        assert self.kept(desk) == {Kept.OPEN: 1}

    def test_a_disputed_one(self, desk: Desk) -> None:
        desk.make(change_payment, self.one(desk), status="disputed")
        assert self.kept(desk) == {Kept.DISPUTED: 1}

    def test_one_whose_money_must_go_back(self, desk: Desk) -> None:
        desk.make(change_payment, self.one(desk), refund_due=True)
        assert self.kept(desk) == {Kept.REFUND_DUE: 1}

    def test_one_whose_refund_is_not_settled(self, desk: Desk) -> None:
        paid = self.one(desk)
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        with on(desk, "2024-06-10T10:00"):
            desk.refund(paid)
        assert self.kept(desk) == {Kept.REFUND_OPEN: 1}

    def test_one_that_was_refunded_in_a_later_year(self, desk: Desk) -> None:
        paid = self.one(desk)
        with on(desk, "2025-06-10T10:00"):
            desk.refund(paid, override="Goodwill")
        assert self.kept(desk) == {Kept.LATER: 1}
        assert archive(desk, 2025).payments == 2

    def test_one_that_was_settled_in_a_later_year(self, desk: Desk) -> None:
        desk.make(change_payment, self.one(desk), processed_at=at("2025-01-01T00:00"))
        assert self.kept(desk) == {Kept.LATER: 1}

    def test_one_that_may_still_be_refunded(self, desk: Desk) -> None:
        with on(desk, "2025-12-31T23:00"):
            desk.buy(desk.student(), desk.course())
        desk.clock.now = at("2026-01-31T22:59")
        assert self.kept(desk, 2025) == {Kept.RECENT: 1}
        desk.clock.now += timedelta(minutes=2)
        assert archive(desk, 2025).payments == 1

    def test_the_school_says_how_long_that_is(self, desk: Desk) -> None:
        desk.make(change_settings, refund_days=400)
        with on(desk, "2025-06-01T10:00"):
            desk.buy(desk.student(), desk.course())
        assert self.kept(desk, 2025) == {Kept.RECENT: 1}

    @pytest.mark.parametrize("status, stays", [("pending", True), ("false_positive", False)])
    def test_one_with_an_alert_that_nobody_has_reviewed(
        self, desk: Desk, status: str, stays: bool
    ) -> None:
        paid = self.one(desk)
        student = desk.payment(paid).user_id
        alert = t.fraud_alerts.insert().values(payment_id=paid, user_id=student, status=status)
        desk.make(lambda c: c.execute(alert))
        if stays:
            assert self.kept(desk) == {Kept.ALERT: 1}
        else:
            assert archive(desk, 2024).payments == 1

    def test_a_blocked_one_whose_release_nobody_has_used(self, desk: Desk) -> None:
        paid = self.one(desk, card="tok_declined")
        alert_id = desk.make(
            add,
            t.fraud_alerts,
            payment_id=paid,
            user_id=desk.payment(paid).user_id,
            status="false_positive",
            released_at=at("2024-06-02T10:00"),
        )
        assert self.kept(desk) == {Kept.ALERT: 1}

        other = self.one(desk)
        desk.make(change_payment, other, released_alert_id=alert_id)
        desk.make(change_payment, other, user_id=desk.payment(other).user_id)
        # Used by somebody else's payment it is still unused: an alert is of one student.
        assert archive(desk, 2024).kept == {Kept.ALERT: 1}

    def test_what_a_running_subscription_has_paid_with(self, desk: Desk) -> None:
        with on(desk, "2025-06-01T10:00"):
            yearly = sign_up(desk, desk.student(), "annual")
        assert self.kept(desk, 2025) == {Kept.SUBSCRIPTION: 1}

        subscription_id = desk.payment(yearly.payment_id).subscription_id
        desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")
        assert archive(desk, 2025).payments == 1

    def test_earlier_periods_of_a_subscription_leave_and_it_renews_as_before(
        self, desk: Desk
    ) -> None:
        with on(desk, "2024-06-15T10:00"):
            first = sign_up(desk, desk.student(), "annual")
            subscription_id = desk.payment(first.payment_id).subscription_id
        with on(desk, "2025-06-15T00:05"):
            renew(desk, subscription_id)

        done = archive(desk, 2025)

        # The second one pays for the period that runs now.
        assert (done.payments, done.kept) == (1, {Kept.SUBSCRIPTION: 1})
        desk.clock.now = at("2026-06-15T00:05")
        assert renew(desk, subscription_id).outcome == "paid"
        assert row(desk, subscription_id).current_period_end == day("2027-06-15")

    def test_one_whose_call_is_still_at_it(self, desk: Desk) -> None:
        paid = self.one(desk)
        key = t.idempotency.update().where(t.idempotency.c.payment_id == paid)
        desk.make(lambda c: c.execute(key.values(state="in_progress")))
        desk.made_up = True
        assert self.kept(desk) == {Kept.KEY: 1}


class TestRefusals:
    @pytest.mark.parametrize("year", [2026, 2027])
    def test_a_year_that_is_not_over(self, desk: Desk, year: int) -> None:
        with pytest.raises(RuleRefused) as refused:
            archive(desk, year)
        assert refused.value.reason is YearRefusal.NOT_CLOSED
        assert str(refused.value) == (f"{year} is not over yet. Only closed years can be archived.")

    @pytest.mark.parametrize("year", [0, 1969, 10_000])
    def test_what_is_no_year(self, desk: Desk, year: int) -> None:
        with pytest.raises(InvalidInput, match="Name a year from 1970 to 9998"):
            archive(desk, year)

    @pytest.mark.parametrize("role", [Role.STAFF, Role.FINANCE, Role.INSTRUCTOR, None])
    def test_whoever_is_no_administrator(self, desk: Desk, role: Role | None) -> None:
        desk.database._actor = actor_of("someone", role)
        with pytest.raises(NotAllowed):
            archive(desk, 2024)

    def test_another_payment_under_the_same_number_stops_the_move(self, desk: Desk) -> None:
        past = make_past(desk)
        paid = desk.payment(past.paid)
        other = {**paid._mapping, "amount": paid.amount + 1}
        desk.make(lambda c: c.execute(t.payments_archive.insert().values(**other)))

        with pytest.raises(RuleRefused) as refused:
            archive(desk, 2024)

        assert refused.value.reason is YearRefusal.COPY_DIFFERS
        assert past.paid in numbers(desk, t.payments)
        desk.made_up = True

    def test_an_identical_copy_that_is_there_already_is_taken(self, desk: Desk) -> None:
        past = make_past(desk)
        paid = dict(desk.payment(past.paid)._mapping)
        desk.make(lambda c: c.execute(t.payments_archive.insert().values(**paid)))

        assert archive(desk, 2024).payments == 7
        assert past.paid not in numbers(desk, t.payments)


class TestList:
    def test_each_year_with_what_it_comes_to_and_where_it_stands(self, desk: Desk) -> None:
        make_past(desk)
        desk.buy(desk.student(), desk.course())
        before = desk.read(years.list_years)
        archive(desk, 2024)

        after = desk.read(years.list_years)

        assert [
            (each.year, each.live, each.archived, each.archived_events, each.says())
            for each in after
        ] == [
            (2026, 1, 0, 0, "not over yet"),
            (2025, 1, 0, 0, "may be archived"),
            (2024, 2, 7, 40, "archived, 2 still live, not exported"),
        ]
        assert [each.sums for each in after] == [each.sums for each in before]
        [total] = after[2].sums
        assert (total.currency, str(total.charged), str(total.refunded)) == (
            "USD",
            "196.00",
            "64.00",
        )

    def test_an_empty_school_has_none(self, desk: Desk) -> None:
        assert desk.read(years.list_years) == ()
