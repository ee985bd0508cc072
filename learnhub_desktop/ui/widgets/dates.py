"""What counts as a date when people type one."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from learnhub_desktop.errors import InvalidInput

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DOTS: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_WORDS: Final = re.compile(r"(\d{1,2})\.? ([a-z]{3,9})\.? (\d{4})", re.ASCII)


def parse_day(text: str, *, field: str, today: date) -> date:
    """Read "2024-02-03", "3 Feb 2024", "3.2.2024", "today" or "yesterday".

    Dates with slashes are refused: half of the world reads them the other way round.
    """
    typed = " ".join(text.lower().split())
    if typed in ("today", "yesterday"):
        return today - timedelta(days=typed == "yesterday")
    try:
        if found := _ISO.fullmatch(typed):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DOTS.fullmatch(typed):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if (found := _WORDS.fullmatch(typed)) and found[2][:3] in _MONTHS:
            return date(int(found[3]), _MONTHS.index(found[2][:3]) + 1, int(found[1]))
    except ValueError:
        raise InvalidInput(field, f"There is no day “{text.strip()[:20]}”.") from None
    raise InvalidInput(field, f"“{text.strip()[:20]}” is not a date such as 2024-02-03.")
