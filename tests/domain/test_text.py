"""Numbers in what people type, whatever they type."""

from __future__ import annotations

import pytest

from learnhub_desktop.domain.text import LARGEST_ID, read_whole


@pytest.mark.parametrize(
    "typed, read",
    [
        ("0", 0),
        ("318", 318),
        ("0" * 5_000 + "318", 318),
        ("9223372036854775807", 9_223_372_036_854_775_807),
        ("9223372036854775808", None),
        ("9" * 5_000, None),
        ("", None),
        ("-1", None),
        ("1_000", None),
        ("1.0", None),
        (" 1", None),
        ("²", None),
        ("９", None),
    ],
)
def test_a_whole_number_is_read_or_is_none(typed: str, read: int | None) -> None:
    assert read_whole(typed, most=LARGEST_ID) == read
