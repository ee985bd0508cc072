import pytest

from learnhub_desktop.domain.countries import COUNTRIES
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models.countries import countries, country_name, read_country


def test_every_country_has_a_name_of_its_own():
    assert len({name for _code, name in countries()}) == len(COUNTRIES)
    assert all(country_name(code) != code for code in COUNTRIES)


def test_countries_stand_in_the_order_of_their_names():
    shown = [name for _code, name in countries()]
    assert shown[:3] == ["Afghanistan", "Åland Islands", "Albania"]


@pytest.mark.parametrize(
    "typed, code",
    [
        ("Germany", "DE"),
        ("germany ", "DE"),
        ("de", "DE"),
        ("Germany (DE)", "DE"),
        ("turkiye", "TR"),
        ("Cote d’Ivoire", "CI"),
        ("", None),
        ("   ", None),
    ],
)
def test_a_country_is_read_by_name_or_code(typed, code):
    assert read_country(typed) == code


@pytest.mark.parametrize("typed", ["Atlantis", "XX", "(", "😀", "x" * 10_000])
def test_what_is_no_country_is_refused_in_words(typed):
    with pytest.raises(InvalidInput, match="is not a country such as Germany or DE"):
        read_country(typed)


def test_an_unknown_code_is_its_own_name():
    assert country_name("XX") == "XX"
