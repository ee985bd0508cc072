"""The processes that buy. Each holds both sides' connections, so rounds can take turns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, Final

import pymysql

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.purchases import Order, Purchase, PurchaseRefusal, new_key
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import purchases, settling
from tests.bench import procedures
from tests.bench.gateway import ReadyGateway
from tests.bench.schools import CURRENCY, PRICE, SALE_PRICE

PROGRAM: Final = "program"
PROCEDURE: Final = "procedure"
PLAIN: Final = "plain"
BARE: Final = "bare"

WON: Final = "won"
LOST: Final = "lost"


@dataclass(frozen=True, slots=True)
class Target:
    """How a client reaches the server: directly, or over the slow wire."""

    host: str
    port: int
    user: str
    password: str

    def url(self, database: str) -> str:
        return f"mysql+pymysql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class Attempt:
    student_id: int
    course_id: int
    sale_id: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """``what`` is "reserve", "buy", "settle" or "warm"; ``side`` who does it."""

    what: str
    side: str
    target: Target
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """When a client began and ended (one clock for all), and the seconds of each answer."""

    began: float
    ended: float
    seconds: tuple[float, ...]
    outcomes: tuple[str, ...]
    cpu_s: float


class Client:
    """One process' connections, made when they are first asked for."""

    def __init__(self) -> None:
        self._databases: dict[Target, Database] = {}
        self._connections: dict[tuple[Target, str], Any] = {}
        self._gateways = Gateways(ReadyGateway())
        self._held: list[settling.Held] = []

    def database(self, target: Target) -> Database:
        if target not in self._databases:
            engines = open_engines(target.url("bench"))
            self._databases[target] = Database(engines, label="bench")
        return self._databases[target]

    def connection(self, target: Target, side: str) -> Any:
        if (target, side) not in self._connections:
            self._connections[target, side] = pymysql.connect(
                host=target.host,
                port=target.port,
                user=target.user,
                password=target.password,
                database="bench_plain" if side == PLAIN else "bench",
                charset="utf8mb4",
                ssl_disabled=True,
                autocommit=True,
            )
        return self._connections[target, side]

    def act(self, job: Job) -> Callable[[Attempt], str]:
        if job.side != PROGRAM:
            return self._by_statement(job)
        database = self.database(job.target)
        if job.what == "reserve":
            return lambda attempt: self._reserve(database, attempt)
        if job.what == "settle":
            return lambda attempt: self._settle(database)
        return lambda attempt: self._buy(database, attempt)

    def ready(self, job: Job) -> list[Attempt]:
        """What this client will do: settling has no list but the holds that it made."""
        return [Attempt(0, 0)] * len(self._held) if job.what == "settle" else list(job.attempts)

    def _reserve(self, database: Database, attempt: Attempt) -> str:
        try:
            held = purchases.reserve(database, _order(attempt), gateways=self._gateways)
        except RuleRefused as refused:
            if refused.reason is not PurchaseRefusal.SALE_OVER:
                raise
            return LOST
        assert isinstance(held, settling.Held)
        self._held.append(held)
        return WON

    def _settle(self, database: Database) -> str:
        held = self._held.pop()
        return settling.charge(database, held, gateways=self._gateways).outcome

    def _buy(self, database: Database, attempt: Attempt) -> str:
        bought: Purchase = purchases.buy(database, _order(attempt), gateways=self._gateways)
        return bought.outcome

    def _by_statement(self, job: Job) -> Callable[[Attempt], str]:
        connection = self.connection(job.target, job.side)

        def sell(attempt: Attempt) -> str:
            if job.side == BARE:
                return _count(connection, attempt.course_id)
            if attempt.sale_id is not None:
                statement = f"CALL {procedures.BUY_IN_SALE}(%s, %s)"
                values: tuple[Any, ...] = (attempt.student_id, attempt.sale_id)
                answer = procedures.call(connection, statement, values)
                assert answer in ("SUCCESS", "SOLD_OUT"), answer
                return WON if answer == "SUCCESS" else LOST
            statement = f"CALL {procedures.BUY}(%s, %s, 'credit_card', %s)"
            values = (attempt.student_id, attempt.course_id, new_key("trace"))
            return procedures.call(connection, statement, values)

        return sell


def _count(connection: Any, number: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE bench_counter SET n = n + 1 WHERE id = %s", (number,))
        cursor.execute("COMMIT")
    return WON


def _order(attempt: Attempt) -> Order:
    price = PRICE if attempt.sale_id is None else SALE_PRICE
    return Order(
        key=new_key("buy"),
        student_id=attempt.student_id,
        course_id=attempt.course_id,
        price=Decimal(price),
        currency=CURRENCY,
        method=PaymentMethod.CREDIT_CARD,
        card=f"tok_visa_{attempt.student_id}",
        sale_id=attempt.sale_id,
    )


def work(pipe: Connection, barrier: Barrier) -> None:
    """Take jobs until None comes. All clients of a job begin at the same moment."""
    client = Client()
    while (job := pipe.recv()) is not None:
        act = client.act(job)
        attempts = client.ready(job)
        seconds, outcomes = [], []
        barrier.wait()
        cpu = os.times()
        began = time.monotonic()
        for attempt in attempts:
            start = time.perf_counter()
            outcomes.append(act(attempt))
            seconds.append(time.perf_counter() - start)
        ended = time.monotonic()
        spent = os.times()
        cpu_s = spent.user + spent.system - cpu.user - cpu.system
        pipe.send(Done(began, ended, tuple(seconds), tuple(outcomes), cpu_s))
