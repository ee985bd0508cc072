"""Starting coroutines from slots: one strong reference, one place for errors."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from PySide6.QtCore import QObject

from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError, Superseded

P = ParamSpec("P")
T = TypeVar("T")
_Tasks = dict[str, asyncio.Task[None]]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expected error, and what would try again where that can help."""

    error: LearnHubError
    retry: Callable[[], None] | None = None

    @property
    def text(self) -> str:
        return str(self.error)


class TaskScope(QObject):
    """The running tasks of one widget; they are cancelled when it is destroyed.

    Expected errors are given to ``report``, most often the message line's ``fail``; a bug
    goes to ``sys.excepthook``.
    """

    def __init__(self, owner: QObject, report: Callable[[Failure], None]) -> None:
        super().__init__(owner)
        self._report = report
        self._tasks: _Tasks = {}
        # A bound method would die with self, which Qt deletes together with the owner.
        owner.destroyed.connect(partial(_cancel_all, self._tasks))

    def start(
        self,
        key: str,
        work: Callable[P, Coroutine[Any, Any, None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run ``work(*args)``; an older task under the same key is cancelled first.

        It takes the function, not a coroutine: a task cancelled before its first step
        would leave a coroutine behind that was never awaited.
        """
        self.cancel(key)
        self._tasks[key] = asyncio.get_running_loop().create_task(
            self._guarded(key, work, *args, **kwargs), name=key
        )

    def is_running(self, key: str) -> bool:
        return key in self._tasks

    def running(self, prefix: str) -> tuple[str, ...]:
        """The keys of running tasks that begin so."""
        return tuple(key for key in self._tasks if key.startswith(prefix))

    def cancel(self, key: str) -> None:
        if (task := self._tasks.pop(key, None)) is not None:
            task.cancel()

    def cancel_all(self) -> None:
        _cancel_all(self._tasks)

    async def _guarded(
        self,
        key: str,
        work: Callable[P, Coroutine[Any, Any, None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        try:
            await work(*args, **kwargs)
        except Superseded:
            return
        except LearnHubError as error:
            retry = partial(self.start, key, work, *args, **kwargs)
            again = retry if isinstance(error, DatabaseUnavailable) else None
            self._report(Failure(error, again))
        except Exception:  # noqa: BLE001 - a bug: the hook logs it and tells the person
            sys.excepthook(*sys.exc_info())
        finally:
            # Not in a callback, which comes a turn later: a key pressed in between would be told
            # that work goes on of which nothing comes any more. A newer task may stand here.
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]


def begun(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin what is awaited later, if at all: where something else fails first it never is."""
    task = asyncio.get_running_loop().create_task(work)
    # An error that nobody asks for must not be taken for a forgotten one.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _cancel_all(tasks: _Tasks, _destroyed: QObject | None = None) -> None:
    for task in tasks.values():
        task.cancel()
    tasks.clear()
