"""What a page shows that tells a posting from a list, a wall, a shell or another kind of page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rolecall.core import Candidate
from rolecall.reader.blocks import SEEN, Tagged
from rolecall.reader.lexicon import lexicon
from rolecall.reader.lines import Line
from rolecall.reader.verdict_phrases import phrases
from rolecall.stated import distinct_postings

INDEX = re.compile(r"\[\d+\]")
GENDER = re.compile(r"\(?\b[mwfdxhk] ?[/|*] ?[mwfdxhk]\b", re.I)
COUNTED = re.compile(
    r"\d[\d.,\u00a0\u202f ]{0,12}\+?[ \u00a0](?:[^\W\d]+ ){0,3}(?:jobs?|vacanc(?:y|ies)|openings"
    r"|positions|results|stellen(?:angebote|anzeigen)?|jobangebote|treffer|offres|emplois"
    r"|résultats|annonces|vacatures|resultaten|banen|nabíd(?:ek|ky)|pozic|míst|vagas|empregos"
    r"|resultados|offerte|annunci|risultati|posizioni|ваканси[йи]|ofertas|empleos|vacantes"
    r"|stillinger|resultater|jobb|tjänster|träffar|annonser|ofert[ay]?|wyników|ogłoszeń)\b"
    r"|\d件",
    re.I,
)
TITLE_WORDS = 14
TITLE_CHARS = 120
THIN = 25
SECTIONS = ("duties", "requirements", "benefits", "about", "apply")
FACTS = frozenset("company location workplace employment_type salary posted deadline".split())


@dataclass(frozen=True, slots=True)
class Group:
    """Lines at one kind of place in the page that look like titles; ``roles`` name a role."""

    members: tuple[int, ...]
    roles: int
    linked: int

    @property
    def titled(self) -> bool:
        """Whether enough of the members name a role for the group to be titles of postings."""
        return self.roles >= 2 and self.roles >= 0.34 * len(self.members)


@dataclass(frozen=True, slots=True)
class Signs:
    """Counts and findings; words are counted in lines that are not site chrome.

    ``said`` maps a class of phrases to the first line that says it. ``content`` counts words
    outside links, headings and labels, ``visible`` all words but the document's title.
    """

    said: dict[str, int]
    early: frozenset[str]
    visible: int
    content: int
    body: int
    sections: frozenset[str]
    headings: int
    lists: int
    facts: int
    titled: bool
    applies: int
    counted: bool
    groups: tuple[Group, ...]
    stated: int
    shown: bool
    scripts: int

    @property
    def vacancy(self) -> int:
        """How much speaks for a posting, in points; 0 nothing, 5 and more clearly one."""
        kinds = self.sections & {"duties", "requirements", "benefits"}
        points = min(2, len(kinds)) + self.titled + min(2, self.facts) // 2
        points += bool(self.applies or "apply" in self.sections)
        points += (self.body >= 50) + (self.body >= 110) + (self.body >= 220)
        return points + 3 * self.shown


def signs(tagged: Tagged, candidates: Sequence[Candidate]) -> Signs:
    """Look at a page once, line by line."""
    page, lines = tagged.page, tagged.lines
    known = phrases()
    said: dict[str, int] = {}
    early: set[str] = set()
    sections: set[str] = set()
    facts: set[str] = set()
    visible = content = headings = applies = seen = lists = 0
    titled = counted = False
    for line in lines:
        words, block, count = line.words, line.block, size(line)
        role = block.role
        if block.kind != "title" and role not in ("cookie", "similar"):
            visible += count
        for name, _ in known.find(words) if role != "similar" else ():
            said.setdefault(name, line.index)
            lists += name == "list" and role in SEEN
            if len(words) <= 16 and (seen < 40 or block.kind in ("title", "heading")):
                early.add(name)
        if role not in SEEN:
            counted = counted or (role == "chrome" and block.level == 1 and _counts(line))
            facts.update(FACTS.intersection(line.label))
            continue
        if block.kind == "title" or block.kind == "heading":
            counted = counted or _counts(line)
            titled = titled or (block.level <= 2 and seen < 200 and names_role(line))
        else:
            seen += count
        if (
            line.heading is not None
            and line.heading.cover >= 0.5
            and line.heading.name in SECTIONS
            and block.link < 0.5
        ):
            sections.add(line.heading.name)
            headings += 1
        elif not line.label and block.link < 0.5 and block.kind not in ("title", "heading"):
            content += count
        facts.update(FACTS.intersection(line.label))
        if len(words) <= 6 and "apply" in line.cues and "req" not in line.cues:
            applies += 1
    known_units = {c.unit for c in candidates if c.origin == "stated"}
    stated = distinct_postings(page)
    body = sum(map(size, lines[tagged.first : tagged.last]))
    return Signs(
        said=said,
        early=frozenset(early),
        visible=visible,
        content=content,
        body=body,
        sections=frozenset(sections),
        headings=headings,
        lists=lists,
        facts=len(facts),
        titled=titled,
        applies=applies,
        counted=counted,
        groups=title_groups(lines),
        stated=stated,
        shown=stated == 1 and "title" in known_units,
        scripts=_number(page.meta.get("x-scripts", "0")),
    )


def size(line: Line) -> int:
    """Words of a line; in scripts without spaces, two characters count as one."""
    words, chars = len(line.words), len(line.text)
    return chars // 2 if chars > 12 * words and max(line.text) > "\u2e7f" else words


def names_role(line: Line) -> bool:
    """Whether a line names an occupation, or marks that it speaks to all genders."""
    roles = lexicon().names_role
    return any(map(roles, line.words)) or GENDER.search(line.text) is not None


def title_groups(lines: Sequence[Line]) -> tuple[Group, ...]:
    """Runs of at least three title-like lines that stand at the same kind of place."""
    places: dict[str, list[int]] = {}
    for line in lines:
        block = line.block
        if block.role in ("chrome", "cookie") or block.kind == "title":
            continue
        marked = block.link >= (0.25 if block.kind in ("item", "row") else 0.6)
        marked = marked or block.kind == "heading" or block.bold
        if not marked or not 0 < len(line.words) <= TITLE_WORDS or len(line.text) > TITLE_CHARS:
            continue
        if line.text[-1] in ".!?:;" or (line.heading and line.heading.cover >= 0.75):
            continue
        key = INDEX.sub("", block.path) + ("~" if block.role == "similar" else "")
        places.setdefault(key, []).append(line.index)
    groups = []
    for found in places.values():
        distinct = {lines[i].text: i for i in reversed(found)}
        if len(distinct) < 3:
            continue
        members = tuple(sorted(distinct.values()))
        roles = sum(names_role(lines[i]) for i in members)
        linked = sum(lines[i].block.link >= 0.6 for i in members)
        groups.append(Group(members, roles, linked))
    return tuple(groups)


def _counts(line: Line) -> bool:
    return len(line.words) <= TITLE_WORDS and COUNTED.search(line.text[:200]) is not None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
