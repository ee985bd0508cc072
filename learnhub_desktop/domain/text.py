"""Text that people type: what may be stored, and how it is searched."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from learnhub_desktop.errors import InvalidInput

NAME_LENGTH: Final = 200
TITLE_LENGTH: Final = 200
EMAIL_LENGTH: Final = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
TAG_LENGTH: Final = 50
NOTE_LENGTH: Final = 2_000
LONG_TEXT_LENGTH: Final = 16_000  # bytes in UTF-8 stay below MySQL's TEXT of 65,535
SEARCH_LENGTH: Final = 480
LARGEST_ID: Final = 2**63 - 1  # BIGINT: a larger one would be a fault of ours in a statement

# Letters that Unicode does not take apart, so that "lukasz" finds "Łukasz".
_FOLD: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae",
                              "œ": "oe", "þ": "th", "ŧ": "t"})  # fmt: skip
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def search_key(*parts: str | None) -> str:
    """Fold case, accents and width, so that a plain LIKE finds what a person means."""
    joined = " ".join(part for part in parts if part)
    folded = unicodedata.normalize("NFKD", joined).casefold().translate(_FOLD)
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", plain).split())[:SEARCH_LENGTH]


def check_text(value: str, *, field: str, label: str, longest: int, required: bool = True) -> str:
    """Return the text without surrounding space; InvalidInput names what is wrong.

    Text is stored as typed (any script, any emoji); only NUL, lone surrogates and, in
    fields of one line, line breaks cannot be kept.
    """
    text = value.strip()
    if required and not text:
        raise InvalidInput(field, f"{label} cannot be empty.")
    if len(text) > longest:
        raise InvalidInput(
            field, f"{label} can have at most {longest:,} characters; this has {len(text):,}."
        )
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise InvalidInput(field, f"{label} holds a character that cannot be stored.")
    if longest <= TITLE_LENGTH and ("\n" in text or "\r" in text):
        raise InvalidInput(field, f"{label} must stand on one line.")
    return text


def read_whole(text: str, *, most: int) -> int | None:
    """The whole number that plain digits write; None where they write none, or one above ``most``.

    `int` alone raises ValueError for more than 4,300 digits, and for a ² that `isdigit` lets pass.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    number = int(digits) if len(digits) <= len(str(most)) else most + 1
    return number if number <= most else None


def check_email(value: str, *, field: str = "email") -> str:
    """Return the address as it is stored: trimmed and in lower case."""
    email = unicodedata.normalize("NFKC", value).strip().lower()
    if len(email) > EMAIL_LENGTH:
        raise InvalidInput(field, f"An e-mail address can have at most {EMAIL_LENGTH} characters.")
    if not _EMAIL.fullmatch(email) or any(unicodedata.category(c)[0] == "C" for c in email):
        raise InvalidInput(
            field, f"“{email[:40]}” is not an e-mail address such as ada@example.org."
        )
    return email
