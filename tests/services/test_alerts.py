"""Fraud: what is scored and blocked, released once, or held until a reviewer decides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.alerts import AlertDetail, AlertRefusal
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import AlertStatus
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import alerts
from tests.factories import NOW, add, make_payment
from tests.services.desk import Desk
from tests.services.money_rows import change_rule, make_rule

DEAR = Decimal("600.00")


def detail(desk: Desk, alert_id: int | None) -> AlertDetail:
    return desk.read(alerts.get_alert, alert_id or 0)


def review(desk: Desk, alert_id: int | None, decision: AlertStatus, **values: Any) -> Any:
    seen = values.pop("seen_version", desk.alert(alert_id).row_version)
    return desk.write(alerts.review_alert, alert_id, decision=decision, seen_version=seen, **values)


class TestScoring:
    """The rules are rows; the alert keeps what each of them added."""

    def test_a_large_amount_is_flagged_and_goes_through(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course(price=DEAR)

        bought = desk.buy(student, course, price=DEAR)

        assert bought.outcome is PurchaseOutcome.COMPLETED
        [alert] = desk.rows(t.fraud_alerts)
        assert (alert.score, alert.alert_level, alert.action) == (30, "medium", "flag")
        assert (alert.payment_id, alert.user_id, alert.course_id, alert.status) == (
            bought.payment_id,
            student,
            course,
            "pending",
        )
        [part] = detail(desk, alert.alert_id).parts
        assert (part.name, part.says, part.score, part.seen_text()) == (
            "Large amount",
            "amount above 500.00 in the school's currency",
            30,
            "amount 600.00",
        )

    def test_exactly_the_threshold_is_not_above_it(self, desk: Desk) -> None:
        course = desk.course(price=Decimal(500))

        desk.buy(desk.student(), course, price=Decimal(500))

        assert desk.rows(t.fraud_alerts) == []

    def test_an_amount_in_another_currency_is_not_compared(self, desk: Desk) -> None:
        course = desk.course(price=DEAR, currency="EUR")

        desk.buy(desk.student(), course, price=DEAR, currency="EUR")

        assert desk.rows(t.fraud_alerts) == []

    def test_the_seventh_charge_of_a_day_is_one_too_many(self, desk: Desk) -> None:
        student = desk.student()
        for _ in range(6):
            desk.buy(student, desk.course())
        assert desk.rows(t.fraud_alerts) == []

        desk.buy(student, desk.course())

        [alert] = desk.rows(t.fraud_alerts)
        assert (alert.score, alert.alert_level) == (50, "high")
        assert alert.alert_data["rules"][0]["seen"] == {"charges": 6}

    def test_failed_charges_and_those_of_yesterday_do_not_count(self, desk: Desk) -> None:
        student = desk.student()
        for _ in range(6):
            desk.make(make_payment, student, created_at=NOW - timedelta(hours=24, seconds=1))
        desk.make(make_payment, student, status="failed", reason_code="cancelled")

        desk.buy(student, desk.course())

        assert desk.rows(t.fraud_alerts) == []

    def test_five_times_the_average_is_flagged_and_without_history_nothing_is(
        self, desk: Desk
    ) -> None:
        student = desk.student()
        desk.buy(student, desk.course(price=Decimal(300)), price=Decimal(300))
        assert desk.rows(t.fraud_alerts) == []
        old = desk.student()
        desk.make(make_payment, old, amount=Decimal(10), created_at=NOW - timedelta(days=9))

        desk.buy(old, desk.course(price=Decimal(50)), price=Decimal(50))
        assert desk.rows(t.fraud_alerts) == []
        desk.buy(old, desk.course(price=Decimal("160")), price=Decimal("160"))

        [alert] = desk.rows(t.fraud_alerts)
        assert alert.alert_data["rules"][0]["seen"] == {"amount": "160.00", "average": "30.00"}

    def test_only_refusals_of_a_card_count_as_failures(self, desk: Desk) -> None:
        student = desk.student()
        for reason in ("cancelled", "hold_expired", "gateway_unreachable", "blocked"):
            desk.make(make_payment, student, status="failed", reason_code=reason)
        desk.buy(student, desk.course())
        assert desk.rows(t.fraud_alerts) == []
        for reason in ("declined", "expired_card", None):
            desk.make(make_payment, student, status="failed", reason_code=reason)

        desk.buy(student, desk.course())

        [alert] = desk.rows(t.fraud_alerts)
        assert alert.alert_data["rules"][0]["seen"] == {"failures": 3}

    def test_a_rule_in_shadow_is_noted_and_adds_nothing(self, desk: Desk) -> None:
        desk.make(change_rule, "amount", state="shadow", action="block")
        student, course = desk.student(), desk.course(price=DEAR)

        bought = desk.buy(student, course, price=DEAR)

        assert bought.outcome is PurchaseOutcome.COMPLETED
        assert desk.rows(t.fraud_alerts) == []
        first = desk.rows(t.payment_events, t.payment_events.c.payment_id == bought.payment_id)[0]
        assert len(first.event_data["shadow_rules"]) == 1

    @pytest.mark.parametrize(
        "condition",
        [
            {"measure": "charges"},
            {"measure": "charges", "hours": "many", "above": 1},
            {"measure": "charges", "hours": 0.5, "above": 1},
            {"measure": "unheard of", "above": 1},
            {"max_transactions": 5, "time_window": "24h"},
            {},
        ],
    )
    def test_a_rule_of_another_program_that_cannot_be_read_stops_no_purchase(
        self, desk: Desk, condition: dict[str, Any]
    ) -> None:
        desk.make(make_rule, condition, action="block")

        bought = desk.buy(desk.student(), desk.course())

        assert bought.outcome is PurchaseOutcome.COMPLETED


class TestBlocked:
    def block(self, desk: Desk, **values: Any) -> tuple[int, int, Purchase]:
        desk.make(change_rule, "amount", score=100)
        student, course = desk.student(), desk.course(price=DEAR)
        return student, course, desk.buy(student, course, price=DEAR, **values)

    def test_a_score_of_a_hundred_blocks_before_any_seat_or_money(self, desk: Desk) -> None:
        student, course, blocked = self.block(desk)

        assert blocked.outcome is PurchaseOutcome.BLOCKED
        assert blocked.changes.message == (
            "The purchase of “SQL” by Ada was blocked: it looks like fraud. Nothing was charged; a "
            "reviewer can release it."
        )
        payment, alert = desk.payment(blocked.payment_id), desk.alert(blocked.alert_id)
        assert (payment.status, payment.reason_code, payment.enrollment_id) == (
            "failed",
            "blocked",
            None,
        )
        assert (alert.action, alert.alert_level, alert.score) == ("block", "critical", 100)
        assert desk.events(blocked.payment_id) == ["initiated", "blocked", "failed"]
        assert (desk.rows(t.enrollments), desk.seats(course), desk.sent()) == ([], 0, [])

    def test_a_release_permits_one_new_payment_with_a_new_key(self, desk: Desk) -> None:
        student, course, blocked = self.block(desk, key="first")
        assert detail(desk, blocked.alert_id).may_release

        changes = desk.write(alerts.release, blocked.alert_id, comment="Known customer")
        bought = desk.buy(student, course, price=Decimal(600), released_alert_id=blocked.alert_id)

        assert changes.message == (
            "Released the purchase of “SQL” by Ada: it may be made once more, for the same amount."
        )
        assert bought.outcome is PurchaseOutcome.COMPLETED
        assert desk.payment(bought.payment_id).released_alert_id == blocked.alert_id
        shown = detail(desk, blocked.alert_id)
        assert (shown.may_release, shown.why_not) == (
            False,
            "The purchase was released, and the release was used.",
        )
        with pytest.raises(RuleRefused, match="used already: it permits one new payment"):
            desk.buy(student, course, price=DEAR, released_alert_id=blocked.alert_id)

    @pytest.mark.parametrize(
        "change", ["not released", "other student", "other course", "other amount", "fraud", "none"]
    )
    def test_a_release_is_for_this_purchase_and_no_other(self, desk: Desk, change: str) -> None:
        student, course, blocked = self.block(desk)
        alert_id, price = blocked.alert_id, DEAR
        if change != "not released":
            desk.write(alerts.release, alert_id, comment="Known customer")
        if change == "other student":
            student = desk.student()
        if change == "other course":
            course = desk.course(price=DEAR)
        if change == "other amount":
            price = Decimal(700)
            course = desk.course(price=price)
        if change == "fraud":
            review(desk, alert_id, AlertStatus.CONFIRMED_FRAUD)
        if change == "none":
            alert_id = 999

        with pytest.raises(RuleRefused) as refused:
            desk.buy(student, course, price=price, released_alert_id=alert_id)

        assert refused.value.reason is PurchaseRefusal.RELEASE_NOT_VALID
        assert str(refused.value) == (
            "This release is for another purchase, or was not given. Nothing was charged."
        )
        assert len(desk.payments()) == 1

    def test_what_cannot_be_released_says_why(self, desk: Desk) -> None:
        _, _, blocked = self.block(desk)
        review(desk, blocked.alert_id, AlertStatus.CONFIRMED_FRAUD)
        assert detail(desk, blocked.alert_id).why_not == "Confirmed fraud is not released."
        with pytest.raises(RuleRefused, match=r"^Confirmed fraud is not released\.$"):
            desk.write(alerts.release, blocked.alert_id, comment="x")
        review(desk, blocked.alert_id, AlertStatus.REVIEWED)

        desk.write(alerts.release, blocked.alert_id, comment="x")

        assert detail(desk, blocked.alert_id).why_not == (
            "The purchase is released: it may be made once more."
        )
        with pytest.raises(RuleRefused, match=r"^This purchase was released already\.$"):
            desk.write(alerts.release, blocked.alert_id, comment="x")
        flagged = desk.buy(desk.student(), desk.course(price=DEAR), price=DEAR)
        assert flagged.outcome is PurchaseOutcome.BLOCKED

    def test_staff_may_review_and_not_release(self, desk: Desk) -> None:
        _, _, blocked = self.block(desk)
        desk.database._actor = actor_of("desk", Role.STAFF)

        with pytest.raises(NotAllowed, match="may not release blocked purchases"):
            desk.write(alerts.release, blocked.alert_id, comment="x")
        review(desk, blocked.alert_id, AlertStatus.REVIEWED)


class TestReviewing:
    def flag(self, desk: Desk) -> int:
        desk.buy(desk.student(), desk.course(price=DEAR), price=DEAR)
        return int(desk.rows(t.fraud_alerts)[0].alert_id)

    @pytest.mark.parametrize(
        "decision, said",
        [
            (AlertStatus.REVIEWED, "reviewed"),
            (AlertStatus.FALSE_POSITIVE, "a false positive"),
            (AlertStatus.CONFIRMED_FRAUD, "confirmed fraud"),
        ],
    )
    def test_a_decision_is_kept_with_who_and_when(
        self, desk: Desk, decision: AlertStatus, said: str
    ) -> None:
        alert_id = self.flag(desk)
        later = desk.pass_time(hours=1)

        changes = review(desk, alert_id, decision, comment=" Called her ")

        assert changes.message == f"The alert on the purchase of “SQL” by Ada is closed as {said}."
        shown = detail(desk, alert_id)
        assert (shown.facts.status, shown.reviewed_at, shown.review_comment) == (
            decision,
            later,
            "Called her",
        )
        assert shown.reviewed_by == desk.database.actor().account

    def test_another_reviewers_decision_is_not_overwritten_unseen(self, desk: Desk) -> None:
        alert_id = self.flag(desk)
        seen = desk.alert(alert_id).row_version
        review(desk, alert_id, AlertStatus.CONFIRMED_FRAUD)

        with pytest.raises(RuleRefused) as refused:
            review(desk, alert_id, AlertStatus.FALSE_POSITIVE, seen_version=seen)

        assert refused.value.reason is AlertRefusal.CHANGED_MEANWHILE
        assert str(refused.value) == (
            "Another reviewer changed this alert meanwhile; it is confirmed fraud. Look again, "
            "then decide."
        )

    def test_pending_is_no_decision_and_a_comment_must_fit(self, desk: Desk) -> None:
        alert_id = self.flag(desk)

        with pytest.raises(InvalidInput, match="reviewed, a false positive or fraud"):
            review(desk, alert_id, AlertStatus.PENDING)
        with pytest.raises(InvalidInput, match="at most 2,000 characters; this has 10,000"):
            review(desk, alert_id, AlertStatus.REVIEWED, comment="x" * 10_000)
        with pytest.raises(NotFound, match=r"^There is no alert with the number 99\.$"):
            desk.read(alerts.get_alert, 99)

    def test_an_alert_of_another_program_is_shown_as_it_is(self, desk: Desk) -> None:
        alert_id = desk.make(
            add, t.fraud_alerts, user_id=None, alert_level="high", alert_data={"payment_count": 7}
        )

        shown = detail(desk, alert_id)

        assert (shown.student_name, shown.course_title, shown.amount) == (
            "An unknown student",
            None,
            None,
        )
        assert shown.parts[0].seen_text() == "payment count 7"
        assert not (shown.may_release or shown.may_verify or shown.may_charge)
        assert review(desk, alert_id, AlertStatus.REVIEWED).message == (
            "The alert on a purchase is closed as reviewed."
        )
