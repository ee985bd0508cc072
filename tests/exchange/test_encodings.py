from __future__ import annotations

import csv
import io
import random

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.encodings import decode
from tests.shared_data import shared_data

HEADER = "course_id,course_title,url,price\r\n"


def one_row(title: str) -> str:
    return f"{HEADER}1,{title},https://example.org/a/,20\r\n"


@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        ("Introducción a la programación", "cp1252"),
        ("Les bases de la comptabilité à l’école", "cp1252"),
        ("Gestão de projetos: não é só planejar", "cp1252"),
        ("Größe zählt: Übungen für Anfänger", "cp1252"),
        ("Forex – the “A–Z” of trading", "cp1252"),
        ("Введение в анализ данных", "cp1251"),
        ("Основы торговли", "cp1251"),
        ("Вступ до програмування", "cp1251"),
        ("مقدمة في المحاسبة للمبتدئين", "cp1256"),
        ("データ分析の基礎を学ぶ", "cp932"),
        ("株式投資入門", "cp932"),
        ("Podstawy księgowości dla początkujących", "cp1250"),
        ("Základy účetnictví pro začátečníky", "cp1250"),
        ("Bevezetés a könyvelésbe: hét fő lépés", "cp1250"),
        ("Muhasebeye giriş ve işletme bilgisi", "cp1254"),
        ("Εισαγωγή στη λογιστική", "cp1253"),
        ("מבוא לחשבונאות למתחילים", "cp1255"),
        ("พื้นฐานการบัญชี", "cp874"),
        ("数据分析基础课程", "gb18030"),
        ("데이터 분석의 기초를 배우는 과정", "cp949"),
        ("資料分析的基礎課程", "big5"),
        ("Les bases de la comptabilité à la française", "mac_roman"),
        ("Les bases de la comptabilité", "cp850"),
    ],
)
def test_one_row_is_enough_to_tell_the_code_page(title: str, encoding: str) -> None:
    text = one_row(title)
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.guessed
    assert "(" in decoded.label


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (HEADER.encode("ascii"), "utf-8"),
        (one_row("Café").encode("utf-8"), "utf-8"),
        (one_row("Café").encode("utf-8-sig"), "utf-8-sig"),
        (b"\xff\xfe" + one_row("Café").encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + one_row("Café").encode("utf-16-be"), "utf-16"),
        (one_row("Введение").encode("utf-16-le"), "utf-16-le"),
        (one_row("データ分析").encode("utf-16-be"), "utf-16-be"),
        (one_row("Café").encode("utf-32"), "utf-32"),
    ],
)
def test_unicode_is_certain(data: bytes, encoding: str) -> None:
    decoded = decode(data)
    assert (decoded.encoding, decoded.guessed) == (encoding, False)
    assert decoded.text.startswith("course_id,")


def test_the_wave_dash_of_japanese_text_is_kept() -> None:
    text = one_row("超基礎！〜作りながら学ぶ〜")
    data = text.encode("shift_jis")
    assert decode(data).text == text
    assert decode(data, encoding="cp932").text == text


@pytest.mark.parametrize("data", [bytes(range(256)), b"\xff" * 40, bytes(range(128, 256)) * 3])
def test_bytes_that_are_no_text_are_read_as_something(data: bytes) -> None:
    assert decode(data).guessed


def test_a_few_bad_bytes_among_good_utf_8_stay_where_they_are() -> None:
    text = "".join(f"{n},Café číslo {n}\n" for n in range(20))
    damaged = text.encode().replace(b"slo 7", b"s\xff 7")
    decoded = decode(damaged)
    assert decoded.encoding == "utf-8"
    assert decoded.text == text.replace("slo 7", "s\udcff 7")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfcaf\xc3\xa9 \xff", "café \udcff"),
        (b"\xff\xfea\x00\x00\xd8b\x00", "a\ud800b"),
        (b"\xff\xfea\x00b", "a"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00\xff\xff\xff\xff", "a\ufffd"),
    ],
)
def test_damage_behind_a_mark_is_kept_apart_from_letters(data: bytes, text: str) -> None:
    assert decode(data).text == text


def test_a_named_encoding_is_taken_at_its_word() -> None:
    assert decode("Straße".encode("cp1252"), encoding=" cp1252 ").text == "Straße"
    assert decode("Straße".encode("utf-8-sig"), encoding="utf-8").text == "Straße"


def test_bytes_that_do_not_fit_the_named_encoding_are_refused_with_their_line() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(b"a,b\n1,2\n3,\xe9\n", encoding="utf-8")
    assert str(refused.value) == "This file is not in utf-8: line 3 holds bytes that do not fit."


@pytest.mark.parametrize("name", ["klingon", "hex", "rot13", "", "utf\0"])
def test_a_name_that_is_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not an encoding such as utf-8 or cp1252"):
        decode(b"a", encoding=name)


@pytest.mark.parametrize(
    "name",
    [
        "udemy_arabic.cp1256.csv",
        "udemy_cyrillic.cp1251.csv",
        "udemy_japanese.cp932.csv",
        "udemy_western.cp1252.csv",
    ],
)
@pytest.mark.parametrize("size", [2, 5])
def test_any_few_rows_of_a_real_catalog_are_enough(name: str, size: int) -> None:
    encoding = name.split(".")[1]
    data = shared_data("01-catalog-udemy-encodings", name).read_bytes()
    rows = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))
    choice = random.Random(size)
    wrong = 0
    for _ in range(10):
        few = [rows[0], *choice.sample(rows[1:], min(size, len(rows) - 1))]
        few_bytes = "\r\n".join(",".join(row) for row in few).encode(encoding)
        wrong += decode(few_bytes).text != decode(few_bytes, encoding=encoding).text
    assert wrong == 0


LOCALES = {
    "de_DE": "cp1252",
    "fr_FR": "cp1252",
    "es_ES": "cp1252",
    "pl_PL": "cp1250",
    "cs_CZ": "cp1250",
    "ru_RU": "cp1251",
    "el_GR": "cp1253",
    "tr_TR": "cp1254",
    "he_IL": "cp1255",
    "th_TH": "cp874",
    "ja_JP": "cp932",
    "zh_CN": "gb18030",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_a_class_of_students_is_read_in_its_code_page(locale: str) -> None:
    file = shared_data("06-names-multiscript", "students_a.csv")
    lines = file.read_text("utf-8").splitlines()
    fitting = []
    for line in lines[1:]:
        try:
            line.encode(LOCALES[locale])
        except UnicodeEncodeError:
            continue
        if line.endswith(locale):
            fitting.append(line)
    text = "\r\n".join([lines[0], *fitting])
    assert decode(text.encode(LOCALES[locale])).text == text
