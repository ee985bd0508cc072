"""What every page is given: the way to the database, the message line, who is at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.ui.store import Store
from learnhub_desktop.ui.widgets.messages import MessageLine


class Go(Protocol):
    """Shows another page: with these filters where they are given, and with a row selected."""

    def __call__(
        self,
        page: str,
        *,
        filters: tuple[Filter, ...] | None = None,
        select: int | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """``clock`` tells the aware time of now, ``zone`` where the person sits."""

    bridge: Bridge
    actor: Actor
    messages: MessageLine
    store: Store
    clock: Callable[[], datetime]
    zone: tzinfo
    go: Go

    def today(self) -> date:
        return self.clock().astimezone(self.zone).date()
