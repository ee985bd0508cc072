"""Measure, print the page, and write it: ``python -m tests.bench [--quick] [--out FILE]``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from tests.bench import measures
from tests.bench.clients import Target
from tests.bench.crew import Crew
from tests.bench.measures import BUYERS, SHOPS, Plan, Schools
from tests.bench.report import Figures, bounds, page
from tests.bench.schools import two_schools
from tests.bench.wire import slow_wire
from tests.servers.private import PrivateServer

FULL: Final = Plan(flash_rounds=9, slow_rounds=5, purchases=300, shop_purchases=400, shop_rounds=5)
QUICK: Final = Plan(flash_rounds=3, slow_rounds=1, purchases=60, shop_purchases=80, shop_rounds=1)
DELAY_S: Final = 0.001


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, about a minute")
    parser.add_argument("--out", type=Path, help="write the page there")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    folder = on_disk()
    started = time.monotonic()
    with PrivateServer("mysql", durable=True, folder=folder) as server:
        figures = measure(server, plan)
        text = page(figures, command="make bench", server=f"MySQL {server.version}", folder=folder)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text, "utf-8")
    kept = all(each.holds for each in bounds(figures))
    print(f"{'All bounds are kept' if kept else 'A bound is not kept'}", end="")
    print(f" ({time.monotonic() - started:.0f} s).")
    return 0 if kept else 1


def measure(server: PrivateServer, plan: Plan) -> Figures:
    direct = Target(server.host, server.port, server.user, server.password)
    pid = server.pid
    assert pid is not None
    say("making a school")
    with two_schools(server, students=plan.students) as (own, plain):
        schools = Schools(own, plain)
        with (
            slow_wire(server.host, server.port, delay_s=DELAY_S) as port,
            Crew(BUYERS, pid) as crew,
        ):
            slow = Target(server.host, port, server.user, server.password)
            say("flash sale")
            measures.warm_up(crew, schools, direct)
            flash = measures.flash_sale(crew, schools, direct, rounds=plan.flash_rounds)
            say("flash sale over the slow wire")
            measures.warm_up(crew, schools, slow)
            slowly = measures.flash_sale(crew, schools, slow, rounds=plan.slow_rounds)
        with Crew(1, pid) as crew:
            say("one purchase")
            measures.warm_up(crew, schools, direct)
            single = measures.one_purchase(crew, schools, direct, purchases=plan.purchases)
        with Crew(SHOPS, pid) as crew:
            measures.warm_up(crew, schools, direct)
            rates = []
            for courses in (SHOPS, 1):
                say(f"purchases a second, courses: {courses}")
                rates.append(
                    measures.shops(
                        crew,
                        schools,
                        direct,
                        courses=courses,
                        purchases=plan.shop_purchases,
                        rounds=plan.shop_rounds,
                    )
                )
    return Figures(plan, flash, slowly, single, rates[0], rates[1])


def on_disk() -> Path:
    """A folder whose commits reach a disk; folders for short-lived files are often in memory."""
    kept = Path("/var/tmp")
    return kept if kept.is_dir() else Path.home()


def say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
