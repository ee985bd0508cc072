"""The gateways of the school that is open."""

from __future__ import annotations

from pathlib import Path

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.gateways import Gateways, for_school


def open_gateways(database: Database, *, books: Path) -> Gateways:
    """The gateways that the school's settings name; a simulated one's book lies in ``books``."""
    settings = database.read(_settings)
    book = None if settings.gateway_book_id is None else book_path(books, settings.gateway_book_id)
    return for_school(
        kind=settings.kind,
        gateway=settings.gateway,
        book_id=settings.gateway_book_id,
        book_path=book,
    )


def book_path(books: Path, book_id: str) -> Path:
    """Where a simulated gateway's book lies: one file a book, shared by all on this computer."""
    return books / f"{book_id}.gateway"


def _settings(uow: UnitOfWork) -> SchoolSettings:
    return uow.settings.get()
