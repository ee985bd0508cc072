"""The figures as a page: a table each, with the bounds that they have to keep."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.bench.clients import BARE, PLAIN, PROCEDURE, PROGRAM
from tests.bench.crew import Round
from tests.bench.measures import ATTEMPTS, BUYERS, SEATS, SHOPS, Compared, Plan


@dataclass(frozen=True, slots=True)
class Figures:
    plan: Plan
    flash: Compared
    slow: Compared
    single: Compared
    apart: Compared
    together: Compared


@dataclass(frozen=True, slots=True)
class Bound:
    """A ratio that must hold, and the one that is aimed at."""

    what: str
    found: float
    bound: float
    aim: float

    @property
    def holds(self) -> bool:
        return self.found <= self.bound

    @property
    def verdict(self) -> str:
        if not self.holds:
            return "**not kept**"
        return "aim reached" if self.found <= self.aim else "kept"


def elapsed(one: Round) -> float:
    return one.elapsed_s


def p50(one: Round) -> float:
    return one.p50_s


def bounds(figures: Figures) -> list[Bound]:
    flash, single = figures.flash, figures.single
    return [
        Bound("Flash sale, all answered", flash.ratio(PROGRAM, PROCEDURE, elapsed), 1.5, 1.0),
        Bound("Flash sale, p50 of all answers", flash.ratio(PROGRAM, PROCEDURE, p50), 1.0, 0.3),
        Bound("One purchase, p50", _p50_of_all(single, PROGRAM, PROCEDURE), 4.0, 2.5),
    ]


def page(figures: Figures, *, command: str, server: str, folder: Path) -> str:
    return "\n".join(_lines(figures, command, server, folder)) + "\n"


def _lines(figures: Figures, command: str, server: str, folder: Path) -> Iterator[str]:
    plan = figures.plan
    yield "# Benchmarks"
    yield ""
    yield (
        "What a purchase costs beside a stored procedure that does the seat, the payment and the "
        "enrolment in one CALL, with no key, no gateway, no hold and no fraud rules. Both sides run "
        "on the same server, from the same processes and with the same driver, and take turns "
        "round by round. Figures are medians of rounds, and ratios are medians of the ratios of "
        "neighbouring rounds. The gateway takes every charge at once and keeps no book, so only the "
        "database's part is measured."
    )
    yield ""
    yield f"Made by `{command}`, which writes this page. It is a measurement, never a test."
    yield ""
    yield from _machine(server, folder)
    yield "## Bounds"
    yield ""
    yield from _table(
        ("the program beside the procedure", "ratio", "bound", "aim", ""),
        [
            (each.what, _x(each.found), _x(each.bound), _x(each.aim), each.verdict)
            for each in bounds(figures)
        ],
    )
    yield "## Flash sale"
    yield ""
    yield (
        f"{ATTEMPTS:,} attempts on {SEATS} seats by {BUYERS} processes, until every attempt is "
        "answered: a winner's hold is committed, a loser is told. Settling the winners follows, and "
        f"stands beside. {plan.flash_rounds} rounds."
    )
    yield ""
    yield from _table(_FLASH_HEAD, _flash(figures.flash))
    yield (
        f"The same over a wire on which every request takes 1 ms more. {plan.slow_rounds} rounds."
    )
    yield ""
    yield from _table(_FLASH_HEAD, _flash(figures.slow))
    yield "## One purchase"
    yield ""
    yield (
        f"By card, without contention: hold, charge, settle; {plan.purchases} of each kind, ten at "
        "a time."
    )
    yield ""
    yield from _table(("", "p50", "p99", "beside the procedure"), _single(figures.single))
    yield "## Purchases a second"
    yield ""
    yield (
        f"{SHOPS} clients that buy as fast as they can, {plan.shop_purchases} purchases a round, "
        f"{plan.shop_rounds} rounds. The last line is the limit of one row: a loop of BEGIN, UPDATE "
        "and COMMIT."
    )
    yield ""
    sides = (
        (PROGRAM, "the program"),
        (PROCEDURE, "procedure"),
        (PLAIN, "procedure on plain tables"),
        (BARE, "bare UPDATE"),
    )
    yield from _table(
        ("", f"on {SHOPS} courses", "on one course"),
        [(name, _rate(figures.apart, side), _rate(figures.together, side)) for side, name in sides],
    )
    yield (
        "“Plain tables” are the same tables without the school's triggers: nothing is counted, "
        "audited or announced there."
    )


_FLASH_HEAD = ("", "all answered", "p50", "p99", "server's CPU", "clients' CPU", "all answered", "p50")  # fmt: skip


def _flash(compared: Compared) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for side, name in (
        (PROGRAM, "the program: hold"),
        ("settle", "the program: settling 100"),
        (PROCEDURE, "procedure"),
        (PLAIN, "procedure on plain tables"),
    ):
        of_all = side in (PROGRAM, PLAIN)
        rows.append(
            (
                name,
                _ms(compared.middle(side, elapsed)),
                _ms(compared.middle(side, p50)),
                _ms(compared.middle(side, lambda one: _share(one.seconds, 0.99))),
                f"{compared.middle(side, lambda one: one.server_cpu_s):.2f} s",
                f"{compared.middle(side, lambda one: one.client_cpu_s):.2f} s",
                _x(compared.ratio(side, PROCEDURE, elapsed)) if of_all else "",
                _x(compared.ratio(side, PROCEDURE, p50)) if of_all else "",
            )
        )
    return rows


def _single(compared: Compared) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for side, name in (
        (PROGRAM, "the program"),
        (PROCEDURE, "procedure"),
        (PLAIN, "procedure on plain tables"),
    ):
        seconds = _all(compared, side)
        ratio = _p50_of_all(compared, side, PROCEDURE)
        rows.append((name, _ms(median(seconds)), _ms(_share(seconds, 0.99)), _x(ratio)))
    return rows


def _all(compared: Compared, side: str) -> list[float]:
    return [second for one in compared.rounds[side] for second in one.seconds]


def _p50_of_all(compared: Compared, side: str, other: str) -> float:
    return median(_all(compared, side)) / median(_all(compared, other))


def _rate(compared: Compared, side: str) -> str:
    return f"{compared.middle(side, lambda one: len(one.seconds) / one.elapsed_s):,.0f}"


def _share(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms"


def _x(ratio: float) -> str:
    return f"{ratio:.2f} x"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _machine(server: str, folder: Path) -> Iterator[str]:
    yield from _table(
        ("machine", ""),
        [
            ("cores", str(os.cpu_count())),
            ("system", f"{platform.system()} {platform.machine()}"),
            (
                "server",
                f"{server} on the same machine, innodb_flush_log_at_trx_commit=1, sync_binlog=1",
            ),
            ("disk", f"a write of 4 KiB and its fsync take {_ms(_fsync_s(folder))} (p50)"),
            ("Python", platform.python_version()),
            ("driver", f"PyMySQL {version('PyMySQL')}, SQLAlchemy {version('SQLAlchemy')}"),
        ],
    )


def _fsync_s(folder: Path) -> float:
    path = folder / "learnhub-bench.fsync"
    seconds = []
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            start = perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            seconds.append(perf_counter() - start)
    path.unlink()
    return median(seconds)
