"""What can be measured of a candidate: unit, which way is better, and how a figure is written."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from rolecall.evaluate.choose.exact import percent, shown


class Measure(Struct, frozen=True, kw_only=True):
    """A kind of figure. ``best`` is the figure that earns 10 points where a file names none."""

    name: str
    text: str
    unit: str
    better: Literal["up", "down"] = "up"
    digits: int = 1
    best: Fraction | None = None

    def shown(self, value: Fraction) -> str:
        """A figure with its unit."""
        if self.unit == "%":
            return percent(value, self.digits)
        return f"{shown(value, self.digits)} {self.unit}".rstrip()

    def span(self, low: Fraction, high: Fraction) -> str:
        """The two ends of an interval with their unit."""
        if self.unit == "%":
            low, high = 100 * low, 100 * high
        return f"{shown(low, self.digits)} to {shown(high, self.digits)} {self.unit}".rstrip()

    def holds(self, value: Fraction, floor: Fraction) -> bool:
        """Whether a figure keeps a floor (for what is better down: a ceiling)."""
        return value >= floor if self.better == "up" else value <= floor


_ALL = (
    Measure(
        name="accuracy",
        text="mean score of the labelled fields, each field counting the same",
        unit="%",
        best=Fraction(1),
    ),
    Measure(
        name="adr009",
        text="the metric of ADR-009: word overlap of title, company and description",
        unit="%",
        best=Fraction(1),
    ),
    Measure(
        name="schema_valid",
        text="share of the records that are valid under the schema",
        unit="%",
        best=Fraction(1),
    ),
    Measure(
        name="vram_gib",
        text="GPU memory in use under load, on the fullest card",
        unit="GiB",
        better="down",
        digits=2,
    ),
    Measure(name="context_tokens", text="longest prompt and answer", unit="tokens", digits=0),
    Measure(
        name="postings_per_min",
        text="postings a minute, at the load without failures that has the most of them",
        unit="postings/min",
    ),
    Measure(
        name="tokens_per_s",
        text="output tokens a second, one request at a time, over whole requests",
        unit="tokens/s",
    ),
    Measure(
        name="latency_p95_ms",
        text="end-to-end latency, 95th percentile, at the load with the most postings a minute",
        unit="ms",
        better="down",
        digits=0,
    ),
    Measure(
        name="cost_per_1000_usd",
        text="cost of 1,000 postings",
        unit="USD",
        better="down",
        digits=2,
    ),
)

MEASURES: Final[Mapping[str, Measure]] = {one.name: one for one in _ALL}
QUALITY: Final = ("accuracy", "adr009")
COSTS: Final = ("vram_gib", "cost_per_1000_usd", "latency_p95_ms")
"""What the Pareto front trades against each other: a quality up, costs down."""
