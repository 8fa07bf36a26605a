"""What a page shows that tells a posting from a list, a wall, a shell or another kind of page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from rolecall.core import Candidate
from rolecall.reader.blocks import SEEN, Tagged
from rolecall.reader.lexicon import lexicon
from rolecall.reader.lines import Line
from rolecall.reader.verdict_phrases import phrases

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
DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
LONG_BODY = 400  # words; such a page is no list
MOST_WORDS = 30
LONGEST_WORD = 40
HEADING_CHARS = 300
TITLE_WORDS = 14
TITLE_CHARS = 120
THIN = 25
SECTIONS = ("duties", "requirements", "benefits", "about", "apply")
FACTS = frozenset("company location workplace employment_type salary posted deadline".split())


class Group(Struct, frozen=True):
    """Lines at one kind of place in the page that look like titles; ``roles`` name a role."""

    members: tuple[int, ...]
    roles: int
    linked: int

    @property
    def titled(self) -> bool:
        """Whether enough of the members name a role for the group to be titles of postings."""
        return self.roles >= 2 and self.roles >= 0.34 * len(self.members)


class Signs(Struct, frozen=True):
    """Counts and findings; words are counted in lines that are not site chrome.

    ``said`` maps a class of phrases to the first line that says it. ``content`` counts words
    outside links, headings and labels, ``visible`` all words but the document's title. ``stated``
    counts the postings that the page's data states, of which one may be its own (``shown``).
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
    demands: int
    counted: bool
    groups: tuple[Group, ...]
    stated: int
    shown: bool
    scripts: int

    @property
    def vacancy(self) -> int:
        """How much speaks for a posting, in points; 0 nothing, 5 and more clearly one."""
        points = self.telling
        points += bool(self.applies or "apply" in self.sections)
        points += (self.body >= 50) + (self.body >= 110) + (self.body >= 220)
        return points + 3 * self.shown

    @property
    def telling(self) -> int:
        """What only a posting has, in points: its sections, a role, its fields, demands."""
        kinds = self.sections & {"duties", "requirements", "benefits"}
        return min(2, len(kinds)) + self.titled + (self.facts >= 2) + (self.demands >= 2)


def signs(tagged: Tagged, candidates: Sequence[Candidate]) -> Signs:
    """Look at a page once, line by line."""
    page, lines = tagged.page, tagged.lines
    sizes = line_sizes(tagged)
    found = _Found()
    for line, count in zip(lines, sizes, strict=True):
        role = line.block.role
        if role == "similar":
            continue
        found.hear(line, count)
        if role in SEEN:
            found.look(line, count)
        elif role == "chrome" and line.block.level == 1:
            found.counted = found.counted or _counts(line)
    body = sum(sizes[tagged.first : tagged.last])
    ours = {c.unit for c in candidates if c.origin == "stated"}
    return Signs(
        said=found.said,
        early=frozenset(found.early),
        visible=found.visible,
        content=found.content,
        body=body,
        sections=frozenset(found.sections),
        headings=found.headings,
        lists=found.lists,
        facts=len(found.facts),
        titled=found.titled,
        applies=found.applies,
        demands=found.demands,
        counted=found.counted,
        groups=title_groups(lines) if body < LONG_BODY else (),
        stated=1 if ours else len({str(one.data.get("title")) for one in page.statements}),
        shown="title" in ours,
        scripts=_number(page.meta.get("x-scripts", "0")),
    )


class _Found:
    """What has been found so far, while the lines of one page go by."""

    def __init__(self) -> None:
        self.phrases = phrases()
        self.said: dict[str, int] = {}
        self.early: set[str] = set()
        self.sections: set[str] = set()
        self.facts: set[str] = set()
        self.visible = self.content = self.headings = self.applies = self.seen = self.lists = 0
        self.demands = 0
        self.titled = self.counted = False

    def hear(self, line: Line, count: int) -> None:
        """What any line says, site chrome included."""
        block = line.block
        if block.kind != "title" and block.role != "cookie":
            self.visible += count
        if line.label:
            self.facts.update(FACTS.intersection(line.label))
        if len(line.words) <= 6 and "apply" in line.cues and "req" not in line.cues:
            self.applies += 1
        kept = line.wording.kept
        said = kept.get("phrases")
        if said is None:
            said = kept["phrases"] = self.phrases.find(line.words)
        for name, _ in said:
            self.said.setdefault(name, line.index)
            self.lists += name == "list" and block.role in SEEN
            near = self.seen < 40 or block.kind in ("title", "heading")
            if near and len(line.words) <= 16:
                self.early.add(name)

    def look(self, line: Line, count: int) -> None:
        """What a line shows that is not site chrome."""
        block, heading = line.block, line.heading
        head = block.kind == "title" or block.kind == "heading"
        if not head:
            self.seen += count
        else:
            self.counted = self.counted or _counts(line)
        if (head or block.bold) and not self.titled and self.seen < 200:
            self.titled = (not head or block.level <= 2) and names_role(line)
        if block.link < 0.5:
            self.demands += line.cues.get("req", 0)
            if heading is not None and heading.cover >= 0.5 and heading.name in SECTIONS:
                self.sections.add(heading.name)
                self.headings += 1
            elif not head and not line.label:
                self.content += count


def line_sizes(tagged: Tagged) -> list[int]:
    """Words of each line; in scripts without spaces, two characters count as one word."""
    sizes = [len(line.words) for line in tagged.lines]
    if not tagged.page.text.isascii() and DENSE.search(tagged.page.text):
        for i, line in enumerate(tagged.lines):
            dense = len(DENSE.findall(line.text)) // 2
            sizes[i] = max(sizes[i], dense)
    return sizes


def names_role(line: Line) -> bool:
    """Whether a line names an occupation, or marks that it speaks to all genders."""
    roles = lexicon().names_role
    words = line.words[:MOST_WORDS]
    if any(roles(word) for word in words if len(word) <= LONGEST_WORD):
        return True
    return GENDER.search(line.text[:HEADING_CHARS]) is not None


def title_groups(lines: Sequence[Line]) -> tuple[Group, ...]:
    """At least three title-like lines each that stand at the same kind of place.

    Lines that nothing marks as titles count where four or more name roles, three or more lines
    apart, as the cards of a list do.
    """
    places: dict[tuple[str, bool, bool], list[int]] = {}
    for line in lines:
        block, count = line.block, len(line.words)
        if block.role in ("chrome", "cookie") or block.kind == "title":
            continue
        if not 0 < count <= TITLE_WORDS or len(line.text) > TITLE_CHARS:
            continue
        if line.text[-1] in ".!?:;" or (line.heading and line.heading.cover >= 0.75):
            continue
        marked = block.link >= (0.25 if block.kind in ("item", "row") else 0.6)
        marked = marked or block.kind == "heading" or block.bold
        above, _, step = block.path.rpartition("/")
        key = INDEX.sub("", block.path if marked else above) + ("" if marked else step)
        places.setdefault((key, block.role == "similar", marked), []).append(line.index)
    groups = []
    for (_, _, marked), found in places.items():
        distinct = {lines[i].text: i for i in reversed(found)}
        if len(distinct) < (3 if marked else 4):
            continue
        members = tuple(sorted(distinct.values()))
        if not marked and min(b - a for a, b in pairwise(members)) < 3:
            continue
        roles = sum(names_role(lines[i]) for i in members)
        if not marked and roles < 0.5 * len(members):
            continue
        linked = sum(lines[i].block.link >= 0.6 for i in members)
        groups.append(Group(members, roles, linked))
    return tuple(groups)


def _counts(line: Line) -> bool:
    return len(line.words) <= TITLE_WORDS and COUNTED.search(line.text[:200]) is not None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
