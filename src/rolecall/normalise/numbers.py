"""Numbers as people write them: grouping by locale, decimals, and multiplier words.

The rules for a lone separator, since ``1.234`` reads differently across the world:

* both ``.`` and ``,`` occur: the last one is the decimal mark, the other one groups;
* one mark, with one or two digits behind it: the decimal mark (``12,50``, ``1.5``);
* one mark, with exactly three digits behind it: grouping, because postings group thousands and
  never write thousandths; it is doubtful (a problem is given) where the language is unknown or
  uses that mark for decimals; a leading zero makes it a decimal mark (``0.125``);
* spaces of every width and apostrophes only group; Indian grouping (``12,00,000``) is known.
"""

from __future__ import annotations

import re
from typing import Final

from rolecall.normalise.found import Found
from rolecall.normalise.lexicon import word_set

SPACES: Final = " \t\u00a0\u202f\u2009\u2007\u200a\u200b\u200c\u200d\u2060\ufeff"
"""What may stand as a gap inside a line: white space and characters of no width."""

_POINT: Final = ".\uff0e"
_COMMA: Final = ",\uff0c\u066b"
_QUOTE: Final = "'’‘´ʼ＇"
_ZERO_WIDTH: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))

NUMBER: Final = re.compile(
    rf"\d(?<!\d\d)(?<!\d[{_POINT}{_COMMA}]\d)"
    rf"(?:\d{{0,2}}([{_POINT}{_COMMA}{_QUOTE}{SPACES}\u066c])\d{{3}}(?:\1\d{{3}}){{0,4}}"
    rf"(?:[{_POINT}{_COMMA}]\d{{1,2}})?(?![{_POINT}{_COMMA}]?\d)"
    rf"|\d?(?:,\d{{2}}){{1,4}},\d{{3}}(?:\.\d{{1,2}})?(?![{_POINT}{_COMMA}]?\d)"
    rf"|\d{{0,17}}(?:[{_POINT}{_COMMA}]\d{{1,2}})?(?![{_POINT}{_COMMA}]?\d))"
)
"""A number that is no part of a longer one (so no piece of ``31.12.2026`` or of an address)."""

POINT_DECIMAL: Final = word_set("en ja zh ko th he hi ms ga cy mt")
COMMA_DECIMAL: Final = word_set(
    "de fr nl cs sk pt it ru uk be es ca gl eu da sv no nb nn fi is pl hu ro bg el tr hr sr sl et "
    "lv lt id vi az ka kk hy mk sq bs"
)

_THOUSAND: Final = (
    "k к tis tisíc tsd tausend tys tysięcy тыс тысяч тысячи тыщ thousand mila mii ezer tusen tusind"
    " duizend mille"
)
_MILLION: Final = (
    "m mn mm mio mln млн million millions milion milionu milionů miliony millionen millones milhão"
    " milhões milioni milione miljoen miljoner millioner милл миллион миллионов миллиона"
)
_BILLION: Final = "b bn billion billions mrd mld млрд miliard miliardy miliarde milliard milliards"
MULTIPLIERS: Final[dict[str, float]] = {
    **dict.fromkeys(_THOUSAND.split(), 1e3),
    **dict.fromkeys(_MILLION.split(), 1e6),
    **dict.fromkeys(_BILLION.split(), 1e9),
    **dict.fromkeys(word_set("trillion trillions"), 1e12),
    **dict.fromkeys(word_set("lakh lakhs lac lacs lpa"), 1e5),
    **dict.fromkeys(word_set("cr crore crores"), 1e7),
}
"""Casefolded word without its dot -> factor. ``mil`` depends on the language, see below."""

_ATTACHED: Final = frozenset({"m", "b", "mm"})
_WORD: Final = re.compile(rf"([{SPACES}]{{0,2}})([^\W\d_]{{1,12}})\.?")
_NO_LETTER: Final = re.compile(r"[\W\d_]")
_THREE: Final = re.compile(r"\d{1,3}(\D)\d{3}")


def ending_word(text: str) -> str:
    """The letters that ``text`` ends with."""
    word = text.rpartition(" ")[2]
    return word if not word or word.isalpha() else _NO_LETTER.split(word)[-1]


def number_value(token: str, language: str | None = None) -> tuple[float, bool]:
    """The value of a string that ``NUMBER`` matched, and whether its separator is doubtful."""
    if token.isdigit() and token.isascii():
        return float(token), False
    token = token.translate(_ZERO_WIDTH)
    lone = _THREE.fullmatch(token)
    if lone is not None:
        mark = lone.group(1)
        if mark in _POINT + _COMMA:
            if token[0] == "0" or int(token[0]) == 0:
                return float(_digits(token[: lone.start(1)]) + "." + _digits(token[-3:])), False
            groups = COMMA_DECIMAL if mark in _POINT else POINT_DECIMAL
            return float(_digits(token)), language not in groups
        return float(_digits(token)), False
    decimal = max(
        (at for mark in _POINT + _COMMA if 0 <= (at := token.rfind(mark)) < len(token) - 1),
        default=-1,
    )
    if decimal > 0 and len(token) - decimal <= 3:
        return float(_digits(token[:decimal]) + "." + _digits(token[decimal:])), False
    return float(_digits(token)), False


def _digits(token: str) -> str:
    return "".join([str(int(character)) for character in token if character.isdecimal()]) or "0"


def multiplier(text: str, at: int, language: str | None = None) -> tuple[float, int]:
    """The factor of a multiplier word at ``at``, and where it ends; ``(1.0, at)`` if there is none.

    ``mil`` is a thousand in Spanish and Portuguese and a million elsewhere. ``M`` and ``B`` count
    only right behind the digits.
    """
    match = _WORD.match(text, at)
    if match is None:
        return 1.0, at
    word = match.group(2).casefold()
    if word == "mil":
        factor = 1e3 if language in ("es", "pt", "ca", "gl") else 1e6
    else:
        factor = MULTIPLIERS.get(word, 0.0)
    if not factor or (match.group(1) and word in _ATTACHED):
        return 1.0, at
    end = match.end() if len(word) > 1 else match.end(2)
    return factor, end


def tidy(value: float) -> int | float:
    """``value`` as an integer where it is whole, else rounded to two decimals or its own three."""
    whole = round(value)
    if abs(value - whole) < 1e-9:
        return whole
    return round(value, 3)


def read_number(text: str, *, language: str | None = None) -> Found | None:
    """The first number of ``text`` with its multiplier word, or ``None``. Never raises.

    ``cue`` is ``multiplied`` where a word such as ``k`` or ``tis.`` took part, else ``plain``.
    ``problem`` is ``ambiguous separator`` where grouping and decimals could not be told apart.
    Signs are left out: a posting counts nothing below zero.
    """
    match = NUMBER.search(text)
    if match is None:
        return None
    value, doubtful = number_value(match.group(), language)
    factor, end = multiplier(text, match.end(), language)
    return Found(
        value=tidy(value * factor),
        start=match.start(),
        end=end,
        cue="plain" if factor == 1.0 else "multiplied",
        problem="ambiguous separator" if doubtful else None,
    )
