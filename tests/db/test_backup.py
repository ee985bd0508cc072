"""A backup is one moment of a school, whole or not at all."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import (
    func,
    insert,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.backup import BackupRefusal, Step, backup
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.version import check_version
from learnhub_desktop.errors import (
    InvalidInput,
    RuleRefused,
    SchemaMismatch,
)
from tests.databases import opened
from tests.db.belongings import cancel_at, everything, fill
from tests.factories import (
    make_course,
    make_student,
)


def test_a_copy_is_a_moment_of_a_file_that_others_write(database: Database, tmp_path: Path) -> None:
    with database.engines.writer.connect() as connection:
        make_student(connection)  # not committed
        backup(database.engines, tmp_path / "copy.db")
        connection.rollback()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT COUNT(*) FROM users").fetchone() == (0,)


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
