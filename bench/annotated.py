"""What people read on a page: as the answer an engine should give, and looked for in a text.

The annotations are those of the corpus guide: verbatim words of the page, and values read out of
them. Nothing here knows a site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rolecall.ask.questions import LONGEST_QUOTE, Question
from rolecall.ask.render import Line, Sheet
from rolecall.normalise.languages import find_languages
from rolecall.normalise.seniority import find_title_level
from rolecall.settle.ground import fold

Gold = Mapping[str, Any]

QUOTED = {
    "title": "title",
    "company": "company",
    "salary": "salary_quote",
    "experience": "experience_quote",
    "education": "education",
    "application_email": "application_email",
    "date_posted": "date_posted_quote",
    "valid_through": "valid_through_quote",
}
"""Question -> the key of the annotation with the words that answer it."""

LISTED = {"places": "location", "skills": "skills"}
SECTIONS = ("responsibilities", "requirements", "benefits")

VERBATIM = (
    *QUOTED.values(), "location", "workplace_quote", "employment_type_quote", "skills", *SECTIONS,
    "description_start", "description_end",
)  # fmt: skip
"""Keys whose values stand word for word on the page."""

WORD = re.compile(r"[^\W_]+")
TARGET = re.compile(r"<(?:[a-z]+:|/|\.)[^<>\s]*>")
"""Where a link leads, as annotated bodies have it beside the link's words."""


def values(gold: Gold) -> Iterator[tuple[str, str]]:
    """Every annotated value that stands word for word on the page, with its key.

    The body counts line by line, as ``description``.
    """
    for key in VERBATIM:
        found = gold.get(key)
        for value in found if isinstance(found, list) else [found]:
            if isinstance(value, str) and value.strip():
                yield key, value
    for line in (gold.get("description") or "").split("\n"):
        if line.strip():
            yield "description", TARGET.sub(" ", line)


def lost(gold: Gold, seen: str, shown: str) -> tuple[dict[str, int], int]:
    """How many values of each key ``seen`` holds and ``shown`` does not; and those in neither.

    ``seen`` is the page's visible text, ``shown`` the text of the page in the prompts. Words
    alone are compared: white space, case, punctuation and the marks of lists do not count.
    """
    page, prompt = plain(seen), plain(shown)
    out: dict[str, int] = {}
    unseen = 0
    for key, value in values(gold):
        words = plain(value)
        if words.isspace() or words in prompt:
            continue
        if words in page:
            out[key] = out.get(key, 0) + 1
        else:
            unseen += 1
    return out, unseen


def plain(text: str) -> str:
    """The words of ``text`` alone, with one space around each: what is compared."""
    return f" {' '.join(WORD.findall(fold(text)))} "


def written(answer: Mapping[str, Any]) -> str:
    """An answer as a grammar lets an engine write it: without white space."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def grounded_answer(gold: Gold, sheet: Sheet, asked: Sequence[Question]) -> dict[str, Any]:
    """The answer to ``asked`` that states everything the annotation states and the sheet shows."""
    quoting = _Quoting(sheet)
    answer: dict[str, Any] = {}
    for one in asked:
        value = _value(one, gold, quoting)
        if value:
            answer[one.name] = value
    return answer


def _value(one: Question, gold: Gold, quoting: _Quoting) -> Any:
    name = one.name
    if name in QUOTED:
        return quoting.quote(gold.get(QUOTED[name]))
    if name in LISTED:
        return quoting.quotes(gold.get(LISTED[name]) or (), one.most)
    if name == "languages_required":
        return quoting.languages(gold, one.most)
    if name == "workplace":
        quote = quoting.quote(gold.get("workplace_quote"))
        return [gold["workplace"], quote] if gold.get("workplace") and quote else None
    if name == "employment_type":
        quote = quoting.quote(gold.get("employment_type_quote"))
        kinds = gold.get("employment_type") or ()
        return [[kind, quote] for kind in kinds if kind in one.options][: one.most] if quote else ()
    if name == "seniority":
        return quoting.level(gold)
    return quoting.ranges(gold, name, one.most)


class _Quoting:
    """Copies words and numbers of lines from one sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self.text = sheet.text
        self.lines = sheet.lines
        self.folded = [fold(line.text) for line in sheet.lines]

    def quote(self, words: Any) -> str | None:
        """The place in the sheet that says ``words``, as it stands there; whole words first."""
        if not isinstance(words, str) or not words.strip():
            return None
        loose = r"\s+".join(re.escape(word) for word in words.split())
        for pattern in (rf"(?<!\w){loose}(?!\w)", rf"(?<!\w){loose}", loose):
            found = re.search(pattern, self.text, re.IGNORECASE)
            if found:
                return _short(found.group())
        return None

    def quotes(self, items: Sequence[str], most: int) -> list[str]:
        """The same for several; what the sheet does not show is left out."""
        found = (self.quote(item) for item in items)
        return list(dict.fromkeys(quote for quote in found if quote))[:most]

    def languages(self, gold: Gold, most: int) -> list[str]:
        """Words that name the languages asked for: of the annotated skills and items, else any."""
        said = [*(gold.get("skills") or ()), *(gold.get("requirements") or ()), self.text]
        quotes = []
        for name in gold.get("languages_required") or ():
            for words in said:
                hits = [one for one in find_languages(words) if one.value == name]
                quote = self.quote(words[hits[0].start : hits[0].end]) if hits else None
                if quote:
                    quotes.append(quote)
                    break
        return list(dict.fromkeys(quotes))[:most]

    def level(self, gold: Gold) -> list[str] | None:
        """The level with the word of the title that says it, else the whole title."""
        if not gold.get("seniority"):
            return None
        title = gold.get("title") or ""
        found = find_title_level(title)
        quote = self.quote(title[found.start : found.end] if found else title)
        return [gold["seniority"], quote] if quote else None

    def ranges(self, gold: Gold, name: str, most: int) -> list[list[int]]:
        """The lines of the body, or those that hold the items of a part, in few ranges."""
        if name == "description":
            return self.body(gold)
        rows: set[int] = set()
        for item in gold.get(name) or ():
            rows.update(self.rows(item)[:1] or self.parts(item))
        return _ranges(sorted(rows), self.lines, most)

    def body(self, gold: Gold) -> list[list[int]]:
        """From the first line of the body to its last."""
        first = self.rows(gold.get("description_start") or "")
        last = self.rows(gold.get("description_end") or "")
        if not first or not last:
            return []
        end = max(last[-1], first[0])
        return [[self.lines[first[0]].number, self.lines[end].number]]

    def rows(self, words: str) -> list[int]:
        """The places of the lines that ``words`` stand in; the document's title counts last."""
        words = fold(words)
        held = [n for n, line in enumerate(self.folded) if words and words in line]
        return [n for n in held if self.lines[n].kind != "title"] or held

    def parts(self, words: str) -> list[int]:
        """The places of the lines that stand in ``words``, which go over several."""
        words = fold(words)
        return [n for n, line in enumerate(self.folded) if len(line) > 20 and line in words]


def _short(quote: str) -> str:
    """A quote of at most as many characters as one may have, cut between words."""
    if len(quote) <= LONGEST_QUOTE:
        return quote
    return quote[: LONGEST_QUOTE + 1].rsplit(None, 1)[0]


def _ranges(rows: list[int], lines: Sequence[Line], most: int) -> list[list[int]]:
    """``rows`` as ranges of numbers; headings between them join, then the smallest gaps do."""
    out: list[list[int]] = []
    for row in rows:
        if out and all(lines[n].kind == "heading" for n in range(out[-1][1] + 1, row)):
            out[-1][1] = row
        else:
            out.append([row, row])
    while len(out) > most:
        gaps = [out[n + 1][0] - out[n][1] for n in range(len(out) - 1)]
        at = gaps.index(min(gaps))
        out[at : at + 2] = [[out[at][0], out[at + 1][1]]]
    return [[lines[first].number, lines[last].number] for first, last in out]
