"""SQLite keeps a table's definition only as the text it was made with: here it is taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEAD: Final = re.compile(r"\s*CREATE\s+TABLE\s+\"?(\w+)\"?\s*\(", re.IGNORECASE)
_QUOTES: Final = "'\"`"


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A CREATE TABLE statement: its columns and constraints, and what follows the bracket."""

    name: str
    clauses: list[str]
    options: str

    @classmethod
    def parse(cls, sql: str) -> CreateTable:
        head = _HEAD.match(sql)
        if head is None:
            raise ValueError(f"not a CREATE TABLE statement: {sql[:60]}")
        clauses = list(_split(sql[head.end() :]))
        return cls(head.group(1), clauses[:-1], clauses[-1])

    def __str__(self) -> str:
        body = ",\n\t".join(self.clauses)
        return f"CREATE TABLE {self.name} (\n\t{body}\n) {self.options}".rstrip()


def _split(body: str) -> Iterator[str]:
    """Yield the clauses up to the closing bracket, then what stands behind it.

    Commas in brackets and in quoted text do not separate.
    """
    depth, start, quote = 0, 0, ""
    for at, letter in enumerate(body):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif letter in ",)" and not depth:
            yield plain(body[start:at])
            start = at + 1
            if letter == ")":
                yield plain(body[start:])
                return
    raise ValueError("the statement's closing bracket is missing")


def plain(sql: str) -> str:
    """The text with every run of white space as one blank."""
    return " ".join(sql.split())
