"""HTML -> blocks: one iterative walk over the lexbor tree.

Text a reader cannot see is left out; every visible line becomes a block with a span and a DOM path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rolecall.core import Block, Kind, Link, Role, Span

UNSEEN_TAGS = ("script", "style", "noscript", "template", "iframe", "svg", "object", "canvas")
BLOCK_TAGS = frozenset(
    "address article aside blockquote body br button caption center dd details dialog dir div dl dt"
    " fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu"
    " nav ol option p pre section select summary table tbody td tfoot th thead title tr ul".split()
)
HEADINGS = {f"h{n}": n for n in range(1, 7)}
EMPHASIS = frozenset({"b", "strong"})
CHROME_TAGS = frozenset({"nav", "footer", "aside", "dialog", "select", "button"})
SPACE = re.compile(r"\s+")
BULLET = re.compile(r"[•·▪◦●‣∙■□–—*-]\s+(?=\S)")


@dataclass(slots=True)
class _Line:
    """A line that is being collected: its text so far and the element it started in."""

    parts: list[str] = field(default_factory=list)
    size: int = 0
    linked: int = 0
    bold: int = 0


@dataclass(slots=True)
class _Frame:
    """An open element on the walk's stack."""

    tag: str
    path: str
    block: str
    hints: str
    role: Role
    level: int
    depth: int
    bold: bool
    href: str | None
    counts: dict[str, int] = field(default_factory=dict)


class Walk:
    """Collects the text, blocks and links of one tree."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.size = 0
        self.blocks: list[Block] = []
        self.links: list[Link] = []
        self._line = _Line()
        self._start: _Frame | None = None
        self._pending: list[tuple[int, int, str, str]] = []

    def run(self, root: LexborNode) -> None:
        """Walk the tree below ``root`` in document order without recursion."""
        frame = _Frame("html", "/html", "html", "", "posting", 0, 0, False, None)
        stack: list[tuple[LexborNode | None, _Frame]] = [(root.child, frame)]
        while stack:
            node, parent = stack.pop()
            if node is None:
                self._close(parent)
                continue
            stack.append((node.next, parent))
            tag = node.tag
            if tag == "-text":
                self._add(node.text_content or "", parent)
            elif tag and tag[0] not in "-!":
                child = self._open(node, tag, parent)
                if child is not None and node.child is not None:
                    stack.append((node.child, child))
        self._flush()

    def _open(self, node: LexborNode, tag: str, parent: _Frame) -> _Frame | None:
        attributes = node.attributes
        if _unseen(attributes):
            return None
        if tag in BLOCK_TAGS:
            self._flush()
            if tag in ("br", "hr"):
                return None
        number = parent.counts[tag] = parent.counts.get(tag, 0) + 1
        own = " ".join(
            value for name in ("class", "id", "itemprop", "role") if (value := attributes.get(name))
        ).lower()
        hints = f"{own} {parent.hints}"[:240] if own else parent.hints
        block = tag if tag in BLOCK_TAGS else parent.block
        role: Role = "chrome" if tag in CHROME_TAGS else parent.role
        return _Frame(
            tag,
            f"{parent.path}/{tag}" if number == 1 else f"{parent.path}/{tag}[{number}]",
            block,
            hints,
            role,
            HEADINGS.get(tag, parent.level if tag not in BLOCK_TAGS else 0),
            parent.depth + (tag in ("ul", "ol")),
            parent.bold or tag in EMPHASIS,
            attributes.get("href") if tag == "a" else parent.href,
        )

    def _close(self, frame: _Frame) -> None:
        if frame.tag in BLOCK_TAGS:
            self._flush()

    def _add(self, raw: str, frame: _Frame) -> None:
        text = SPACE.sub(" ", raw)
        line = self._line
        if not line.size:
            text = text.lstrip()
        elif text[:1] == " " and line.parts[-1][-1:] == " ":
            text = text[1:]
        if not text:
            return
        if self._start is None:
            self._start = frame
        if frame.href:
            self._pending.append((line.size, line.size + len(text), frame.href, frame.path))
            line.linked += len(text)
        if frame.bold:
            line.bold += len(text)
        line.parts.append(text)
        line.size += len(text)

    def _flush(self) -> None:
        line, frame, pending = self._line, self._start, self._pending
        if frame is None:
            return
        self._line, self._start, self._pending = _Line(), None, []
        text = "".join(line.parts).rstrip()
        if not text:
            return
        bullet = BULLET.match(text)
        shift = bullet.end() if bullet else 0
        start = self.size
        self.blocks.append(
            Block(
                kind=_kind(frame, bool(bullet)),
                role=frame.role,
                span=Span(start + shift, start + len(text)),
                path=frame.path,
                tag=frame.block,
                level=frame.level or frame.depth,
                hints=frame.hints,
                link=min(1.0, line.linked / len(text)),
                bold=line.bold >= len(text) - shift - 1,
            )
        )
        for begin, end, href, path in pending:
            if begin < len(text):
                span = Span(start + begin, start + min(end, len(text)))
                self.links.append(Link(span=span, href=href, path=path))
        self.text.append(text)
        self.size = start + len(text) + 1


def _kind(frame: _Frame, bullet: bool) -> Kind:
    if frame.block in HEADINGS:
        return "heading"
    if bullet or frame.block == "li":
        return "item"
    if frame.block in ("td", "th", "dt", "dd", "tr"):
        return "row"
    return "title" if frame.block == "title" else "paragraph"


def _unseen(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style) and "display:none" in style.replace(" ", "").lower()


def walk(html: str) -> tuple[str, tuple[Block, ...], tuple[Link, ...], LexborHTMLParser]:
    """Parse ``html`` and return its visible text, blocks and links, and the tree."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(list(UNSEEN_TAGS))
    found = Walk()
    if tree.root is not None:
        found.run(tree.root)
    return "\n".join(found.text), tuple(found.blocks), tuple(found.links), tree
