import sys
from types import ModuleType

import pytest

import learnhub_desktop
from learnhub_desktop import settings
from learnhub_desktop.cli import showing


@pytest.fixture
def made(monkeypatch):
    """Stands in for making the sample school, which has tests of its own."""
    calls = []

    def make(path, *, books, progress):
        calls.append((path, books))
        path.touch()

    monkeypatch.setattr(showing, "make_sample", make)
    return calls


def test_the_sample_school_is_made_once_and_again_when_asked(learnhub, made):
    first = learnhub("sample", "--json").json
    assert first == {"path": str(settings.sample_path()), "database": "sample", "made": True}
    assert learnhub("sample", "--json").json["made"] is False
    assert "is there already" in learnhub("sample").out
    assert learnhub("sample", "--again", "--json").json["made"] is True
    assert made == [(settings.sample_path(), settings.books_folder())] * 2


@pytest.fixture
def tour(monkeypatch):
    """Stands in for the tour, which needs Qt."""
    stand_in = ModuleType("learnhub_desktop.tour")
    stand_in.codes = {}

    def run(out):
        sys.stdout.write(f"a picture in {out}\n")
        return stand_in.codes.get(out.name, 0)

    stand_in.run = run
    monkeypatch.setitem(sys.modules, "learnhub_desktop.tour", stand_in)
    monkeypatch.setattr(learnhub_desktop, "tour", stand_in, raising=False)
    return stand_in


def test_the_tour_speaks_for_itself(learnhub, tour):
    ended = learnhub("tour", "--out", "pictures")
    assert (ended.code, ended.out, ended.err) == (0, "a picture in pictures\n", "")


def test_a_tour_that_fails_is_exit_code_one(learnhub, tour):
    tour.codes["pictures"] = 1
    ended = learnhub("tour", "--out", "pictures")
    assert (ended.code, ended.sentence) == (1, "The tour ended at a step that failed.")


def test_with_json_the_tour_s_own_words_go_elsewhere(learnhub, tour):
    ended = learnhub("tour", "--out", "pictures", "--json")
    assert ended.json == {"out": "pictures"}
    assert ended.err == "a picture in pictures\n"


def test_a_folder_with_a_person_s_files_is_not_given_to_the_tour(learnhub, home, tour):
    (home.path / "letters").mkdir()
    (home.path / "letters" / "dear.txt").touch()
    (home.path / "pictures").mkdir()
    (home.path / "pictures" / "01-enrol.png").touch()
    (home.path / "photos").mkdir()
    (home.path / "photos" / "holiday.png").touch()
    refused = learnhub("tour", "--out", "letters")
    assert (refused.code, refused.out) == (2, "")
    assert refused.sentence.startswith("letters holds more than pictures of a tour.")
    assert learnhub("tour", "--out", "photos").sentence.startswith("photos holds more than")
    assert (home.path / "photos" / "holiday.png").exists()
    assert learnhub("tour", "--out", "school.db").sentence.startswith("school.db is a file.")
    assert learnhub("tour", "--out", "pictures").code == 0
