"""What this computer remembers: where schools are, and how the window looks. Never a password."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import platformdirs

from learnhub_desktop.domain.connecting import DEFAULT_PORT, Address

log = logging.getLogger(__name__)

_APP: Final = "LearnHub"
SAMPLE_PROFILE: Final = "Sample school"
_SAMPLE_FILE: Final = "sample-school.db"


class Tls(StrEnum):
    """How the server's certificate is checked. OFF is for a server on this computer only."""

    SYSTEM = "system"
    CA_FILE = "ca_file"
    PINNED = "pinned"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Profile:
    """One school and how to reach it: a file on this computer, or a server.

    ``further`` are the other members of a cluster that holds the same database. ``pin`` may
    hold a fingerprint for each of them, with commas between.
    """

    name: str
    path: str | None = None
    host: str | None = None
    port: int = DEFAULT_PORT
    database: str = "learnhub"
    account: str = ""
    tls: Tls = Tls.SYSTEM
    ca_file: str | None = None
    pin: str | None = None  # SHA-256 of the server's certificate, in hexadecimal
    further: tuple[Address, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address of the database, in the order in which they are tried; none of a file."""
        return () if self.host is None else (Address(self.host, self.port), *self.further)

    @property
    def is_server(self) -> bool:
        return self.host is not None

    @property
    def label(self) -> str:
        """``learnhub@db1`` or the file's name, as the message line shows it."""
        if self.host is not None:
            return f"{self.database}@{self.host}"
        return Path(self.path or "").name

    @property
    def keyring_name(self) -> str:
        """Under which name the system's keyring keeps this profile's password."""
        return f"LearnHub {self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class Settings:
    """``look``: system, light or dark. ``density``: comfortable or compact.

    ``views`` is what each page keeps of its columns, sort and sizes; its keys and values
    are the page's own affair.
    """

    profiles: tuple[Profile, ...] = ()
    last_profile: str | None = None
    look: str = "system"
    density: str = "comfortable"
    views: Mapping[str, Any] = field(default_factory=dict)

    def profile(self, name: str) -> Profile | None:
        return next((profile for profile in self.profiles if profile.name == name), None)

    def with_profile(self, profile: Profile) -> Settings:
        """Add the profile, or replace the one of that name, and make it the last used."""
        kept = tuple(known for known in self.profiles if known.name != profile.name)
        return replace(self, profiles=(*kept, profile), last_profile=profile.name)


def data_folder() -> Path:
    """Where schools on this computer live, and the books of simulated gateways."""
    return _folder("LEARNHUB_DATA_HOME", platformdirs.user_data_path(_APP, appauthor=False))


def config_folder() -> Path:
    return _folder("LEARNHUB_CONFIG_HOME", platformdirs.user_config_path(_APP, appauthor=False))


def log_folder() -> Path:
    return _folder("LEARNHUB_LOG_HOME", platformdirs.user_log_path(_APP, appauthor=False))


def books_folder() -> Path:
    folder = data_folder() / "gateways"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def journal_folder(profile: Profile) -> Path:
    """Where what is under way in this school is kept, so that a crash forgets nothing."""
    school = f"{profile.host}:{profile.port}/{profile.database}" if profile.is_server else ""
    name = hashlib.sha256((school or profile.path or "").encode()).hexdigest()[:16]
    return data_folder() / "journal" / name


def sample_path() -> Path:
    return data_folder() / _SAMPLE_FILE


def sample_profile() -> Profile:
    return Profile(SAMPLE_PROFILE, path=str(sample_path()))


def load() -> Settings:
    """What was saved; the defaults where nothing was, or where the file cannot be read."""
    path = config_folder() / "settings.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        profiles = tuple(_profile(entry) for entry in raw.get("profiles", []))
        known = {name: raw[name] for name in ("last_profile", "look", "density") if name in raw}
        return Settings(profiles=profiles, views=dict(raw.get("views", {})), **known)
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("the settings could not be read, so the defaults are used: %s", error)
        return Settings()


def _profile(entry: dict[str, Any]) -> Profile:
    further = tuple(Address(*each) for each in entry.get("further", ()))
    return Profile(**{**entry, "tls": Tls(entry.get("tls", Tls.SYSTEM)), "further": further})


def save(settings: Settings) -> None:
    """Write the settings; a crash in the middle leaves the old ones."""
    folder = config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(settings), ensure_ascii=False, indent=2, default=dict)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=folder, prefix="settings-", delete=False
    ) as file:
        file.write(text)
    os.replace(file.name, folder / "settings.json")


def _folder(variable: str, usual: Path) -> Path:
    folder = Path(os.environ.get(variable) or usual)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
