"""What is measured: rounds in which the program and the procedures take turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.bench.clients import BARE, LOST, PLAIN, PROCEDURE, PROGRAM, WON, Attempt, Target
from tests.bench.crew import Crew, Round
from tests.bench.schools import School

ATTEMPTS: Final = 1_000
SEATS: Final = 100
BUYERS: Final = 32
SHOPS: Final = 8


class NotSold(Exception):
    """A round did not sell what it should have: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each is done."""

    flash_rounds: int
    slow_rounds: int
    purchases: int
    shop_purchases: int
    shop_rounds: int

    @property
    def students(self) -> int:
        """Enough of them that each buys once, with as many again to warm up."""
        flash = (self.flash_rounds + self.slow_rounds) * ATTEMPTS
        shops = 2 * self.shop_rounds * self.shop_purchases
        return 2 * (flash + shops + 2 * self.purchases) + 2_000


@dataclass
class Compared:
    """The rounds of each side, by name; the first ones of each belong together, and so on."""

    rounds: dict[str, list[Round]] = field(default_factory=dict)

    def add(self, side: str, one: Round) -> None:
        self.rounds.setdefault(side, []).append(one)

    def middle(self, side: str, figure: Callable[[Round], float]) -> float:
        return median(figure(each) for each in self.rounds[side])

    def ratio(self, side: str, other: str, figure: Callable[[Round], float]) -> float:
        """The median of the ratios of rounds that ran one after the other."""
        pairs = zip(self.rounds[side], self.rounds[other], strict=True)
        return median(figure(one) / figure(two) for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Schools:
    own: School
    plain: School

    def of(self, side: str) -> School:
        return self.plain if side == PLAIN else self.own


def warm_up(crew: Crew, schools: Schools, target: Target) -> None:
    """Open every connection and compile every statement, as on a desk that has sold before."""
    for side in (PROGRAM, PROCEDURE, PLAIN):
        school = schools.of(side)
        sale = school.sale(crew.count + 1)
        course_id = school.course()
        count = crew.count
        in_sale = [Attempt(who, sale.course_id, sale.sale_id) for who in school.students(count)]
        bought = [Attempt(who, course_id) for who in school.students(count)]
        crew.run("reserve", side, target, in_sale)
        if side == PROGRAM:
            crew.run("settle", side, target)
        crew.run("buy", side, target, bought)


def flash_sale(crew: Crew, schools: Schools, target: Target, *, rounds: int) -> Compared:
    """1,000 attempts on 100 seats; for the program also how long its winners then settle."""
    compared = Compared()
    sides = (PROGRAM, PROCEDURE, PLAIN)
    for number in range(rounds):
        # Whoever comes first in one round comes last in the next.
        for side in sides if number % 2 == 0 else sides[::-1]:
            school = schools.of(side)
            sale = school.sale(SEATS)
            attempts = [
                Attempt(who, sale.course_id, sale.sale_id) for who in school.students(ATTEMPTS)
            ]
            one = crew.run("reserve", side, target, attempts)
            _check(sorted(one.outcomes), [LOST] * (ATTEMPTS - SEATS) + [WON] * SEATS)
            _check(school.sold(sale), (SEATS, SEATS))
            compared.add(side, one)
            if side == PROGRAM:
                compared.add("settle", crew.run("settle", side, target))
    return compared


def one_purchase(crew: Crew, schools: Schools, target: Target, *, purchases: int) -> Compared:
    """One client after the other's purchase, ten at a time each, on a course with room."""
    compared = Compared()
    sides = (PROGRAM, PROCEDURE, PLAIN)
    courses = {side: schools.of(side).course() for side in sides}
    for number in range(purchases // 10):
        for side in sides if number % 2 == 0 else sides[::-1]:
            students = schools.of(side).students(10)
            attempts = [Attempt(who, courses[side]) for who in students]
            compared.add(side, crew.run("buy", side, target, attempts))
    return compared


def shops(
    crew: Crew, schools: Schools, target: Target, *, courses: int, purchases: int, rounds: int
) -> Compared:
    """Eight clients that buy as fast as they can, on as many courses as ``courses``."""
    compared = Compared()
    sides = (PROGRAM, PROCEDURE, PLAIN, BARE)
    for number in range(rounds):
        for side in sides if number % 2 == 0 else sides[::-1]:
            school = schools.of(side)
            if side == BARE:
                ids = list(range(courses))
                students = [0] * purchases
            else:
                ids = [school.course() for _ in range(courses)]
                students = school.students(purchases)
            attempts = [Attempt(who, ids[n % courses]) for n, who in enumerate(students)]
            compared.add(side, crew.run("buy", side, target, attempts))
            if side != BARE:
                _check(school.enrolled(set(ids)), purchases)
    return compared


def _check(found: object, expected: object) -> None:
    if found != expected:
        raise NotSold(f"This round left {found!r}, and should have left {expected!r}.")
