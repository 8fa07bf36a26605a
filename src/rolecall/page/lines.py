"""Where one text node holds several lines: preformatted text, blank lines, escaped markup."""

from __future__ import annotations

import re

from rolecall.page.visibility import scrub

__all__ = ["BULLET", "lines_of", "tidy"]

BULLET = re.compile(r"(?:[•·▪◦●‣∙■□►▶➤➢✓✔✅○⁃–—*-]|&bull;)\s+(?=\S)")
_BREAKS = re.compile(r"\n[^\S\n]*\n|\n(?=[^\S\n]*[•·▪◦●‣∙■□►▶➤➢✓✔○⁃*–-][^\S\n]+\S)|\u2028|\u2029")
# A sloppy export shows its line ends as backslash and letter.
_ESCAPED = re.compile(r"(?:\\r)?\\n|\\r(?=\\n)")
_BLOCK_MARKUP = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6]|tr|table)\b[^<>]{0,200}>", re.I)
_INLINE_MARKUP = re.compile(r"</?(?:b|i|em|strong|u|span|font|a|td|th)\b[^<>]{0,300}>", re.I)


def tidy(text: str) -> str:
    """White space collapsed, characters without a shape left out."""
    core = " ".join(text.split())
    return core if core.isprintable() else " ".join(scrub(core).split())


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
