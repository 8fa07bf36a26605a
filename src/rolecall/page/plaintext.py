"""Plain text and Markdown -> lines.

Plain text is kept as it is but for white space, so that reading a page's own text again gives the
same text; marks such as ``#``, bullets and ``**`` around a line stay in the text and out of its
span. Markdown loses its inline marks, as a reader would see it rendered.
"""

from __future__ import annotations

import re

from msgspec import Struct

from rolecall.core import Kind
from rolecall.page.lines import BOLD_LINE, BULLET, HASHES, RULE, starts_anew, tidy, unwrap

__all__ = ["TextLine", "looks_like_markdown", "read_markdown", "read_plain"]


class TextLine(Struct, frozen=True, kw_only=True):
    """One line: ``start`` and ``end`` leave out its marks; links are (start, end, href)."""

    text: str
    kind: Kind = "paragraph"
    start: int = 0
    end: int = 0
    level: int = 0
    bold: bool = False
    links: tuple[tuple[int, int, str], ...] = ()


CELLS = 100  # of one table row
_CLOSING = re.compile(r"\s#{1,6}$")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_LINK = re.compile(
    r"(!?)\[([^\[\]]{0,500})\]\(\s*<?([^\s()<>]{0,2000})>?(?:\s+[\"'][^\"']*[\"'])?\s*\)"
)
_AUTO = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,2000})>")
_MARKS = re.compile(r"(\*\*|__|(?<!\w)[*_](?=\S))(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?!\w)")
_CODE = re.compile(r"`+([^`]{1,500})`+")
_TAGS = re.compile(r"</?(?:b|i|em|strong|u|span|p|div|center|sub|sup|a)\b[^<>]{0,300}>", re.I)
_BREAK = re.compile(r"<br\s*/?>|\\$", re.I)
_ESCAPES = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])")
_LABELLED = re.compile(r"[^\s:][^:]{0,60}:(?:\*\*|__)?$")  # "Requirements:" on its own line
_STRONG_LABEL = re.compile(r"(\*\*|__)[^*_:]{2,40}(?::\1|\1:)\s")  # "**Company:** Tidepool"
_GAP = re.compile(" {2,}")
_COMMENT = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)")
_MARKDOWN = re.compile(
    r"(?m)^#{1,6} \S|^[^\S\n]*[*+-] \S|\*\*[^*\n]+\*\*|\]\(https?://|^\|.*\|\s*$"
)


def looks_like_markdown(text: str) -> bool:
    """Whether undeclared text uses Markdown: headings or links, not only list bullets."""
    head = text[:20_000]
    found = [match.strip() for match in _MARKDOWN.findall(head)[:200]]
    strong = sum(1 for mark in found if mark[0] in "#]|" or mark.startswith("**"))
    return strong >= 2


def _paragraphs(text: str, most: int) -> tuple[list[list[str]], bool]:
    """The tidy lines, parted at blank lines, and whether there were more than ``most``."""
    paragraphs: list[list[str]] = [[]]
    count = 0
    for raw in text.splitlines():
        line = tidy(raw)
        if line:
            if count >= most:
                return [part for part in paragraphs if part], True
            paragraphs[-1].append(line)
            count += 1
        elif paragraphs[-1]:
            paragraphs.append([])
    return [part for part in paragraphs if part], False


def read_plain(text: str, most: int) -> tuple[list[TextLine], bool]:
    """The lines of plain text, and whether lines after the first ``most`` were cut."""
    paragraphs, cut = _paragraphs(text, most)
    lines = unwrap(paragraphs)
    return [
        _plain(line, lines[index + 1] if index + 1 < len(lines) else "")
        for index, line in enumerate(lines)
    ], cut


def _plain(line: str, following: str) -> TextLine:
    start, end = 0, len(line)
    kind: Kind = "paragraph"
    level = 0
    if hashes := HASHES.match(line):
        kind, level, start = "heading", len(hashes[1]), hashes.end()
        closing = _CLOSING.search(line)
        end = closing.start() if closing and closing.start() > start else end
    elif bullet := BULLET.match(line):
        kind, start, level = "item", bullet.end(), 1
    elif len(line) < 100 and len(following) > 2 and set(following) in ({"="}, {"-"}):
        kind, level = "heading", 1 if following[0] == "=" else 2
    bold = BOLD_LINE.match(line[start:end]) if line[start : start + 1] in ("*", "_") else None
    if bold:
        start, end = start + 2, end - 2 - len(bold[4])
    links = (
        tuple((m.start(), m.end(), m.group()) for m in _URL.finditer(line)) if "." in line else ()
    )
    return TextLine(
        text=line, kind=kind, start=start, end=end, level=level, bold=bold is not None, links=links
    )


def read_markdown(text: str, most: int) -> tuple[list[TextLine], bool]:
    """The lines of Markdown as a reader sees them rendered, and whether lines were cut.

    Lines of one paragraph are joined, as every renderer does, except after a label and before
    a bold one: "**Company:** Tidepool".
    """
    found: list[TextLine] = []
    buffer: list[str] = []
    fence = done = False
    for raw in [*_COMMENT.sub("", text).splitlines(), ""]:
        if len(found) >= most:
            return found, True
        line = tidy(raw)
        if line.startswith(("```", "~~~")):
            fence = not fence
            line = ""
        if done or fence or not line or starts_anew(line) or _STRONG_LABEL.match(line):
            _finish(" ".join(buffer), found)
            buffer = []
        if line:
            buffer.append(line)
        # What is complete on its own line: the next one does not run on from it.
        hard = raw.endswith("  ") or bool(_BREAK.search(line))
        done = bool(line) and (
            hard
            or fence
            or line[0] in "#|"
            or RULE.match(line) is not None
            or _LABELLED.match(line) is not None
        )
    return found, False


def _finish(line: str, found: list[TextLine]) -> None:
    line = line.strip()
    if not line:
        return
    if RULE.match(line):
        if found and set(line) <= {"=", "-"} and " " not in line and found[-1].kind == "paragraph":
            last = found.pop()
            found.append(
                TextLine(
                    text=last.text,
                    kind="heading",
                    end=last.end,
                    level=1 if line[0] == "=" else 2,
                    links=last.links,
                    bold=last.bold,
                )
            )
        return
    if line[0] == "|" and line.count("|") > 1:
        cells = [cell.strip() for cell in line.strip("|").split("|", CELLS)[:CELLS]]
        if not all(re.fullmatch(r":?-*:?", cell) for cell in cells):
            found.extend(_rendered(cell, "row", 0) for cell in cells if cell)
        return
    for part in _BREAK.split(line):
        part = part.strip().lstrip(">").strip()
        if not part:
            continue
        if hashes := HASHES.match(part):
            body = _CLOSING.sub("", part[hashes.end() :])
            found.append(_rendered(body, "heading", len(hashes[1])))
        elif bullet := BULLET.match(part) or re.match(r"\+\s+(?=\S)", part):
            found.append(_rendered(part[bullet.end() :], "item", 1))
        else:
            found.append(_rendered(part, "paragraph", 0))
    if found and not found[-1].text:
        found.pop()


def _rendered(line: str, kind: Kind, level: int) -> TextLine:
    """One line without its inline marks."""
    bold = BOLD_LINE.match(line) is not None
    line = _TAGS.sub("", line)
    pieces: list[str] = []
    links: list[tuple[int, int, str]] = []
    position = size = 0
    for match in re.finditer(f"{_LINK.pattern}|{_AUTO.pattern}", line):
        before = _after(pieces, _unmarked(line[position : match.start()]))
        label = "" if match[1] else _unmarked(match[2] if match[2] is not None else match[4])
        label = _after(pieces, label)
        size += len(before)
        if label:
            links.append((size, size + len(label), match[3] or match[4]))
            size += len(label)
        position = match.end()
    _after(pieces, _unmarked(line[position:]))
    text = "".join(pieces)
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    return TextLine(
        text=text, kind=kind, end=len(text), level=level, bold=bold,
        links=tuple(
            (max(0, a - lead), min(b - lead, len(text)), href) for a, b, href in links
            if max(0, a - lead) < min(b - lead, len(text))
        ),
    )  # fmt: skip


def _after(pieces: list[str], text: str) -> str:
    """Put ``text`` behind ``pieces``; marks that are gone between the two leave one space."""
    if text and text[0] == " " and pieces and pieces[-1].endswith(" "):
        text = text[1:]
    if text:
        pieces.append(text)
    return text


def _unmarked(text: str) -> str:
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    if "*" in text or "_" in text:
        text = _MARKS.sub(r"\2", _MARKS.sub(r"\2", text))
    if "\\" in text:
        text = _ESCAPES.sub(r"\1", text)
    return _GAP.sub(" ", text) if "  " in text else text
