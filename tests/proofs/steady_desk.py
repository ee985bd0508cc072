"""A workstation that sells and refunds while its server is killed, and remembers what it is told.

What it is told is what a person would act on: "completed" must stand for ever, "declined" and
"nothing was changed" must never turn out to have moved money.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.services import settling
from learnhub_desktop.services.refunds import record_payout
from tests.proofs.crowd import Place, Told, tell
from tests.services.desk import Desk

# How long a workstation waits for a server that was killed to be up again.
_PATIENCE_S: Final = 60.0
_LOOK_AGAIN_S: Final = 0.05
_CARDS: Final = (*["visa"] * 8, "declined", "lost_answer", "unreachable")
_METHODS: Final = (
    *[PaymentMethod.CREDIT_CARD] * 7,
    PaymentMethod.BANK_TRANSFER,
    *[PaymentMethod.ACCOUNT_BALANCE] * 2,
)
_MOST_CALLS: Final = 3
# Answers after which it is not known what was done: asked again with the same key.
_OPEN: Final = {"unknown", "in_progress"}


@dataclass
class Act:
    """A purchase or refund under its key, or what a person records of a payment by its number.

    ``told`` is all that was told of it, in order.
    """

    kind: str
    key: str
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shift:
    """What one workstation is to do, and where."""

    place: Place
    number: int
    acts: int
    students: list[int]
    courses: list[int]


class SteadyDesk:
    def __init__(self, desk: Desk, shift: Shift) -> None:
        self.desk = desk
        self.acts: list[Act] = []
        self._chance = random.Random(shift.number)
        self._students, self._courses = shift.students, shift.courses
        self._refundable: list[int] = []

    def act(self) -> None:
        if self._refundable and self._chance.random() < 0.3:
            self._refund()
        else:
            self._buy()

    def _buy(self) -> None:
        student = self._chance.choice(self._students)
        order = self.desk.order(
            student,
            self._chance.choice(self._courses),
            method=self._chance.choice(_METHODS),
            card=f"tok_{self._chance.choice(_CARDS)}_{student}",
        )
        told = self._until_known(Act("charge", order.key), lambda: self.desk.place(order))
        if told.outcome == "waiting":
            told = self._receive(told.payment_id or 0)
        if told.outcome == "completed" and told.payment_id is not None:
            self._refundable.append(told.payment_id)

    def _receive(self, payment_id: int) -> Told:
        """Record that the transfer came; a receipt that is recorded already is refused."""
        place = self._patiently(lambda: self.desk.where(payment_id))

        def record(uow: UnitOfWork) -> Any:
            return settling.record_receipt(uow, place, reference="R", amount=Decimal(49))

        act = Act("receipt", str(payment_id))
        return self._until_known(act, lambda: self.desk.write(record))

    def _refund(self) -> None:
        payment_id = self._refundable.pop(self._chance.randrange(len(self._refundable)))
        order = self._patiently(
            lambda: self.desk.refund_order(
                payment_id,
                amount=self._chance.choice([None, None, Decimal("9.00")]),
                to=self._chance.choice([RefundTo.ORIGINAL, RefundTo.ORIGINAL, RefundTo.BALANCE]),
                confirmed_again=True,
            )
        )
        told = self._until_known(Act("refund", order.key), lambda: self.desk.give_back(order))
        if told.outcome == "pending":
            self._pay_out(told.refund_id or 0)

    def _pay_out(self, refund_id: int) -> None:
        place = self._patiently(lambda: self.desk.where(refund_id))

        def record(uow: UnitOfWork) -> Any:
            return record_payout(uow, place, reference="P")

        self._until_known(Act("payout", str(refund_id)), lambda: self.desk.write(record))

    def _until_known(self, act: Act, call: Callable[[], Any]) -> Told:
        """Call, and as long as the outcome is not known call again when the server is back."""
        self.acts.append(act)
        told = self._told(act, call)
        for _ in range(_MOST_CALLS):
            if not _OPEN.intersection(act.told) or told.outcome not in _OPEN | {"refused"}:
                break
            told = self._told(act, call)
        return told

    def _told(self, act: Act, call: Callable[[], Any]) -> Told:
        told: Told = tell(call)
        act.told.append(_word(told))
        if told.reason == DatabaseUnavailable.__name__ or told.outcome in _OPEN:
            self._patiently(self.desk.database.read, _look)
        return told

    def _patiently(self, call: Callable[..., Any], *args: Any) -> Any:
        """What ``call`` reads, as soon as the server answers."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return call(*args)
            except (DatabaseUnavailable, DBAPIError):  # the latter from what a test itself asks
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_AGAIN_S)


def _word(told: Told) -> str:
    return told.outcome if told.outcome != "refused" else f"refused: {told.reason}"


def _look(uow: UnitOfWork) -> Any:
    return uow.now()
