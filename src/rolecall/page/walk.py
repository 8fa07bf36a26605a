"""HTML -> lines: one iterative walk over the lexbor tree.

Text a reader cannot see is left out; every visible line becomes a draft of a block, and every
container that says what it is (a menu, a footer, a list of other postings) becomes a section.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Kind, Span
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.lines import BULLET, lines_of
from rolecall.page.roles import Section, section_of
from rolecall.page.visibility import UNSEEN_TAGS, hiding_names, look, scrub, unseen
from rolecall.page.white import white_on_white

__all__ = ["Draft", "Walk", "walk"]

UNSEEN, INLINE, BLOCK, BREAK = range(4)
BLOCK_TAGS = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt"
    " fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main"
    " menu nav ol option p pre search section select summary table tbody td textarea tfoot th thead"
    " tr ul".split()
)
SORTS = (
    dict.fromkeys(UNSEEN_TAGS | {"title"}, UNSEEN)
    | dict.fromkeys(BLOCK_TAGS, BLOCK)
    | dict.fromkeys(("br", "hr"), BREAK)
)
HEADINGS = {f"h{n}": n for n in range(1, 7)}
CELLS = frozenset({"td", "th", "dt", "dd", "tr"})
NAMING = ("id", "itemprop", "role")  # besides the class
EMPHASIS = frozenset({"b", "strong"})
# Inline elements that style a piece of a word or sentence rather than stand beside another.
STYLING = frozenset("b strong i em u s sup sub font mark small big code tt bdi bdo wbr".split())


@dataclass(slots=True)
class Draft:
    """A visible line before its role is known. ``linked`` and ``bold`` count characters."""

    text: str
    shift: int
    start: int
    frame: Frame
    bulleted: bool
    linked: int = 0
    bold: int = 0


@dataclass(slots=True)
class _Line:
    """A line that is being collected."""

    parts: list[str] = field(default_factory=list)
    size: int = 0
    linked: int = 0
    bold: int = 0


class Frame:
    """An open element on the walk's stack; path and hints are put together only when asked for."""

    __slots__ = (
        "_hints",
        "_path",
        "block",
        "bold",
        "cell",
        "counts",
        "depth",
        "first",
        "href",
        "index",
        "level",
        "lines",
        "own",
        "parent",
        "section",
        "steps",
        "tag",
    )

    def __init__(self, tag: str, parent: Frame | None, sort: int, index: int, first: int) -> None:
        self.tag = tag
        self.parent = parent
        self.index = index
        self.first = first
        self.own = ""
        self.section: str | None = None
        self.counts: dict[str, int] | None = None
        self._path: str | None = None
        self._hints: str | None = None
        if parent is None:
            self.block = tag
            self.level = self.depth = self.steps = 0
            self.bold = self.lines = self.cell = False
            self.href: str | None = None
            return
        self.steps = parent.steps + 1
        self.href = parent.href
        self.lines = parent.lines
        self.depth = parent.depth
        if sort == BLOCK:
            self.block = tag
            self.bold = parent.bold
            self.level = HEADINGS.get(tag, 0)
            self.cell = tag in CELLS
            if tag in ("ul", "ol"):
                self.depth += 1
            elif tag in ("pre", "textarea"):
                self.lines = True
        else:
            self.block = parent.block
            self.bold = parent.bold or tag in EMPHASIS
            self.level = parent.level
            self.cell = parent.cell

    def path(self, longest: int) -> str:
        """The steps from the root; after ``longest`` of them ``//`` stands for the rest."""
        if self._path is not None:
            return self._path
        chain: list[Frame] = []
        frame: Frame | None = self
        while frame is not None and frame._path is None:
            chain.append(frame)
            frame = frame.parent
        above = frame._path if frame is not None else ""
        for step in reversed(chain):
            name = step.tag if step.index == 1 else f"{step.tag}[{step.index}]"
            if step.steps < longest:
                above = f"{above}/{name}"
                step._path = above
            elif step is self:
                step._path = f"{above}//{name}"
        return self._path or above or ""

    def hints(self) -> str:
        """Lower-case class, id, itemprop and role of the element and its near ancestors."""
        if self._hints is not None:
            return self._hints
        chain: list[Frame] = []
        frame: Frame | None = self
        while frame is not None and frame._hints is None:
            chain.append(frame)
            frame = frame.parent
        hints = (frame._hints or "") if frame is not None else ""
        for step in reversed(chain):
            if step.own:
                hints = f"{step.own.lower()} {hints}"[:240]
            step._hints = hints
        return hints


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
        if not core.isprintable():
            core = " ".join(scrub(raw).split())
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


def kind_of(draft: Draft) -> Kind:
    """The kind of a line, from the element it stands in and its bullet."""
    frame = draft.frame
    if frame.block == "title":
        return "title"
    if frame.level:
        return "heading"
    if draft.bulleted or frame.block == "li":
        return "item"
    return "row" if frame.cell else "paragraph"


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
    sheets = [node.text_content or "" for node in tree.css("style")]
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
    return found
