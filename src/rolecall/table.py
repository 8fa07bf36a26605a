"""Rows of words as lines of a table."""

from __future__ import annotations


def one_line(text: str) -> str:
    """``text`` without what moves a cursor or ends a line; such characters become spaces."""
    return "".join(one if one.isprintable() else " " for one in text)


def aligned(*rows: tuple[str, ...], worded: bool = False) -> str:
    """The rows as lines: the first column to the left, the others to the right.

    With ``worded`` the last column holds words, which stand to the left.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [one.rjust(width) for one, width in zip(others, widths[1:], strict=True)]
        if worded:
            cells[-1] = others[-1]
        lines.append("  ".join(cells).rstrip() + "\n")
    return "".join(lines)


def percent(share: float) -> str:
    """A share in per cent; what is neither nothing nor all is never told as 0% or 100%."""
    if 0 < share < 0.01:
        return f"{share:.1%}" if share >= 0.001 else "<0.1%"
    if 0.99 < share < 1:
        return f"{share:.1%}" if share <= 0.999 else ">99.9%"
    return f"{share:.0%}"
