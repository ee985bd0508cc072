"""The sample school's stage: a clock that is set, and acts that happen in the order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.purchases import Order, Purchase
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.gateways.simulated import SimulatedGateway
from learnhub_desktop.services import progress, purchases, reviews

P = ParamSpec("P")
T = TypeVar("T")

Act = Callable[[], object]

DAYS: Final = 120
CURRENCY: Final = "USD"


@dataclass(slots=True)
class Clock:
    """The school's clock and its gateway's, set to the moment of each act."""

    now: datetime

    def __call__(self, connection: object = None) -> datetime:
        return self.now


@dataclass(slots=True)
class Student:
    """``user_id`` is zero until the student has joined. ``card`` is a test card's token."""

    name: str
    email: str
    country: str
    card: str
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    course_id: int
    price: Decimal
    lessons: tuple[int, ...]
    quiz_id: int


@dataclass(slots=True)
class Stage:
    """What the acts work with. ``now`` is the end of the story: no act is later."""

    database: Database
    gateways: Gateways
    gateway: SimulatedGateway
    clock: Clock
    now: datetime
    random: Random
    students: list[Student] = field(default_factory=list)
    courses: dict[str, Course] = field(default_factory=dict)
    _acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def ago(self, days: float = 0, *, hours: float = 0, minutes: float = 0) -> datetime:
        return self.now - timedelta(days=days, hours=hours, minutes=minutes)

    def some_time(self, days: int) -> datetime:
        """In working hours of the day that is so many days ago, at least one."""
        day = self.ago(days)
        return day.replace(hour=self.random.randrange(7, 20), minute=self.random.randrange(60))

    def plan(self, moment: datetime, act: Act) -> None:
        """Have something happen; what would be in the future never does."""
        if moment <= self.now:
            heapq.heappush(self._acts, (moment, next(self._numbers), act))

    def play(self, progress: Callable[[int, int], None]) -> None:
        """Run every act at its moment, and those that they plan."""
        done = 0
        while self._acts:
            moment, _number, act = heapq.heappop(self._acts)
            self.clock.now = moment
            act()
            done += 1
            progress(done, done + len(self._acts))
        self.clock.now = self.now

    def write(
        self, call: Callable[Concatenate[UnitOfWork, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return self.database.write(call, *args, **kwargs)

    def new_key(self) -> str:
        return f"sample-{next(self._numbers):05d}"

    def buy(
        self,
        student: Student,
        title: str,
        *,
        method: PaymentMethod = PaymentMethod.CREDIT_CARD,
        card: str | None = None,
        override: str | None = None,
        release: int | None = None,
    ) -> Purchase:
        """Buy a course at its price, by the student's own card unless another is named."""
        course = self.courses[title]
        order = Order(
            key=self.new_key(),
            student_id=student.user_id,
            course_id=course.course_id,
            price=course.price,
            currency=CURRENCY,
            method=method,
            card=card or student.card,
            override_reason=override,
            released_alert_id=release,
        )
        return purchases.buy(self.database, order, gateways=self.gateways)

    def study(self, student: Student, title: str, lessons: int, *, over_days: int = 20) -> None:
        """Have the student do so many lessons in one or two sittings, from tomorrow on."""
        course = self.courses[title]
        chosen = course.lessons[:lessons]
        sittings = min(2, (len(chosen) + 1) // 2)
        begun = self.clock.now
        for number in range(sittings):
            part = chosen[number * len(chosen) // sittings : (number + 1) * len(chosen) // sittings]
            days = 1 + over_days * (number + self.random.random()) / sittings
            self.plan(begun + timedelta(days=days), partial(self._sit, student, title, part))

    def _sit(self, student: Student, title: str, part: Iterable[int]) -> None:
        course = self.courses[title]
        is_last = course.lessons[-1] in part
        score = min(100, round(self.random.gauss(74, 16)))
        rating = self.random.choice((3, 4, 4, 5, 5, 5)) if self.random.random() < 0.7 else None
        self.write(
            sit_down,
            student.user_id,
            course,
            tuple(part),
            scores=(max(20, score - 30), score) if is_last and score < 60 else (score,),
            is_last=is_last,
            rating=rating if is_last else None,
        )


def sit_down(
    uow: UnitOfWork,
    student_id: int,
    course: Course,
    lessons: tuple[int, ...],
    *,
    scores: tuple[int, ...],
    is_last: bool,
    rating: int | None,
) -> None:
    """One sitting: lessons done, after the last of them its quiz and perhaps a review."""
    progress.mark_lessons(uow, student_id, course.course_id, lessons, done=True)
    if not is_last:
        return
    for score in scores:
        progress.record_attempt(uow, student_id, course.quiz_id, score=max(0, score))
    if rating is not None:
        reviews.record_review(
            uow, student_id, course.course_id, rating=rating, comment=_COMMENTS[rating]
        )


_COMMENTS: Final = {
    3: "Good in parts; the middle was slow.",
    4: "Clear, with good examples.",
    5: "Exactly what I needed.",
}
