import io
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked, PasswordDeleteError

from learnhub_desktop import passwords
from learnhub_desktop.settings import Profile

SERVER = Profile("Our school", host="db1", port=3306, database="learnhub", account="ada")
FILE = Profile("Here", path="/srv/school.db")


class MemoryKeyring(KeyringBackend):
    priority = 1

    def __init__(self):
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    def get_password(self, service, username):
        raise KeyringLocked

    def set_password(self, service, username, password):
        raise KeyringLocked

    def delete_password(self, service, username):
        raise KeyringLocked


class PlainFileKeyring(MemoryKeyring):
    pass


PlainFileKeyring.__module__ = "keyrings.alt.file"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(passwords.VARIABLE, raising=False)


@pytest.fixture
def backend():
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_school_in_a_file_needs_no_password(backend, monkeypatch):
    monkeypatch.setenv(passwords.VARIABLE, "secret")
    assert passwords.find(FILE) is None


def test_the_environment_comes_before_the_keyring(backend, monkeypatch):
    passwords.remember(SERVER, "kept")
    monkeypatch.setenv(passwords.VARIABLE, "given")
    assert passwords.find(SERVER) == "given"


def test_an_empty_variable_is_an_empty_password(backend, monkeypatch):
    monkeypatch.setenv(passwords.VARIABLE, "")
    assert passwords.find(SERVER) == ""


def test_what_the_keyring_remembers_is_found_again(backend):
    assert passwords.remember(SERVER, "kept") is True
    assert backend.kept == {("LearnHub db1:3306/learnhub", "ada"): "kept"}
    assert passwords.find(SERVER) == "kept"


def test_forgetting_removes_it_and_may_be_done_twice(backend):
    passwords.remember(SERVER, "kept")
    passwords.forget(SERVER)
    passwords.forget(SERVER)
    assert passwords.remembered(SERVER) is None


def test_a_person_at_a_terminal_is_asked(backend, monkeypatch):
    asked = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "typed")
    assert passwords.find(SERVER) == "typed"
    assert asked == ["Password of ada on db1: "]


def test_nobody_is_asked_without_a_terminal(backend, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    assert passwords.find(SERVER) is None


def test_nobody_is_asked_where_a_window_asks_for_itself(backend, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert passwords.find(SERVER, may_ask=False) is None


@pytest.mark.parametrize("unusable", [fail.Keyring, PlainFileKeyring])
def test_without_a_safe_keyring_nothing_is_kept(backend, unusable):
    keyring.set_keyring(unusable())
    assert passwords.can_remember() is False
    assert passwords.remember(SERVER, "secret") is False
    assert passwords.remembered(SERVER) is None
    passwords.forget(SERVER)


def test_a_plain_file_among_several_keyrings_is_passed_over(backend):
    class Several(MemoryKeyring):
        backends = (PlainFileKeyring(), backend)

    keyring.set_keyring(Several())
    assert passwords.remember(SERVER, "kept") is True
    assert backend.kept == {("LearnHub db1:3306/learnhub", "ada"): "kept"}


def test_a_locked_keyring_is_like_none(backend):
    keyring.set_keyring(LockedKeyring())
    assert passwords.remember(SERVER, "secret") is False
    assert passwords.remembered(SERVER) is None
    passwords.forget(SERVER)


def test_no_password_is_kept_for_no_account(backend):
    nobody = Profile("Our school", host="db1")
    assert passwords.remember(nobody, "secret") is False
    assert passwords.remembered(nobody) is None
    assert backend.kept == {}
