"""Passwords of servers: from the environment, the system's keyring or a prompt; never a file."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from learnhub_desktop.settings import Profile

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

log = logging.getLogger(__name__)

VARIABLE: Final = "LEARNHUB_PASSWORD"
# Backends of this package keep passwords in files that every program of the account can read.
_PLAIN_FILES: Final = "keyrings.alt"


def find(profile: Profile, *, may_ask: bool = True) -> str | None:
    """The password of the profile's account; None where nobody knows one.

    Asks for it only at a terminal. A file on this computer has no password.
    """
    if not profile.is_server:
        return None
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    kept = remembered(profile)
    if kept is not None or not may_ask:
        return kept
    return ask(profile)


def ask(profile: Profile) -> str | None:
    """Ask at the terminal, without showing what is typed; None where there is no terminal."""
    if not sys.stdin or not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"Password of {profile.account} on {profile.host}: ")
    except EOFError:
        return None


def remembered(profile: Profile) -> str | None:
    """What the system's keyring keeps for the profile; None without a keyring."""
    backend = _backend()
    if backend is None or not profile.account:
        return None
    from keyring.errors import KeyringError

    try:
        return backend.get_password(profile.keyring_name, profile.account)
    except KeyringError as error:
        log.info("the keyring gave no password: %s", type(error).__name__)
        return None


def remember(profile: Profile, password: str) -> bool:
    """Keep the password in the system's keyring; False where that is not possible."""
    backend = _backend()
    if backend is None or not profile.account:
        return False
    from keyring.errors import KeyringError

    try:
        backend.set_password(profile.keyring_name, profile.account, password)
    except KeyringError as error:
        log.info("the keyring kept no password: %s", type(error).__name__)
        return False
    return True


def forget(profile: Profile) -> None:
    """Remove the password from the system's keyring, if it is there."""
    backend = _backend()
    if backend is None or not profile.account:
        return
    from keyring.errors import KeyringError

    try:
        backend.delete_password(profile.keyring_name, profile.account)
    except KeyringError as error:
        log.info("the keyring removed no password: %s", type(error).__name__)


def can_remember() -> bool:
    """Whether this computer has a keyring, so that a window can offer to use it."""
    return _backend() is not None


def _backend() -> KeyringBackend | None:
    """The keyring of this system; None where there is only a plain file, or none at all."""
    # Looking for backends takes longer than opening a school in a file, which needs none.
    import keyring
    from keyring.errors import KeyringError

    try:
        chosen = keyring.get_keyring()
        several = getattr(chosen, "backends", None)
        candidates: list[KeyringBackend] = [chosen] if several is None else list(several)
        return next((backend for backend in candidates if _is_safe(backend)), None)
    except (KeyringError, RuntimeError) as error:
        log.info("this computer's keyring cannot be used: %s", type(error).__name__)
        return None


def _is_safe(backend: KeyringBackend) -> bool:
    if type(backend).__module__.startswith(_PLAIN_FILES):
        return False
    # Backends that only say that there is none have a priority of zero or less.
    return backend.priority > 0
