r"""Grammars (Lark, as llguidance reads it) in which a quote can only be copied from the page.

A JSON string is written with escapes, so the text is cut into words, each is escaped on its own,
and a quote is any run of these words. White space between members is none; a field that the page
does not state is left out; numbers of lines are plain integers.

    start: "{" a0 "}"
    a0: m0 c1 | a1          the first member that is there takes no comma
    c1: "," m1 c2 | c2      those behind it do

With ``text=None`` the grammar is the same for all pages of a run: any string may stand as a quote,
and quotes are looked up afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

import orjson

from rolecall.ask.questions import LONGEST_QUOTE, Question

WORDS: Final = re.compile(r"\w+|\s|[^\w\s]")
LARGEST: Final = 60_000
"""Characters of text that a grammar is made of; servers refuse much larger ones."""

_ESCAPED: Final = {
    letter: json.dumps(letter)[1:-1] for letter in ('"', "\\", *map(chr, range(0x20)))
}
"""What JSON writes otherwise; each stands alone in ``WORDS``."""

FREE: Final = r'/"([^"\\\x00-\x1f]|\\["\\\/bfnrt]|\\u[0-9a-fA-F]{4}){1,%d}"/'


def grammar(asked: Sequence[Question], *, text: str | None) -> str:
    """The grammar of the answers to ``asked``, with quotes from ``text`` alone if it is given."""
    rules = ['start: "{" a0 "}"']
    last = len(asked)
    for n, one in enumerate(asked):
        rules.append(f"a{n}: m{n} c{n + 1} | a{n + 1}")
        if n:
            rules.append(f'c{n}: "," m{n} c{n + 1} | c{n + 1}')
        rules.append(f"m{n}: {_word(_json(one.name) + ':')} {_value(n, one)}")
        if one.options:
            options = " | ".join(_word(_json(option)) for option in one.options)
            rules.append(f"o{n}: {options}")
    rules += [f'a{last}: ""', f'c{last}: ""']
    if text is None:
        rules.append(f"quote: FREE\nFREE: {FREE % LONGEST_QUOTE}")
    else:
        chunks = orjson.dumps({"substring_chunks": _chunks(text)}).decode()
        rules.append('quote: "\\"" Q "\\""')
        rules.append(f"Q: SUB & /(?s:.{{1,{LONGEST_QUOTE}}})/\nSUB: %regex {chunks}")
    rules.append('range: "[" N "," N "]"\nN: /[1-9][0-9]{0,3}/')
    return "\n".join(rules) + "\n"


def _value(number: int, one: Question) -> str:
    more = one.most - 1
    if one.kind == "quote":
        return "quote"
    if one.kind == "choice":
        return f'"[" o{number} "," quote "]"'
    item = {"quotes": "quote", "choices": f'"[" o{number} "," quote "]"', "ranges": "range"}
    one_item = item[one.kind]
    rest = f' ("," {one_item}){{0,{more}}}' if more else ""
    return f'"[" {one_item}{rest} "]"'


def _word(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json(text: str) -> str:
    """A JSON string whose letters stand for themselves: models write "für", not "f\\u00fcr"."""
    return json.dumps(text, ensure_ascii=False)


def _chunks(text: str) -> list[str]:
    """The words of ``text`` as they stand in a JSON string."""
    return [_ESCAPED.get(word, word) for word in WORDS.findall(text[:LARGEST])]
