"""Addresses of servers as people write them."""

import pytest

from learnhub_desktop.domain.connecting import Address, Certificate, read_address, read_addresses
from learnhub_desktop.errors import InvalidInput
from tests.factories import NOW


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("db1", "db1", 3306),
        ("  db1.example.org  ", "db1.example.org", 3306),
        ("db1:3307", "db1", 3307),
        ("192.0.2.1:3308", "192.0.2.1", 3308),
        ("2001:db8::1", "2001:db8::1", 3306),
        ("[2001:db8::1]", "2001:db8::1", 3306),
        ("[2001:db8::1]:3309", "2001:db8::1", 3309),
        ("DB1", "db1", 3306),
    ],
)
def test_an_address_is_a_name_or_a_number_with_a_port_or_without(text, host, port):
    assert read_address(text) == Address(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":3306",
        "db1:0",
        "db1:99999",
        "db1:port",
        "db 1",
        "db1/school",
        "ada@db1",
        "[db1",
        "db1?x",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="no server’s address such as db1.example.org:3306"):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("db1", ["db1:3310"]),
        ("db1,db2:3307", ["db1:3310", "db2:3307"]),
        (" db2 , db1 ,, ", ["db2:3310", "db1:3310"]),
        ("db1, db1:3310, db2", ["db1:3310", "db2:3310"]),
        ("[2001:db8::1]:3307, db2", ["[2001:db8::1]:3307", "db2:3310"]),
    ],
)
def test_members_stand_with_commas_between_and_count_once(text, found):
    assert [str(each) for each in read_addresses(text, port=3310)] == found


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_address_at_all_is_asked_for(text):
    with pytest.raises(InvalidInput, match="Name the server."):
        read_addresses(text)


def test_the_fingerprints_of_several_members_are_shown_one_after_the_other():
    assert Certificate("ab12,cd34", "db1, db2", "Our CA", NOW).spaced == "AB:12, CD:34"
