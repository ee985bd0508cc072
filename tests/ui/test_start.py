"""The first start: three ways that lead to a school, and what keeps people from one."""

from __future__ import annotations

import shutil
import threading
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop import app, opening, settings
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.errors import DatabaseUnavailable, RuleRefused
from learnhub_desktop.settings import Profile, Settings
from learnhub_desktop.ui.dialogs.connection import ConnectionDialog
from learnhub_desktop.ui.start import NewSchoolDialog, StartWindow, free_path

FULL = "The disk is full. Nothing was made."
ODD = "École 🙂 “Nº 1” ../; DROP"
WAYS = ("sample", "create", "connect")


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("DATA", "CONFIG", "LOG"):
        monkeypatch.setenv(f"LEARNHUB_{name}_HOME", str(tmp_path / name.lower()))


@pytest.fixture(scope="module")
def school_file(tmp_path_factory):
    """A school that needs no gateway's book, to be copied."""
    path = tmp_path_factory.mktemp("start") / "school.db"
    app._make_school(path, "A school", "EUR", "Asia/Tokyo")
    return path


@pytest.fixture
def make_start(qtbot, qt_loop, theme, school_file):
    """Opens the window; the schools that it opened and whether it was left stand at it."""
    made = []

    def copy(path, *asked):
        shutil.copy(school_file, path)

    def make(**values):
        window = StartWindow(
            **{"make_sample": copy, "make_school": copy, "time_zone": "Europe/Berlin", **values}
        )
        qtbot.addWidget(window)
        window.schools, window.exits = [], []
        window.opened.connect(window.schools.append)
        window.left.connect(lambda: window.exits.append(True))
        made.append(window)
        window.show()
        return window

    yield make
    for window in made:
        for school in window.schools:
            school.close()


def click(button, qtbot):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def idle(window):
    return not window.tasks.running("")


def opened(window, qtbot):
    """The school that was opened, as soon as it is."""
    qtbot.waitUntil(lambda: idle(window))
    assert window.schools != [], window.told.text()
    (school,) = window.schools
    return school


def dialog_of(window, way, kind, qtbot):
    click(window.ways[way], qtbot)
    qtbot.waitUntil(lambda: window.findChild(kind) is not None)
    return window.findChild(kind)


def submit(dialog, qtbot):
    click(dialog.primary_button, qtbot)
    qtbot.waitUntil(lambda: not dialog._tasks.running(""))


def files():
    return sorted(path.name for path in settings.data_folder().iterdir() if path.is_file())


def test_it_offers_three_ways_and_says_what_each_means(make_start):
    window = make_start()
    assert [window.ways[way].accessibleName() for way in WAYS] == [
        "Open the sample school",
        "Create a school on this computer",
        "Connect to a server",
    ]
    assert not window.told.isVisible()


def test_the_sample_school_is_made_once_and_then_opened(make_start, school_file, qtbot):
    made, go_on = [], threading.Event()

    def make_sample(path):
        go_on.wait(10)
        made.append(path)
        shutil.copy(school_file, path)

    window = make_start(make_sample=make_sample)
    click(window.ways["sample"], qtbot)
    qtbot.waitUntil(lambda: window.told.text() == "Making the sample school…")
    assert [window.ways[way].isEnabled() for way in WAYS] == [False] * 3
    go_on.set()
    assert opened(window, qtbot).profile == settings.sample_profile()
    assert settings.load().last_profile == settings.SAMPLE_PROFILE

    again = make_start(make_sample=make_sample)
    click(again.ways["sample"], qtbot)
    assert opened(again, qtbot).profile == settings.sample_profile()
    assert made == [settings.sample_path()]


def test_a_sample_that_cannot_be_made_is_said_and_can_be_tried_again(
    make_start, school_file, qtbot
):
    refusals = [RuleRefused("full", FULL)]

    def make_sample(path):
        if refusals:
            raise refusals.pop()
        shutil.copy(school_file, path)

    window = make_start(make_sample=make_sample)
    click(window.ways["sample"], qtbot)
    qtbot.waitUntil(lambda: window.told.text() == FULL)
    assert window.told.property("box") == "warn"
    qtbot.waitUntil(window.ways["sample"].isEnabled)
    assert settings.load() == Settings()
    click(window.ways["sample"], qtbot)
    opened(window, qtbot)


def test_a_school_is_created_as_it_was_asked_for_and_opened(make_start, school_file, qtbot):
    asked = []

    def make_school(path, *words):
        asked.append(words)
        shutil.copy(school_file, path)

    window = make_start(make_school=make_school)
    dialog = dialog_of(window, "create", NewSchoolDialog, qtbot)
    assert (dialog.currency.value(), dialog.zone.value()) == ("USD", "Europe/Berlin")
    dialog.name.set_text(f" {ODD} ")
    dialog.currency.set_text("eur")
    submit(dialog, qtbot)

    school = opened(window, qtbot)
    assert asked == [(ODD, "EUR", "Europe/Berlin")]
    assert school.profile == settings.load().profile(ODD)
    assert settings.load().last_profile == ODD
    # What stands in the file is of the fixture, which the program's own function has made.
    made = school.settings
    assert (made.school_name, made.currency, made.time_zone, made.kind) == (
        *("A school", "EUR", "Asia/Tokyo"),
        SchoolKind.PRODUCTION,
    )


@pytest.mark.parametrize(
    "name, typed, said",
    [
        ("name", " ", "The school's name cannot be empty."),
        (
            *("name", "x" * 10_000),
            "The school's name can have at most 100 characters; this has 10,000.",
        ),
        ("currency", "🙂", "“🙂” is not a currency code such as USD."),
        (
            *("currency", "JPY"),
            "JPY is not divided into hundredths, and LearnHub keeps two decimals. Choose a "
            "currency with cents.",
        ),
        ("time_zone", "../x", "“../x” is not a time zone such as Europe/Berlin."),
    ],
)
def test_what_makes_no_school_is_said_below_its_field(make_start, qtbot, name, typed, said):
    window = make_start()
    dialog = dialog_of(window, "create", NewSchoolDialog, qtbot)
    dialog.name.set_text("Ours")
    dialog.fields[name].set_text(typed)
    submit(dialog, qtbot)
    assert dialog.fields[name]._line.text() == said
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: idle(window))
    assert (window.schools, files(), settings.load()) == ([], [], Settings())


def test_a_school_that_cannot_be_made_leaves_the_dialog_as_it_was(make_start, qtbot, tmp_path):
    # Where the school's file should be stands a folder that appeared meanwhile.
    def make_school(path, *asked):
        path.mkdir(exist_ok=True)
        app._make_school(path, *asked)

    window = make_start(make_school=make_school)
    dialog = dialog_of(window, "create", NewSchoolDialog, qtbot)
    dialog.name.set_text("Ours")
    submit(dialog, qtbot)
    assert dialog.error_text() == "ours.db cannot be used: unable to open database file."
    assert (dialog.isVisible(), dialog.name.value()) == (True, "Ours")
    dialog.reject()
    qtbot.waitUntil(lambda: idle(window))


def test_no_school_takes_the_file_of_another(make_start, qtbot):
    window = make_start()
    free_path("Ours").touch()
    dialog = dialog_of(window, "create", NewSchoolDialog, qtbot)
    dialog.name.set_text("OURS")
    submit(dialog, qtbot)
    assert opened(window, qtbot).profile.label == "ours-2.db"
    assert free_path(" ../🙂 ").name == "school.db"
    assert len(free_path("é" * 100).name.encode()) < 255


def test_a_server_is_connected_to_and_remembered(make_start, school_file, monkeypatch, qtbot):
    asked = []
    school = SimpleNamespace(close=lambda: None)

    def open_school(profile, *, password):
        asked.append((profile.label, password))
        return school

    monkeypatch.setattr(opening, "open_school", open_school)
    monkeypatch.setattr("learnhub_desktop.ui.start.open_school", open_school)
    window = make_start()
    dialog = dialog_of(window, "connect", ConnectionDialog, qtbot)
    for field, typed in (
        (dialog.host, "db1, db2"),
        (dialog.account, "ada"),
        (dialog.password, "secret"),
    ):
        field.set_text(typed)
    submit(dialog, qtbot)
    assert opened(window, qtbot) is school
    assert asked == [("learnhub@db1", "secret")] * 2
    kept = settings.load()
    assert (kept.last_profile, kept.profiles[0].account) == ("learnhub@db1", "ada")
    assert "secret" not in (settings.config_folder() / "settings.json").read_text()

    again = dialog_of(make_start(), "connect", ConnectionDialog, qtbot)
    assert again.profile() == kept.profiles[0]
    assert again.password.value() == ""
    again.reject()


def test_a_server_that_is_lost_after_the_dialog_is_said_in_the_window(
    make_start, monkeypatch, qtbot
):
    def lost(profile, *, password):
        raise DatabaseUnavailable("learnhub@db1 cannot be reached.")

    monkeypatch.setattr(
        opening, "open_school", lambda *_, **__: SimpleNamespace(close=lambda: None)
    )
    monkeypatch.setattr("learnhub_desktop.ui.start.open_school", lost)
    settings.save(Settings().with_profile(Profile("Ours", host="db1", account="ada")))
    window = make_start()
    submit(dialog_of(window, "connect", ConnectionDialog, qtbot), qtbot)
    qtbot.waitUntil(lambda: window.told.text() == "learnhub@db1 cannot be reached.")
    assert (window.told.property("box"), window.schools) == ("bad", [])


@pytest.mark.parametrize("way, kind", [("create", NewSchoolDialog), ("connect", ConnectionDialog)])
def test_a_cancelled_dialog_leads_back_to_the_three_ways(make_start, qtbot, way, kind):
    window = make_start()
    click(dialog_of(window, way, kind, qtbot).cancel_button, qtbot)
    qtbot.waitUntil(lambda: idle(window))
    assert [window.ways[each].isEnabled() for each in WAYS] == [True] * 3
    assert (window.schools, window.exits, settings.load()) == ([], [], Settings())


def test_closing_it_leaves_unless_a_school_was_opened(make_start, qtbot):
    window = make_start()
    window.close()
    assert window.exits == [True]

    other = make_start()
    click(other.ways["sample"], qtbot)
    opened(other, qtbot)
    other.close()
    assert other.exits == []
