"""Lines: where one text holds several, and where several are one that was broken by width."""

from __future__ import annotations

import re
from itertools import pairwise

from rolecall.page.visibility import scrub

__all__ = ["BULLET", "BULLETS", "lines_of", "starts_anew", "tidy", "unwrap"]

BULLETS = "•·▪◦●‣∙■□►▶➤➢✓✔✅○⁃–—*-"
BULLET = re.compile(rf"[{BULLETS}]\s+(?=\S)")
HASHES = re.compile(r"(#{1,6})\s+(?=\S)")
NUMBERED = re.compile(r"\d{1,2}[.)]\s+(?=\S)")
BOLD_LINE = re.compile(r"(\*\*|__)([^*_].*?)(:?)\1(:?)$")
RULE = re.compile(r"(?:[-=_*~]\s?){3,}$")
LABEL = re.compile(r"[^\s:][^:]{0,40}:(?:\s|$)")
_BREAKS = re.compile(r"\n[^\S\n]*\n|\n(?=[^\S\n]*[•·▪◦●‣∙■□►▶➤➢✓✔○⁃*–-][^\S\n]+\S)|\u2028|\u2029")
# A sloppy export shows its line ends as backslash and letter.
_ESCAPED = re.compile(r"(?:\\r)?\\n|\\r(?=\\n)")
_BLOCK_MARKUP = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6]|tr|table)\b[^<>]{0,200}>", re.I)
_INLINE_MARKUP = re.compile(r"</?(?:b|i|em|strong|u|span|font|a|td|th)\b[^<>]{0,300}>", re.I)


def tidy(text: str) -> str:
    """White space collapsed, characters without a shape left out."""
    core = " ".join(text.split())
    if core.isascii() and core.isprintable():
        return core
    return " ".join(scrub(core).split())


def lines_of(raw: str, kept: bool) -> list[str]:
    """Split a text node into the lines that its author meant.

    ``kept`` says that the page shows line ends as they are (``pre``); an empty string at an end
    then says that the node starts or ends with a line end. Otherwise a blank line, a bullet at the
    start of a line, two or more literal ``\\n``, or shown HTML tags part the text.
    """
    text = raw
    if text.count("\\n") > 1:
        text = _ESCAPED.sub("\n\n", text)
    if "<" in text and len(_BLOCK_MARKUP.findall(text)) > 1:
        text = _INLINE_MARKUP.sub("", _BLOCK_MARKUP.sub("\n\n", text))
    if kept:
        pieces = [tidy(piece) for piece in text.split("\n")]
        return [piece for i, piece in enumerate(pieces) if piece or i in (0, len(pieces) - 1)]
    if "\n" not in text.strip():
        return [raw]
    return [line for piece in _BREAKS.split(text) if (line := tidy(piece))]


def _wraps(lines: list[str], width: int) -> int:
    """How many lines end where the next line's first word would not have fitted."""
    return sum(
        len(line) + 1 + len(following.split(" ", 1)[0]) > width
        for line, following in pairwise(lines)
    )


def starts_anew(line: str) -> bool:
    """Whether a line begins something new: an item, a heading, a label, a quote."""
    return bool(
        BULLET.match(line) or HASHES.match(line) or NUMBERED.match(line) or RULE.match(line)
        or BOLD_LINE.match(line) or line[0] in "|>" or LABEL.match(line)
    )  # fmt: skip


def unwrap(paragraphs: list[list[str]]) -> list[str]:
    """Join lines that were broken to a fixed width; all others stay.

    With blank lines in the text, a line is joined to the one before when its first word would not
    have fitted there. A text without blank lines is only taken for wrapped when nearly all of its
    lines are full and go on in mid-sentence, which no page's own list of lines does.
    """
    lines = [line for paragraph in paragraphs for line in paragraph]
    if len(lines) < 2:
        return lines
    width = max(len(line) for line in lines)
    if not 40 <= width <= 100:
        return lines
    if len(paragraphs) == 1:
        running = sum(line[-1] not in ".!?:;" for line in lines[:-1])
        small = sum(line[0].islower() for line in lines[1:])
        full = _wraps(lines, width)
        if len(lines) < 6 or full < 0.9 * (len(lines) - 1):
            return lines
        if running < 0.75 * (len(lines) - 1) or small < 0.4 * (len(lines) - 1):
            return lines
    joined: list[list[str]] = []
    for paragraph in paragraphs:
        fresh = True
        previous = ""
        for line in paragraph:
            fits = len(previous) + 1 + len(line.split(" ", 1)[0]) <= width
            if fresh or fits or starts_anew(line) or previous[-1:] == ":":
                joined.append([line])
            else:
                joined[-1].append(line)
            fresh, previous = False, line
    result = [" ".join(part) for part in joined]
    return unwrap([result]) if len(paragraphs) > 1 or len(result) < len(lines) else result
