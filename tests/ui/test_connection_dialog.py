"""The connection dialog: what it makes of what was typed, and what the server says to that."""

from types import SimpleNamespace

import keyring
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from learnhub_desktop import opening, passwords
from learnhub_desktop.domain.connecting import Address
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.opening import Probe
from learnhub_desktop.settings import Profile, Tls
from learnhub_desktop.ui.dialogs.connection import Connection, ConnectionDialog
from tests.test_passwords import LockedKeyring, MemoryKeyring

CLUSTER = Profile(
    "learnhub@db1", host="db1", port=3307, further=(Address("db2", 3307), Address("db3", 3308)),
    database="learnhub", account="ada",
)  # fmt: skip
NOBODY = Profile("here", host="127.0.0.1", port=1, account="ada", tls=Tls.OFF)
PIN, OTHER_PIN = "ab" * 32, "cd" * 32
SHOWN = ":".join(["AB"] * 32)
READY = "“Our school” is ready in learnhub@db1."
WRONG = "learnhub@db1 does not know this account with this password."


@pytest.fixture
def window(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def make_dialog(window, qtbot, qt_loop):
    """Opens the dialog with a profile; what it gave in the end stands in its `given`."""

    def make(profile=CLUSTER, password="secret"):
        dialog = ConnectionDialog(window, profile=profile)
        dialog.given = []
        dialog.done_with.connect(dialog.given.append)
        dialog.password.set_text(password)
        window.show()
        dialog.open()
        return dialog

    return make


@pytest.fixture
def server(monkeypatch):
    """What a server says: `probes` in turn, `lost` to whoever connects; `asked` is what it heard."""
    heard = SimpleNamespace(probes=[Probe(True, READY)], lost=None, asked=[], closed=0)

    def probe(profile, *, password):
        heard.asked.append((profile, password))
        return heard.probes.pop(0)

    def open_school(profile, *, password):
        heard.asked.append((profile, password))
        if heard.lost is not None:
            raise heard.lost
        return SimpleNamespace(close=close)

    def close():
        heard.closed += 1

    monkeypatch.setattr(opening, "probe", probe)
    monkeypatch.setattr(opening, "open_school", open_school)
    return heard


@pytest.fixture
def use_keyring(monkeypatch):
    """Makes a keyring the one of this computer, until the test ends."""

    def use(chosen):
        monkeypatch.setattr(keyring, "get_keyring", lambda: chosen)

    return use


def press(dialog, button, qtbot):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog._work.running("") and not dialog._tasks.running(""))


def test_a_cluster_is_typed_in_one_line_and_shown_as_it_was_typed(window):
    dialog = ConnectionDialog(window)
    dialog.host.line.setText("db1, db2, db3:3308")
    dialog.port.set_text("3307")
    dialog.database.line.setText("learnhub")
    dialog.account.line.setText("ada")
    assert dialog.profile() == CLUSTER
    assert ConnectionDialog(window, profile=CLUSTER).host.line.text() == "db1, db2, db3:3308"


@pytest.mark.parametrize(
    "name, typed, said",
    [
        ("host", "", "Name the server."),
        ("host", "db1, db 2", "“db 2” is no server’s address such as db1.example.org:3306."),
        ("port", "0", "Port must be between 1 and 65,535."),
        ("port", "9" * 5_000, "Port must be between 1 and 65,535."),
        ("port", "🙂", "Port must be a whole number."),
        ("database", " ", "Name the database."),
        ("account", " ", "Name your account on the server."),
    ],
)
def test_what_cannot_be_tried_is_said_below_its_field(
    make_dialog, server, qtbot, name, typed, said
):
    dialog = make_dialog()
    field = dialog.fields[name]
    field.set_text(typed)
    for button in (dialog.test_button, dialog.primary_button):
        press(dialog, button, qtbot)
        assert field._line.text() == said
        assert dialog.focusWidget() is field.editor
    assert (server.asked, dialog.given) == ([], [])


def test_the_test_button_says_that_the_school_is_ready_and_nothing_is_opened(
    make_dialog, server, qtbot
):
    dialog = make_dialog()
    press(dialog, dialog.test_button, qtbot)
    assert dialog.consequence.text() == READY
    assert dialog.consequence.property("box") == "good"
    assert server.asked == [(CLUSTER, "secret")]
    assert (dialog.given, dialog.isVisible()) == ([], True)


def test_the_test_button_says_what_is_in_the_way(make_dialog, server, qtbot):
    server.probes = [Probe(False, WRONG)]
    dialog = make_dialog(password="")
    press(dialog, dialog.test_button, qtbot)
    assert (dialog.consequence.text(), dialog.consequence.property("box")) == (WRONG, "warn")
    assert server.asked == [(CLUSTER, None)]


def test_the_test_button_says_that_no_server_answers(make_dialog, qtbot):
    dialog = make_dialog(NOBODY)
    press(dialog, dialog.test_button, qtbot)
    assert dialog.consequence.text() == (
        "127.0.0.1:1 cannot be reached: no server answers there. Check the port, or whether it runs."
    )


def test_a_refused_password_keeps_the_dialog_open_with_all_that_was_typed(
    make_dialog, server, qtbot
):
    server.lost = DatabaseUnavailable(WRONG)
    dialog = make_dialog()
    press(dialog, dialog.primary_button, qtbot)
    assert dialog.error_text() == WRONG
    assert (dialog.profile(), dialog.password.value()) == (CLUSTER, "secret")

    server.lost = None
    qtbot.keyClick(dialog.password.editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.given == [Connection(CLUSTER, "secret")])
    assert server.closed == 1


def test_a_certificate_is_pinned_once_it_was_seen_and_accepted(make_dialog, server, qtbot):
    question = "db1 shows a certificate for CN=db1. Accept it if its fingerprint is right."
    server.probes = [Probe(False, question, PIN), Probe(True, READY, PIN)]
    dialog = make_dialog()
    dialog.tls.choose(Tls.PINNED)
    assert not dialog.accept_button.isVisible()
    press(dialog, dialog.primary_button, qtbot)
    assert dialog.tls._line.text() == "Press Test, compare the fingerprint, then accept it."
    assert server.asked == []

    press(dialog, dialog.test_button, qtbot)
    assert dialog.consequence.text() == question
    assert dialog._certificate.text() == (
        f"The server shows: SHA-256 {SHOWN}. Compare it with what the server's administrator "
        "tells you."
    )
    press(dialog, dialog.accept_button, qtbot)
    assert dialog._certificate.text().startswith(f"Accepted: SHA-256 {SHOWN}.")
    assert not dialog.accept_button.isVisible()
    press(dialog, dialog.test_button, qtbot)
    assert dialog.consequence.text() == READY
    assert [profile.pin for profile, _ in server.asked] == [None, PIN]

    dialog.submit()
    qtbot.waitUntil(lambda: dialog.given != [])
    assert (dialog.given[0].profile.tls, dialog.given[0].profile.pin) == (Tls.PINNED, PIN)


def test_another_certificate_than_the_pinned_one_must_be_accepted_anew(make_dialog, server, qtbot):
    server.probes = [Probe(False, "learnhub@db1 shows another certificate.", OTHER_PIN)]
    dialog = make_dialog(
        Profile("learnhub@db1", host="db1", account="ada", tls=Tls.PINNED, pin=PIN)
    )
    assert dialog._certificate.text().startswith(f"Accepted: SHA-256 {SHOWN}.")
    press(dialog, dialog.test_button, qtbot)
    assert dialog.accept_button.isVisible()
    assert dialog._certificate.text().startswith("The server shows: SHA-256 CD:CD")
    assert dialog.profile().pin == PIN
    press(dialog, dialog.accept_button, qtbot)
    assert dialog.profile().pin == OTHER_PIN


def test_an_authority_s_file_is_asked_for_only_where_it_is_meant(make_dialog, qtbot, tmp_path):
    dialog = make_dialog()
    assert not dialog.ca_file.isVisible()
    dialog.tls.choose(Tls.CA_FILE)
    assert dialog.ca_file.isVisible()
    press(dialog, dialog.test_button, qtbot)
    assert dialog.ca_file._line.text() == "Name the file with the authority's certificate."

    no_pem = tmp_path / "no.pem"
    no_pem.write_text("Not a certificate")
    for path, said in (
        (tmp_path / "gone.pem", f"The certificate file {tmp_path / 'gone.pem'} cannot be read"),
        (no_pem, "no.pem holds no certificate in PEM form."),
    ):
        dialog.ca_file.set_text(str(path))
        press(dialog, dialog.test_button, qtbot)
        assert dialog.consequence.text().startswith(said)
        press(dialog, dialog.primary_button, qtbot)
        assert dialog.ca_file._line.text().startswith(said)

    assert dialog.profile().ca_file == str(no_pem)
    dialog.tls.choose(Tls.SYSTEM)
    assert dialog.profile().ca_file is None


def test_no_encryption_is_refused_for_another_computer(make_dialog, qtbot):
    dialog = make_dialog()
    dialog.tls.choose(Tls.OFF)
    press(dialog, dialog.primary_button, qtbot)
    assert dialog.tls._line.text() == (
        "Without encryption a password can be read on its way. Only a server on this computer "
        "can be reached without it."
    )


def test_a_password_is_kept_where_that_is_ticked(make_dialog, server, use_keyring, qtbot):
    use_keyring(MemoryKeyring())
    for ticked, kept in ((False, None), (True, "secret")):
        dialog = make_dialog()
        dialog.remember.box.setChecked(ticked)
        dialog.submit()
        qtbot.waitUntil(lambda given=dialog.given: given != [])
        assert passwords.remembered(CLUSTER) == kept


def test_a_keyring_that_takes_no_password_is_said_at_its_tick(
    make_dialog, server, use_keyring, qtbot
):
    use_keyring(LockedKeyring())
    dialog = make_dialog()
    dialog.remember.box.click()
    press(dialog, dialog.primary_button, qtbot)
    assert dialog.remember._line.text() == (
        "This computer's keyring did not take the password. Untick this to go on without."
    )
    assert dialog.given == []
    dialog.remember.box.click()
    dialog.submit()
    qtbot.waitUntil(lambda: dialog.given == [Connection(CLUSTER, "secret")])


def test_nothing_is_opened_by_whoever_cancels(make_dialog, server, qtbot):
    dialog = make_dialog()
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert (dialog.isVisible(), dialog.result_value, server.asked) == (False, None, [])
