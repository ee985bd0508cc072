"""Closed years."""

from typing import Final

YEAR_JOBS: Final = frozenset({"archive-year", "export-year", "drop-year"})
