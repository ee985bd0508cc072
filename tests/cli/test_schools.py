from decimal import Decimal

import pytest

from learnhub_desktop import settings
from learnhub_desktop.db import upgrade as upgrades
from learnhub_desktop.errors import NotAllowed
from learnhub_desktop.gateways import ChargeRequest
from learnhub_desktop.gateways.simulated import SimulatedGateway

LONG = "x" * 10_000


@pytest.fixture
def new(home):
    return f"sqlite:///{home.path}/new.db"


def files(home):
    found = (home.path, home.path / "data" / "gateways")
    return sorted(path.name for folder in found for path in folder.iterdir() if path.is_file())


def test_a_school_is_made_as_it_was_named(learnhub, home, new):
    ended = learnhub(
        *("db", "create", "--database", new, "--name", "Zoë’s “School” 🎓"),
        *("--currency", "eur", "--time-zone", "Europe/Berlin", "--json"),
    )
    assert ended.code == 0
    assert ended.json == {
        "database": "new.db",
        "school_name": "Zoë’s “School” 🎓",
        "kind": "production",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "gateway": "manual",
        "gateway_book_id": None,
        "schema_version": 1,
        "definer": None,
    }
    assert learnhub("db", "verify", "--database", new).code == 0


def test_a_test_school_gets_a_gateway_with_a_book_of_its_own(learnhub, home, new):
    before = files(home)
    found = learnhub("db", "create", "--database", new, "--kind", "test", "--json").json
    assert found["gateway"] == "simulated"
    book = f"{found['gateway_book_id']}.gateway"
    assert set(files(home)) - set(before) == {"new.db", book}


def test_a_second_school_in_the_same_file_is_refused_and_leaves_no_book(learnhub, home):
    before = files(home)
    database = f"sqlite:///{home.school}"
    ended = learnhub("db", "create", "--kind", "test", "--database", database)
    assert ended.code == 1
    assert "This database holds a school already." in ended.sentence
    assert files(home) == before


@pytest.mark.parametrize(
    "more, code, said",
    [
        (["--name", ""], 2, "The school's name cannot be empty."),
        (["--name", LONG], 2, "this has 10,000"),
        (["--name", "two\nlines"], 2, "must stand on one line"),
        (["--currency", "JPY"], 2, "JPY is not divided into hundredths"),
        (["--currency", "🎓"], 2, "“🎓” is not a currency code"),
        (["--time-zone", "Mars/Olympus"], 2, "is not a time zone such as Europe/Berlin"),
        (["--time-zone", "../../etc/passwd"], 2, "is not a time zone"),
        (["--time-zone", LONG], 2, "is not a time zone"),
        (["--kind", "toy"], 2, "invalid choice: 'toy'"),
        (["--database", "sqlite:///junk/new.db"], 2, "No file can be made in"),
        (["--database", "mysql://ada@127.0.0.1:1/new?tls=off"], 3, "no server answers there"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_makes_nothing(learnhub, home, new, more, code, said):
    (home.path / "junk").touch()
    before = files(home)
    ended = learnhub("db", "create", "--kind", "test", "--database", new, *more)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence
    assert files(home) == before


@pytest.mark.parametrize("part", [["create"], ["restore", "x.zip"]])
def test_a_new_school_s_place_must_be_said(learnhub, monkeypatch, part):
    monkeypatch.delenv("LEARNHUB_DATABASE")
    ended = learnhub("db", *part)
    assert (ended.code, ended.sentence) == (
        2,
        "Say where, for example --database sqlite:///school.db.",
    )


def test_an_upgrade_that_finds_nothing_to_do_says_so(learnhub):
    ended = learnhub("db", "upgrade", "--json")
    assert (ended.json["before"], ended.json["after"], ended.json["changed"]) == (1, 1, False)
    assert learnhub("db", "upgrade").out == "school.db is up to date (version 1).\n"


def test_an_upgrade_makes_lost_triggers_anew_and_keeps_a_copy(learnhub, home):
    home.write(lambda uow: uow.connection.exec_driver_sql("DROP TRIGGER courses_refuse_seats"))
    first, second = learnhub("db", "upgrade").out.splitlines()
    assert first == "Made 1 trigger or view of school.db anew (version 1)."
    assert second == f"As it was before: {home.path}/school-before-upgrade-1.db"


def test_an_upgrade_that_the_account_may_not_make_is_refused(learnhub, monkeypatch):
    from learnhub_desktop.cli import schools

    def refuse(engines):
        raise NotAllowed("Your account may not make triggers.")

    monkeypatch.setattr(schools, "upgrade_school", refuse)
    ended = learnhub("db", "upgrade")
    assert (ended.code, ended.sentence) == (1, "Your account may not make triggers.")
    assert upgrades.upgrade is not refuse


def test_a_wrong_number_is_found_and_repaired(learnhub, home):
    home.write(
        lambda uow: uow.connection.exec_driver_sql(
            "UPDATE courses SET total_enrollments = 7 WHERE course_id = 1"
        )
    )
    found = learnhub("db", "verify", "--json")
    assert found.code == 1
    assert found.sentence == "1 problem found."
    (finding,) = found.json["findings"]
    assert (finding["entity_id"], finding["can_repair"]) == (1, True)
    assert "Python Basics" in finding["sentence"] or "course 1" in finding["sentence"]

    repaired = learnhub("db", "verify", "--repair")
    assert repaired.code == 0
    first, last = repaired.out.splitlines()
    assert first.startswith("Repaired: ")
    assert last == "Every number is what a recount gives."
    assert home.ask("SELECT total_enrollments FROM courses WHERE course_id = 1") == [0]


def test_a_school_is_compared_with_its_gateways_book(learnhub, home):
    (book,) = settings.books_folder().glob("*.gateway")
    with SimulatedGateway(book, book.stem) as gateway:
        stray = ChargeRequest("stray", 987_654, Decimal("49.00"), "USD", "tok_visa")
        gateway.charge(stray)

    found = learnhub("db", "verify", "--repair")
    assert (found.code, found.sentence) == (1, "1 problem found.")
    assert found.out.splitlines() == [
        "Problem: The gateway has a charge of 49.00 USD, approved, as payment 987654, and no "
        "payment here has its key."
    ]

    book.unlink()
    assert learnhub("db", "verify").out.splitlines() == [
        "Warning: The simulated gateway's book is not on this computer, so payments were not "
        "compared with it."
    ]


@pytest.mark.parametrize("name", ["saved.zip", "saved.db"])
def test_a_school_comes_back_from_its_backup(learnhub, home, new, name):
    saved = learnhub("db", "backup", name, "--json")
    assert saved.json["path"] == str(home.path / name)
    assert saved.json["bytes"] == (home.path / name).stat().st_size

    restored = learnhub("db", "restore", name, "--database", new, "--json")
    assert restored.json["school_name"] == "LearnHub"
    assert learnhub("db", "verify", "--database", new).code == 0
    listed = learnhub("archive", home.courses["Draft"], "--reason", "x", "--database", new)
    assert listed.code == 0


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["backup", "school.db"], 1, "school.db exists already."),
        (["backup", "missing/saved.zip"], 2, "cannot be"),
        (["backup"], 2, "The following arguments are required: FILE"),
        (["restore", "missing.zip"], 2, "missing.zip cannot be read"),
        (["restore", "junk.zip"], 2, "junk.zip"),
        (["restore", "school.db", "--database", "sqlite:///school.db"], 1, "exists already"),
    ],
)
def test_a_backup_that_cannot_be_is_one_sentence(learnhub, home, arguments, code, said):
    (home.path / "junk.zip").write_text("no backup")
    if arguments[0] == "restore" and "--database" not in arguments:
        arguments = [*arguments, "--database", "sqlite:///new.db"]
    before = files(home)
    ended = learnhub("db", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence
    assert files(home) == before
    assert home.ask("SELECT count(*) FROM courses") == [5]


def test_a_check_says_in_words_whether_all_fits(learnhub):
    ended = learnhub("db", "check")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert "OK: The simulated gateway's book is on this computer." in lines
    assert lines[-1] == "school.db and this program fit."
    assert {each["severity"] for each in learnhub("db", "check", "--json").json["findings"]} == {
        "ok"
    }


def test_a_check_misses_the_gateway_s_book(learnhub, home):
    for book in (home.path / "data" / "gateways").iterdir():
        book.unlink()
    ended = learnhub("db", "check", "--json")
    assert (ended.code, ended.json["warnings"]) == (0, 1)
    assert ended.json["findings"][-1]["sentence"].startswith(
        "The simulated gateway's book is not on this computer"
    )


def test_a_check_of_a_file_without_a_school_finds_a_problem(learnhub, home):
    (home.path / "empty.db").touch()
    ended = learnhub("db", "check", "--database", "sqlite:///empty.db")
    assert (ended.code, ended.sentence) == (1, "1 problem found.")
    assert "Problem: This database holds no school yet." in ended.out
