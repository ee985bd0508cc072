"""What the window remembers between two starts: sizes, columns, sort."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from learnhub_desktop import settings
from learnhub_desktop.settings import Settings


class Store(Protocol):
    """Texts by key. A key that was never put reads as an empty text."""

    def get(self, key: str) -> str: ...

    def put(self, key: str, text: str) -> None: ...

    def flush(self) -> None:
        """Make what was put outlast the program."""


class MemoryStore:
    """Forgets everything at the end; for tests and for the tour."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def get(self, key: str) -> str:
        return self.texts.get(key, "")

    def put(self, key: str, text: str) -> None:
        self.texts[key] = text

    def flush(self) -> None:
        """Nothing is kept."""


class SettingsStore:
    """Keeps the texts in the settings file: look and density as settings, the rest as views."""

    def __init__(self) -> None:
        self._put: dict[str, str] = {}

    def get(self, key: str) -> str:
        if key in self._put:
            return self._put[key]
        text = _own(settings.load()).get(key, "")
        return text if isinstance(text, str) else ""

    def put(self, key: str, text: str) -> None:
        self._put[key] = text

    def flush(self) -> None:
        """Add to what the file holds by now: another window may have saved since."""
        if not self._put:
            return
        saved = settings.load()
        texts = {**_own(saved), **self._put}
        look, density = texts.pop("look"), texts.pop("density")
        settings.save(replace(saved, look=look, density=density, views=texts))


def _own(saved: Settings) -> dict[str, Any]:
    return {**saved.views, "look": saved.look, "density": saved.density}
