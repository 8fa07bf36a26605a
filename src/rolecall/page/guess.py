"""A guess at the charset of bytes that are not UTF-8 and carry no label.

Each likely charset is tried on a sample; the one whose characters look most like the letters of
the languages it is used for wins. Wrong readings betray themselves: symbols inside words, capitals
after small letters, characters that nobody writes.
"""

from __future__ import annotations

import re

__all__ = ["guess_charset", "reads_more_like"]

_WESTERN = "äöüßéèêëàâçîïôûùœñáíóúãõåæøìòý"
_CENTRAL = "áčďéěíňóřšťúůýžąćęłńśźżäôĺľŕőűăâîșțşţöüđß"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўђјљњћџ"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ"
_TURKISH = "çğıöşüâîû"
_BALTIC = "ąčęėįšųūžāēģīķļņõäöü"
_TYPOGRAPHY = frozenset("–—‘’“”„«»…•·€£§°№\u00a0®™©´²³½¿¡‚")
# Most frequent characters of Chinese writing, simplified and traditional.
_HAN = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行"
    "学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前"
    "外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军"
    "職務經驗這個為國們時來會對發動學過說種後進電裡現實體應開還與關樣間數請負責條件薪資聘專"
)
_SINGLE = (
    ("cp1252", _WESTERN), ("cp1250", _CENTRAL), ("iso8859-2", _CENTRAL), ("cp1251", _CYRILLIC),
    ("koi8-r", _CYRILLIC), ("cp866", _CYRILLIC), ("cp1253", _GREEK), ("cp1254", _TURKISH),
    ("cp1257", _BALTIC),
)  # fmt: skip
_DOUBLE = ("gb18030", "cp932", "euc_jp", "cp949", "big5hkscs")
_HIGH = re.compile(rb"[\x80-\xff]")
_BROKEN_WORD = re.compile(r"[a-zа-я][^\W\d_a-z]{0,30}[A-ZА-ЯÀ-ÖØ-Þ]|[a-z][ά-я]|[ά-я][a-z]")
SAMPLE = 16_384  # bytes
FEW = 6  # characters beyond ASCII, below which nothing speaks against a label
SURE, POOR = 0.8, 0.4  # scores of a reading that makes sense, and of one that makes little


def guess_charset(body: bytes) -> str:
    """The Python codec name that makes most sense of ``body``; ``cp1252`` when nothing does."""
    return _best(_sample(body))[1]


def reads_more_like(body: bytes, codec: str) -> str | None:
    """The codec that clearly makes more sense of ``body`` than the one it is said to be in."""
    letters = dict(_SINGLE).get(codec)
    sample = _sample(body)
    if letters is None or len(_HIGH.findall(sample)) < FEW:
        return None
    if _single(sample, codec, letters) > POOR:
        return None
    score, name = _best(sample)
    return name if score > SURE and name != codec else None


def _sample(body: bytes) -> bytes:
    """Text from where the first character beyond ASCII stands, without most of the markup."""
    first = _HIGH.search(body)
    start = max(0, (first.start() if first else 0) - 64)
    return re.sub(rb"<[^<>]{0,300}>", b" ", body[start : start + 2 * SAMPLE])[:SAMPLE]


def _best(sample: bytes) -> tuple[float, str]:
    best, name = 0.0, "cp1252"
    for codec in _DOUBLE:
        score = _double(sample, codec)
        if score > best:
            best, name = score, codec
    for codec, letters in _SINGLE:
        score = _single(sample, codec, letters)
        if score > best + 1e-9:
            best, name = score, codec
    return best, name


def _single(sample: bytes, codec: str, letters: str) -> float:
    """Between -1 and 1: how much the high bytes look like letters of these languages."""
    text = sample.decode(codec, "replace")
    good, capitals = frozenset(letters), frozenset(letters.upper())
    total = small = big = marks = 0
    for char in text:
        if char < "\x80":
            continue
        total += 1
        small += char in good
        big += char in capitals
        marks += char in _TYPOGRAPHY
    if not total:
        return 0.0
    wrong = total - small - big - marks + 0.5 * len(_BROKEN_WORD.findall(text))
    return (small + 0.3 * big + 0.6 * marks - 2.0 * wrong) / total


def _double(sample: bytes, codec: str) -> float:
    """The same for charsets of two bytes a character."""
    text = sample[: len(sample) - 1].decode(codec, "replace")
    total = good = 0
    for char in text:
        if char < "\x80":
            continue
        total += 1
        if codec in ("cp932", "euc_jp"):
            good += "\u3041" <= char <= "\u30fe" or char in "。、「」"
        elif codec == "cp949":
            good += "\uac00" <= char <= "\ud7a3"
        else:
            good += char in _HAN or char in "，。、：；（）"
    bad = text.count("\ufffd") + sum("\uff61" <= char <= "\uff9f" for char in text)
    if total < 4 or bad > 0.02 * total + 1:
        return 0.0
    # Hangul takes the whole of its share; kana and the commonest Han are about half of a text.
    return good / total if codec == "cp949" else min(1.0, 2.2 * good / total)
