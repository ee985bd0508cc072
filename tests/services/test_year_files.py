"""Closed years: exported, read back, and dropped only then."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.years import YearRefusal
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.exchange.years import read_year
from learnhub_desktop.services import year_files, years
from tests.services.closed_years import archive, make_past, numbers, on, snapshot
from tests.services.desk import Desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "2024.zip"


@pytest.fixture
def archived(desk: Desk) -> Desk:
    make_past(desk)
    archive(desk, 2024)
    return desk


def export(desk: Desk, path: Path, year: int = 2024) -> None:
    year_files.export_year(desk.database, year, path)


def drop(desk: Desk, path: Path, year: int = 2024) -> None:
    year_files.drop_year(desk.database, year, path)
    # What a dropped year had bought stays open, and nothing here tells of its payment.
    desk.made_up = True


class TestExport:
    def test_the_file_holds_what_the_archive_holds(self, archived: Desk, path: Path) -> None:
        done, manifest = year_files.export_year(archived.database, 2024, path)

        assert (done.payments, done.events, done.file) == (7, 40, str(path))
        assert manifest.totals == {"USD": {"charged": "147.00", "refunded": "64.00"}}
        assert read_year(path) == manifest
        archived.read(year_files.compare, 2024, manifest)

    def test_no_free_text_leaves_the_school(self, desk: Desk, path: Path) -> None:
        with on(desk, "2024-06-01T10:00"):
            paid = desk.buy(desk.student(), desk.course()).payment_id
            desk.refund(paid, comment="Ada moved to Paris")
        archive(desk, 2024)

        export(desk, path)

        with zipfile.ZipFile(path) as file:
            content = b"".join(file.read(name) for name in file.namelist())
        assert b"Paris" not in content and b"payment_id" in content

    def test_nothing_archived_is_no_export(self, desk: Desk, path: Path) -> None:
        make_past(desk)
        with pytest.raises(RuleRefused) as refused:
            export(desk, path)
        assert refused.value.reason is YearRefusal.NOTHING_ARCHIVED
        assert str(refused.value) == ("Nothing of 2024 is in the archive. Archive the year first.")
        assert not path.exists()

    def test_a_file_that_does_not_read_back_is_not_kept(
        self, archived: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def damaged(*args: object) -> object:
            raise InvalidInput("file", "2024.zip is no whole export of a year.")

        monkeypatch.setattr(year_files.files, "read_year", damaged)
        with pytest.raises(InvalidInput):
            export(archived, path)
        assert not path.exists()

    def test_a_clerk_exports_nothing(self, archived: Desk, path: Path) -> None:
        archived.database._actor = actor_of("clerk", Role.STAFF)
        with pytest.raises(NotAllowed):
            export(archived, path)


class TestDrop:
    def test_with_its_export_the_year_is_gone(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        live = numbers(archived, t.payments)

        drop(archived, path)

        assert archived.rows(t.payments_archive) == []
        assert archived.rows(t.payment_events_archive) == []
        assert numbers(archived, t.payments) == live

    @pytest.mark.proof
    def test_an_export_that_lacks_a_payment_drops_nothing(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        before = snapshot(archived)
        [first, *_] = archived.rows(t.payments_archive)
        late = {**first._mapping, "payment_id": 99_999}
        archived.make(lambda c: c.execute(t.payments_archive.insert().values(**late)))
        archived.made_up = True

        with pytest.raises(RuleRefused) as refused:
            year_files.drop_year(archived.database, 2024, path)

        assert refused.value.reason is YearRefusal.EXPORT_DIFFERS
        assert str(refused.value) == (
            "2024 was not dropped: the archive holds 8 payments of it, and the export 7. Export "
            "the year again."
        )
        assert len(snapshot(archived)["payments"]) == len(before["payments"]) + 1

    def test_an_export_with_another_value_drops_nothing(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        archived.make(
            lambda c: c.execute(
                t.payments_archive.update()
                .where(t.payments_archive.c.kind == "refund")
                .values(country="PL")
            )
        )

        with pytest.raises(RuleRefused, match="some of the 7 payments differ"):
            year_files.drop_year(archived.database, 2024, path)

    def test_a_lost_event_is_noticed_too(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        events = t.payment_events_archive
        archived.make(lambda c: c.execute(events.delete().where(events.c.event_type == "failed")))
        archived.made_up = True
        with pytest.raises(RuleRefused, match="the archive holds 39 payment events of it"):
            year_files.drop_year(archived.database, 2024, path)

    def test_a_damaged_export_drops_nothing(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        path.write_bytes(path.read_bytes()[:-50])
        with pytest.raises(InvalidInput, match="is no whole export"):
            year_files.drop_year(archived.database, 2024, path)
        assert len(archived.rows(t.payments_archive)) == 7

    def test_the_export_of_another_year_drops_nothing(self, archived: Desk, path: Path) -> None:
        archive(archived, 2025)
        export(archived, path, 2025)
        with pytest.raises(RuleRefused, match=r"2024\.zip is the export of 2025"):
            year_files.drop_year(archived.database, 2024, path)

    def test_without_an_export_it_is_refused(self, archived: Desk, path: Path) -> None:
        with pytest.raises(InvalidInput, match="There is no file"):
            year_files.drop_year(archived.database, 2024, path)

    @pytest.mark.parametrize("table", [t.payments_archive, t.payment_events_archive])
    def test_what_a_crash_left_is_dropped_by_the_next_call(
        self, archived: Desk, path: Path, table: object
    ) -> None:
        export(archived, path)
        archived.make(lambda c: c.execute(table.delete()))  # type: ignore[attr-defined]

        drop(archived, path)

        assert archived.rows(t.payments_archive) == archived.rows(t.payment_events_archive) == []

    def test_what_could_not_leave_stays_and_can_be_archived_later(
        self, archived: Desk, path: Path
    ) -> None:
        export(archived, path)
        drop(archived, path)

        archive(archived, 2025)

        [line] = [each for each in archived.read(years.list_years) if each.year == 2024]
        assert (line.live, line.archived) == (1, 1)

    def test_a_clerk_drops_nothing(self, archived: Desk, path: Path) -> None:
        export(archived, path)
        archived.database._actor = actor_of("clerk", Role.FINANCE)
        with pytest.raises(NotAllowed):
            year_files.drop_year(archived.database, 2024, path)
