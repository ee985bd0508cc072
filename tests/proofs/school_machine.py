"""A school to which anything happens that may happen, as hypothesis chooses; all adds up at once.

What a rule chooses from is counted modulo what there is, so that a story which went wrong can be
made shorter and is still one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, new_key
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import AlertStatus, PaymentMethod
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused
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
from learnhub_desktop.services.asking import ask_now
from learnhub_desktop.services.refunds import cancel_payout, record_payout
from tests.factories import NOW, make_lesson
from tests.proofs.chances import CARDS, DELAYS, METHODS, MOODS, TIMES, N
from tests.proofs.checks import faults, unsettled
from tests.services.desk import Desk
from tests.services.money_rows import change_rule
from tests.services.subscribers import PRICES, sign_up

JOBS: Final = {
    "ask": asking.run,
    "renew": renewing.run,
    "renew again": renewing.run_retries,
    "summarise": summarising.run,
}
# What a person is told where nothing was done. All else is a bug.
REFUSALS: Final = (RuleRefused, InvalidInput, NotFound)


class SchoolMachine(RuleBasedStateMachine):
    def __init__(self, desk: Desk, counts: Counter[str]) -> None:
        super().__init__()
        self.desk, self.counts = desk, counts
        self.students: list[int] = []
        self.courses: list[int] = []
        self.orders: list[Order] = []

    @initialize()
    def open(self) -> None:
        self.students = [self._student() for _ in range(3)]
        self.courses = [self.desk.course(max_students=limit) for limit in (1, 2, None)]
        self.courses.append(self.desk.course(price=Decimal(0), max_students=2))
        self.desk.make(make_lesson, self.courses[0])
        # So strict that a reviewer has something to do in so small a school.
        strict: list[tuple[str, str, int]] = [
            ("charges", "block", 3),
            ("students_of_card", "require_verification", 1),
        ]
        for measure, action, above in strict:
            condition = {"measure": measure, "hours": 24, "above": above}
            self.desk.make(change_rule, measure, action=action, rule_condition=condition)

    def _student(self) -> int:
        return self.desk.student(account_balance=Decimal(120))

    def try_to(self, what: str, call: Callable[[], Any]) -> Any:
        """Do it; None where it was refused."""
        try:
            done = call()
        except REFUSALS:
            self.counts[f"{what} refused"] += 1
            return None
        self.counts[what] += 1
        return done

    def write(self, what: str, service: Callable[..., Any], *args: Any, **values: Any) -> Any:
        return self.try_to(what, lambda: self.desk.write(service, *args, **values))

    def payment(self, n: int, **wanted: Any) -> int:
        """A payment of ours in that state, or one that nobody has."""
        c = t.payments.c
        conditions = [c.user_id.in_(self.students)]
        conditions += [c[name].in_(values) for name, values in wanted.items()]
        rows = self.desk.rows(t.payments, *conditions)
        return int(rows[n % len(rows)].payment_id) if rows else -1

    @rule(s=N, c=N, method=METHODS, card=CARDS, shared=st.booleans())
    def buy(self, s: int, c: int, method: PaymentMethod, card: str, shared: bool) -> None:
        student, course = self._of(self.students, s), self._of(self.courses, c)
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
        told = self.try_to("buy", lambda: self.desk.place(order))
        paid = self.desk.rows(t.payments, t.payments.c.idempotency_key == order.key)
        if told is None:
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
            order = self._of(self.orders, n)
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
            self.try_to("ask", lambda: ask_now(desk.database, payment, gateways=desk.gateways))

    @rule(mood=MOODS, calls=st.integers(1, 2), delay_s=DELAYS)
    def change_mood(self, mood: tuple[Mood, Operation], calls: int, delay_s: float) -> None:
        self.desk.gateway.set_mood(mood[0], operation=mood[1], calls=calls, delay_s=delay_s)

    @rule(time=TIMES, jobs=st.lists(st.sampled_from(sorted(JOBS)), max_size=3))
    def time_passes(self, time: timedelta, jobs: list[str]) -> None:
        self.desk.clock.now += time
        for name in jobs:
            JOBS[name](self.desk.database, self.desk.gateways)
            self.counts[name] += 1

    @precondition(lambda self: self.desk.clock.now.year > NOW.year)
    @rule()
    def close_last_year(self) -> None:
        year = self.desk.clock.now.year - 1
        self.try_to("archive year", lambda: closing.archive(self.desk.database, year))

    @rule(c=N, archive=st.sampled_from([True, False, False]))
    def archive_or_restore(self, c: int, archive: bool) -> None:
        course = self._of(self.courses, c)
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
            [self._of(self.courses, c)],
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
            student_id=self._of(self.students, s),
            course_id=self._of(self.courses, c),
            reason="A prize",
        )

    @rule(s=N, done=st.booleans())
    def do_the_lesson(self, s: int, done: bool) -> None:
        course = self.courses[0]
        [lesson] = self.desk.rows(t.lessons, t.lessons.c.course_id == course)
        self.write(
            "lesson",
            progress.mark_lessons,
            self._of(self.students, s),
            course,
            [lesson.lesson_id],
            done=done,
        )

    @rule(s=N, plan=st.sampled_from(sorted(PRICES)), card=CARDS)
    def subscribe(self, s: int, plan: str, card: str) -> None:
        student = self._of(self.students, s)
        token = f"tok_{card}_{student}"
        self.try_to("sign up", lambda: sign_up(self.desk, student, plan, card=token))

    @rule(n=N, c=N)
    def open_course(self, n: int, c: int) -> None:
        subscription = self._subscription(n)
        course = self._of(self.courses, c)
        self.write("open", subscriptions.open_course, subscription, course)

    @rule(
        n=N,
        act=st.sampled_from(["now", "later", "resume", "annual", "monthly", "card"]),
        card=CARDS,
    )
    def change_subscription(self, n: int, act: str, card: str) -> None:
        s, of = subscriptions, self._subscription(n)
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
        student = self._of(self.students, s)
        version = self.desk.row(t.users, t.users.c.user_id == student).row_version
        gone = self.write(
            "delete",
            accounts.delete_account,
            student,
            reason=DeletionReason.REQUESTED,
            row_version=version,
        )
        if gone is not None:
            self.students.append(self._student())

    def _subscription(self, n: int) -> int:
        c = t.subscriptions.c
        rows = self.desk.rows(t.subscriptions, c.user_id.in_(self.students))
        return int(rows[n % len(rows)].subscription_id) if rows else -1

    @staticmethod
    def _of(things: list[Any], n: int) -> Any:
        return things[n % len(things)]

    @invariant()
    def all_adds_up(self) -> None:
        self.counts["steps"] += 1
        assert faults(self.desk) == []

    def teardown(self) -> None:
        """The gateway is well again and time passes: in the end nothing is left open."""
        desk = self.desk
        if not self.students:
            return
        for operation in Operation:
            desk.gateway.set_mood(Mood.APPROVE, operation=operation)
        for entry in desk.sent():
            if entry.state == "pending":
                desk.gateway.settle_refund(entry.key, paid=True)
        for row in desk.rows(t.subscriptions, t.subscriptions.c.user_id.in_(self.students)):
            self.write(
                "end plan", subscriptions.cancel, row.subscription_id, now=True, reason="End"
            )
        desk.pass_time(days=10)
        asking.run(desk.database, desk.gateways)
        left = {desk.payment(each).payment_gateway for each in unsettled(desk)}
        assert left <= {"manual"}, "the janitor leaves open what the gateway knows"
        assert faults(desk) == []
        self.counts["stories"] += 1
