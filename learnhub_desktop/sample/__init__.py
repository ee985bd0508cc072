"""The sample school: everybody in it is made up, and all of it is made through the services."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from learnhub_desktop.db.engine import finish_file, open_engines
from learnhub_desktop.db.school import NewSchool, create_school
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways import Gateways, create_book
from learnhub_desktop.gateways.simulated import SimulatedGateway
from learnhub_desktop.sample import crowd, scenes, school, subscribers, suspicion
from learnhub_desktop.sample.stage import Clock, Stage
from learnhub_desktop.services.gateways import book_path

NAME: Final = "LearnHub sample school"
_SEED: Final = 20260310
_FOLDER: Final = ".making-sample-"
_GIVEN_UP_AFTER_S: Final = 3600.0
_SCENES: Final = 48
_SUSPICION: Final = 22


def _silent(done: int, total: int) -> None:
    return None


def make_sample(
    path: Path,
    *,
    books: Path,
    now: datetime | None = None,
    progress: Callable[[int, int], None] = _silent,
) -> None:
    """Make the sample school in the file ``path`` and its gateway's book in ``books``.

    The same ``now`` gives the same school, but for the gateway's references. The file
    appears when it is whole; one that is there is replaced.
    """
    book_id = str(uuid.uuid4())
    before = _book_of(path, books)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        books.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        # On the same disk as the file, so that moving it there is one step.
        folder = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=path.parent))
        try:
            made, book = folder / "school.db", folder / "book"
            create_book(book, book_id=book_id)
            _tell_story(made, book, book_id, now or datetime.now(UTC), progress)
            finish_file(made)
            finish_file(book)
            shutil.move(book, book_path(books, book_id))
            _put(made, path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        book_path(books, book_id).unlink(missing_ok=True)
        raise LearnHubError(
            f"The sample school cannot be made in {path.parent}: {error.strerror or error}."
        ) from error
    if before is not None:
        before.unlink(missing_ok=True)


def _put(made: Path, path: Path) -> None:
    # What a killed program left of the school that was there would be read into this one.
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    made.replace(path)


def _book_of(path: Path, books: Path) -> Path | None:
    """The gateway's book of the sample school that is there already; None without one."""
    if not path.is_file():
        return None
    database = Database(open_engines(f"sqlite:///{path}"), label=path.name)
    try:
        book_id = database.read(lambda uow: uow.settings.get()).gateway_book_id
    except LearnHubError:
        return None  # whatever it is, it will be replaced
    finally:
        database.close()
    return None if book_id is None else book_path(books, book_id)


def _tell_story(
    path: Path,
    book: Path,
    book_id: str,
    now: datetime,
    progress: Callable[[int, int], None],
) -> None:
    # Nothing of it is kept if the machine stops, so nothing waits for the disk.
    engines = open_engines(f"sqlite:///{path}", durable=False)
    new = NewSchool(name=NAME, kind=SchoolKind.SAMPLE, gateway_book_id=book_id)
    clock = Clock(now - timedelta(days=430))
    gateway = SimulatedGateway(book, book_id, wait=lambda seconds: None, now=clock, durable=False)
    try:
        create_school(engines, new)
        database = Database(
            engines, label=path.name, clock=clock, actor=actor_of("sample", Role.ADMIN)
        )
        stage = Stage(database, Gateways(gateway), gateway, clock, now, Random(_SEED))
        _set(stage)
        stage.play(progress)
        stage.write(forget_changes)
    finally:
        gateway.close()
        engines.dispose()


def _set(stage: Stage) -> None:
    """Open the school and plan everything that will happen in it."""
    school.open_school(stage)
    everybody = school.cast(stage.random, school.STUDENTS + subscribers.SUBSCRIBERS)
    people, others = everybody[: school.STUDENTS], everybody[school.STUDENTS :]
    for number, student in enumerate(people):
        # Some have been here for long; the others joined before their first purchase.
        days = 425 if number < _SCENES else stage.random.randrange(119, 135)
        stage.plan(stage.some_time(days), partial(school.join, stage, student))
    scenes.plan(stage, people[:_SCENES])
    suspicion.plan(stage, people[_SCENES : _SCENES + _SUSPICION])
    crowd.plan(stage, people[_SCENES + _SUSPICION :])
    subscribers.plan(stage, others)


def forget_changes(uow: UnitOfWork) -> None:
    """Empty the changes feed: nobody was there who could have missed any of it."""
    uow.feed.prune(uow.feed.clock() + timedelta(minutes=1), limit=1_000_000)


def _sweep(folder: Path) -> None:
    """Remove what earlier calls left that were killed."""
    for left in folder.glob(f"{_FOLDER}*"):
        if time.time() - left.stat().st_mtime > _GIVEN_UP_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
