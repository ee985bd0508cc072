from pathlib import Path

import pytest

from learnhub_desktop import settings
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.opening import parse_database
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
        ("mysql://ada@/learnhub", "Name account, server and database"),
        ("mysql://ada@db1:99999/learnhub", "is not an address"),
        ("mysql://ada@[db1/learnhub", "is not an address"),
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
