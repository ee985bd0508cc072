"""A school for random stories: how it begins, what must hold after each step, how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any, Final

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import Order
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import Operation
from learnhub_desktop.jobs import asking
from learnhub_desktop.services import subscriptions
from tests.factories import make_lesson
from tests.proofs.checks import faults, unsettled
from tests.proofs.dying import points
from tests.services.desk import Desk
from tests.services.money_rows import change_rule

# What a person is told where nothing was done. All else is a bug.
REFUSALS: Final = (RuleRefused, InvalidInput, NotFound)


class Death(BaseException):
    """The program ended here: what was committed stays, and nobody hears of anything."""


class EmptySchool(RuleBasedStateMachine):
    """A school that is opened, watched after each step and brought to its end."""

    def __init__(self, desk: Desk, counts: Counter[str]) -> None:
        super().__init__()
        self.desk, self.counts = desk, counts
        self.students: list[int] = []
        self.courses: list[int] = []
        self.orders: list[Order] = []
        self.last_point: str | None = None
        self.has_died = False
        self._points = ExitStack()
        self._points.enter_context(points(desk, self._reach))

    def _reach(self, point: str) -> None:
        if point == self.last_point:
            self.last_point = None
            raise Death

    @contextmanager
    def dying(self, point: str) -> Iterator[None]:
        """The program ends where it comes to this point; it may never come there."""
        self.last_point = point
        try:
            yield
        finally:
            self.last_point = None

    @initialize()
    def open(self) -> None:
        self.students = [self.new_student() for _ in range(3)]
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

    def new_student(self) -> int:
        return self.desk.student(account_balance=Decimal(120))

    def try_to(self, what: str, call: Callable[[], Any]) -> Any:
        """Do it; None where it was refused, or where nobody is left to hear of it."""
        try:
            done = call()
        except REFUSALS:
            self.counts[f"{what} refused"] += 1
        except Death:
            self.counts[f"{what} died"] += 1
            self.has_died = True
        else:
            self.counts[what] += 1
            return done
        return None

    def write(self, what: str, service: Callable[..., Any], *args: Any, **values: Any) -> Any:
        return self.try_to(what, lambda: self.desk.write(service, *args, **values))

    def payment(self, n: int, **wanted: Any) -> int:
        """A payment of ours in that state, or one that nobody has."""
        c = t.payments.c
        conditions = [c.user_id.in_(self.students)]
        conditions += [c[name].in_(values) for name, values in wanted.items()]
        rows = self.desk.rows(t.payments, *conditions)
        return int(rows[n % len(rows)].payment_id) if rows else -1

    def subscription(self, n: int) -> int:
        c = t.subscriptions.c
        rows = self.desk.rows(t.subscriptions, c.user_id.in_(self.students))
        return int(rows[n % len(rows)].subscription_id) if rows else -1

    @staticmethod
    def of(things: list[Any], n: int) -> Any:
        return things[n % len(things)]

    @invariant()
    def all_adds_up(self) -> None:
        self.counts["steps"] += 1
        assert faults(self.desk) == []

    def teardown(self) -> None:
        """The gateway is well again and time passes: in the end nothing is left open."""
        desk = self.desk
        self._points.close()
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
