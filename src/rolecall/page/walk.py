"""HTML -> lines: one iterative walk over the lexbor tree.

Text a reader cannot see is left out; every visible line becomes a draft of a block, and every
container that says what it is (a menu, a footer, a list of other postings) becomes a section.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Span, maker
from rolecall.page.frame import (
    BLOCK,
    BREAK,
    INLINE,
    NAMING,
    SORTS,
    STYLING,
    TELLING,
    TEXT,
    Draft,
    Frame,
)
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.lines import BULLET, BULLETS, lines_of, unwrap
from rolecall.page.memory import kept
from rolecall.page.roles import Section, section_of
from rolecall.page.visibility import hiding_names, look, named_unseen, scrub, unseen
from rolecall.page.white import white_on_white

__all__ = ["Walk", "walk"]

_span = maker(Span)


@kept(8192)
def named(own: str, tag: str) -> tuple[bool, str | None, str]:
    """What class names say: whether they hide, what container they make of a block, lower case."""
    return named_unseen(own, frozenset()), section_of(own, tag) if tag else None, own.lower()


class Walk:
    """Collects the lines, links and sections of one tree."""

    def __init__(self, limits: Limits, hiding: frozenset[str], styled: bool) -> None:
        self.limits = limits
        self.hiding = hiding
        self.styled = styled
        self.drafts: list[Draft] = []
        self.links: list[tuple[Span, str, str]] = []
        self.sections: list[Section] = []
        self.cut_links = 0
        self.size = 0
        self.full = False
        self._parts: list[str] = []  # of the line that is being collected
        self._size = self._linked = self._bold = 0
        self._start: Frame | None = None
        self._last: Frame | None = None
        self._spaced = False  # whether white space came after the last part
        self._longest = limits.path
        self._known: dict[str, bool] = {}  # class names -> whether they hide
        self._tags: dict[int, tuple[str, int]] = {}  # by the parser's number for the name

    def title(self, text: str, path: str) -> None:
        """Put the document's title in front of everything."""
        frame = Frame("title", None, BLOCK, 1)
        frame.path = path
        self._add(text, frame)
        self._flush()

    def run(self, root: LexborNode) -> None:
        """Walk the tree below ``root`` in document order without recursion."""
        frame = Frame("html", None, BLOCK, 1)
        node = root.child
        stack: list[LexborNode] = []
        push, pop, tag_of, enter = stack.append, stack.pop, self._tags.get, self._open
        while True:
            while node is not None:
                name, sort = tag_of(node.tag_id) or self._learn(node)
                if sort == TEXT:
                    if self.full:
                        return
                    self._text(node.text_content, frame)
                elif sort:
                    if sort >= BLOCK and self._start is not None:
                        self._flush()
                    if sort != BREAK:
                        counts = frame.counts
                        counts[name] = index = counts.get(name, 0) + 1
                        below = node.child
                        if below is not None:
                            child = enter(node, name, sort, index, frame)
                            if child is not None:
                                push(node)
                                node, frame = below, child
                                continue
                node = node.next
            above = frame.parent
            if above is None or self.full:
                break
            if frame.block is frame.tag and (self._start is not None or frame.section is not None):
                self._close(frame)
            node, frame = pop().next, above
        self._flush()

    def _text(self, raw: str | None, frame: Frame) -> None:
        """Take in a text node."""
        if raw:
            if not raw.isspace():
                self._add(raw, frame)
            elif self._size:
                self._gap(raw, frame)

    def rewrap(self) -> None:
        """Join lines that were broken to a fixed width by hand; no offset changes.

        A space takes the place of each line end, so that spans of links stay right.
        """
        joined = unwrap([[draft.text for draft in self.drafts]])
        if len(joined) == len(self.drafts):
            return
        place = [0]  # of each old line, and of the end
        kept: list[Draft] = []
        for text in joined:
            first = self.drafts[len(place) - 1]
            size = len(first.text)
            place.append(len(kept) + (size == len(text)))
            while size < len(text):
                part = self.drafts[len(place) - 1]
                size += 1 + len(part.text)
                first.linked += part.linked
                first.bold += part.bold
                place.append(len(kept) + (size == len(text)))
            first.text = text
            kept.append(first)
        self.drafts = kept
        self.sections = [
            section._replace(first=place[section.first], last=place[section.last])
            for section in self.sections
        ]

    def _learn(self, node: LexborNode) -> tuple[str, int]:
        """Name and sort of a tag that this page has not shown before."""
        name = node.tag or "-document"
        tag = self._tags[node.tag_id] = (name, SORTS.get(name, INLINE))
        return tag

    def _open(
        self, node: LexborNode, name: str, sort: int, index: int, parent: Frame
    ) -> Frame | None:
        """Enter an element: its frame, or ``None`` where nothing in it can be seen."""
        attributes = node.attributes
        own = attributes.get("class") or ""
        if len(attributes) > ("class" in attributes) and not TELLING.isdisjoint(attributes):
            names = self._names(node, attributes)
            if names is None:
                return None
            frame = Frame(name, parent, sort, index, names, names.lower(), self._longest)
            if sort == BLOCK:
                frame.section = section_of(names, name)
            if not self._looks(node, frame, attributes):
                return None
        else:
            hides, section, lower = named(own, name if sort == BLOCK else "")
            if hides or (own and self.hiding and self._hides(own)):
                return None
            frame = Frame(name, parent, sort, index, own, lower, self._longest)
            frame.section = section
            if name == "a":
                frame.href = attributes.get("href") or frame.href
        if sort == BLOCK:
            frame.first = len(self.drafts)
            if parent.cell and name in ("div", "p"):
                frame.cell = _alone(node)
        return frame

    def _hides(self, own: str) -> bool:
        """Whether class names hide an element; a page repeats them, so the answer is kept."""
        known = self._known.get(own)
        if known is None:
            known = self._known[own] = named_unseen(own, self.hiding)
        return known

    def _names(self, node: LexborNode, attributes: dict[str, str | None]) -> str | None:
        """All names of an element, or ``None`` where its attributes hide it."""
        get = attributes.get
        own = get("class") or ""
        doubtful = (
            get("style") or "hidden" in attributes or "aria-hidden" in attributes
            or (own and self._hides(own)) or (self.hiding and "id" in attributes)
        )  # fmt: skip
        if doubtful and unseen(attributes, self.hiding) and not _twin(node, attributes):
            return None
        for name in NAMING:
            if value := get(name):
                own = f"{own} {value}" if own else value
        return own

    def _looks(self, node: LexborNode, frame: Frame, attributes: dict[str, str | None]) -> bool:
        """Take over what an element's attributes say of its text; false when they hide that."""
        get = attributes.get
        style = get("style")
        if frame.tag == "a":
            frame.href = get("href") or frame.href
        elif not style and frame.tag == "font":
            style = f"color:{get('color') or ''}"
        if get("role") == "heading":
            level = get("aria-level") or "2"
            frame.level = int(level) if level in "123456" else 2
        if style:
            seen = look(style)
            frame.bold = frame.bold or seen.bold
            frame.lines = frame.lines or seen.lines
            if seen.white and white_on_white(node, self.styled):
                return False
        return True

    def _close(self, frame: Frame) -> None:
        """End a block's last line, and keep a container that says what it is and holds lines."""
        self._flush()
        kind, first, last = frame.section, frame.first, len(self.drafts)
        if kind is not None and first < last:
            self.sections.append(Section(kind, frame.tag, first, last, frame.steps))

    def _gap(self, raw: str, frame: Frame) -> None:
        """White space within a line."""
        if frame.lines and "\n" in raw:
            self._flush()
        else:
            self._spaced = True

    def _add(self, raw: str, frame: Frame) -> None:
        """Add a text that is not all white space."""
        if raw.isprintable() and "  " not in raw:
            core = raw.strip()
            plain = raw.isascii()
        else:
            core = " ".join(raw.split())
            plain = core.isascii() and core.isprintable()
        if not plain:
            shaped = scrub(core)
            if shaped is not core:
                core = " ".join(shaped.split())
        if not core:
            return
        if ("\n" in raw and (frame.lines or len(raw) > 40)) or "\\n" in raw or "<" in raw:
            pieces = lines_of(raw, frame.lines)
            if len(pieces) > 1 or frame.lines:
                self._spaced = self._spaced or raw[0].isspace()
                self._many(pieces, frame)
                self._spaced = raw[-1].isspace()
                return
        if len(core) == len(raw):
            self._put(core, frame)
            return
        if raw[0].isspace():
            self._spaced = True
        self._put(core, frame)
        self._spaced = raw[-1].isspace()

    def _many(self, pieces: list[str], frame: Frame) -> None:
        """Add text that holds line ends; an empty piece at an end says that the line is full."""
        for piece in pieces[:-1]:
            if piece:
                self._put(piece, frame)
            self._flush()
            if self.full:
                return
        if pieces and pieces[-1]:
            self._put(pieces[-1], frame)

    def _put(self, core: str, frame: Frame) -> None:
        """Add a text without outer white space to the line."""
        size = len(core)
        begin = self._size
        if not begin:
            self._start = frame
        elif self._spaced or (frame is not self._last and self._apart(core, frame)):
            self._parts.append(" ")
            begin += 1
        self._spaced = False
        self._last = frame
        self._size = begin + size
        self._parts.append(core)
        if frame.href:
            self._linked += size
            if len(self.links) < self.limits.links:
                start = self.size + begin
                self.links.append((_span(start, start + size), frame.href, frame.path))
            else:
                self.cut_links += 1
        if frame.bold:
            self._bold += size + 1

    def _apart(self, core: str, frame: Frame) -> bool:
        """Whether two pieces that touch in the source belong to elements that stand apart.

        Style sheets set neighbours such as ``<span>Berlin</span><span>Full-time</span>`` apart; a
        capital after a small letter is the sign that no word was cut.
        """
        last = self._last
        if last is None or last.tag in STYLING or frame.tag in STYLING:
            return False
        if last.parent is frame.parent and last.tag == frame.tag and last.own == frame.own:
            if frame.href is not last.href:
                return True
            if frame.own and (core[0].isupper() or core[0].isdigit()):
                return True
        before = self._parts[-1][-1]
        return core[0].isupper() and (before.islower() or before.isdigit() or before == ")")

    def _flush(self) -> None:
        frame = self._start
        if frame is None:
            return
        parts = self._parts
        text = parts[0] if len(parts) == 1 else "".join(parts)
        bullet = BULLET.match(text) if text[0] in BULLETS else None
        shift = bullet.end() if bullet else 0
        self.drafts.append(Draft(text, shift, self.size, frame, self._linked, self._bold))
        self._parts = []
        self._size = self._linked = self._bold = 0
        self._start = None
        self.size += len(text) + 1
        self.full = len(self.drafts) >= self.limits.lines


def _alone(node: LexborNode) -> bool:
    """Whether the element is the only one of its parent (a wrapper within a table cell)."""
    for side in ("next", "prev"):
        other = getattr(node, side)
        while other is not None:
            if other.is_element_node:
                return False
            other = getattr(other, side)
    return True


def _twin(node: LexborNode, attributes: dict[str, str | None]) -> bool:
    """Whether an ``aria-hidden`` text is the visible one of two, beside one for screen readers."""
    if attributes.get("aria-hidden") != "true" or "hidden" in attributes:
        return False
    if unseen({name: value for name, value in attributes.items() if name != "aria-hidden"}):
        return False
    for side in ("next", "prev"):
        other = getattr(node, side)
        while other is not None and not other.is_element_node:
            other = getattr(other, side)
        if other is not None and unseen({"class": other.attributes.get("class")}):
            return True
    return False


def _title(tree: LexborHTMLParser) -> LexborNode | None:
    """The document's title: in its head, or where a careless page has it."""
    head = tree.head
    node = head.child if head is not None else None
    while node is not None:
        if node.tag == "title":
            return node
        node = node.next
    for node in tree.tags("title"):
        parent = node.parent
        if parent is not None and parent.tag in ("head", "body", "html"):
            return node
    return None


def walk(tree: LexborHTMLParser, limits: Limits = DEFAULT) -> Walk:
    """Collect the visible lines of a parsed page."""
    sheets = [node.text() for node in tree.tags("style")]
    styled = any("background" in sheet for sheet in sheets)
    found = Walk(limits, hiding_names(sheets), styled)
    title = _title(tree)
    if title is not None and title.parent is not None:
        found.title(title.text(deep=True) or "", f"/html/{title.parent.tag}/title")
    root = tree.root
    if root is not None:
        found.run(root)
    found.rewrap()
    return found
