"""The only module that opens, commits, rolls back or retries a transaction."""

from __future__ import annotations

import getpass
import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from learnhub_desktop.db.engine import Engines, guard
from learnhub_desktop.db.failures import (
    NOT_IN_A_GROUP,
    Meaning,
    code_of,
    for_people,
    is_left_open,
    meaning_of,
)
from learnhub_desktop.db.objects.sqlite import OTHER_PROGRAM
from learnhub_desktop.db.prepared import Unanswered
from learnhub_desktop.db.tables import people
from learnhub_desktop.db.unit_of_work import Clock, UnitOfWork, database_now
from learnhub_desktop.domain.actors import Actor, Role, actor_of
from learnhub_desktop.errors import LearnHubError, OutcomeUnknown, Superseded

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ["Clock", "Database", "ReadJob", "UnitOfWork", "database_now"]

log = logging.getLogger(__name__)

_GIVE_UP_AFTER_S: Final = 8.0
# A group takes 5 s to suspect a member and, as it comes, lets up to 20 s pass before it votes.
_ELECTION_S: Final = 40.0
_ELECTION_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 0.5
_FIRST_STOP_PAUSE_S: Final = 0.01
_LAST_STOP_PAUSE_S: Final = 5.0


class ReadJob:
    """A handle on one running read, so that another thread can stop it on the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._done = threading.Event()
        self.cancelled = False

    def cancel(self) -> None:
        """Stop the statement that runs now, and refuse those that would follow it.

        The call waits for the server; it must not be made on the Qt thread. The lock is held
        while the statement is stopped, so the worker cannot give its connection away
        meanwhile and no other read can be hit.
        """
        self.cancelled = True
        pause_s = _FIRST_STOP_PAUSE_S
        # Again and again, since a statement that is only about to begin cannot be stopped.
        while pause_s < _LAST_STOP_PAUSE_S:
            with self._lock:
                if self._stop is None:
                    return
                self._stop()
            if self._done.wait(pause_s):
                return
            pause_s *= 2

    def _started(self, stop: Callable[[], None]) -> None:
        with self._lock:
            if self.cancelled:
                raise Superseded
            self._done.clear()
            self._stop = stop

    def _ended(self) -> None:
        with self._lock:
            self._stop = None
        self._done.set()

    def _refuse(self, *unused: Any) -> None:
        # A KILL that comes between two statements stops neither.
        if self.cancelled:
            raise Superseded


class _Tries:
    """How often one transaction was tried, and what it met; whether to go on trying."""

    def __init__(self, is_cluster: bool) -> None:
        self.made = 1
        # A vote takes seconds, and five lines a second about it would tell nothing more.
        self.is_news = True
        self._is_cluster = is_cluster
        self._last: Meaning | None = None
        self._until = time.monotonic() + (_ELECTION_S if is_cluster else _GIVE_UP_AFTER_S)

    @property
    def is_time_left(self) -> bool:
        return time.monotonic() < self._until

    def met(self, meaning: Meaning) -> None:
        self.made += 1
        self.is_news = meaning is Meaning.RETRY or meaning is not self._last
        self._last = meaning

    def may_connect_again(self, meaning: Meaning) -> bool:
        """Once at once; in a cluster for as long as some member answers and none writes yet."""
        before, is_first = self._last, self.made == 1
        self.met(meaning)
        if not self._is_cluster or not self.is_time_left:
            return is_first
        if before is meaning is Meaning.LOST:
            return False
        if not is_first:
            time.sleep(_ELECTION_PAUSE_S)
        return True


class Database:
    """A school that is open. Every method may be called from any worker thread."""

    def __init__(
        self,
        engines: Engines,
        *,
        label: str,
        clock: Clock = database_now,
        actor: Actor | None = None,
    ) -> None:
        self.label = label
        self.engines = engines
        self._clock = clock
        self._actor = actor
        self._is_sqlite = engines.writer.dialect.name == "sqlite"

    @property
    def is_server(self) -> bool:
        return not self._is_sqlite

    def guard_thread(self, thread_ident: int) -> None:
        """Refuse every statement on that thread from now on."""
        guard(self.engines, thread_ident)

    def close(self) -> None:
        self.engines.dispose()

    def actor(self) -> Actor:
        """The account that is connected and its rights, asked once."""
        if self._actor is None:
            self._actor = self._run_read(_find_actor, None)
        return self._actor

    def read(
        self,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``call(uow, ...)`` on one snapshot. Nothing it does can write.

        A connection that breaks is replaced once: a read may always run again.
        """
        return self.read_job(None, call, *args, **kwargs)

    def read_job(
        self,
        job: ReadJob | None,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """``read`` that ``job.cancel()`` stops; it then raises Superseded."""
        actor = self.actor()

        def run(connection: Connection) -> T:
            uow = UnitOfWork(connection, actor=actor, clock=self._clock)
            return call(uow, *args, **kwargs)

        return self._run_read(run, job)

    def write(
        self,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``call(uow, ...)`` in one transaction: commit on return, roll back on raise.

        The whole call runs again after a lost lock or, as long as no COMMIT was sent, a
        lost connection; so it must have no effect but the database. Where the database has
        several addresses it waits for another member to take over. Raises OutcomeUnknown
        where the connection broke during COMMIT: an idempotency key settles that.
        """
        return self.write_at(None, call, *args, **kwargs)

    def write_at(
        self,
        isolation: str | None,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """``write`` at another isolation level ("REPEATABLE READ", "SERIALIZABLE").

        SQLite has one level, which is serialisable, and takes no notice.
        """
        operation = getattr(call, "__name__", "write")
        actor = self.actor()
        tries = _Tries(self.engines.members is not None)
        while True:
            try:
                return self._attempt(
                    isolation, operation, actor, lambda uow: call(uow, *args, **kwargs)
                )
            except (DBAPIError, PoolTimeout) as error:
                made = tries.made
                if not self._worth_another_try(error, tries):
                    self._tell(error, isolation)
                    raise
                if tries.is_news:
                    log.info("attempt %d of %s is run again: %s", made, operation, error)

    def _attempt(
        self,
        isolation: str | None,
        operation: str,
        actor: Actor,
        call: Callable[[UnitOfWork], T],
    ) -> T:
        with self.engines.writer.connect() as connection:
            if isolation is not None and not self._is_sqlite:
                connection = connection.execution_options(isolation_level=isolation)
            self._name_operation(connection, operation, actor)
            try:
                uow = UnitOfWork(connection, actor=actor, clock=self._clock)
                result = call(uow)
                if not uow.is_kept:
                    connection.rollback()
                    return result
                if self._is_sqlite:
                    connection.execute(_SET_CONTEXT, {"account": OTHER_PROGRAM, "operation": None})
                _commit(connection)
            except Unanswered as error:
                raise OutcomeUnknown(
                    f"The connection to {self.label} broke while the change was being saved. "
                    "Reload to see whether it was kept."
                ) from error
            return result

    def _name_operation(self, connection: Connection, operation: str, actor: Actor) -> None:
        """Tell the audit's triggers what is being done, once for as long as it stays the same."""
        if self._is_sqlite:
            connection.execute(_SET_CONTEXT, {"account": actor.account, "operation": operation})
        elif connection.info.get("operation") != operation:
            driver: Any = connection.connection.dbapi_connection
            driver.say_first("SET @learnhub_operation = %s", operation)
            connection.info["operation"] = operation

    def _worth_another_try(self, error: DBAPIError | PoolTimeout, tries: _Tries) -> bool:
        if isinstance(error, PoolTimeout) or not tries.is_time_left:
            return False
        match meaning_of(error):
            case Meaning.RETRY:
                tries.met(Meaning.RETRY)
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.005 * 2**tries.made)))
                return True
            case (Meaning.LOST | Meaning.NOT_WRITABLE) as meaning if self.is_server:
                # No COMMIT was sent, so nothing was kept.
                self.engines.writer.dispose()
                return tries.may_connect_again(meaning)
        return False

    def _tell(self, error: DBAPIError | PoolTimeout, isolation: str | None = None) -> None:
        """Raise what a person can act on; a bug goes on as it is."""
        refused = isinstance(error, DBAPIError) and code_of(error) == NOT_IN_A_GROUP
        if refused and isolation == "SERIALIZABLE":
            raise LearnHubError(
                f"{self.label} has several members that take changes, and such a cluster knows no "
                "SERIALIZABLE transaction. Nothing was changed; use REPEATABLE READ."
            ) from error
        told = for_people(error, label=self.label)
        if told is not None:
            raise told from error

    def _run_read(self, run: Callable[[Connection], T], job: ReadJob | None) -> T:
        tries = _Tries(self.engines.members is not None)
        while True:
            try:
                with self.engines.reader.connect() as connection:
                    if job is None:
                        return run(connection)
                    job._started(self._stopper(connection))
                    event.listen(connection, "before_cursor_execute", job._refuse)
                    try:
                        result = run(connection)
                    finally:
                        job._ended()
                    # SLEEP() and the like end without an error when they are killed.
                    if job.cancelled:
                        raise Superseded
                    return result
            except (DBAPIError, PoolTimeout) as error:
                if job is not None and job.cancelled:
                    raise Superseded from error
                if not self._worth_reading_again(error, tries):
                    self._tell(error)
                    raise

    def _worth_reading_again(self, error: DBAPIError | PoolTimeout, tries: _Tries) -> bool:
        if isinstance(error, PoolTimeout) or not self.is_server:
            return False
        meaning = meaning_of(error)
        if meaning is Meaning.NOT_WRITABLE and self.engines.members is not None:
            # A member that has lost its cluster refuses reads by the same codes, on the
            # connections that it had.
            self.engines.reader.dispose()
            return tries.may_connect_again(meaning)
        return meaning is Meaning.LOST and tries.may_connect_again(meaning)

    def _stopper(self, connection: Connection) -> Callable[[], None]:
        driver: Any = connection.connection.dbapi_connection
        if self._is_sqlite:
            return lambda: driver.interrupt()
        thread_id = driver.thread_id()
        killer = self.engines.killer
        assert killer is not None

        def kill() -> None:
            try:
                with killer.connect() as other:
                    there: Any = other.connection.dbapi_connection
                    # Another member of a cluster has another statement under this number.
                    if (there.host, there.port) == (driver.host, driver.port):
                        other.exec_driver_sql(f"KILL QUERY {thread_id}")
            except DBAPIError as error:
                log.info("a superseded read could not be stopped: %s", error)

        return kill


_SET_CONTEXT: Final = text(
    "INSERT INTO audit_context (context_id, account, operation) VALUES (1, :account, :operation)"
    " ON CONFLICT (context_id) DO UPDATE SET account = :account, operation = :operation"
)


def _commit(connection: Connection) -> None:
    """Save; a server that was sent COMMIT with the last statement is not sent another."""
    try:
        connection.commit()
    except DBAPIError as error:
        if is_left_open(error):
            raise Unanswered from error
        raise


def _find_actor(connection: Connection) -> Actor:
    if connection.dialect.name == "sqlite":
        # One seat, one file: whoever may open it may do everything.
        return actor_of(_login_name(), Role.ADMIN)
    account = str(connection.exec_driver_sql("SELECT SUBSTRING_INDEX(USER(), '@', 1)").scalar())
    found = connection.execute(
        select(people.c.role, people.c.disabled).where(people.c.account == account)
    ).one_or_none()
    role = Role(found.role) if found is not None and not found.disabled else None
    return actor_of(account, role)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "this computer"
