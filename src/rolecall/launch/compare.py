"""The plan beside what vLLM then reported, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from rolecall.models.nouns import Shape
from rolecall.plan.keyvalues import token_bytes
from rolecall.plan.memory import tokens_in
from rolecall.plan.nouns import GIB, Estimate, Memory, Reported, Serving, exactly

Verdict = Literal["within", "below", "above", "not printed"]

PRINTED: Final = GIB // 200 + 1
"""vLLM prints GiB with two decimals: a figure may be this far from what is printed."""

WORDS: Final[Mapping[str, str]] = {
    "weights": "weights",
    "consumed": "weights and other",
    "activation": "activations at peak",
    "graphs": "CUDA graphs",
    "kv": "KV cache",
    "tokens": "KV tokens",
}
"""The figures that are compared, in their order, and what they are called."""

CPU_WIDTH: Final = 2
"""On the CPU the cache holds float32: twice the bytes that the plan counts with."""


class Compared(Struct, frozen=True, kw_only=True):
    """One figure: bytes, or tokens for ``tokens``. ``share`` is how far off the plan's was."""

    name: str
    planned: Estimate
    reported: int | None
    verdict: Verdict
    share: float | None = None


def planned_of(memory: Memory) -> dict[str, Any]:
    """The figures of a plan that a report can be held against, for `Recipe.planned`."""
    found = {
        "weights": memory.weights,
        "consumed": memory.weights + memory.other,
        "activation": memory.activation,
        "graphs": memory.graphs,
        "kv": memory.kv,
        "tokens": memory.tokens,
    }
    return {name: msgspec.to_builtins(one) for name, one in found.items()}


def planned_on_cpu(shape: Shape, serving: Serving) -> dict[str, Any]:
    """The figures that can be known of a start on the CPU: the cache, which is set outright."""
    assert serving.kv_bytes is not None
    per_token = CPU_WIDTH * token_bytes(shape, serving)
    tokens = tokens_in(serving.kv_bytes, per_token, 0, serving.context)
    found = {"kv": exactly(serving.kv_bytes), "tokens": exactly(tokens)}
    if shape.attention.state or shape.attention.window:
        del found["tokens"]
    return {name: msgspec.to_builtins(one) for name, one in found.items()}


def compared(planned: Mapping[str, Any], reported: Reported) -> tuple[Compared, ...]:
    """Each planned figure beside the reported one.

    ``consumed`` is printed by newer versions instead of the weights alone: where only one of the
    two was printed, the other is left out.
    """
    rows = []
    for name in WORDS:
        if name not in planned:
            continue
        estimate = msgspec.convert(planned[name], Estimate)
        rows.append(_row(name, estimate, getattr(reported, name)))
    said = {row.name for row in rows if row.reported is not None}
    if {"weights", "consumed"} & said:
        rows = [row for row in rows if row.name in said | (set(WORDS) - {"weights", "consumed"})]
    else:
        rows = [row for row in rows if row.name != "consumed"]
    return tuple(rows)


def _row(name: str, planned: Estimate, reported: int | None) -> Compared:
    if reported is None:
        return Compared(name=name, planned=planned, reported=None, verdict="not printed")
    room = 0 if name == "tokens" else PRINTED
    verdict: Verdict = "within"
    if reported < planned.low - room:
        verdict = "below"
    elif reported > planned.high + room:
        verdict = "above"
    share = reported / planned.expected - 1 if planned.expected else None
    return Compared(name=name, planned=planned, reported=reported, verdict=verdict, share=share)


def off_plan(rows: tuple[Compared, ...]) -> str:
    """Where a report is outside its plan, in words; empty where it is not."""
    return "; ".join(
        f"{WORDS[row.name]} {row.verdict} the plan"
        + (f", {row.share:+.1%} of expected" if row.share is not None else "")
        for row in rows
        if row.verdict in ("below", "above")
    )


def table(rows: tuple[Compared, ...]) -> list[str]:
    """The lines of a table for people; empty without rows."""
    if not rows:
        return []
    head = ("", "planned low", "expected", "high", "reported", "")
    lines = [head, *(in_words(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    return [
        "  ".join(
            word.ljust(width) if at in (0, len(head) - 1) else word.rjust(width)
            for at, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def in_words(row: Compared) -> tuple[str, ...]:
    """A row in words: its name, the plan's low, expected and high, the report, the verdict."""
    shown = [row.planned.low, row.planned.expected, row.planned.high]
    figures = [_figure(row.name, one) for one in shown]
    reported = _figure(row.name, row.reported) if row.reported is not None else "-"
    told: str = row.verdict
    if row.verdict in ("below", "above"):
        told = f"{told.upper()} the plan"
    if row.share is not None and abs(row.share) >= 0.0005:
        told += f", {row.share:+.1%} of expected"
    return (WORDS[row.name], *figures, reported, told)


def _figure(name: str, value: int) -> str:
    return f"{value:,}" if name == "tokens" else f"{value / GIB:.2f} GiB"
