from __future__ import annotations

import pytest

from learnhub_desktop.domain.countries import COUNTRIES, check_country
from learnhub_desktop.errors import InvalidInput


def test_there_are_the_249_assigned_codes() -> None:
    assert len(COUNTRIES) == 249


def test_a_code_is_kept_in_capitals() -> None:
    assert check_country(" de ") == "DE"


@pytest.mark.parametrize("typed", ["", "D", "Germany", "XX", "D€", "DEU"])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="is not a country code such as DE"):
        check_country(typed)
