"""Due jobs run while a window is open, in a process of their own, once for all windows."""

from __future__ import annotations

import logging
import random
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.jobs.registry import PLANS
from learnhub_desktop.services import jobs as services
from learnhub_desktop.ui.pages.jobs import Starter, run_apart
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.widgets.messages import MessageLine

log = logging.getLogger(__name__)

FIRST_S: Final = 20.0
_EVERY_S: Final = 60.0
# Windows that were opened in the same minute shall not all start a process for the same job.
_SPREAD_S: Final = 20.0


class JobClock(TaskScope):
    """Looks every minute whether a job is due, and has it run.

    Which window or timer comes first does not matter: a run is claimed in the database, and
    whoever is late finds nothing to do.
    """

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        starter: Starter,
        messages: MessageLine,
        *,
        first_s: float = FIRST_S,
    ) -> None:
        super().__init__(window, _log)
        self._bridge = bridge
        self._starter = starter
        self._messages = messages
        self._told = ""
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)
        self._wait(first_s)

    def look(self) -> None:
        """Look now."""
        if not self.is_running("due"):
            self.start("due", self._run_due)

    async def _run_due(self) -> None:
        try:
            if await self._bridge.read(services.find_due, PLANS):
                ended = await run_apart(self._starter)
                # The same trouble every minute is told once.
                if ended.problem and ended.problem != self._told:
                    self._messages.warn(ended.problem)
                self._told = ended.problem
        finally:
            self._wait(_EVERY_S)

    def _wait(self, seconds: float) -> None:
        spread = random.uniform(0, _SPREAD_S) if seconds else 0
        self._timer.start(int(1000 * (seconds + spread)))


def _log(failure: Failure) -> None:
    """A lost database is told by the window itself; the next minute brings the next look."""
    log.info("whether jobs are due could not be found out: %s", failure.error)
