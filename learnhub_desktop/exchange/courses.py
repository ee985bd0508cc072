"""Catalogs of other systems as lines that LearnHub can import."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from learnhub_desktop.domain.catalog import check_tags, count_of
from learnhub_desktop.domain.money import ZERO, check_currency
from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.domain.text import LONG_TEXT_LENGTH, TITLE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import Aliases, Columns, find_columns, missing_column
from learnhub_desktop.exchange.imports import Imported, collect
from learnhub_desktop.exchange.prices import read_price
from learnhub_desktop.exchange.reading import Record, Sheet, plain_header

EXTERNAL_ID_LENGTH: Final = 100
_MOST_WORDS: Final = 5

# Names as `plain_header` writes them, the best first. Udemy, Coursera, Udacity, Moodle, and
# what people call their columns.
COURSE_FIELDS: Final[Aliases] = {
    "external_id": ("external id", "course id", "idnumber", "id", "slug", "shortname"),
    "title": ("course title", "title", "fullname", "full name", "course name", "name"),
    "description": ("description", "course description", "summary", "headline", "about"),
    "price": ("price", "course price", "list price", "price usd", "cost", "fee"),
    "currency": ("currency", "price currency", "currency code"),
    "is_paid": ("is paid", "paid"),
    "level": (
        "level",
        "difficulty level",
        "course difficulty",
        "difficulty",
        "instructional level",
    ),
    "status": ("status", "course status", "state", "visible", "published"),
    "duration_hours": ("content duration", "duration hours", "hours", "estimated hours"),
    "duration_minutes": ("duration minutes", "minutes", "content minutes"),
    "url": ("url", "course url", "link", "web address"),
    "tags": ("subject", "category", "tags", "topic", "topics", "skills"),
    "published_at": ("published timestamp", "published at", "published time", "publish date"),
    "language": ("language", "lang", "locale"),
    "provider": ("institution", "university", "organization", "provider", "partner"),
}

_LEVELS: Final[dict[str, Level | None]] = {
    **dict.fromkeys("all levels|all level|all|any level|any|mixed|not calibrated".split("|")),
    **dict.fromkeys(
        "beginner|beginner level|beginners|introductory|introduction|intro|basic|basics"
        "|elementary|novice|starter|foundation|foundational".split("|"),
        Level.BEGINNER,
    ),
    **dict.fromkeys("intermediate|intermediate level|medium|middle".split("|"), Level.INTERMEDIATE),
    **dict.fromkeys(
        "advanced|advanced level|expert|expert level|experts|professional".split("|"),
        Level.ADVANCED,
    ),
}
_STATUSES: Final[dict[str, CourseStatus]] = {
    **dict.fromkeys("active|published|live|visible|yes|true|1".split("|"), CourseStatus.ACTIVE),
    **dict.fromkeys("draft|unpublished|hidden|no|false|0".split("|"), CourseStatus.DRAFT),
    **dict.fromkeys("archived|retired|closed".split("|"), CourseStatus.ARCHIVED),
}
_YES_NO: Final[dict[str, bool]] = {
    **dict.fromkeys("true|yes|y|1|paid".split("|"), True),
    **dict.fromkeys("false|no|n|0|free".split("|"), False),
}
_WEB_ADDRESS: Final = re.compile(r"https?://|\bwww\.\w", re.IGNORECASE)
# No course is so long, and Python reads no thousands of digits.
_HOURS: Final = re.compile(r"(?P<number>\d{1,9}(?:[.,]\d{1,30})?)\s*(?:hours?|hrs?|h)?")
_MINUTES: Final = re.compile(r"(?P<number>\d{1,9}(?:[.,]\d{1,30})?)\s*(?:minutes?|mins?|m)?")
_HOURS_AND_MINUTES: Final = re.compile(
    r"(?P<hours>\d{1,9})\s*(?:hours?|hrs?|h)\s*(?P<minutes>\d{1,9})\s*(?:minutes?|mins?|m)"
)


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One course of a file; what the file does not say is None or empty.

    ``price`` is zero for a free course and None where the file has no prices.
    ``currency`` None: the school's. ``level`` None: open to all. ``published_at`` is
    aware UTC.
    """

    line: int
    external_id: str | None
    title: str
    description: str = ""
    price: Decimal | None = None
    currency: str | None = None
    level: Level | None = None
    status: CourseStatus | None = None
    duration_minutes: int | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    language: str | None = None
    provider: str | None = None


def read_courses(
    sheet: Sheet, *, currency: str | None = None, chosen: Mapping[str, str] | None = None
) -> Imported[CourseLine]:
    """Read a catalog. ``currency`` is that of prices that name none themselves.

    ``chosen`` is what `columns.parse_choices` read from --map. InvalidInput where there is
    no column for the title, and for a currency or a column that there is none of.
    """
    default = check_currency(currency) if currency else None
    columns = find_columns(sheet, COURSE_FIELDS, chosen or {})
    if not columns.has("title"):
        raise missing_column(sheet, "the course's title", "title")
    reader = _CourseReader(columns, default)
    return collect(
        sheet,
        columns,
        required=("external_id", "title", "price", "is_paid", "currency"),
        line_of=reader.line_of,
        keys_of=lambda line: [(f"The course number “{line.external_id}”", line.external_id)],
        notes=reader.notes,
    )


@dataclass(slots=True)
class _CourseReader:
    """Reads rows, and remembers by line what was mapped or left out, for the notes."""

    columns: Columns
    currency: str | None
    open_levels: dict[int, str] = field(default_factory=dict)
    unknown_levels: dict[int, str] = field(default_factory=dict)
    unknown_statuses: dict[int, str] = field(default_factory=dict)
    unread_durations: dict[int, str] = field(default_factory=dict)

    def line_of(self, record: Record) -> CourseLine:
        title = _title(self._cell(record, "title"))
        price, currency = self._price(record)
        external_id = self._cell(record, "external_id")
        url = self._cell(record, "url")
        if not self.columns.has("external_id"):
            external_id = url
        return CourseLine(
            line=record.line,
            external_id=check_text(
                external_id,
                field="external_id",
                label="The course number",
                longest=EXTERNAL_ID_LENGTH,
                required=self.columns.has("external_id"),
            )
            or None,
            title=title,
            description=check_text(
                self._cell(record, "description"),
                field="description",
                label="The description",
                longest=LONG_TEXT_LENGTH,
                required=False,
            ),
            price=price,
            currency=currency,
            url=url or None,
            tags=_tags(self._cell(record, "tags")),
            published_at=_moment(self._cell(record, "published_at")),
            language=self._cell(record, "language") or None,
            provider=self._cell(record, "provider") or None,
            duration_minutes=self._duration(record),
            level=self._level(record),
            status=self._status(record),
        )

    def notes(self, taken: frozenset[int]) -> Iterator[str]:
        for said, remembered in (
            ("level “{}”: open to all, so no level is set.", self.open_levels),
            ("unknown level “{}”: no level is set.", self.unknown_levels),
            ("unknown status “{}”: it is left out.", self.unknown_statuses),
            ("duration “{}”, which could not be read.", self.unread_durations),
        ):
            words = Counter(word for line, word in remembered.items() if line in taken)
            for word, count in words.most_common(_MOST_WORDS):
                yield f"{count_of(count, 'course')} with the {said.format(word)}"
            if len(words) > _MOST_WORDS:
                yield f"… and {len(words) - _MOST_WORDS:,} more of the kind."
        if not self.columns.has("price") and not self.columns.has("is_paid"):
            yield "The file has no prices."
        if not self.columns.has("external_id"):
            yield (
                "The file has no course numbers, so the web address tells the courses apart."
                if self.columns.has("url")
                else "The file has no course numbers, so a second import cannot know its courses."
            )

    def _cell(self, record: Record, name: str) -> str:
        return self.columns.read(record, name)

    def _price(self, record: Record) -> tuple[Decimal | None, str | None]:
        code = self._cell(record, "currency")
        currency = check_currency(code) if code else self.currency
        paid = _yes_or_no(self._cell(record, "is_paid"))
        text = self._cell(record, "price")
        if not text:
            if paid is False:
                return ZERO, currency
            if not self.columns.has("price"):
                return None, currency
            raise InvalidInput("price", "The price is empty. Write 0 or Free for a free course.")
        price = read_price(text, currency=currency)
        if code and price.currency != currency:
            raise InvalidInput(
                "currency", f"The price is in {price.currency}, and the currency says {currency}."
            )
        if paid is False and price.amount > 0:
            raise InvalidInput(
                "price", f"The row says that the course is free, and has a price of {price.amount}."
            )
        if paid is True and price.amount == 0:
            raise InvalidInput("price", "The row says that the course is paid, and its price is 0.")
        return price.amount, price.currency

    def _level(self, record: Record) -> Level | None:
        text = self._cell(record, "level")
        plain = plain_header(text)
        if text and plain not in _LEVELS:
            self.unknown_levels[record.line] = text[:40]
        elif text and _LEVELS[plain] is None:
            self.open_levels[record.line] = text[:40]
        return _LEVELS.get(plain)

    def _status(self, record: Record) -> CourseStatus | None:
        text = self._cell(record, "status")
        status = _STATUSES.get(text.casefold())
        if text and status is None:
            self.unknown_statuses[record.line] = text[:40]
        return status

    def _duration(self, record: Record) -> int | None:
        minutes = self._cell(record, "duration_minutes")
        text = minutes or self._cell(record, "duration_hours")
        found = _minutes(text.lower(), in_hours=not minutes)
        if text and found is None:
            self.unread_durations[record.line] = text[:40]
        return found


def _title(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise InvalidInput(
            "title",
            "The title runs over several lines: a quotation mark is missing, and rows have run "
            "together.",
        )
    title = check_text(text, field="title", label="The title", longest=TITLE_LENGTH)
    if _WEB_ADDRESS.search(title):
        raise InvalidInput("title", "The title holds a web address: the row's cells are mixed up.")
    return title


def _yes_or_no(text: str) -> bool | None:
    if not text:
        return None
    if text.casefold() not in _YES_NO:
        raise InvalidInput("is_paid", f"“{text[:20]}” says neither that it is paid nor free.")
    return _YES_NO[text.casefold()]


def _tags(text: str) -> tuple[str, ...]:
    # A category that is a number names a row of the other system, not a subject.
    return check_tags(tag for tag in re.split(r"[,;|]", text) if not tag.strip().isdigit())


def _moment(text: str) -> datetime | None:
    """ISO 8601; a moment without an offset is taken as UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            "published_at", f"“{text[:30]}” is not a date such as 2024-01-19."
        ) from None


def _minutes(text: str, *, in_hours: bool) -> int | None:
    """Whole minutes; a bare number is in the column's unit. None where it cannot be told."""
    both = _HOURS_AND_MINUTES.fullmatch(text)
    if both:
        return int(both["hours"]) * 60 + int(both["minutes"])
    forms = ((_HOURS, 60), (_MINUTES, 1)) if in_hours else ((_MINUTES, 1), (_HOURS, 60))
    for form, minutes in forms:
        match = form.fullmatch(text)
        if match:
            return round(Decimal(match["number"].replace(",", ".")) * minutes)
    return None
