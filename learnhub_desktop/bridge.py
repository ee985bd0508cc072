"""The one door between the Qt thread and the database: reads, writes and the changes feed."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from PySide6.QtCore import QObject, Signal

from learnhub_desktop.db.transactions import Database, ReadJob, UnitOfWork
from learnhub_desktop.domain.actors import Actor
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError, Superseded
from learnhub_desktop.journal import Act, Journal, KnownT

P = ParamSpec("P")
T = TypeVar("T")
# Takes the database and what the last call returned (None at first); returns what was
# touched since, and what the next call is to be given.
Poll = Callable[[Database, Any], tuple[Touched, Any]]

# As many threads as pooled connections: one more would only wait for a connection.
READERS: Final = 3
WRITERS: Final = 2
WORKERS: Final = 3
POLL_EVERY_S: Final = 1.5
_POLL_WHEN_LOST_S: Final = 3.0
EVERYTHING: Final = ~Touched.NOTHING


class Bridge(QObject):
    """Runs service functions on worker threads and reports back on the Qt thread.

    A read whose awaiting task is cancelled is stopped on the server. A write or a use case
    goes on when the page that asked for it is gone: its outcome still reaches ``committed``.
    ``journal`` is where acts with a key stand while they are under way.

    Signals:
        committed: The ``Changes`` of a write of this desk.
        changed_elsewhere: ``Touched``, what other desks and programs wrote.
        reachable: Whether the database answers, whenever that changes.
        kept: A call of an act in the journal has ended, whether or not its outcome is known.
    """

    committed = Signal(object)
    changed_elsewhere = Signal(object)
    reachable = Signal(bool)
    kept = Signal()

    def __init__(
        self,
        database: Database,
        parent: QObject | None = None,
        *,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(parent)
        self.journal = journal
        self._database = database
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="learnhub-read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="learnhub-write")
        # A use case waits for a gateway; here it keeps nobody from the database.
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="learnhub-work")
        self._errands = ThreadPoolExecutor(1, thread_name_prefix="learnhub-errand")
        self._reads: dict[ReadJob, Future[Any]] = {}
        self._writes: set[asyncio.Task[Any]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._is_reachable = True
        self._is_closed = False

    @property
    def label(self) -> str:
        """What the database is called before people, such as ``learnhub@db1``."""
        return self._database.label

    def guard(self) -> None:
        """Refuse every statement on the thread that calls this, which is the one that paints."""
        self._database.guard_thread(threading.get_ident())

    @property
    def writes_under_way(self) -> int:
        return len(self._writes)

    async def actor(self) -> Actor:
        return await self._answer(self._readers.submit(self._database.actor))

    async def read(
        self,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``call(uow, ...)`` as one snapshot; Superseded once the bridge is closed."""
        if self._is_closed:
            raise Superseded
        job = ReadJob()
        running = self._readers.submit(partial(self._database.read_job, job, call, *args, **kwargs))
        self._reads[job] = running
        try:
            return await self._answer(running)
        except asyncio.CancelledError:
            self._stop(job, running)
            raise
        finally:
            self._reads.pop(job, None)

    async def write(
        self,
        call: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``call(uow, ...)`` as one transaction. Cancelling the caller does not stop it."""
        return await self._shielded(
            self._writers, partial(self._database.write, call, *args, **kwargs)
        )

    async def run(
        self,
        use_case: Callable[Concatenate[Database, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``use_case(database, ...)``, which opens its own transactions, as ``write`` does."""
        return await self._shielded(
            self._workers, partial(use_case, self._database, *args, **kwargs)
        )

    async def run_kept(
        self,
        act: Act,
        use_case: Callable[Concatenate[Database, P], KnownT],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> KnownT:
        """`run` for an act whose key must survive a crash: meanwhile it stands in the journal."""
        job = partial(use_case, self._database, *args, **kwargs)
        if self.journal is None:
            return await self._shielded(self._workers, job)
        try:
            return await self._shielded(self._workers, partial(self.journal.keep, act, job))
        finally:
            self.kept.emit()

    def watch(self, poll: Poll, *, every_s: float = POLL_EVERY_S) -> None:
        """Ask the changes feed from now on, and tell what other desks wrote."""
        self._polling = asyncio.get_running_loop().create_task(
            self._poll(poll, every_s), name="changes feed"
        )

    async def close(self) -> None:
        """Stop all reads on the server, wait for all writes, and let go of the database."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait([self._polling])
        for job, running in list(self._reads.items()):
            self._stop(job, running)
        if self._writes:
            await asyncio.wait(set(self._writes))
        await asyncio.wrap_future(self._errands.submit(self._let_go))
        # Its only thread has nothing left to do, so this waits for no one.
        self._errands.shutdown(wait=True)

    def _let_go(self) -> None:
        for pool in (self._readers, self._writers, self._workers):
            pool.shutdown(wait=True, cancel_futures=True)
        self._database.close()
        if self.journal is not None:
            self.journal.close()

    def _stop(self, job: ReadJob, running: Future[Any]) -> None:
        """Take a read off the queue or, if it runs, off the server."""
        # Only the thread pool's own future knows whether the thread has begun: asyncio's
        # wrapper says "cancelled" either way, and the server would go on for nobody.
        if not running.cancel() and not running.done():
            self._errands.submit(job.cancel)

    async def _answer(self, running: Future[T]) -> T:
        try:
            return await asyncio.wrap_future(running)
        except asyncio.CancelledError:
            if self._is_closed and running.cancelled() and not _is_cancelling():
                raise Superseded from None
            raise

    async def _shielded(self, pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        if self._is_closed:
            raise DatabaseUnavailable("LearnHub is closing. Nothing was changed.")
        task = asyncio.get_running_loop().create_task(self._commit(pool, job))
        self._writes.add(task)
        task.add_done_callback(self._write_done)
        return await asyncio.shield(task)

    async def _commit(self, pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        result = await asyncio.wrap_future(pool.submit(job))
        changes = result if isinstance(result, Changes) else getattr(result, "changes", None)
        if isinstance(changes, Changes):
            self.committed.emit(changes)
        return result

    def _write_done(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        # Where the asking page is gone nobody else would ever look at the error.
        if not task.cancelled():
            task.exception()

    async def _poll(self, poll: Poll, every_s: float) -> None:
        state: Any = None
        while True:
            started = time.monotonic()
            wait_s = every_s
            try:
                touched, state = await self._answer(
                    self._readers.submit(poll, self._database, state)
                )
            except DatabaseUnavailable:
                self._set_reachable(False)
                wait_s = max(every_s, _POLL_WHEN_LOST_S)
            except LearnHubError:
                wait_s = max(every_s, _POLL_WHEN_LOST_S)
            except Exception:  # noqa: BLE001 - a bug must be told, and must not end the feed
                sys.excepthook(*sys.exc_info())
                wait_s = 10 * every_s
            else:
                if not self._is_reachable:
                    # What was missed meanwhile is not known, so every list looks again.
                    self._set_reachable(True)
                    touched = EVERYTHING
                if touched:
                    self.changed_elsewhere.emit(touched)
            await asyncio.sleep(max(0.0, started + wait_s - time.monotonic()))

    def _set_reachable(self, is_reachable: bool) -> None:
        if is_reachable != self._is_reachable:
            self._is_reachable = is_reachable
            self.reachable.emit(is_reachable)


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def in_background(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one blocking call on a thread of its own: what comes before a bridge is there."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="learnhub-start")
    try:
        return await asyncio.wrap_future(pool.submit(partial(call, *args, **kwargs)))
    finally:
        pool.shutdown(wait=False)
