"""Who is meant by the lines of a pasted list: each must lead to one student, or say why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.exchange.pasted import PastedEntry

_NAMESAKES: Final = 20


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One line. ``email`` is set where a student can be tried, ``problem`` where not."""

    line: int
    text: str
    email: str = ""
    problem: str = ""


def find_listed(uow: UnitOfWork, entries: Sequence[PastedEntry]) -> tuple[ListedPerson, ...]:
    """The address of each entry's student; a name counts where one student alone has it.

    Whether an address is a student's is only asked when it is enrolled.
    """
    uow.actor.require(Right.VIEW_STUDENTS)
    found = []
    seen: dict[str, int] = {}
    for entry in entries:
        person = _person(uow, entry)
        # A name and an address may mean the same student, which the text alone does not show.
        if person.email in seen:
            person = _again(entry, seen[person.email])
        elif person.email:
            seen[person.email] = entry.line
        found.append(person)
    return tuple(found)


def _person(uow: UnitOfWork, entry: PastedEntry) -> ListedPerson:
    if entry.problem is not None:
        return ListedPerson(entry.line, entry.text, problem=entry.problem)
    if entry.duplicate_of is not None:
        return _again(entry, entry.duplicate_of)
    if entry.email is not None:
        return ListedPerson(entry.line, entry.text, email=entry.email)
    name = entry.name or ""
    people = uow.users.search(name, user_type=UserType.STUDENT, limit=_NAMESAKES)
    wanted = search_key(name)
    namesakes = [person for person in people if search_key(person.name) == wanted]
    if len(namesakes) == 1:
        return ListedPerson(entry.line, entry.text, email=namesakes[0].email)
    if namesakes:
        problem = f"{len(namesakes)} students are called {name}. Give the e-mail address."
    else:
        problem = f"No student is called {name}. Give the e-mail address."
    return ListedPerson(entry.line, entry.text, problem=problem)


def _again(entry: PastedEntry, line: int) -> ListedPerson:
    return ListedPerson(
        entry.line, entry.text, problem=f"This student stands in line {line:,} already."
    )
