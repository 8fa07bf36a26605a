"""The memory of a card as one line of characters, each the same share of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rolecall.plan.nouns import Plan
from rolecall.plan.sizes import gib

LEAST, MOST = 40, 100
"""Columns of the bar."""

BLOCKS: Final = {"weights": "█", "overhead": "▓", "either": "▒", "cache": "░", "outside": "·"}
PLAIN: Final = {"weights": "W", "overhead": "o", "either": "?", "cache": "k", "outside": "."}
COLOURS: Final = {"weights": "34", "overhead": "31", "either": "33", "cache": "32", "outside": "2"}


class Look(Struct, frozen=True, kw_only=True):
    """How wide a terminal is, whether it shows more than ASCII, and colours."""

    width: int = 80
    unicode: bool = False
    colours: bool = False


def look_of(
    columns: int, encoding: str | None, *, terminal: bool, environ: Mapping[str, str]
) -> Look:
    """The look of a stream: no colours outside a terminal or with ``NO_COLOR``."""
    wide = (encoding or "").lower().replace("-", "").replace("_", "") == "utf8"
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Look(width=min(max(columns, LEAST), MOST), unicode=wide, colours=terminal and not plain)


NAMES: Final[Mapping[str, str]] = {
    "weights": "weights",
    "overhead": "overhead",
    "either": "overhead or KV cache",
    "cache": "KV cache at the least",
    "outside": "not vLLM's",
}


SET: Final[Mapping[str, str]] = {"either": "overhead or free", "cache": "KV cache"}
"""The same where the KV cache is set outright."""


def memory_bar(plan: Plan, look: Look) -> str:
    """The bar and its legend.

    From the left: weights, the overhead that is there for sure, what may turn out overhead or KV
    cache, the KV cache that is there for sure, and what vLLM leaves alone. Where weights and
    overhead leave no cache, the bar is what they need, and a mark below it says what there is.
    """
    parts = _shares(plan) if plan.memory.kv.expected > 0 else _needs(plan)
    width = look.width - 2
    whole = sum(parts.values())
    marks = BLOCKS if look.unicode else PLAIN
    names = NAMES if plan.serving.kv_bytes is None else {**NAMES, **SET}
    mark = ""
    if plan.memory.kv.expected <= 0:
        names = {**names, "cache": "KV cache for one sequence"}
        told = f"{gib(plan.memory.budget)} is what vLLM may take"
        column = min(width, plan.memory.budget * width // whole)
        line = f"{' ' * column}^ {told}"
        mark = (line if len(line) <= look.width else f"{told} ^".rjust(column + 1)) + "\n"
    bar = "".join(
        _coloured(marks[name] * count, name, look)
        for name, count in zip(parts, _columns(list(parts.values()), width), strict=True)
    )
    legend = [
        f"{_coloured(marks[name], name, look)} {names[name]} {gib(size)}"
        for name, size in parts.items()
        if size
    ]
    return f"|{bar}|\n{mark}{_wrapped(legend, look.width)}\n"


def _shares(plan: Plan) -> dict[str, int]:
    """What the card's memory goes to."""
    memory = plan.memory
    weights = memory.weights.expected
    sure = max(0, memory.kv.low)
    overhead = max(0, min(memory.overhead.low, memory.budget - weights - sure))
    either = max(0, memory.budget - weights - overhead - sure)
    rest = max(0, plan.device.memory - weights - overhead - either - sure)
    return {
        "weights": weights, "overhead": overhead, "either": either, "cache": sure, "outside": rest
    }  # fmt: skip


def _needs(plan: Plan) -> dict[str, int]:
    """What would be needed, with one sequence of the whole context."""
    memory, context = plan.memory, plan.serving.context
    return {
        "weights": memory.weights.expected,
        "overhead": memory.overhead.expected,
        "cache": memory.kv_token * context + memory.state,
    }


def _columns(sizes: list[int], width: int) -> list[int]:
    """Columns for each size, ``width`` together: shares rounded down, the largest rests first."""
    whole = sum(sizes) or 1
    columns = [size * width // whole for size in sizes]
    rests = sorted(range(len(sizes)), key=lambda one: -(sizes[one] * width % whole))
    for one in rests[: width - sum(columns)]:
        columns[one] += 1
    return columns


def _coloured(text: str, name: str, look: Look) -> str:
    return f"\x1b[{COLOURS[name]}m{text}\x1b[m" if look.colours and text else text


def _wrapped(parts: list[str], width: int) -> str:
    lines: list[str] = []
    length = 0
    for part in parts:
        seen = len(part.split("m", 1)[1].replace("\x1b[m", "")) if part[0] == "\x1b" else len(part)
        if lines and length + 3 + seen <= width:
            lines[-1] += "   " + part
            length += 3 + seen
        else:
            lines.append(part)
            length = seen
    return "\n".join(lines)
