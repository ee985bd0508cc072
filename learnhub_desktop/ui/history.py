"""Back and Forward: where a person was, page by page and within a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Stop:
    page: str
    place: Any = None


class History:
    """Two piles of places. Going somewhere new empties the pile of Forward."""

    def __init__(self) -> None:
        self._back: list[Stop] = []
        self._forward: list[Stop] = []

    def left(self, stop: Stop) -> None:
        """The person goes on from here to a new place."""
        self._forward.clear()
        if not self._back or self._back[-1] != stop:
            self._back.append(stop)
            del self._back[:-_KEPT]

    def back(self, here: Stop) -> Stop | None:
        """Where Back leads, None at the beginning; ``here`` is what Forward leads to then."""
        return self._move(self._back, self._forward, here)

    def forward(self, here: Stop) -> Stop | None:
        return self._move(self._forward, self._back, here)

    @staticmethod
    def _move(source: list[Stop], target: list[Stop], here: Stop) -> Stop | None:
        while source:
            stop = source.pop()
            # A place noted twice would make one press of the key do nothing.
            if stop != here:
                target.append(here)
                return stop
        return None
