import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from learnhub_desktop import settings
from learnhub_desktop.db.cluster import addresses_of
from learnhub_desktop.db.connecting import address
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.school import NewSchool, create
from learnhub_desktop.db.tables import schema_info
from learnhub_desktop.db.tls import context_for
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    SchemaMismatch,
    SchemaProblem,
)
from learnhub_desktop.gateways import create_book
from learnhub_desktop.opening import open_school, parse_database, probe
from learnhub_desktop.settings import Profile, Settings, Tls

PIN = "ab" * 32


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("DATA", "CONFIG", "LOG"):
        monkeypatch.setenv(f"LEARNHUB_{name}_HOME", str(tmp_path / name.lower()))


def test_the_sample_school_has_a_name_of_its_own():
    assert parse_database("sample") == settings.sample_profile()


def test_a_saved_profile_is_found_by_its_name_in_any_case():
    saved = Profile("Our school", host="db1", account="ada")
    settings.save(Settings(profiles=(saved,)))
    assert parse_database("our SCHOOL") == saved


def test_a_relative_file_is_beside_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_database("sqlite:///school.db").path == str(tmp_path / "school.db")


def test_four_slashes_name_a_file_from_the_root():
    found = parse_database("sqlite:////srv/my%20school.db")
    assert (found.name, found.path) == ("my school", str(Path("/srv/my school.db")))
    assert not found.is_server


def test_a_server_is_named_with_account_port_and_database():
    assert parse_database("mysql://ada@db1:3307/learnhub") == Profile(
        "learnhub@db1", host="db1", port=3307, database="learnhub", account="ada", tls=Tls.SYSTEM
    )


def test_the_members_of_a_cluster_stand_with_commas_between():
    found = parse_database(f"mysql://ada@db1:3307,db2,[::1]:3308/learnhub?pin={PIN},{PIN}")
    assert [str(each) for each in found.addresses] == ["db1:3307", "db2:3306", "[::1]:3308"]
    assert (found.name, found.pin) == ("learnhub@db1", f"{PIN},{PIN}")
    assert [str(each) for each in addresses_of(address(found, None))] == [
        *("db1:3307", "db2:3306", "[::1]:3308")
    ]


def test_a_saved_profile_keeps_its_members():
    saved = parse_database("mysql://ada@db1:3307,db2/learnhub")
    settings.save(Settings(profiles=(saved,)))
    assert settings.load().profile("learnhub@db1") == saved


def test_every_member_must_be_this_computer_to_go_without_encryption():
    near = parse_database("mysql://ada@127.0.0.1,localhost:3307/learnhub?tls=off")
    assert context_for(near) is None
    far = parse_database("mysql://ada@127.0.0.1,db2/learnhub?tls=off")
    with pytest.raises(InvalidInput, match="Without encryption"):
        context_for(far)


def test_an_account_may_hold_signs_that_an_address_cannot():
    assert parse_database("mariadb://ada%40office@db1/learnhub").account == "ada@office"


@pytest.mark.parametrize(
    "query, tls, ca_file, pin",
    [
        ("tls=system", Tls.SYSTEM, None, None),
        ("tls=off", Tls.OFF, None, None),
        ("ca=/etc/our-ca.pem", Tls.CA_FILE, "/etc/our-ca.pem", None),
        (f"pin={PIN}", Tls.PINNED, None, PIN),
        ("pin=" + ":".join(["AB"] * 32), Tls.PINNED, None, PIN),
    ],
)
def test_the_query_says_how_the_server_is_checked(query, tls, ca_file, pin):
    found = parse_database(f"mysql://ada@db1/learnhub?{query}")
    assert (found.tls, found.ca_file, found.pin) == (tls, ca_file, pin)


@pytest.mark.parametrize(
    "text, said",
    [
        ("mysql://ada:secret@db1/learnhub", "A password does not belong in an address"),
        ("mysql://ada:@db1/learnhub", "A password does not belong in an address"),
        ("mysql://db1/learnhub", "Name account, server and database"),
        ("mysql://ada@db1", "Name account, server and database"),
        ("mysql://ada@db1/a/b", "Name account, server and database"),
        (f"mysql://ada@db1/{'x' * 65}", "A database's name has at most 64 characters."),
        ("mysql://ada@/learnhub", "Name account, server and database"),
        ("mysql://ada@db1:99999/learnhub", "is not an address"),
        ("mysql://ada@[db1/learnhub", "is not an address"),
        ("mysql://ada@db1,db2:port/learnhub", "is not an address"),
        ("mysql://ada:secret@db1,db2/learnhub", "A password does not belong in an address"),
        ("mysql://ada@db1/learnhub?tls=perhaps", "Name one of ?tls=system"),
        ("mysql://ada@db1/learnhub?ssl=1", "Name one of ?tls=system"),
        ("mysql://ada@db1/learnhub?ca=", "Name one of ?tls=system"),
        ("mysql://ada@db1/learnhub?ca=a&tls=off", "Name one of ?tls=system"),
        ("mysql://ada@db1/learnhub?pin=abc", "64 hexadecimal digits"),
        ("sqlite://school.db", "with three slashes"),
        ("sqlite:///", "with three slashes"),
        ("sqlite:///school.db?mode=ro", "with three slashes"),
        ("postgresql://ada@db1/learnhub", "of kind “postgresql”"),
        ("school.db", "Write sqlite:///school.db"),
        ("Nowhere", "There is no school called “Nowhere”"),
        ("", "There is no school called “”"),
        ("x" * 10_000, "There is no school called"),
        ("🎓", "There is no school called “🎓”"),
    ],
)
def test_what_names_no_school_is_refused_in_a_sentence(text, said):
    with pytest.raises(InvalidInput) as refused:
        parse_database(text)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert len(str(refused.value)) < 250


def test_a_password_in_a_broken_address_is_not_shown():
    with pytest.raises(InvalidInput) as refused:
        parse_database("mysql://ada:secret@db1:99999/learnhub")
    assert str(refused.value) == "“mysql://db1:99999/learnhub” is not an address."


@pytest.fixture
def school(sqlite_template, tmp_path):
    path = tmp_path / "school.db"
    shutil.copy(sqlite_template, path)
    return Profile("Ours", path=str(path))


def set_schema(profile, **values):
    engines = open_engines(address(profile, None))
    with engines.writer.begin() as connection:
        connection.execute(update(schema_info).values(**values))
    engines.dispose()


def test_a_school_opens_with_its_settings_and_gateways(tmp_path):
    book_id = "the-book"
    create_book(settings.books_folder() / f"{book_id}.gateway", book_id=book_id)
    profile = Profile("New", path=str(tmp_path / "new.db"))
    new = NewSchool(name="New", kind=SchoolKind.TEST, gateway_book_id=book_id)
    create(address(profile, None), new)

    opened = open_school(profile, password=None)
    try:
        assert (opened.profile, opened.settings.school_name) == (profile, "New")
        assert opened.database.label == "new.db"
        assert opened.gateways.online is not None
        assert opened.gateways.online.lookup("a key").entry is None
    finally:
        opened.close()


def test_a_file_that_is_missing_is_not_made_by_opening_it(tmp_path):
    profile = Profile("Away", path=str(tmp_path / "away.db"))
    with pytest.raises(DatabaseUnavailable, match="There is no school in .*away.db"):
        open_school(profile, password=None)
    assert not (tmp_path / "away.db").exists()
    with pytest.raises(DatabaseUnavailable, match="The sample school is not there yet"):
        open_school(settings.sample_profile(), password=None)


@pytest.mark.parametrize(
    "values, problem",
    [
        ({"schema_version": 0}, SchemaProblem.NO_SCHOOL),
        ({"schema_version": 99, "oldest_client": 99}, SchemaProblem.NEWER),
    ],
)
def test_a_school_of_another_version_stays_closed(school, values, problem):
    set_schema(school, **values)
    with pytest.raises(SchemaMismatch) as refused:
        open_school(school, password=None)
    assert refused.value.problem is problem
    assert probe(school, password=None).sentence == str(refused.value)


def test_encryption_may_be_left_out_on_this_computer_only():
    profile = Profile("Far", host="db1.example.org", account="ada", tls=Tls.OFF)
    with pytest.raises(InvalidInput, match="Without encryption a password can be read"):
        open_school(profile, password="secret")


def test_a_port_without_a_server_is_said_plainly():
    profile = Profile("Here", host="127.0.0.1", port=1, account="ada", tls=Tls.OFF)
    with pytest.raises(DatabaseUnavailable, match="no server answers there"):
        open_school(profile, password="secret")
    assert probe(profile, password="secret").is_ok is False


def test_another_program_s_port_is_said_plainly():
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        answer = threading.Thread(target=greet, args=(stranger,))
        answer.start()
        port = stranger.getsockname()[1]
        profile = Profile("Mail", host="127.0.0.1", port=port, account="ada", tls=Tls.OFF)
        with pytest.raises(DatabaseUnavailable, match="is no MySQL or MariaDB server"):
            open_school(profile, password="secret")
        answer.join()


def greet(stranger):
    connection, _address = stranger.accept()
    with connection:
        connection.sendall(b"220 mail.example.org ESMTP ready\r\n")


def test_a_probe_says_that_a_school_is_ready(school):
    found = probe(school, password=None)
    assert (found.is_ok, found.certificate) == (True, None)
    assert found.sentence == "“Test school” is ready in school.db."


def test_a_certificate_that_is_to_be_pinned_is_shown_first(mysql_server):
    profile = Profile(
        "Ours",
        host=mysql_server.host,
        port=mysql_server.port,
        database="none",
        account=mysql_server.user,
        tls=Tls.PINNED,
    )
    first = probe(profile, password=mysql_server.password)
    assert not first.is_ok
    assert first.sentence.startswith(f"{mysql_server.host} shows a certificate for ")
    assert first.certificate is not None
    pinned = replace(profile, pin=first.certificate)
    assert "has no database of that name" in probe(pinned, password=mysql_server.password).sentence
    with pytest.raises(DatabaseUnavailable, match="shows another certificate"):
        open_school(replace(profile, pin="0" * 64), password=mysql_server.password)


def test_a_wrong_password_opens_nothing(any_server):
    profile = Profile(
        "Ours",
        host=any_server.host,
        port=any_server.port,
        database="none",
        account=any_server.user,
        tls=Tls.OFF,
    )
    with pytest.raises(DatabaseUnavailable, match="does not know this account"):
        open_school(profile, password="wrong")
    with pytest.raises(DatabaseUnavailable, match="has no database of that name"):
        open_school(profile, password=any_server.password)
