"""Countries by name, as Qt's own tables have them in English."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QLocale

from learnhub_desktop.domain.countries import COUNTRIES
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import InvalidInput


@cache
def country_name(code: str) -> str:
    """``Germany`` for ``DE``; a code that is no country's is its own name."""
    return _names().get(code, code)


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Code and name of every country, by name."""
    return tuple(sorted(_names().items(), key=lambda pair: search_key(pair[1])))


def read_country(text: str, *, field: str = "country") -> str | None:
    """The code that a name, a code or ``Germany (DE)`` stands for; None for nothing typed."""
    typed = text.strip()
    if not typed:
        return None
    name, _, rest = typed.partition("(")
    code = rest.rstrip(") ").upper() if rest else typed.upper()
    if code in COUNTRIES:
        return code
    found = _codes().get(search_key(name))
    if found is None:
        raise InvalidInput(field, f"“{typed[:40]}” is not a country such as Germany or DE.")
    return found


@cache
def _names() -> dict[str, str]:
    return {code: QLocale.territoryToString(QLocale.codeToTerritory(code)) for code in COUNTRIES}


@cache
def _codes() -> dict[str, str]:
    return {search_key(name): code for code, name in _names().items()}
