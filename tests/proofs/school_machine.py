"""A school to which anything happens that may happen, as hypothesis chooses; all adds up at once.

What a rule chooses from is counted modulo what there is, so that a story which went wrong can be
made shorter and is still one.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, new_key
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import AlertStatus, PaymentMethod
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import Operation
from learnhub_desktop.jobs import asking, closing, renewing, summarising
from learnhub_desktop.services import (
    accounts,
    alerts,
    archiving,
    enrolments,
    progress,
    sales,
    settling,
    subscriptions,
)
from learnhub_desktop.services.refunds import cancel_payout, record_payout
from tests.factories import NOW
from tests.proofs.chances import (
    CARDS,
    DEATHS_ASKING,
    DEATHS_BILLING,
    DEATHS_REFUNDING,
    DEATHS_SELLING,
    DELAYS,
    METHODS,
    MOODS,
    TIMES,
    N,
)
from tests.proofs.empty_school import EmptySchool
from tests.services.subscribers import PRICES, sign_up

JOBS: Final = {
    "ask": asking.run,
    "renew": renewing.run,
    "renew again": renewing.run_retries,
    "summarise": summarising.run,
}


class SchoolMachine(EmptySchool):
    @rule(s=N, c=N, method=METHODS, card=CARDS, shared=st.booleans())
    def buy(self, s: int, c: int, method: PaymentMethod, card: str, shared: bool) -> None:
        student, course = self.of(self.students, s), self.of(self.courses, c)
        shown = self.try_to("look", lambda: self.desk.read(enrolments.preview, student, course))
        if shown is None:
            return
        order = self.desk.order(
            student,
            course,
            price=shown.price,
            sale_id=shown.sale_id,
            method=method,
            card=f"tok_{card}_{0 if shared else student}",
            extends=shown.extends,
        )
        self.orders.append(order)
        self.has_died = False
        told = self.try_to("buy", lambda: self.desk.place(order))
        paid = self.desk.rows(t.payments, t.payments.c.idempotency_key == order.key)
        if self.has_died:
            self.has_died = False
        elif told is None:
            assert paid == [], "a refused purchase left a payment"
        elif told.outcome is PurchaseOutcome.COMPLETED:
            assert [each.status for each in paid] in ([], ["completed"])
            assert self.desk.enrolment(student, course).status in ("active", "completed")
        elif told.outcome is PurchaseOutcome.DECLINED:
            assert [each.status for each in paid] == ["failed"]

    @rule(s=N, c=N, card=CARDS)
    def buy_by_card(self, s: int, c: int, card: str) -> None:
        self.buy(s, c, PaymentMethod.CREDIT_CARD, card, shared=False)

    @rule(s=N, c=N)
    def buy_with_the_card_of_another(self, s: int, c: int) -> None:
        self.buy(s, c, PaymentMethod.CREDIT_CARD, "visa", shared=True)

    @rule(s=N, c=N)
    def buy_with_money_to_come(self, s: int, c: int) -> None:
        self.buy(s, c, PaymentMethod.BANK_TRANSFER, "visa", shared=False)

    @rule(n=N)
    def press_the_same_key_again(self, n: int) -> None:
        if self.orders:
            order = self.of(self.orders, n)
            self.try_to("buy again", lambda: self.desk.place(order))

    @rule(
        n=N, amount=st.sampled_from([None, "1.00", "5.00", "48.99"]), to=st.sampled_from(RefundTo)
    )
    def refund(self, n: int, amount: str | None, to: RefundTo) -> None:
        payment = self.payment(n, kind=["charge"], status=["completed", "partially_refunded"])
        self.try_to(
            "refund",
            lambda: (
                self.desk.refund(
                    payment,
                    key=new_key("refund"),
                    amount=None if amount is None else Decimal(amount),
                    to=to,
                    confirmed_again=True,
                )
                if payment > 0
                else None
            ),
        )

    @rule(n=N)
    def money_comes(self, n: int) -> None:
        payment = self.payment(n, status=["pending", "failed"], payment_gateway=["manual"])
        if payment > 0:
            amount = self.desk.payment(payment).amount
            place = self.desk.where(payment)
            self.write("receipt", settling.record_receipt, place, reference="T", amount=amount)

    @rule(n=N)
    def give_up_waiting(self, n: int) -> None:
        payment = self.payment(n, kind=["charge"], status=["pending"])
        if payment > 0:
            self.write("cancel hold", settling.cancel_hold, self.desk.where(payment))

    @rule(n=N, paid=st.booleans())
    def pay_out(self, n: int, paid: bool) -> None:
        """By hand, or on the gateway's own side."""
        payment = self.payment(n, kind=["refund"], status=["pending", "unknown"])
        if payment < 0:
            return
        if self.desk.payment(payment).payment_gateway != "manual":
            key = self.desk.payment(payment).idempotency_key
            try:
                self.desk.gateway.settle_refund(key, paid=paid)
            except ValueError:
                return  # the gateway never had it, or has an answer already
        elif paid:
            self.write("payout", record_payout, self.desk.where(payment), reference="P")
        else:
            self.write("no payout", cancel_payout, self.desk.where(payment), comment="Gone")

    @rule(n=N)
    def ask(self, n: int) -> None:
        payment = self.payment(n, status=["pending", "unknown"])
        if payment > 0:
            desk = self.desk
            self.try_to("ask", lambda: desk.ask_about(payment))

    @rule(point=DEATHS_SELLING, s=N, c=N, card=CARDS)
    def die_selling(self, point: str, s: int, c: int, card: str) -> None:
        with self.dying(point):
            self.buy(s, c, PaymentMethod.CREDIT_CARD, card, shared=False)

    @rule(point=DEATHS_REFUNDING, n=N, amount=st.sampled_from([None, "9.00"]))
    def die_refunding(self, point: str, n: int, amount: str | None) -> None:
        with self.dying(point):
            self.refund(n, amount, RefundTo.ORIGINAL)

    @rule(point=DEATHS_BILLING, s=N, card=CARDS)
    def die_billing(self, point: str, s: int, card: str) -> None:
        with self.dying(point):
            self.subscribe(s, "monthly", card)
            self.time_passes(timedelta(days=31), ["renew"])

    @rule(point=DEATHS_ASKING)
    def die_asking(self, point: str) -> None:
        with self.dying(point):
            self.time_passes(timedelta(hours=2), ["ask"])

    @rule(mood=MOODS, calls=st.integers(1, 2), delay_s=DELAYS)
    def change_mood(self, mood: tuple[Mood, Operation], calls: int, delay_s: float) -> None:
        self.desk.gateway.set_mood(mood[0], operation=mood[1], calls=calls, delay_s=delay_s)

    @rule(time=TIMES, jobs=st.lists(st.sampled_from(sorted(JOBS)), max_size=3))
    def time_passes(self, time: timedelta, jobs: list[str]) -> None:
        self.desk.clock.now += time
        for name in jobs:
            self.try_to(name, partial(JOBS[name], self.desk.database, self.desk.gateways))

    @precondition(lambda self: self.desk.clock.now.year > NOW.year)
    @rule()
    def close_last_year(self) -> None:
        year = self.desk.clock.now.year - 1
        self.try_to("archive year", lambda: closing.archive(self.desk.database, year))

    @rule(c=N, archive=st.sampled_from([True, False, False]))
    def archive_or_restore(self, c: int, archive: bool) -> None:
        course = self.of(self.courses, c)
        if archive:
            self.write("archive", archiving.archive_course, course, reason="Old")
        else:
            self.write("restore", archiving.restore_course, course)

    @rule(c=N, seats=st.integers(1, 2))
    def start_sale(self, c: int, seats: int) -> None:
        now = self.desk.clock.now
        self.write(
            "sale",
            sales.start_sale,
            [self.of(self.courses, c)],
            percent_off=50,
            max_seats=seats,
            start_time=now,
            end_time=now + timedelta(days=2),
        )

    @rule(n=N)
    def cancel_enrolment(self, n: int) -> None:
        rows = self.desk.rows(t.enrollments, t.enrollments.c.student_id.in_(self.students))
        if rows:
            enrolment = rows[n % len(rows)].enrollment_id
            self.write("cancel", enrolments.cancel_enrolment, enrolment, reason="By phone")

    @rule(s=N, c=N)
    def enrol_by_hand(self, s: int, c: int) -> None:
        self.write(
            "by hand",
            enrolments.enrol_by_hand,
            student_id=self.of(self.students, s),
            course_id=self.of(self.courses, c),
            reason="A prize",
        )

    @rule(s=N, done=st.booleans())
    def do_the_lesson(self, s: int, done: bool) -> None:
        course = self.courses[0]
        [lesson] = self.desk.rows(t.lessons, t.lessons.c.course_id == course)
        self.write(
            "lesson",
            progress.mark_lessons,
            self.of(self.students, s),
            course,
            [lesson.lesson_id],
            done=done,
        )

    @rule(s=N, plan=st.sampled_from(sorted(PRICES)), card=CARDS)
    def subscribe(self, s: int, plan: str, card: str) -> None:
        student = self.of(self.students, s)
        token = f"tok_{card}_{student}"
        self.try_to("sign up", lambda: sign_up(self.desk, student, plan, card=token))

    @rule(n=N, c=N)
    def open_course(self, n: int, c: int) -> None:
        subscription = self.subscription(n)
        course = self.of(self.courses, c)
        self.write("open", subscriptions.open_course, subscription, course)

    @rule(
        n=N,
        act=st.sampled_from(["now", "later", "resume", "annual", "monthly", "card"]),
        card=CARDS,
    )
    def change_subscription(self, n: int, act: str, card: str) -> None:
        s, of = subscriptions, self.subscription(n)
        match act:
            case "now" | "later":
                self.write("end plan", s.cancel, of, now=act == "now", reason="By phone")
            case "resume":
                self.write("resume", s.resume, of)
            case "card":
                token = f"tok_{card}_{of}"
                fingerprint = self.desk.gateway.card_fingerprint(token)
                self.write("card", s.change_card, of, card=token, fingerprint=fingerprint)
            case _:
                self.write("plan", s.change_plan, of, act)

    @rule(n=N, verdict=st.sampled_from(["approve", "decline", "release", "dismiss"]))
    def review(self, n: int, verdict: str) -> None:
        rows = self.desk.rows(t.fraud_alerts, t.fraud_alerts.c.user_id.in_(self.students))
        if not rows:
            return
        alert = rows[n % len(rows)]
        match verdict:
            case "approve" | "decline":
                self.try_to(verdict, lambda: self._decide(alert.alert_id, verdict))
            case "release":
                self.write("release", alerts.release, alert.alert_id, comment="Known")
            case _:
                self.write(
                    "review",
                    alerts.review_alert,
                    alert.alert_id,
                    decision=AlertStatus.REVIEWED,
                    seen_version=alert.row_version,
                )

    def _decide(self, alert: int, verdict: str) -> None:
        desk = self.desk
        waiting = desk.read(alerts.find_verification, alert)
        if verdict == "decline":
            desk.write(alerts.decline_verification, waiting)
            return
        desk.write(alerts.approve_verification, waiting)
        card = next((o.card for o in self.orders if self._is_for(o, waiting)), None)
        alerts.charge_verified(desk.database, alert, card=card, gateways=desk.gateways, wait_s=0)

    def _is_for(self, order: Order, waiting: alerts.Verification) -> bool:
        return self.desk.payment(waiting.place.payment_id).idempotency_key == order.key

    @rule(s=N)
    def delete_account(self, s: int) -> None:
        student = self.of(self.students, s)
        version = self.desk.row(t.users, t.users.c.user_id == student).row_version
        gone = self.write(
            "delete",
            accounts.delete_account,
            student,
            reason=DeletionReason.REQUESTED,
            row_version=version,
        )
        if gone is not None:
            self.students.append(self.new_student())
