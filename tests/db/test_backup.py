"""A backup is restored on every kind of database, whole or not at all."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    delete,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
    update,
)

from learnhub_desktop.db import restore as restoring
from learnhub_desktop.db import tables as t
from learnhub_desktop.db.backup import BackupRefusal, Step, backup
from learnhub_desktop.db.fingerprint import fingerprint
from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.db.restore import restore
from learnhub_desktop.db.school import SchoolRefusal, create, ensure_database
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.version import check_version
from learnhub_desktop.errors import (
    InvalidInput,
    LearnHubError,
    RuleRefused,
    SchemaMismatch,
)
from tests.databases import ALL_KINDS, TEST_SCHOOL, new_database, opened
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)

STRANGE = "Zoë “O’Brien” \\ %s 日本語 🦓\t\u202e"


def fill(connection: Connection) -> None:
    """Rows of every sort: odd text, NULLs, JSON, cents, microseconds, a gap in the numbers."""
    student_id = make_student(
        connection, name=STRANGE, email="zoe@example.org", account_balance=Decimal("0.10")
    )
    course_id = make_course(connection, title=STRANGE, description=None, max_students=None)
    lesson_id = make_lesson(connection, course_id, title="", content="Line\nline")
    enrolment_id = make_enrolment(
        connection,
        student_id,
        course_id,
        enrolled_at=datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC),
    )
    charge_id = make_payment(
        connection,
        student_id,
        enrollment_id=enrolment_id,
        amount=Decimal("9999999999.99"),
        idempotency_key="key-1",
    )
    make_payment(
        connection,
        student_id,
        kind="refund",
        refunds_payment_id=charge_id,
        amount=Decimal("0.01"),
        status="pending",
    )
    for table, values in (
        (t.lesson_progress, {"student_id": student_id, "lesson_id": lesson_id, "completed": True}),
        (t.reviews, {"student_id": student_id, "course_id": course_id, "rating": 5}),
        (t.course_tags, {"course_id": course_id, "tag": "SQL"}),
        (
            t.payment_events,
            {
                "payment_id": charge_id,
                "event_type": "initiated",
                "event_data": {"amount": 49.5, "b": [None, True, {"ü": "🦓"}], "a": 10**15},
            },
        ),
        (t.fraud_alerts, {"user_id": student_id, "alert_level": "high", "alert_data": None}),
        (
            t.subscriptions,
            {
                "user_id": student_id,
                "plan_type": "monthly",
                "start_date": NOW.date(),
                "current_period_end": NOW.date(),
            },
        ),
        (
            t.balance_movements,
            {
                "user_id": student_id,
                "kind": "adjustment",
                "amount": Decimal("-0.90"),
                "currency": "USD",
                "balance_after": Decimal("0.10"),
            },
        ),
    ):
        connection.execute(insert(table).values(**values))
    # The highest number is free again, and must never be given to another.
    gone_id = make_student(connection, email="gone@example.org")
    connection.execute(delete(t.users).where(t.users.c.user_id == gone_id))
    connection.execute(
        update(t.courses).where(t.courses.c.course_id == course_id).values(level="beginner")
    )


@pytest.fixture(scope="module", params=ALL_KINDS)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Path]]:
    """A school with rows on each kind, and its portable backup."""
    folder = tmp_path_factory.mktemp("filled")
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{folder / 'filled.db'}"
        else:
            server = request.getfixturevalue(f"{request.param}_server")
            url = stack.enter_context(new_database(server))
        create(url, TEST_SCHOOL)
        school = stack.enter_context(opened(url, request.param))
        with school.engines.writer.connect() as connection:
            fill(connection)
            connection.commit()
        path = folder / "school.zip"
        backup(school.engines, path)
        yield school, path


def everything(database: Database) -> dict[str, Any]:
    """What a person would compare: rows, counters, numbers to come."""
    with database.engines.reader.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in t.metadata.tables.items()
            if name not in ("changes", "people")
        }
        users = connection.execute(
            select(t.users.c.name, t.users.c.account_balance, t.users.c.created_at).order_by(
                t.users.c.user_id
            )
        ).all()
        courses = connection.execute(
            select(
                t.courses.c.title,
                t.courses.c.description,
                t.courses.c.total_enrollments,
                t.courses.c.last_enrollment_date,
                t.courses.c.avg_rating,
            )
        ).all()
        payments = connection.execute(
            select(
                t.payments.c.amount,
                t.payments.c.kind,
                t.payments.c.refunds_payment_id,
                t.payments.c.processed_at,
            ).order_by(t.payments.c.payment_id)
        ).all()
        events = connection.scalars(select(t.payment_events.c.event_data)).all()
        alerts = connection.execute(
            select(t.fraud_alerts.c.alert_data, t.fraud_alerts.c.severity)
        ).all()
        findings = invariants(connection)
    counts.pop("audit_log")
    counts.pop("schema_objects")
    return {
        "counts": counts,
        "users": [tuple(row) for row in users],
        "courses": [tuple(row) for row in courses],
        "payments": [tuple(row) for row in payments],
        "events": list(events),
        "alerts": [tuple(row) for row in alerts],
        "findings": findings,
    }


@pytest.mark.proof
def test_a_school_moves_whole_from_any_database_to_any_other(
    filled: tuple[Database, Path], new_url: str
) -> None:
    school, path = filled
    done = restore(path, new_url)
    with opened(new_url, "restored") as restored:
        with restored.engines.reader.connect() as connection:
            check_version(connection)
            audited = connection.scalar(
                text("SELECT COUNT(*) FROM audit_log WHERE entity = 'payments'")
            )
            schema = set(fingerprint(connection))
        found = everything(restored)
        with restored.engines.writer.connect() as connection:
            next_id = make_student(connection)
            connection.rollback()

    assert found == everything(school)
    assert done.school == "Test school"
    assert audited == 2
    # Counted once, by the triggers of the school that it comes from.
    assert found["courses"][0][2] == 1
    assert found["users"][0][0] == STRANGE
    # The number that was given to a student who is gone is not given again.
    assert next_id == 4
    assert any(line.startswith("trigger") for line in schema)


def test_a_server_s_school_is_administered_by_whoever_restored_it(
    database: Database, tmp_path: Path, new_server_url: str
) -> None:
    backup(database.engines, tmp_path / "school.zip")
    restore(tmp_path / "school.zip", new_server_url)
    with opened(new_server_url, "restored") as restored:
        assert restored.actor().role == "admin"


def test_a_file_s_copy_is_restored_as_a_file(database: Database, tmp_path: Path) -> None:
    with database.engines.writer.connect() as connection:
        fill(connection)
        connection.commit()
    steps: list[Step] = []
    done = backup(database.engines, tmp_path / "copy.db", told_step=steps.append)
    restored = tmp_path / "folder" / "restored.db"
    restore(tmp_path / "copy.db", f"sqlite:///{restored}")
    with opened(f"sqlite:///{restored}", "restored") as school:
        found = everything(school)

    assert found == everything(database)
    assert done.rows is None
    assert done.bytes == (tmp_path / "copy.db").stat().st_size
    assert steps[-1].done == steps[-1].total > 0
    # One file, with nothing beside it.
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == ["copy.db"]
    assert [path.name for path in restored.parent.iterdir()] == ["restored.db"]


def test_a_copy_is_a_moment_of_a_file_that_others_write(database: Database, tmp_path: Path) -> None:
    with database.engines.writer.connect() as connection:
        make_student(connection)  # not committed
        backup(database.engines, tmp_path / "copy.db")
        connection.rollback()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT COUNT(*) FROM users").fetchone() == (0,)


def test_a_file_s_copy_moves_to_a_server(
    database: Database, tmp_path: Path, new_server_url: str
) -> None:
    with database.engines.writer.connect() as connection:
        fill(connection)
        connection.commit()
    backup(database.engines, tmp_path / "copy.db")
    restore(tmp_path / "copy.db", new_server_url)
    with opened(new_server_url, "restored") as school:
        assert everything(school) == everything(database)


@pytest.mark.proof
def test_a_backup_is_one_moment_of_a_school_at_work(any_school: Database, tmp_path: Path) -> None:
    with any_school.engines.reader.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(t.reviews))
    course = {}

    def work_on(step: Step) -> None:
        # After users and courses were written, before reviews are.
        if step.what == "payments" and not course:
            with any_school.engines.writer.connect() as connection:
                course["id"] = make_course(connection)
                connection.execute(
                    insert(t.reviews).values(
                        student_id=make_student(connection), course_id=course["id"], rating=1
                    )
                )
                connection.commit()

    backup(any_school.engines, tmp_path / "school.zip", told_step=work_on)
    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        lines = archive.read("tables/reviews.jsonl").decode().splitlines()
        manifest = json.loads(archive.read("manifest.json"))

    assert course
    assert len(lines) == before
    assert manifest["source"] == any_school.label


def test_the_progress_of_a_backup_is_told_in_rows(database: Database, tmp_path: Path) -> None:
    with database.engines.writer.connect() as connection:
        fill(connection)
        connection.commit()
    steps: list[Step] = []
    done = backup(database.engines, tmp_path / "school.zip", told_step=steps.append)

    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1] == Step("", done.rows or 0, done.rows or 0)
    assert {"users", "payments", "audit_log"} <= {step.what for step in steps}


def cancel_at(count: int) -> Callable[[], bool]:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked >= count

    return cancelled


@pytest.mark.parametrize("name", ["school.zip", "school-copy.db"])
def test_a_cancelled_backup_leaves_no_file(database: Database, tmp_path: Path, name: str) -> None:
    with database.engines.writer.connect() as connection:
        fill(connection)
        connection.commit()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RuleRefused) as cancelled:
        backup(database.engines, tmp_path / name, cancelled=cancel_at(1))

    assert cancelled.value.reason is BackupRefusal.CANCELLED
    assert str(cancelled.value) == "It was cancelled; nothing was kept of it."
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before] == []


@pytest.mark.parametrize("at", [1, 50])
def test_a_cancelled_restore_leaves_nothing(portable_file: Path, new_url: str, at: int) -> None:
    before = tables_in(new_url)
    with pytest.raises(RuleRefused, match="It was cancelled"):
        restore(portable_file, new_url, cancelled=cancel_at(at))

    assert tables_in(new_url) == before


def tables_in(url: str) -> list[str]:
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        return [path.name for path in folder.iterdir()]
    ensure_database(make_url(url), tls=None)
    with opened(url, "any") as database, database.engines.reader.connect() as connection:
        return list(inspect(connection).get_table_names())


class Died(Exception):
    """The program was killed: no cleaning up."""


def test_a_restore_that_was_killed_is_done_once_more(
    database: Database,
    portable_file: Path,
    new_server_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*args: object) -> None:
        raise Died

    with monkeypatch.context() as killed:
        killed.setattr(restoring, "_compare", die)
        killed.setattr(restoring, "_drop_everything", lambda engines: None)
        with pytest.raises(Died):
            restore(portable_file, new_server_url)
    with opened(new_server_url, "half") as half:
        with (
            half.engines.reader.connect() as connection,
            pytest.raises(SchemaMismatch, match="is not finished"),
        ):
            check_version(connection)
        with pytest.raises(RuleRefused) as refused:
            create(new_server_url, TEST_SCHOOL)
    restore(portable_file, new_server_url)
    with opened(new_server_url, "whole") as whole:
        assert everything(whole) == everything(database)

    assert refused.value.reason is SchoolRefusal.HALF_RESTORED


def test_a_school_is_never_written_over(portable_file: Path, new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with pytest.raises(RuleRefused) as refused:
        restore(portable_file, new_url)

    assert refused.value.reason is SchoolRefusal.EXISTS


def test_a_backup_is_not_written_over_unless_asked(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "school.zip"
    path.write_text("a holiday picture")
    with pytest.raises(RuleRefused, match=r"school\.zip exists already"):
        backup(database.engines, path)
    backup(database.engines, path, overwrite=True)

    assert zipfile.is_zipfile(path)


def test_a_server_s_school_is_no_file_to_copy(server_school: Database, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"backed up into a \.zip file"):
        backup(server_school.engines, tmp_path / "school.db")


def test_a_folder_that_is_not_there_is_named(database: Database, tmp_path: Path) -> None:
    for name in ("school.zip", "copy.db"):
        with pytest.raises(InvalidInput, match=f"{name} cannot be written"):
            backup(database.engines, tmp_path / "nowhere" / name)


@pytest.fixture
def portable_file(database: Database, tmp_path: Path) -> Path:
    with database.engines.writer.connect() as connection:
        fill(connection)
        connection.commit()
    path = tmp_path / "school.zip"
    backup(database.engines, path)
    return path


def rewritten(path: Path, **changed: Callable[[bytes], bytes]) -> Path:
    """The same zip with some members changed (``manifest`` or a table's name)."""
    target = path.with_name("rewritten.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            change = changed.get(Path(name).stem, bytes)
            made.writestr(name, change(source.read(name)))
    return target


DAMAGES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path.with_name("no.zip"), r"no\.zip cannot be read"),
    "a folder": (lambda path: path.parent, "cannot be read"),
    "text": (lambda path: written(path, b"Dear diary"), r"other\.zip is no backup of LearnHub"),
    "empty": (lambda path: written(path, b""), r"other\.zip is no backup of LearnHub"),
    "cut short": (
        lambda path: written(path, path.read_bytes()[:-2000]),
        r"other\.zip is no backup of LearnHub",
    ),
    "another zip": (lambda path: other_zip(path), r"other\.zip is no backup of LearnHub"),
    "a changed amount": (
        lambda path: rewritten(path, payments=lambda data: data.replace(b"0.01", b"9.01")),
        r"rewritten\.zip is damaged: the file of payments is not what was written",
    ),
    "no manifest to speak of": (
        lambda path: rewritten(path, manifest=lambda data: b"{}"),
        r"rewritten\.zip is damaged: its manifest cannot be read",
    ),
    "a table of another program": (
        lambda path: rewritten(path, manifest=lambda data: data.replace(b'"users"', b'"spies"')),
        r"rewritten\.zip is damaged: it names a table or column that is not known: spies",
    ),
    "a newer format": (
        lambda path: rewritten(
            path, manifest=lambda data: data.replace(b'"format": 1', b'"format": 2')
        ),
        r"rewritten\.zip was made by a newer LearnHub",
    ),
    "a newer schema": (
        lambda path: rewritten(
            path, manifest=lambda data: data.replace(b'"schema_version": 1', b'"schema_version": 2')
        ),
        r"rewritten\.zip was made by a newer LearnHub",
    ),
}


def written(path: Path, data: bytes) -> Path:
    other = path.with_name("other.zip")
    other.write_bytes(data)
    return other


def other_zip(path: Path) -> Path:
    other = path.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("holiday.txt", "sunny")
    return other


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_no_whole_backup_is_refused(
    damage: str, portable_file: Path, tmp_path: Path
) -> None:
    spoil, sentence = DAMAGES[damage]
    target = tmp_path / "target" / "school.db"
    with pytest.raises(InvalidInput, match=sentence):
        restore(spoil(portable_file), f"sqlite:///{target}")

    assert not target.parent.exists()


def test_a_damaged_copy_of_a_file_is_refused(database: Database, tmp_path: Path) -> None:
    backup(database.engines, tmp_path / "copy.db")
    data = bytearray((tmp_path / "copy.db").read_bytes())
    data[4096 * 3 : 4096 * 40] = bytes(4096 * 37)
    (tmp_path / "copy.db").write_bytes(data)
    with pytest.raises(LearnHubError):
        restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'target.db'}")

    assert not (tmp_path / "target.db").exists()


@pytest.mark.proof
def test_a_row_that_a_server_cannot_keep_stops_the_restore_with_its_table(
    database: Database, tmp_path: Path, new_server_url: str
) -> None:
    with database.engines.writer.connect() as connection:
        make_student(connection, name="x" * 201)
        connection.commit()
    backup(database.engines, tmp_path / "school.zip")
    with pytest.raises(LearnHubError) as refused:
        restore(tmp_path / "school.zip", new_server_url)

    assert str(refused.value) == (
        "A row of users cannot be stored in this database. A value is too long or cannot be "
        "stored by this server. Nothing was kept."
    )
    assert tables_in(new_server_url) == []


def test_a_school_of_another_version_is_not_backed_up(database: Database, tmp_path: Path) -> None:
    with database.engines.writer.connect() as connection:
        connection.execute(update(t.schema_info).values(schema_version=2, oldest_client=2))
        connection.commit()
    with pytest.raises(SchemaMismatch):
        backup(database.engines, tmp_path / "school.zip")

    assert not (tmp_path / "school.zip").exists()


def test_a_copy_can_be_put_in_place_by_hand(database: Database, tmp_path: Path) -> None:
    backup(database.engines, tmp_path / "copy.db")
    shutil.copy(tmp_path / "copy.db", tmp_path / "by-hand.db")
    with opened(f"sqlite:///{tmp_path / 'by-hand.db'}", "by hand") as school:
        with school.engines.reader.connect() as connection:
            check_version(connection)
        assert everything(school) == everything(database)
