"""HTML -> lines: one iterative walk over the lexbor tree.

Text a reader cannot see is left out; every visible line becomes a draft of a block, and every
container that says what it is (a menu, a footer, a list of other postings) becomes a section.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Span
from rolecall.page.frame import BLOCK, BREAK, INLINE, NAMING, SORTS, STYLING, TEXT, Draft, Frame
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.lines import BULLET, BULLETS, lines_of, unwrap
from rolecall.page.roles import Section, section_of
from rolecall.page.visibility import hiding_names, look, named_unseen, scrub, unseen
from rolecall.page.white import white_on_white

__all__ = ["Walk", "walk"]


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
        self._parts: list[str] = []  # of the line that is being collected
        self._size = self._linked = self._bold = 0
        self._start: Frame | None = None
        self._last: Frame | None = None
        self._pending: list[tuple[int, int, str, Frame]] = []
        self._known: dict[str, bool] = {}  # class names -> whether they hide

    def title(self, text: str, path: str) -> None:
        """Put the document's title in front of everything."""
        frame = Frame("title", None, BLOCK, 1)
        frame._path = path
        self._add(text, frame)
        self._flush()

    def run(self, root: LexborNode) -> None:
        """Walk the tree below ``root`` in document order without recursion."""
        frame = Frame("html", None, BLOCK, 1)
        node = root.child
        stack: list[tuple[LexborNode | None, Frame]] = []
        push, pop, sort_of, add, enter = stack.append, stack.pop, SORTS.get, self._add, self._open
        while not self.full:
            if node is None:
                if frame.block is frame.tag:
                    self._close(frame)
                if not stack:
                    break
                node, frame = pop()
                continue
            tag = node.tag or "-document"
            sort = sort_of(tag, INLINE)
            if sort == TEXT:
                raw = node.text_content
                if raw:
                    if not raw.isspace():
                        add(raw, frame)
                    elif self._size:
                        self._gap(raw, frame)
            elif sort:
                if sort >= BLOCK and self._start is not None:
                    self._flush()
                if sort != BREAK:
                    counts = frame.counts
                    if counts is None:
                        frame.counts = {tag: 1}
                    else:
                        counts[tag] = counts.get(tag, 0) + 1
                    below = node.child
                    if below is not None:
                        child = enter(node, tag, sort, frame)
                        if child is not None:
                            push((node.next, frame))
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

    def _open(self, node: LexborNode, tag: str, sort: int, parent: Frame) -> Frame | None:
        """Enter an element: its frame, or ``None`` where nothing in it can be seen."""
        frame = Frame(tag, parent, sort, parent.counts[tag] if parent.counts else 1)
        attributes = node.attributes
        if attributes:
            own = attributes.get("class")
            if own and len(attributes) == 1:  # the most common case
                if self._named(own):
                    return None
                frame.own = own
            elif not self._attributes(node, frame, attributes):
                return None
        if sort == BLOCK:
            frame.section = section_of(tag, frame.own)
            frame.first = len(self.drafts)
            if parent.cell and tag in ("div", "p"):
                frame.cell = _alone(node)
        return frame

    def _named(self, own: str) -> bool:
        """Whether class names hide an element; a page repeats them, so the answer is kept."""
        known = self._known.get(own)
        if known is None:
            known = self._known[own] = named_unseen(own, self.hiding)
        return known

    def _attributes(
        self, node: LexborNode, frame: Frame, attributes: dict[str, str | None]
    ) -> bool:
        """Take over what an element's attributes say; false when they hide it."""
        get = attributes.get
        own = get("class") or ""
        style = get("style")
        doubtful = (
            style or "hidden" in attributes or "aria-hidden" in attributes
            or (own and self._named(own)) or (self.hiding and "id" in attributes)
        )  # fmt: skip
        if doubtful and unseen(attributes, self.hiding) and not _twin(node, attributes):
            return False
        for name in NAMING:
            if value := get(name):
                own = f"{own} {value}" if own else value
        frame.own = own
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
        if self._start is not None:
            self._flush()
        kind = frame.section
        if kind and frame.first < len(self.drafts):
            self.sections.append(
                Section(kind, frame.tag, frame.first, len(self.drafts), frame.steps)
            )

    def _gap(self, raw: str, frame: Frame) -> None:
        """White space within a line."""
        if frame.lines and "\n" in raw:
            self._flush()
        elif self._parts[-1] != " ":
            self._parts.append(" ")
            self._size += 1

    def _add(self, raw: str, frame: Frame) -> None:
        core = " ".join(raw.split())
        if not core.isascii() or not core.isprintable():
            shaped = scrub(core)
            if shaped is not core:
                core = " ".join(shaped.split())
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
        parts = self._parts
        begin = self._size
        if not begin:
            self._start = frame
        elif parts[-1] != " " and (
            raw[0].isspace() or (frame is not self._last and self._apart(core, frame))
        ):
            parts.append(" ")
            begin += 1
        self._last = frame
        end = self._size = begin + len(core)
        parts.append(core)
        if frame.href:
            self._pending.append((begin, end, frame.href, frame))
            self._linked += end - begin
        if frame.bold:
            self._bold += end - begin + 1
        if raw[-1].isspace():
            parts.append(" ")
            self._size = end + 1

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
        text = "".join(self._parts).rstrip()
        bullet = BULLET.match(text) if text[0] in BULLETS else None
        shift = bullet.end() if bullet else 0
        start = self.size
        self.drafts.append(
            Draft(text, shift, start, frame, bullet is not None, self._linked, self._bold)
        )
        if self._pending:
            for begin, end, href, holder in self._pending:
                if len(self.links) < self.limits.links:
                    path = holder.path(self.limits.path)
                    self.links.append((Span(start + begin, start + end), href, path))
            self._pending = []
            self._linked = 0
        self._parts = []
        self._size = self._bold = 0
        self._start = self._last = None
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
