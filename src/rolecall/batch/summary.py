"""What a run says of itself when it has ended: a few lines for people, and all of it as JSON.

Figures are of this run. What a run that was continued finds already written is counted (``kept``,
``others``) and costs nothing here; what it did cost is in its own records. See ``docs/runs.md``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.batch.done import Tally, Use

VERSION: Final = "1"
"""Of the JSON: a key that goes or changes its meaning raises it, a new key does not."""

MANY: Final = 1_000
LONG: Final = 60.0
"""Inputs, and seconds, from which on a run says more than one line of itself."""

OUTSIDE: Final = ("ask",)
"""Stages in which a page waits, and no worker does anything."""

Ended = Literal["complete", "stopped", "unwritable", "reader_gone", "error"]


class Beside(Struct, frozen=True):
    """A count that another part of a run delivers: its key in the JSON, and what it is in words."""

    key: str
    told: str
    count: int


class Summary(Struct, frozen=True, kw_only=True):
    """One run that has ended.

    ``seconds`` is its wall clock and ``first`` when the first input was finished, since its start.
    ``local`` says of each engine whether it is on the user's machines. ``beside`` are counts of
    other parts, ``error`` is what ended the run, ``load`` the `machine_load` at its end.
    """

    tally: Tally
    seconds: float
    first: float | None = None
    workers: int = 1
    local: Mapping[str, bool] = {}
    beside: tuple[Beside, ...] = ()
    error: str = ""
    load: float | None = None

    @property
    def steady(self) -> float | None:
        """Inputs a second that were worked on, from the first one on: without the start."""
        if self.first is None or self.tally.fresh < 2 or self.seconds <= self.first:
            return None
        return (self.tally.fresh - 1) / (self.seconds - self.first)

    @property
    def busy(self) -> float:
        """Seconds that inputs were worked on in workers, by the wall clock."""
        return sum(s for stage, s in self.tally.seconds.items() if stage not in OUTSIDE)

    @property
    def much(self) -> bool:
        """Whether the run was long enough to say more than a line."""
        return self.tally.total >= MANY or self.seconds >= LONG


def details(summary: Summary) -> list[str]:
    """The lines under the first one, for a run of many inputs."""
    tally = summary.tally
    if not tally.fresh:
        return []
    lines = []
    if tally.bytes_in:
        rate = f", {size(tally.bytes_in / summary.seconds)}/s" if summary.seconds else ""
        out = f"; wrote {size(tally.bytes_out)}" if tally.bytes_out else ""
        lines.append(f"read {size(tally.bytes_in)}{rate}{out}")
    lines += _times(summary)
    shares = routes(summary)
    if any(name in shares for name in ("stated", "reader", "local", "cloud")):
        words = {
            "stated": "the page's own data",
            "reader": "the reader",
            "local": "a local engine",
            "cloud": "a cloud engine",
            "none": "nothing",
        }
        told = ", ".join(
            f"{words[name]} {percent(count / tally.fresh)}"
            for name, count in shares.items()
            if count
        )
        lines.append(f"values from: {told}")
    return lines


def always(summary: Summary) -> list[str]:
    """Lines for runs of any size: what each engine did and cost, and what other parts count."""
    tally, lines = summary.tally, []
    for name, use in sorted(tally.engines.items()):
        beside = [f"{use.failed:,} failed"] if use.failed else []
        beside += [f"{use.kept:,} answers were kept from before"] if use.kept else []
        calls = f"{use.calls:,} call{'s' * (use.calls != 1)}"
        told = f"engine {name}: {calls}" + (f" ({', '.join(beside)})" if beside else "")
        if use.input_tokens or use.output_tokens:
            cached = f" ({use.cached_tokens:,} cached)" if use.cached_tokens else ""
            told += f", tokens {use.input_tokens:,} in{cached}, {use.output_tokens:,} out"
        if use.cost_usd:
            told += f", {money(use.cost_usd)}"
        lines.append(told)
    lines += [f"{one.told}: {one.count:,}" for one in summary.beside if one.count]
    return lines


def _times(summary: Summary) -> list[str]:
    tally, busy = summary.tally, summary.busy
    if not busy:
        return []
    shares = sorted(tally.seconds.items(), key=lambda item: -item[1])
    told = ", ".join(
        f"{stage} {percent(seconds / busy)}" for stage, seconds in shares if stage not in OUTSIDE
    )
    workers = f"{summary.workers} worker{'s' * (summary.workers != 1)}"
    each = 1000 * busy / tally.fresh
    lines = [
        f"time in {workers}: {busy:,.1f} s ({tally.cpu:,.1f} s of processor), "
        f"{each:,.1f} ms a page: {told}"
    ]
    if waited := sum(tally.seconds.get(stage, 0.0) for stage in OUTSIDE):
        lines.append(f"pages waited for engines: {1000 * waited / tally.fresh:,.1f} ms a page")
    if summary.first is not None and summary.steady is not None:
        rate = summary.steady
        lines.append(f"first page after {summary.first:.1f} s, then {rate:,.0f} pages/s")
    return lines


def routes(summary: Summary) -> dict[str, int]:
    """How many inputs have their values from where: engines by whether they are local."""
    found = dict.fromkeys(("stated", "reader", "local", "cloud", "none"), 0)
    for route, count in summary.tally.routes.items():
        kind, _, engine = route.partition(":")
        if kind == "engine":
            kind = "local" if summary.local.get(engine, False) else "cloud"
        found[kind] += count
    return found


def document(summary: Summary) -> dict[str, Any]:
    """The figures of a run as plain data; ``docs/runs.md`` says what each key means."""
    tally, seconds, busy = summary.tally, summary.seconds, summary.busy
    fresh, used = tally.fresh, tally.used
    kept = tally.outcomes["kept"]
    outcomes = {name: n for name, n in tally.outcomes.items() if name != "kept"}
    return {
        "run": {
            "inputs": fresh,
            "outcomes": outcomes,
            "reasons": {n: dict(codes) for n, codes in tally.codes.items() if n != "kept"},
            "seconds": round(seconds, 3),
            "first_record_seconds": rounded(summary.first, 3),
            "pages_per_s": rounded(fresh / seconds if seconds else None, 3),
            "steady_pages_per_s": rounded(summary.steady, 3),
            "bytes_in": tally.bytes_in,
            "bytes_out": tally.bytes_out,
            "machine_load": summary.load,
            "mb_per_s": rounded(tally.bytes_in / seconds / 1e6 if seconds else None, 4),
            "workers": {
                "count": summary.workers,
                "busy_seconds": round(busy, 3),
                "cpu_seconds": round(tally.cpu, 3),
                "busy_share": rounded(busy / (seconds * summary.workers) if seconds else None, 4),
            },
            "stages": {
                stage: {
                    "seconds": round(spent, 3),
                    "share": None if stage in OUTSIDE or not busy else round(spent / busy, 4),
                    "ms_per_page": rounded(1000 * spent / fresh if fresh else None, 4),
                }
                for stage, spent in sorted(tally.seconds.items())
            },
            "routes": routes(summary),
            "engines": {
                name: _use(use) | {"local": summary.local.get(name)}
                for name, use in sorted(tally.engines.items())
            },
            "asked": _use(used),
            "copies": {
                "saved": dict(tally.copies),
                "split_off": dict(tally.splits),
            },
        },
        "output": {
            "records": fresh + kept,
            "kept": kept,
            "failed": tally.failed,
            "kept_failed": tally.failed - tally.outcomes["failed"],
        },
        "beside": {one.key: one.count for one in summary.beside},
        "error": summary.error or None,
    }


def _use(use: Use) -> dict[str, Any]:
    return {
        "calls": use.calls,
        "failed_calls": use.failed,
        "kept_answers": use.kept,
        "input_tokens": use.input_tokens,
        "cached_tokens": use.cached_tokens,
        "output_tokens": use.output_tokens,
        "cost_usd": round(use.cost_usd, 9),
    }


def machine_load() -> float | None:
    """How many processes have wanted a processor in the last minute, where the system tells."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def rounded(value: float | None, digits: int) -> float | None:
    """``value`` with so many digits after the point; ``None`` stays."""
    return None if value is None else round(value, digits)


def size(count: float) -> str:
    """Bytes in words: 812 B, 4.1 kB, 37 MB, 1.2 GB (of a thousand)."""
    for unit, each in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= each * 0.9995:
            value = count / each
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:,.0f} {unit}"
    return f"{count:.0f} B"


def span(seconds: float) -> str:
    """Seconds in words: 0.4 s, 12 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def money(usd: float) -> str:
    """US dollars in words; less than a cent to four places."""
    return f"${usd:,.2f}" if usd >= 0.995 or usd == 0 else f"${usd:.4f}"


def percent(share: float) -> str:
    """A share in words: 0 %, <1 %, 37 %, >99 %."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")
