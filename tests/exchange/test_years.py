import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.years import (
    checksum_of,
    encode,
    read_year,
    sum_of,
    write_year,
)

MADE_AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def payment(number, **changed):
    return {
        "payment_id": number,
        "user_id": 7,
        "kind": "charge",
        "amount": Decimal("49.00"),
        "currency": "USD",
        "status": "completed",
        "refund_due": False,
        "transaction_id": None,
        "created_at": datetime(2024, 2, 1, 10, 0, 0, 5, tzinfo=UTC),
        "processed_at": datetime(2024, 2, 1, 10, 0, 1, tzinfo=UTC),
        **changed,
    }


def event(number, **data):
    return {
        "event_id": number,
        "payment_id": 1,
        "event_type": "initiated",
        "event_data": data,
        "created_at": datetime(2024, 2, 1, 10, tzinfo=UTC),
    }


PAYMENTS = [
    payment(1),
    payment(2, status="failed", processed_at=None),
    payment(3, kind="refund", amount=Decimal("10.00"), transaction_id="=1+1"),
    payment(4, currency="EUR", amount=Decimal("0.05"), status="refunded"),
]
EVENTS = [event(1, amount="49.00", score=49.0), event(2), event(3, reason="zażółć 😀")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "2024.zip"


def write(path, payments=PAYMENTS, events=EVENTS):
    return write_year(path, 2024, "LearnHub", MADE_AT, payments, events)


def rewrite(path, change):
    """Write the zip anew with ``change(name, content)`` for each of its files."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            changed = change(name, data)
            if changed is not None:
                archive.writestr(name, changed)


def test_what_is_written_reads_back_the_same(path):
    manifest = write(path)

    assert read_year(path) == manifest
    assert (manifest.year, manifest.school, manifest.format) == (2024, "LearnHub", 1)
    assert manifest.tables["payments"].rows == 4
    assert manifest.tables["payment_events"].rows == 3
    assert manifest.totals == {
        "EUR": {"charged": "0.05", "refunded": "0.00"},
        "USD": {"charged": "49.00", "refunded": "10.00"},
    }
    assert manifest.span == (1, 4, "2024-02-01T10:00:01.000000Z")
    assert len(checksum_of(path)) == 64


def test_a_line_is_exact_and_the_same_whatever_kept_it():
    assert encode(payment(1, refund_due=True)) == (
        b'{"amount":"49.00","created_at":"2024-02-01T10:00:00.000005Z","currency":"USD",'
        b'"kind":"charge","payment_id":1,"processed_at":"2024-02-01T10:00:01.000000Z",'
        b'"refund_due":true,"status":"completed","transaction_id":null,"user_id":7}\n'
    )
    assert encode(event(1, score=49.0)) == encode(event(1, score=49))
    assert encode({"b": 1, "a": 2}) == encode({"a": 2, "b": 1})


def test_the_sum_does_not_depend_on_the_order():
    assert sum_of(PAYMENTS) == sum_of(reversed(PAYMENTS))
    assert sum_of(PAYMENTS) != sum_of(PAYMENTS[:3])
    assert sum_of([payment(1), payment(1)]) != sum_of([])


def test_spreadsheets_get_the_payments_without_formulas(path):
    write(path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("payments.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [row["payment_id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["amount"] == "49.00"
    assert (rows[1]["processed_at"], rows[2]["transaction_id"]) == ("", "'=1+1")


def test_an_empty_year_is_a_file_too(path):
    manifest = write(path, [], [])

    assert read_year(path) == manifest
    assert (manifest.totals, manifest.span) == ({}, None)


def test_a_file_that_exists_is_left_alone(path):
    path.write_text("mine")
    with pytest.raises(InvalidInput) as refused:
        write(path)
    assert str(refused.value) == "2024.zip exists already. Name another file."
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InvalidInput, match="There is no folder"):
        write(tmp_path / "nowhere" / "2024.zip")


def test_what_breaks_off_leaves_no_file(path):
    def broken():
        yield payment(1)
        raise ConnectionError

    with pytest.raises(InvalidInput):
        write(path, broken())
    assert list(path.parent.iterdir()) == []


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def other_amount(path):
    rewrite(
        path,
        lambda name, data: data.replace(b'"49.00"', b'"94.00"') if "jsonl" in name else data,
    )


def other_sheet(path):
    rewrite(path, lambda name, data: data + b"x" if name.endswith(".csv") else data)


def lost_row(path):
    rewrite(
        path,
        lambda name, data: data.split(b"\n", 1)[1] if name == "payments.jsonl" else data,
    )


def lost_file(path):
    rewrite(path, lambda name, data: None if name == "payment_events.jsonl" else data)


def lost_manifest(path):
    rewrite(path, lambda name, data: None if name == "manifest.json" else data)


def other_totals(path):
    def change(name, data):
        if name != "manifest.json":
            return data
        given = json.loads(data)
        given["totals"]["USD"]["charged"] = "1.00"
        return json.dumps(given)

    rewrite(path, change)


def other_format(path):
    rewrite(path, lambda name, data: data.replace(b'"format": 1', b'"format": 2'))


def text(path):
    path.write_text("This is no zip.")


def a_school_s_backup(path):
    given = {"format": 1, "tables": [{"name": "users"}], "made_at": "2026-01-01"}
    rewrite(path, lambda name, data: json.dumps(given) if name == "manifest.json" else data)


def every_byte_of_its_middle(path):
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        begins = archive.getinfo("payments.jsonl").header_offset + 60
    data[begins : begins + 20] = bytes(255 - byte for byte in data[begins : begins + 20])
    path.write_bytes(data)


def packed_in_another_way(path):
    """Both headers of the first file: how it is packed stands 8 and 10 bytes into them."""
    data = path.read_bytes()
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(mark) + at
        data = data[:place] + bytes([97, 0]) + data[place + 2 :]
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        a_school_s_backup,
        every_byte_of_its_middle,
        packed_in_another_way,
        cut,
        other_amount,
        other_sheet,
        lost_row,
        lost_file,
        lost_manifest,
        other_totals,
        other_format,
        text,
    ],
)
def test_a_damaged_file_is_no_export(path, damage):
    write(path)
    damage(path)

    with pytest.raises(InvalidInput, match=r"2024\.zip is no whole export of a year: "):
        read_year(path)


def test_a_file_that_is_not_there(path):
    with pytest.raises(InvalidInput, match="There is no file"):
        read_year(path)


def test_a_folder_is_no_export(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_year(Path(tmp_path))
