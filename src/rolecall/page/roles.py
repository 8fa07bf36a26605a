"""The role of every line: posting, page furniture, consent text, or a list of other postings.

Containers that name themselves (tags, ARIA roles, class and id tokens) are judged by what they
hold, so that a posting inside ``<header>``, ``<aside>`` or ``<form>`` stays a posting. Words decide
only where they are the whole line. In doubt a line is ``posting``: the reader judges further.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple, Protocol

from rolecall.core import Role
from rolecall.page.furniture import COOKIE_TEXT, FURNITURE, SIMILAR_HEADING, SIMILAR_STARTS, fold
from rolecall.page.memory import kept

__all__ = ["Element", "Line", "Section", "assign", "section_of"]


class Section(NamedTuple):
    """A container that says what it is: lines ``first`` to ``last`` (half open)."""

    kind: str
    tag: str
    first: int
    last: int
    steps: int


class Element(Protocol):
    """What is asked of the element a line stands in."""

    @property
    def parent(self) -> Element | None:
        """The element around it."""

    @property
    def block(self) -> str:
        """The tag of the block-level element."""

    @property
    def level(self) -> int:
        """The heading level, or 0."""


class Line(Protocol):
    """What is asked of a line of the page."""

    @property
    def text(self) -> str:
        """The visible text."""

    @property
    def linked(self) -> int:
        """How many of its characters stand in links."""

    @property
    def frame(self) -> Element:
        """The element it stands in."""


# Elements that hold the whole page; a class there speaks of the page, not of a part.
_WHOLE = frozenset({"html", "body", "main", "article", "h1", "title", "table", "tbody"})
_TAGS = {
    "nav": "nav", "menu": "nav", "footer": "footer", "aside": "aside", "dialog": "dialog",
    "select": "control", "button": "control", "textarea": "control", "header": "header",
    "form": "form", "search": "form",
}  # fmt: skip
_EDGE = r"(?<![a-z])(?:{})(?![a-z])"
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(_EDGE.format(words)))
    for kind, words in (
        (
            "cookie",
            r"(?:eu-?)?cookies?(?:[-_]?(?:banner|bar|notice|consent|law|popup|modal|policy|info"
            r"|message|disclaimer|settings|wall|overlay|dialog|container|wrapper))?|onetrust"
            r"|cookiebot|cybotcookiebotdialog|gdpr|consent[-_]?(?:banner|manager|popup|modal|bar)"
            r"|cmp(?:box)?|usercentrics|didomi|truste|klaro|borlabs",
        ),
        (
            "similar",
            r"(?:similar|related|recommended|suggested|more|other|recent|latest|featured|further"
            r"|aehnliche|weitere|gerelateerde|podobne|simili)[-_]?(?:jobs?|vacanc(?:y|ies)"
            r"|positions?|postings?|roles?|openings?|offers?|listings?|opportunit(?:y|ies)|stellen"
            r"|vacatures|offres|ofertas|vagas|openingen|careers)(?:[-_]?(?:list|container|wrapper"
            r"|section|box))?|similarjobs?|relatedjobs?|recommendations?|people-also-viewed"
            r"|also-viewed|jobs?[-_]?(?:similar|related|recommendations?)|related[-_]?posts?",
        ),
        (
            "nav",
            r"nav|navbar|navigation|mainnav|topnav|sidenav|subnav|menus?|menubar|megamenu|topbar"
            r"|breadcrumbs?|crumbs?|pagination|pager|skip-?links?|skip|toolbar|tabbar|sitemap"
            r"|hamburger|off-?canvas|dropdown-menu|tablist",
        ),
        (
            "footer",
            r"footer|site-?footer|page-?footer|footer-?(?:nav|links?|bottom|menu)|copyright"
            r"|colophon|contentinfo",
        ),
        (
            "share",
            r"shar(?:e|ing)(?:[-_]?(?:buttons?|links?|bar|box|icons?|job|this))?|socials?"
            r"|social-?(?:media|links?|icons?|share|buttons?)|addthis|sharethis|a2a|follow-?us",
        ),
        (
            "form",
            r"log-?in|sign-?(?:in|up)|register|registration|newsletter|subscribe|subscription"
            r"|job-?alerts?|email-?alerts?|search-?(?:form|bar|box|filters?)|searchbar|filters?"
            r"|lang(?:uage)?-?(?:switch(?:er)?|selector|picker|menu|dropdown)|locale-?selector"
            r"|app-?(?:banner|download|promo)|smart-?banner|typeahead|autocomplete|feedback",
        ),
        (
            "dialog",
            r"modal|popup|pop-up|lightbox|overlay|dialog|alertdialog|tooltip|popover|toast",
        ),
        (
            "advert",
            r"adverts?|advertisements?|adsense|adsbygoogle|sponsored|promo(?:tion)?s?"
            r"|ads?[-_]?(?:banner|slot|unit|container|wrapper|space|box)s?",
        ),
        ("sidebar", r"sidebar|side-?bar|complementary|widget-?area|right-?rail|left-?rail"),
    )
)
LONGEST_FURNITURE = 60  # characters
# Names of the parts of a posting: such a container is furniture only if its tag says so.
_OF_THE_POSTING = re.compile(
    _EDGE.format(
        r"(?:job|vacancy|position|posting|career|stellen|offer)[-_]?(?:title|details?|header|info"
        r"|description|summary|meta|location|company|overview|body|content)|employer|salary"
        r"|company[-_]?(?:name|info)|description"
    )
)


@kept(8192)
def section_of(own: str, tag: str) -> str | None:
    """What a container says it is, from its tag and its class, id and role."""
    if tag in _WHOLE:
        return None
    if own:
        own = own.lower()
        for kind, pattern in _NAMES:
            if pattern.search(own):
                if kind not in ("cookie", "similar") and _OF_THE_POSTING.search(own):
                    break
                return kind
    return _TAGS.get(tag)


class _Measures(NamedTuple):
    """What a run of lines holds, in characters and as shares of the page."""

    size: int
    share: float
    link: float
    longest: int
    mean: float


class _Judge:
    """Holds the running sums of one page."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.lengths = [len(line.text) for line in lines]
        linked = [
            size if line.linked > size else line.linked
            for line, size in zip(lines, self.lengths, strict=True)
        ]
        self.sizes = [0, *accumulate(self.lengths)]
        self.links = [0, *accumulate(linked)]
        self.tops = [index for index, line in enumerate(lines) if line.frame.level == 1]
        self.total = self.sizes[-1] or 1

    def measure(self, first: int, last: int) -> _Measures:
        size = self.sizes[last] - self.sizes[first]
        return _Measures(
            size,
            size / self.total,
            (self.links[last] - self.links[first]) / max(1, size),
            max(self.lengths[first:last], default=0),
            size / max(1, last - first),
        )

    def role(self, section: Section) -> Role | None:
        """The role of a section's lines, or ``None`` where what it holds belies its name."""
        first, last = section.first, section.last
        rule = _RULES.get(section.kind)
        if rule is None or (self.sizes[last] - self.sizes[first]) / self.total > 0.6:
            return None
        seen = self.measure(first, last)
        if (
            section.kind != "dialog"
            and seen.link < 0.5
            and any(first <= top < last for top in self.tops)
        ):
            return None
        return rule(seen, section, self)

    def late(self, section: Section) -> float:
        """Where the section starts, as a share of the page's characters."""
        return self.sizes[section.first] / self.total


def _nav(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    short = seen.mean < 40 and seen.longest < 160
    return (
        "chrome"
        if (seen.link >= 0.5 and seen.longest < 400) or (short and seen.share < 0.15)
        else None
    )


def _footer(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    end = judge.late(section) >= 0.5
    return "chrome" if (end and seen.share < 0.5) or (seen.link > 0.5 and seen.mean < 60) else None


def _aside(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "chrome" if seen.link >= 0.6 and seen.mean < 60 else None


def _header(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    first = section.first <= 3
    return "chrome" if first and seen.link >= 0.6 and seen.longest < 120 else None


def _form(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "chrome" if seen.share < 0.2 and seen.mean < 60 and seen.longest < 300 else None


def _control(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "chrome" if seen.longest < 120 or section.tag == "select" else None


def _share(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "chrome" if seen.size < 300 else None


def _dialog(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "chrome" if seen.share < 0.25 and seen.longest < 600 else None


def _cookie(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    said = any(COOKIE_TEXT.search(line.text) for line in judge.lines[section.first : section.last])
    return "cookie" if said and seen.share < 0.5 else None


def _similar(seen: _Measures, section: Section, judge: _Judge) -> Role | None:
    return "similar" if seen.longest < 500 and (seen.link > 0.15 or seen.mean < 60) else None


_RULES = {
    "nav": _nav, "footer": _footer, "aside": _aside, "sidebar": _aside, "header": _header,
    "form": _form, "control": _control, "share": _share, "dialog": _dialog, "advert": _share,
    "cookie": _cookie, "similar": _similar,
}  # fmt: skip


def assign(lines: Sequence[Line], sections: Sequence[Section]) -> list[Role]:
    """The role of each line. Outer sections are applied first, so the inner word wins."""
    roles: list[Role] = ["posting"] * len(lines)
    if not lines:
        return roles
    judge = _Judge(lines)
    for section in sorted(sections, key=lambda section: section.steps):
        role = judge.role(section)
        if role is not None:
            roles[section.first : section.last] = [role] * (section.last - section.first)
    _worded(lines, roles)
    if lines[0].frame.block == "title":
        roles[0] = "header"
    return roles


def _worded(lines: Sequence[Line], roles: list[Role]) -> None:
    """Lines that are furniture word for word, and headings that speak for their container.

    A heading such as "Similar jobs" covers the rest of the container it stands in.
    """
    for index, line in enumerate(lines):
        if roles[index] != "posting" or len(line.text) > LONGEST_FURNITURE:
            continue
        says = _says(line.text)
        if says == "chrome":
            roles[index] = says
        elif says:
            end = _container_end(lines, index)
            if end > index + 1:
                roles[index:end] = [says] * (end - index)


@lru_cache(maxsize=4096)
def _says(text: str) -> Role | None:
    """What a short line says of itself, or of its container (``similar``)."""
    words = fold(text)
    if words in FURNITURE:
        return "chrome"
    if words.partition(" ")[0] in SIMILAR_STARTS and SIMILAR_HEADING.match(words):
        return "similar"
    return None


def _container_end(lines: Sequence[Line], index: int) -> int:
    """The end of the nearest container that goes on after this line, up to a long paragraph."""
    holder: Element | None = lines[index].frame
    for _ in range(6):
        if holder is None or holder.parent is None:
            return index
        end = index + 1
        while end < len(lines) and _within(lines[end].frame, holder):
            line = lines[end]
            if len(line.text) > 400 and line.linked < 0.3 * len(line.text):
                return index if end - index < 3 else end
            end += 1
        if end > index + 1:
            return end
        holder = holder.parent
    return index


def _within(frame: Element, holder: Element) -> bool:
    current: Element | None = frame
    for _ in range(200):
        if current is holder:
            return True
        if current is None:
            return False
        current = current.parent
    return False
