"""HTML -> lines: one iterative walk over the lexbor tree.

Text a reader cannot see is left out; every visible line becomes a draft of a block, and every
container that says what it is (a menu, a footer, a list of other postings) becomes a section.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Span
from rolecall.page.frame import BLOCK, BREAK, INLINE, NAMING, SORTS, STYLING, UNSEEN, Draft, Frame
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.lines import BULLET, lines_of, unwrap
from rolecall.page.roles import Section, section_of
from rolecall.page.visibility import hiding_names, look, scrub, unseen
from rolecall.page.white import white_on_white

__all__ = ["Walk", "walk"]


@dataclass(slots=True)
class _Line:
    """A line that is being collected."""

    parts: list[str] = field(default_factory=list)
    size: int = 0
    linked: int = 0
    bold: int = 0


class Walk:
    """Collects the lines, links and sections of one tree."""

    def __init__(self, limits: Limits, hiding: frozenset[str], styled: bool) -> None:
        self.limits = limits
        self.hiding = hiding
        self.styled = styled
        self.drafts: list[Draft] = []
        self.links: list[tuple[Span, str, str]] = []
        self.sections: list[Section] = []
        self.size = 0
        self.full = False
        self._line = _Line()
        self._start: Frame | None = None
        self._last: Frame | None = None
        self._pending: list[tuple[int, int, str, Frame]] = []

    def title(self, text: str, path: str) -> None:
        """Put the document's title in front of everything."""
        frame = Frame("title", None, BLOCK, 1, 0)
        frame._path = path
        self._add(text, frame)
        self._flush()

    def run(self, root: LexborNode) -> None:
        """Walk the tree below ``root`` in document order without recursion."""
        frame = Frame("html", None, BLOCK, 1, 0)
        node = root.child
        stack: list[tuple[LexborNode | None, Frame]] = []
        while not self.full:
            if node is None:
                if frame.block is frame.tag:
                    self._close(frame)
                if not stack:
                    break
                node, frame = stack.pop()
                continue
            tag = node.tag
            if tag == "-text":
                self._add(node.text_content or "", frame)
            elif tag and tag[0] not in "-!":
                below = node.child
                child = self._open(node, tag, frame, below is None)
                if child is not None:
                    stack.append((node.next, frame))
                    node, frame = below, child
                    continue
            node = node.next
        self._flush()

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

    def _open(self, node: LexborNode, tag: str, parent: Frame, empty: bool) -> Frame | None:
        """Enter an element: its frame, or ``None`` where nothing in it can be seen."""
        counts = parent.counts
        if counts is None:
            counts = parent.counts = {tag: 1}
            count = 1
        else:
            count = counts[tag] = counts.get(tag, 0) + 1
        sort = SORTS.get(tag, INLINE)
        if sort == UNSEEN:
            return None
        if sort >= BLOCK and self._start is not None:
            self._flush()
        if empty or sort == BREAK:
            return None
        frame = Frame(tag, parent, sort, count, len(self.drafts))
        attributes = node.attributes
        if attributes and not self._attributes(node, frame, attributes):
            return None
        if sort == BLOCK:
            frame.section = section_of(tag, frame.own)
            if parent.cell and tag in ("div", "p"):
                frame.cell = _alone(node)
        return frame

    def _attributes(
        self, node: LexborNode, frame: Frame, attributes: dict[str, str | None]
    ) -> bool:
        """Take over what an element's attributes say; false when they hide it."""
        get = attributes.get
        if unseen(attributes, self.hiding) and not _twin(node, attributes):
            return False
        own = get("class") or ""
        for name in NAMING:
            if name in attributes and (value := attributes[name]):
                own = f"{own} {value}" if own else value
        frame.own = own
        if frame.tag == "a":
            frame.href = get("href") or frame.href
        style = get("style") or (frame.tag == "font" and f"color:{get('color') or ''}")
        if style:
            seen = look(style)
            frame.bold = frame.bold or seen.bold
            frame.lines = frame.lines or seen.lines
            if seen.white and white_on_white(node, self.styled):
                return False
        if get("role") == "heading":
            level = get("aria-level") or "2"
            frame.level = int(level) if level in "123456" else 2
        return True

    def _close(self, frame: Frame) -> None:
        if self._start is not None:
            self._flush()
        if frame.section and frame.first < len(self.drafts):
            self.sections.append(
                Section(frame.section, frame.tag, frame.first, len(self.drafts), frame.steps)
            )

    def _add(self, raw: str, frame: Frame) -> None:
        words = raw.split()
        line = self._line
        if not words:
            if line.size and not (frame.lines and "\n" in raw):
                if line.parts[-1] != " ":
                    line.parts.append(" ")
                    line.size += 1
            elif line.size:
                self._flush()
            return
        core = " ".join(words)
        if not core.isascii() or not core.isprintable():
            core = " ".join(scrub(core).split())
            if not core:
                return
        if ("\n" in raw and (frame.lines or len(raw) > 40)) or "\\n" in raw or "<" in raw:
            pieces = lines_of(raw, frame.lines)
            if len(pieces) > 1 or frame.lines:
                self._many(pieces, frame)
                return
        self._put(core, raw, frame)

    def _many(self, pieces: list[str], frame: Frame) -> None:
        """Add text that holds line ends; an empty piece at an end says that the line is full."""
        for piece in pieces[:-1]:
            if piece:
                self._put(piece, piece, frame)
            self._flush()
            if self.full:
                return
        if pieces and pieces[-1]:
            self._put(pieces[-1], pieces[-1], frame)

    def _put(self, core: str, raw: str, frame: Frame) -> None:
        line = self._line
        touching = line.size and line.parts[-1] != " "
        if touching and (
            raw[0].isspace() or (frame is not self._last and self._apart(core, frame))
        ):
            core = f" {core}"
        if self._start is None:
            self._start = frame
        self._last = frame
        size = len(core)
        if frame.href:
            begin = line.size + (core[0] == " ")
            self._pending.append((begin, line.size + size, frame.href, frame))
            line.linked += size
        if frame.bold:
            line.bold += size
        line.parts.append(core)
        line.size += size
        if raw[-1].isspace():
            line.parts.append(" ")
            line.size += 1
            line.bold += frame.bold

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
        before = self._line.parts[-1][-1]
        return core[0].isupper() and (before.islower() or before.isdigit() or before == ")")

    def _flush(self) -> None:
        frame = self._start
        if frame is None:
            return
        line, pending = self._line, self._pending
        self._line, self._start, self._last, self._pending = _Line(), None, None, []
        text = "".join(line.parts)
        lead = len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            return
        bullet = BULLET.match(text)
        start = self.size
        draft = Draft(text, bullet.end() if bullet else 0, start, frame, bullet is not None)
        draft.linked, draft.bold = line.linked, line.bold
        self.drafts.append(draft)
        for begin, end, href, holder in pending:
            if len(self.links) < self.limits.links:
                begin, end = begin - lead, min(end - lead, len(text))
                span = Span(start + begin, start + end)
                self.links.append((span, href, holder.path(self.limits.path)))
        self.size = start + len(text) + 1
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


def walk(tree: LexborHTMLParser, limits: Limits = DEFAULT) -> Walk:
    """Collect the visible lines of a parsed page."""
    sheets = [node.text() for node in tree.css("style")]
    styled = any("background" in sheet for sheet in sheets)
    found = Walk(limits, hiding_names(sheets), styled)
    for node in tree.css("title"):
        parent = node.parent
        if parent is not None and parent.tag in ("head", "body", "html"):
            found.title(node.text(deep=True) or "", f"/html/{parent.tag}/title")
            break
    root = tree.root
    if root is not None:
        found.run(root)
    found.rewrap()
    return found
