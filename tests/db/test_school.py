"""Making a school: in a new database, once, and not over anything."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, select, text, update

from learnhub_desktop.db import school as schools
from learnhub_desktop.db import upgrade as upgrades
from learnhub_desktop.db.school import NewSchool, SchoolRefusal, create
from learnhub_desktop.db.tables import schema_info, school_settings
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.upgrade import upgrade
from learnhub_desktop.db.version import SCHEMA_VERSION, check_version
from learnhub_desktop.domain.states import GatewayKind, SchoolKind
from learnhub_desktop.errors import (
    InvalidInput,
    RuleRefused,
    SchemaMismatch,
    SchemaProblem,
    ServerBusy,
)
from tests.databases import TEST_SCHOOL, opened
from tests.db.revising import Broken


@pytest.mark.parametrize("what", ["a revision fails", "the settings fail"])
def test_a_school_that_could_not_be_made_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*args: object) -> None:
        raise Broken

    if what == "a revision fails":
        monkeypatch.setattr(upgrades, "migrate", fail)
    else:
        monkeypatch.setattr(schools, "make_administrator", fail)
    with pytest.raises(Broken):
        create(f"sqlite:///{tmp_path / 'new.db'}", TEST_SCHOOL)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="No file can be made in"):
        create(f"sqlite:///{tmp_path / 'file' / 'new.db'}", TEST_SCHOOL)


def test_a_school_is_made_with_its_settings_rules_and_plans(new_url: str) -> None:
    create(
        new_url,
        NewSchool(name="  École d’été ", currency="eur", time_zone="Europe/Paris"),
    )
    with opened(new_url, "new") as database:
        settings = database.read(lambda uow: uow.settings.get())
        with database.engines.reader.connect() as connection:
            check_version(connection)
            plans = connection.execute(
                text("SELECT plan_type, currency FROM subscription_plans ORDER BY plan_type")
            ).all()
            rules = connection.scalar(text("SELECT COUNT(*) FROM fraud_detection_rules"))
            audited = connection.scalar(
                text("SELECT operation FROM audit_log WHERE entity = 'school_settings'")
            )

    assert settings.school_name == "École d’été"
    assert (settings.currency, settings.time_zone) == ("EUR", "Europe/Paris")
    assert settings.kind is SchoolKind.PRODUCTION
    assert settings.gateway is GatewayKind.MANUAL
    assert [tuple(plan) for plan in plans] == [("annual", "EUR"), ("monthly", "EUR")]
    assert rules == 6
    assert audited == "fill_school"


def test_whoever_makes_a_school_on_a_server_administers_it(server_school: Database) -> None:
    actor = server_school.actor()

    assert (actor.account, actor.role) == ("root", "admin")


@pytest.mark.parametrize(
    ("school", "field"),
    [
        (NewSchool(name=" "), "name"),
        (NewSchool(name="x" * 101), "name"),
        (NewSchool(currency="JPY"), "currency"),
        (NewSchool(currency="dollars"), "currency"),
        (NewSchool(time_zone="Mars/Olympus"), "time_zone"),
        (NewSchool(time_zone="../../etc/passwd"), "time_zone"),
        (NewSchool(gateway=GatewayKind.SIMULATED), "gateway"),
    ],
)
def test_a_school_that_cannot_be_is_refused_before_anything_is_made(
    school: NewSchool, field: str, tmp_path: Path
) -> None:
    path = tmp_path / "new.db"
    with pytest.raises(InvalidInput) as refused:
        create(f"sqlite:///{path}", school)

    assert refused.value.field == field
    assert not path.exists()


@pytest.mark.parametrize(
    ("kind", "gateway"),
    [
        (SchoolKind.PRODUCTION, GatewayKind.MANUAL),
        (SchoolKind.TEST, GatewayKind.SIMULATED),
        (SchoolKind.SAMPLE, GatewayKind.SIMULATED),
    ],
)
def test_only_a_real_school_takes_payments_by_hand(kind: SchoolKind, gateway: GatewayKind) -> None:
    assert NewSchool(kind=kind).chosen_gateway is gateway


def test_a_second_school_in_the_same_database_is_refused(new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with pytest.raises(RuleRefused, match="holds a school already") as refused:
        create(new_url, TEST_SCHOOL)

    assert refused.value.reason is SchoolRefusal.EXISTS


def test_a_database_of_another_program_is_left_alone(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "other") as database:
        with database.engines.writer.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE users (id INTEGER PRIMARY KEY)")
            connection.commit()
        with pytest.raises(RuleRefused, match="tables of another program"):
            create(new_url, TEST_SCHOOL)
        with database.engines.reader.connect() as connection:
            assert sa.inspect(connection).get_table_names() == ["users"]


def test_a_school_that_was_not_filled_is_finished_by_creating_it_again(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "half") as database:
        upgrades.bring_up(database.engines)
        with (
            database.engines.reader.connect() as connection,
            pytest.raises(SchemaMismatch, match="is not finished"),
        ):
            check_version(connection)
        create(new_url, TEST_SCHOOL)
        with database.engines.reader.connect() as connection:
            check_version(connection)


def test_a_database_without_a_school_says_so(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "empty") as database:
        with (
            database.engines.reader.connect() as connection,
            pytest.raises(SchemaMismatch, match="holds no school yet") as mismatch,
        ):
            check_version(connection)
        with pytest.raises(SchemaMismatch, match="holds no school yet"):
            upgrade(database.engines)

    assert mismatch.value.problem is SchemaProblem.NO_SCHOOL


@pytest.mark.parametrize(
    ("version", "oldest_client", "problem", "sentence"),
    [
        (
            SCHEMA_VERSION + 1,
            SCHEMA_VERSION + 1,
            SchemaProblem.NEWER,
            "This school is of a newer version (2) than this program (1). "
            "Install the newer LearnHub on this computer.",
        ),
    ],
)
def test_a_newer_school_is_refused_by_an_older_program(
    any_connection: Connection,
    version: int,
    oldest_client: int,
    problem: SchemaProblem,
    sentence: str,
) -> None:
    any_connection.execute(
        update(schema_info).values(schema_version=version, oldest_client=oldest_client)
    )
    with pytest.raises(SchemaMismatch) as mismatch:
        check_version(any_connection)

    assert mismatch.value.problem is problem
    assert str(mismatch.value) == sentence


def test_a_newer_school_may_still_let_this_program_in(any_connection: Connection) -> None:
    any_connection.execute(
        update(schema_info).values(schema_version=SCHEMA_VERSION + 1, oldest_client=1)
    )
    check_version(any_connection)


def test_an_older_school_asks_for_an_upgrade(
    any_connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.db.version.SCHEMA_VERSION", 2)
    with pytest.raises(SchemaMismatch) as mismatch:
        check_version(any_connection)

    assert mismatch.value.problem is SchemaProblem.OLDER
    assert str(mismatch.value) == (
        "This school is of an older version (1) than this program (2). "
        "An administrator can bring it up to date with `learnhub db upgrade`."
    )


@pytest.mark.proof
def test_of_two_who_make_the_same_school_one_is_told_so(new_server_url: str) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def make() -> None:
        start.wait()
        try:
            create(new_server_url, TEST_SCHOOL)
            outcomes.append("made")
        except (ServerBusy, RuleRefused) as refused:
            outcomes.append(type(refused).__name__)

    makers = [threading.Thread(target=make) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    with (
        opened(new_server_url, "made") as database,
        database.engines.reader.connect() as connection,
    ):
        check_version(connection)
        settings = connection.scalar(select(sa.func.count()).select_from(school_settings))

    assert outcomes.count("made") == 1
    assert settings == 1
