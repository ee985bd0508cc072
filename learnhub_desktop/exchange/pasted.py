"""A pasted list of people, to be enrolled together: from an e-mail, a spreadsheet, a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from learnhub_desktop.domain.text import NAME_LENGTH, check_email, check_text, search_key
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.reading import plain_header
from learnhub_desktop.exchange.students import STUDENT_FIELDS

# A quoted part may hold separators: "Lovelace, Ada" <ada@example.org>.
_PART: Final = re.compile(r'(?:"[^"]*"|[^,;\t"]|")+')
_ANGLED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060\u202a\u202c"))
_HEADERS: Final = frozenset(name for names in STUDENT_FIELDS.values() for name in names)


@dataclass(frozen=True, slots=True)
class PastedEntry:
    """One person. ``line`` counts the pasted lines from 1.

    At least one of ``name`` and ``email`` is set, unless ``problem`` says in a sentence what
    is wrong with ``text``. ``duplicate_of`` is the line that named the same person first.
    """

    line: int
    text: str
    name: str | None = None
    email: str | None = None
    duplicate_of: int | None = None
    problem: str | None = None


def read_pasted(text: str) -> tuple[PastedEntry, ...]:
    """Read names and addresses, one or several a line, apart by commas, semicolons or tabs.

    A line with one address is one person, whatever else stands in it; "Lovelace, Ada" is
    one person too. A first line of headers is passed over.
    """
    entries: list[PastedEntry] = []
    seen: dict[str, int] = {}
    lines = text.translate(_INVISIBLE).splitlines()
    for number, line in enumerate(lines, start=1):
        parts = [part.strip() for part in _PART.findall(line) if part.strip()]
        if not entries and parts and all(plain_header(part) in _HEADERS for part in parts):
            continue
        for name, email in _people(parts, comma="," in line):
            entry = _checked(number, name, email)
            key = entry.email or search_key(entry.name) or None
            if key is not None and entry.problem is None:
                if key in seen:
                    entry = replace(entry, duplicate_of=seen[key])
                seen.setdefault(key, number)
            entries.append(entry)
    return tuple(entries)


def _people(parts: list[str], *, comma: bool) -> Iterator[tuple[str, str]]:
    """Name and address of each person of one line; either may be empty."""
    found = [person for part in parts for person in _split(part)]
    addresses = sum(bool(email) for _, email in found)
    if addresses == 1:
        email = next(email for _, email in found if email)
        # Numbers beside a name are ids of the other system, or a class.
        names = [name for name, _ in found if name and not re.search(r"\d", name)]
        yield " ".join(names), email
    elif addresses == 0 and comma and len(found) == 2 and _is_surname_first(found):
        yield f"{found[1][0]} {found[0][0]}", ""
    else:
        yield from _in_order(found)


def _in_order(found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Names without an address belong to the bare address that follows them."""
    waiting = ""
    for name, email in found:
        if email and not name:
            yield waiting, email
            waiting = ""
            continue
        if waiting:
            yield waiting, ""
        waiting = "" if email else name
        if email:
            yield name, email
    if waiting:
        yield waiting, ""


def _is_surname_first(found: list[tuple[str, str]]) -> bool:
    return any(len(name.split()) == 1 for name, _ in found)


def _split(part: str) -> Iterator[tuple[str, str]]:
    angled = _ANGLED.fullmatch(part)
    if angled:
        yield _bare(angled["name"]), angled["email"].strip().removeprefix("mailto:")
        return
    words = _bare(part).split()
    names = [word for word in words if "@" not in word]
    addresses = [word.strip("<>()").removeprefix("mailto:") for word in words if "@" in word]
    if len(addresses) <= 1:
        yield " ".join(names), "".join(addresses)
    else:
        yield from (("", address) for address in addresses)
        if names:
            yield " ".join(names), ""


def _bare(text: str) -> str:
    return text.strip().strip("\"'").strip()


def _checked(line: int, name: str, email: str) -> PastedEntry:
    shown = f"{name} <{email}>" if name and email else name or email
    try:
        return PastedEntry(
            line,
            shown,
            check_text(
                name, field="name", label="The name", longest=NAME_LENGTH, required=not email
            )
            or None,
            check_email(email) if email else None,
        )
    except InvalidInput as error:
        return PastedEntry(line, shown[:NAME_LENGTH], problem=str(error))
