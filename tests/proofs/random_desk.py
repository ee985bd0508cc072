"""A desk that does whatever a desk may do, one act after the other, as a seed decides."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import new_key
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.services import archiving, enrolments, settling
from learnhub_desktop.services.refunds import record_payout
from tests.services.desk import Desk

_CARDS = ("tok_visa", "tok_visa", "tok_visa", "tok_declined", "tok_lost_answer", "tok_unreachable")
_METHODS = (
    PaymentMethod.CREDIT_CARD,
    PaymentMethod.CREDIT_CARD,
    PaymentMethod.BANK_TRANSFER,
    PaymentMethod.CASH,
    PaymentMethod.ACCOUNT_BALANCE,
)


class RandomDesk:
    """Works on a few students and courses, so that desks are always in each other's way."""

    def __init__(
        self, desk: Desk, chance: random.Random, students: list[int], courses: list[int]
    ) -> None:
        self.desk, self.chance = desk, chance
        self.students, self.courses = students, courses
        self.counts: Counter[str] = Counter()

    def work(self, acts: int) -> dict[str, int]:
        """Do that many acts; what came of them, and how often a transaction ran again."""
        retries = _Retries()
        logger = logging.getLogger("learnhub_desktop.db.transactions")
        level = logger.level
        logger.addHandler(retries)
        logger.setLevel(logging.INFO)
        choices: list[tuple[Callable[[], Any], int]] = [
            (self.buy, 40),
            (self.refund, 20),
            (self.receive, 12),
            (self.cancel_hold, 6),
            (self.cancel_enrolment, 8),
            (self.enrol_by_hand, 6),
            (self.ask, 6),
            (self.archive_or_restore, 2),
        ]
        calls, weights = zip(*choices, strict=True)
        try:
            for _ in range(acts):
                call = self.chance.choices(calls, weights)[0]
                try:
                    call()
                except LearnHubError as error:
                    self.counts[type(error).__name__] += 1
                else:
                    self.counts["done"] += 1
        finally:
            logger.removeHandler(retries)
            logger.setLevel(level)
        return {**self.counts, "retries": retries.count, "deadlocks": retries.deadlocks}

    def buy(self) -> None:
        student, course = self.chance.choice(self.students), self.chance.choice(self.courses)
        shown = self.desk.read(enrolments.preview, student, course)
        self.desk.buy(
            student,
            course,
            price=shown.price,
            sale_id=shown.sale_id,
            method=self.chance.choice(_METHODS),
            card=f"{self.chance.choice(_CARDS)}_{student}",
        )

    def refund(self) -> None:
        payment_id = self._payment(["completed", "partially_refunded", "refunded"])
        order = self.desk.refund_order(
            payment_id,
            key=new_key("refund"),
            amount=self.chance.choice([None, None, Decimal(5), Decimal(20)]),
            to=self.chance.choice([RefundTo.ORIGINAL, RefundTo.BALANCE]),
            confirmed_again=True,
        )
        refunded = self.desk.give_back(order)
        if refunded.outcome == "pending":
            place = self.desk.where(refunded.refund_id)
            self.desk.write(record_payout, place, reference="by hand")

    def receive(self) -> None:
        place = self.desk.where(self._payment(["pending", "failed"]))
        amount = self.desk.payment(place.payment_id).amount
        self.desk.write(settling.record_receipt, place, reference="T", amount=amount)

    def cancel_hold(self) -> None:
        self.desk.write(settling.cancel_hold, self.desk.where(self._payment(["pending"])))

    def cancel_enrolment(self) -> None:
        c = t.enrollments.c
        rows = self.desk.rows(t.enrollments, c.student_id.in_(self.students))
        if rows:
            enrollment_id = self.chance.choice(rows).enrollment_id
            self.desk.write(enrolments.cancel_enrolment, enrollment_id, reason="By phone")

    def enrol_by_hand(self) -> None:
        student, course = self.chance.choice(self.students), self.chance.choice(self.courses)
        self.desk.write(
            enrolments.enrol_by_hand, student_id=student, course_id=course, reason="A prize"
        )

    def ask(self) -> None:
        self.desk.ask_about(self._payment(["unknown"]))

    def archive_or_restore(self) -> None:
        course = self.chance.choice(self.courses)
        if self.chance.random() < 0.3:
            self.desk.write(archiving.archive_course, course, reason="Too old")
        else:
            self.desk.write(archiving.restore_course, course)

    def _payment(self, statuses: list[str]) -> int:
        c = t.payments.c
        rows = self.desk.rows(t.payments, c.user_id.in_(self.students), c.status.in_(statuses))
        if not rows:
            raise LearnHubError("There is no such payment yet.")
        return int(self.chance.choice(rows).payment_id)


class _Retries(logging.Handler):
    """Counts this thread's transactions that lost a lock and ran again."""

    count = deadlocks = 0

    def __init__(self) -> None:
        super().__init__()
        self.own_thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.thread == self.own_thread and "is run again" in message:
            self.count += 1
            self.deadlocks += "1213" in message
