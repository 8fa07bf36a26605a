"""Rows of words as lines of a table."""

from __future__ import annotations


def aligned(*rows: tuple[str, ...]) -> str:
    """The rows as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "".join(line.rstrip() + "\n" for line in lines)
