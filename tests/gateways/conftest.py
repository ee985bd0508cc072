from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learnhub_desktop.gateways.book import create_book
from learnhub_desktop.gateways.simulated import SimulatedGateway

BOOK_ID = "book-of-the-tests"
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


class Waits(list[float]):
    """Stands for the passing of time: remembers how long, and takes none."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def book_path(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.book"
    create_book(path, book_id=BOOK_ID)
    return path


@pytest.fixture
def gateway(book_path: Path, waits: Waits) -> Iterator[SimulatedGateway]:
    with SimulatedGateway(book_path, BOOK_ID, wait=waits, now=lambda: NOW) as simulated:
        yield simulated
