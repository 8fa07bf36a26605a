"""What the reader's parts put forward for one unit, and the features they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rolecall.core import Problem, Span
from rolecall.reader.blocks import Tagged
from rolecall.reader.lines import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One value that a unit may have, where it stands, and what speaks for and against it."""

    unit: str
    value: Any
    span: Span | None
    features: tuple[str, ...]
    pointer: str | None = None
    problems: tuple[Problem, ...] = field(default=())


def bins(count: int) -> str:
    """A coarse name for a distance or a count."""
    if count < 4:
        return str(count)
    return "4+" if count < 8 else "8+" if count < 16 else "16+" if count < 32 else "32+"


def place_features(tagged: Tagged, index: int) -> list[str]:
    """Where a line stands: zone, distance to the body, kind, tag, label, hints."""
    line = tagged.lines[index]
    block = line.block
    zone = tagged.zone(index)
    out = [f"z={zone}", f"k={block.kind}", f"t={block.tag}"]
    if zone == "head":
        out.append(f"up={bins(tagged.first - index)}")
    elif zone == "after":
        out.append(f"down={bins(index - tagged.last)}")
    else:
        out.append(f"in={bins(index - tagged.first)}")
    share = tagged.shares[index]
    out.append(f"T{int(share.get('T', 0.0) * 3.99)}")
    out.append(f"F{int(share.get('F', 0.0) * 3.99)}")
    if block.bold:
        out.append("bold")
    if block.link > 0.5:
        out.append("link")
    return out


def label_of(tagged: Tagged, index: int) -> tuple[str, ...]:
    """The fields that label a line: its own label, else the label that is the line before."""
    return tagged.labelled[index]


def is_label(line: Line) -> bool:
    """Whether a line is nothing but a label."""
    return bool(line.label) and line.value_at >= len(line.text)


def value_span(tagged: Tagged, index: int) -> Span:
    """The span of a line without its own label."""
    line = tagged.lines[index]
    start = line.block.span.start
    if line.label and 0 < line.value_at < len(line.text):
        start += line.value_at
    return Span(start, line.block.span.end)
