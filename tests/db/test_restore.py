"""A backup is restored on every kind of database, whole or not at all."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import (
    text,
)

from learnhub_desktop.db import restore as restoring
from learnhub_desktop.db.backup import Step, backup
from learnhub_desktop.db.fingerprint import fingerprint
from learnhub_desktop.db.restore import restore
from learnhub_desktop.db.school import SchoolRefusal, create
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.version import check_version
from learnhub_desktop.errors import (
    InvalidInput,
    LearnHubError,
    RuleRefused,
    SchemaMismatch,
)
from tests.databases import ALL_KINDS, TEST_SCHOOL, new_database, opened
from tests.db.belongings import STRANGE, cancel_at, everything, fill, tables_in
from tests.factories import (
    make_student,
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


@pytest.mark.parametrize("at", [1, 50])
def test_a_cancelled_restore_leaves_nothing(portable_file: Path, new_url: str, at: int) -> None:
    before = tables_in(new_url)
    with pytest.raises(RuleRefused, match="It was cancelled"):
        restore(portable_file, new_url, cancelled=cancel_at(at))

    assert tables_in(new_url) == before


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
    "a stream that cannot be unpacked": (
        lambda path: flipped(path, "tables/users.jsonl"),
        r"other\.zip is damaged: the file of users cannot be read",
    ),
    "a manifest that cannot be unpacked": (
        lambda path: flipped(path, "manifest.json"),
        r"other\.zip is no backup of LearnHub",
    ),
}


def written(path: Path, data: bytes) -> Path:
    other = path.with_name("other.zip")
    other.write_bytes(data)
    return other


def flipped(path: Path, name: str) -> Path:
    """The same file with every bit of a part of ``name`` changed, as a bad disk gives it."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        begins = archive.getinfo(name).header_offset + 80
    data[begins : begins + 20] = bytes(255 - byte for byte in data[begins : begins + 20])
    return written(path, bytes(data))


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
    with pytest.raises(InvalidInput, match=r"copy\.db is damaged: SQLite cannot read all of it"):
        restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'target.db'}")

    assert not (tmp_path / "target.db").exists()


def test_a_copy_with_a_value_that_nobody_wrote_is_refused(
    database: Database, tmp_path: Path
) -> None:
    """One byte that a disk changed: SQLite does not notice it."""
    copy = tmp_path / "copy.db"
    backup(database.engines, copy)
    with closing(sqlite3.connect(copy)) as school:
        school.execute("UPDATE school_settings SET updated_at = '20f6-09-06 19:26:18.172083'")
        school.commit()
    with pytest.raises(InvalidInput, match=r"copy\.db is damaged: it holds a value that no"):
        restore(copy, f"sqlite:///{tmp_path / 'target.db'}")

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
