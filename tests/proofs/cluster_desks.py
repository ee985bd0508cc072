"""A cluster as its workstations name it, and a window that looks at it all along."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from learnhub_desktop.db.transactions import Database
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.services import feed
from tests.proofs.crowd import Place
from tests.servers.cluster import Cluster

_POLL_EVERY_S: Final = 0.1


def places(cluster: Cluster, folder: Path) -> list[Place]:
    """The same school as each workstation names it: the first one begins with another member."""
    return [
        Place(cluster.url("school", first=first), folder) for first in range(len(cluster.members))
    ]


@dataclass
class Watcher:
    """A window that only looks: it polls the changes feed as an open program does."""

    database: Database
    polls: int = 0
    refused: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    @contextmanager
    def looking(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(done,))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, done: threading.Event) -> None:
        state, seen_at = None, time.monotonic()
        while not done.wait(_POLL_EVERY_S):
            try:
                _touched, state = feed.poll(self.database, state)
            except DatabaseUnavailable as error:
                self.refused.append(str(error))
                continue
            now = time.monotonic()
            self.longest_s, seen_at = max(self.longest_s, now - seen_at), now
            self.polls += 1
