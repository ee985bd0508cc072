"""Which bytes are which letters, in a text file that does not say.

Unicode is certain: a byte order mark, or bytes that are valid UTF-8, do not happen by chance.
The older code pages are told apart by what each would make of the words: letters that a
language of that code page uses, in an order of capitals and a mix of alphabets that people
write. (charset-normalizer, given the same code pages, takes most Western files of five rows or
more for Central European and most short Hebrew ones for Cyrillic; so the rule is our own.)
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from learnhub_desktop.errors import InvalidInput

SAMPLE_LINES: Final = 300
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f]")
_BOMS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

# Letters beyond ASCII, the most frequent first; a string is a language or a group of them.
_WESTERN: Final = (
    "éèàêçâùîôûëïœæüÿ",  # French
    "óíáéñúüç",  # Spanish, Catalan
    "ãçáéíóõêâúàô",  # Portuguese
    "èàùòéìî",  # Italian
    "üäößé",  # German
    "åäöøæéü",  # Danish, Norwegian, Swedish, Finnish
    "áíóéúæöðýþ",  # Icelandic
    "äöõüšž",  # Estonian
)
_LATIN: Final[dict[str, tuple[str, ...]]] = {
    "cp1252": _WESTERN,
    "cp1250": (
        "łóąęśżćńź",  # Polish
        "íáéěřšžčýůúďťňó",  # Czech
        "áéíóúýčšžľťňäôďĺŕ",  # Slovak
        "áéöóőüúíű",  # Hungarian
        "čćšžđ",  # Croatian, Slovene
        "ăâîşţ",  # Romanian
    ),
    "cp1254": ("ıüşğöçİâîû",),  # Turkish
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
}
_OTHER_ALPHABETS: Final[dict[str, tuple[str, ...]]] = {
    "cp1251": (
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",  # Russian
        "оанивтіреслкудмпязьгбйчхжїцшющєфґ",  # Ukrainian
        "аоиентрсвлдпкмзгуябъчщжцйхшюфь",  # Bulgarian
    ),
    "cp1253": ("αοιτεσνςηυρπκμλίάόωέδύήγχθώφβξζψϊϋΐΰ",),
    "cp1255": ("יוהלארתמבשנעםדקחפכטגצסזןךץף",),
    "cp1256": ("اليمنرتوبعدسهفكقةحجأشصىطخذزضثإئغظءآؤپچگژک",),
    "cp874": ("านรอกเงมยลวดัี้่สทติบะคปหุแจพชืขูใไโ์ผธ็ซถำึฐษศณญฟฉภฎฆฏฬฮๆฑฒ๊๋",),
}
_HANGUL: Final = frozenset(
    "이가는다의에을를하고지사어한기도리로서나시아인자은대만해정그것있스수보부김박최강조윤장임오신"
    "권황안송전홍유손성민주영현진경선미원희동상세국교학일과제강문법"
)
_TYPOGRAPHY: Final = frozenset(
    "’‘“”–—…«»„‚‹›•™®©€£°º·¿¡ª§\u00a0½²×、。「」・！？（）：『』【】～，；《》"
)

# The first of equals wins, so the more usual code pages stand first.
CANDIDATES: Final = (
    *("cp1252", "cp1251", "cp1256", "cp932", "cp1250", "cp1253", "cp1254", "cp1255"),
    *("cp874", "gb18030", "cp949", "big5", "mac_roman", "cp850"),
)
# Six languages fit a short word by chance more often than one does.
_HANDICAPS: Final = {"cp1250": 0.05}
# Most files are in one language: how much it counts that a single one fits all words.
_ONE_LANGUAGE: Final = 0.2
_LABELS: Final[dict[str, str]] = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Windows-932 (Japanese)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp874": "Windows-874 (Thai)",
    "gb18030": "GB 18030 (Chinese)",
    "cp949": "Windows-949 (Korean)",
    "big5": "Big5 (Chinese)",
    "mac_roman": "Mac Roman (Western European)",
    "cp850": "DOS 850 (Western European)",
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """``guessed`` tells that the bytes left a choice, so a person should look at the letters.

    Bytes that are damaged stand as lone surrogates, which `domain.text.check_text` refuses.
    """

    text: str
    encoding: str
    guessed: bool

    @property
    def label(self) -> str:
        return _LABELS.get(self.encoding, self.encoding)


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Turn a file's bytes into text, by the encoding that a person named or the likeliest one.

    InvalidInput for a name that is no encoding, and for bytes that do not fit it.
    """
    if encoding is not None:
        return _decode_as(data, encoding.strip())
    for mark, name in _BOMS:
        if data.startswith(mark):
            return Decoded(_decode_marked(data, name), name, guessed=False)
    wide = _utf16_without_mark(data)
    if wide is not None:
        return wide
    try:
        return Decoded(data.decode("utf-8"), "utf-8", guessed=False)
    except UnicodeDecodeError:
        pass
    damaged = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= char <= "\udcff" for char in damaged)
    sound = sum(char > "\x7f" for char in damaged) - broken
    # Other encodings hardly ever look like UTF-8, so a few bad bytes among many good ones are
    # damage: the rows that have them are refused, and the others can be used.
    if sound >= 10 * broken:
        return Decoded(damaged, "utf-8", guessed=False)
    return _guess(data)


def _decode_marked(data: bytes, name: str) -> str:
    """What the mark promises; damage becomes lone surrogates, as far as it can."""
    if name == "utf-8-sig":
        return data.decode(name, "surrogateescape")
    whole = data[: len(data) - len(data) % (4 if name == "utf-32" else 2)]
    try:
        return whole.decode(name, "surrogatepass")
    except UnicodeDecodeError:
        return whole.decode(name, "replace")


def _decode_as(data: bytes, name: str) -> Decoded:
    try:
        text = _decoded(data, name)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = data.count(b"\n", 0, start) + 1
        raise InvalidInput(
            "encoding", f"This file is not in {name}: line {line} holds bytes that do not fit."
        ) from error
    except (LookupError, ValueError) as error:
        raise InvalidInput(
            "encoding", f"“{name[:40]}” is not an encoding such as utf-8 or cp1252."
        ) from error
    return Decoded(text.removeprefix("\ufeff"), name, guessed=False)


def _utf16_without_mark(data: bytes) -> Decoded | None:
    """Delimiters, digits and line ends are ASCII: in UTF-16 every other byte of them is NUL."""
    head = data[:4096]
    if len(data) % 2 or b"\x00" not in head:
        return None
    first, second = head[::2].count(0), head[1::2].count(0)
    enough = max(3, len(head) // 40)
    for name, nuls, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if nuls > enough and nuls > 10 * others:
            try:
                text = data.decode(name)
            except UnicodeDecodeError:
                return None
            is_table = any(char in text for char in ",;\t|\n") and not _CONTROL.search(text)
            return Decoded(text, name, guessed=False) if is_table else None
    return None


def _guess(data: bytes) -> Decoded:
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    sample = b"\n".join(lines[:SAMPLE_LINES])
    scored: list[tuple[float, str]] = []
    for name in CANDIDATES:
        try:
            plausibility = _plausibility(sample.decode(name), name)
        except UnicodeDecodeError:
            continue
        scored.append((plausibility - _HANDICAPS.get(name, 0.0), name))
    # Sorting keeps the order of equals.
    for _, name in sorted(scored, key=lambda pair: -pair[0]):
        try:
            return Decoded(_decoded(data, name), name, guessed=True)
        except UnicodeDecodeError:
            continue
    raise AssertionError("some of the candidates have a letter for every byte")


def _decoded(data: bytes, name: str) -> str:
    text = data.decode(name)
    # Windows has a full-width tilde where every other table of these codes has a wave dash,
    # and the wave dash is what Japanese text means.
    if codecs.lookup(name).name == "cp932":
        text = text.replace("\uff5e", "\u301c")
    return text


# A word with the marks that some scripts write above and below; or one character that is none.
_WORD: Final = re.compile(
    "(?:[^\\W\\d_]|[\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])+|[^\x00-\x7f]"
)


def _plausibility(text: str, encoding: str) -> float:
    """From -5 (not text) to 1: the mean over the bytes that are not ASCII."""
    if encoding in _DOUBLE_BYTE:
        weigh = _DOUBLE_BYTE[encoding]
        scores = [weigh(char, char.encode(encoding)) for char in text if char > "\x7f"]
        mean = sum(score for score, _ in scores) / max(1, sum(size for _, size in scores))
        return mean * (1 + _ONE_LANGUAGE)
    languages = _WEIGHTS[encoding]
    alone = [0.0] * len(languages)
    total = 0.0
    count = 0
    for match in _WORD.finditer(text):
        word = match.group()
        high = [char for char in word if char > "\x7f"]
        if not high:
            continue
        count += len(high)
        if len(word) == 1 and not word.isalpha():
            around = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
            total += _symbol(word, *around)
        else:
            low = [char if char == "İ" else char.lower() for char in high]
            fits = [sum(known.get(char, -0.3) for char in low) for known in languages]
            alone = [sum_ + fit for sum_, fit in zip(alone, fits, strict=True)]
            total += max(fits) - _unlikely(word, high, latin=encoding in _LATIN)
    return (total + _ONE_LANGUAGE * max(alone)) / max(1, count)


def _symbol(char: str, before: str, after: str) -> float:
    if unicodedata.category(char) in ("Cc", "Cn", "Co"):
        return -5
    if char == "’" and before.isalpha():
        return 0.5
    if before.isalpha() and after.isalpha() and char not in "·–—…":
        return -1  # A symbol inside a word is a letter of another code page.
    return 0.3 if char in _TYPOGRAPHY else -0.5


def _unlikely(word: str, high: list[str], *, latin: bool) -> float:
    """How much of a word nobody writes so."""
    if latin:
        # Latin words are mostly ASCII; one of accents alone is a word of another alphabet.
        many = len(word) >= 4 and len(high) / len(word) > 0.6
        strange = 0.6 * len(high) if many else 0.0
    else:
        strange = len(word) - len(high) + sum(char < "\u0250" for char in high)
    return strange + 0.7 * sum(a.islower() and b.isupper() for a, b in pairwise(word))


def _weights(letters: str, least: float) -> dict[str, float]:
    return {char: 1 - (1 - least) * n / len(letters) for n, char in enumerate(letters)}


_WEIGHTS: Final[dict[str, list[dict[str, float]]]] = {
    **{name: [_weights(letters, 0.4) for letters in all_] for name, all_ in _LATIN.items()},
    **{
        name: [_weights(letters, 0.2) for letters in all_]
        for name, all_ in _OTHER_ALPHABETS.items()
    },
}


def _japanese(char: str, code: bytes) -> float:
    if len(code) == 1:
        return -0.6  # Half-width katakana: where other code pages have their letters.
    if code[0] in (0x82, 0x83):
        return 1 if "\u3040" <= char <= "\u30ff" else 0.2 if char > "\uff00" else -0.5
    if code[0] == 0x81:
        return 0.3
    return 0.7 if code[0] >= 0x88 and code < b"\x98\x73" else -0.4  # Kanji of the first level.


def _simplified_chinese(char: str, code: bytes) -> float:
    if len(code) > 2:
        return -1
    if code[1] < 0xA1:
        return -0.6
    if 0xB0 <= code[0] <= 0xD7:
        return 0.75  # The 3,755 usual characters of GB 2312.
    return 0.3 if code[0] in (0xA1, 0xA3) else -0.1 if 0xD8 <= code[0] <= 0xF7 else -0.6


def _korean(char: str, code: bytes) -> float:
    if code[1] < 0xA1:
        return -0.6
    if 0xB0 <= code[0] <= 0xC8:
        return 1 if char in _HANGUL else 0.7
    return 0.2 if code[0] in (0xA1, 0xA3) else -0.8


def _traditional_chinese(char: str, code: bytes) -> float:
    if 0xA4 <= code[0] <= 0xC6:
        return 0.7  # The 5,401 usual characters.
    return 0.3 if code[0] == 0xA1 else -0.4


def _by_bytes(
    weigh: Callable[[str, bytes], float],
) -> Callable[[str, bytes], tuple[float, int]]:
    def weighed(char: str, code: bytes) -> tuple[float, int]:
        weight = 0.5 if len(code) == 2 and char in _TYPOGRAPHY else weigh(char, code)
        return weight * len(code), len(code)

    return weighed


_DOUBLE_BYTE: Final[dict[str, Callable[[str, bytes], tuple[float, int]]]] = {
    "cp932": _by_bytes(_japanese),
    "gb18030": _by_bytes(_simplified_chinese),
    "cp949": _by_bytes(_korean),
    "big5": _by_bytes(_traditional_chinese),
}
