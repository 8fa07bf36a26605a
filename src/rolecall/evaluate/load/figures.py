"""What was sent -> the figures of a point. Pure.

TTFT, TPOT, ITL and E2EL are defined as ``vllm bench serve`` defines them:

TTFT  from sending a request to the first chunk that says something
E2EL  from sending a request to the last chunk
TPOT  (E2EL - TTFT) / (output tokens - 1), of requests with two output tokens and more
ITL   the gaps between the chunks of an answer, those of all requests together

A chunk may hold several tokens (speculation): ITL counts chunks, TPOT the server's tokens.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rolecall.errors import UsageError
from rolecall.evaluate.load.nouns import Loop, Point, Sent, Spread

SLO_NAMES = ("ttft", "tpot", "e2el")

UNSTREAMED = "the answers were not streamed"
UNCOUNTED = "the server did not tell the tokens"
NO_ANSWER = "no answer came"
NO_SLO = "no SLO was given"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the ``ordered`` values lie.

    Between neighbours in proportion: definition 7 of Hyndman and Fan (1996), numpy's default.
    """
    at = (len(ordered) - 1) * share
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    low_value, high_value = ordered[low], ordered[high]
    # In this form no rounding leads outside the two neighbours.
    return (
        low_value if low_value == high_value else low_value + (high_value - low_value) * (at - low)
    )


def spread(values: Iterable[float]) -> Spread | None:
    """How ``values`` are spread; ``None`` if there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(
        mean=math.fsum(ordered) / len(ordered),
        p50=percentile(ordered, 0.50),
        p95=percentile(ordered, 0.95),
        p99=percentile(ordered, 0.99),
        least=ordered[0],
        most=ordered[-1],
    )


def read_slo(text: str) -> dict[str, float]:
    """``ttft:500,tpot:50,e2el:5000`` as milliseconds by name; raises `UsageError`."""
    out: dict[str, float] = {}
    for part in text.replace(",", " ").split():
        name, _, number = part.partition(":")
        try:
            limit = float(number)
        except ValueError:
            limit = math.nan
        if name not in SLO_NAMES or not (math.isfinite(limit) and limit > 0):
            raise UsageError(
                f"--slo: {part!r} is no promise",
                hint=f"write NAME:MILLISECONDS, such as ttft:500; names are {', '.join(SLO_NAMES)}",
            )
        out[name] = limit
    if not out:
        raise UsageError("--slo promises nothing", hint='write for instance --slo "ttft:500"')
    return out


def ttft(one: Sent) -> float | None:
    """Seconds to the first chunk; ``None`` where the answer was not streamed."""
    return one.chunks[0] - one.sent if one.chunks else None


def tpot(one: Sent) -> float | None:
    """Seconds for each output token after the first; ``None`` where it cannot be told."""
    if not one.chunks or not one.counted or one.usage.output_tokens < 2:
        return None
    return (one.ended - one.chunks[0]) / (one.usage.output_tokens - 1)


def gaps(one: Sent) -> list[float]:
    """Seconds between the chunks of one answer."""
    return [b - a for a, b in itertools.pairwise(one.chunks)]


def keeps(one: Sent, slo: Mapping[str, float]) -> bool | None:
    """Whether an answer keeps every promise; ``None`` where one of them cannot be told.

    As in ``vllm bench serve``, an answer of one token has a TPOT of 0.
    """
    if one.failure:
        return False
    values = {"ttft": ttft(one), "tpot": tpot(one), "e2el": one.ended - one.sent}
    if values["tpot"] is None and one.chunks and one.counted:
        values["tpot"] = 0.0
    out: bool | None = True
    for name, limit in slo.items():
        value = values[name]
        if value is None:
            out = None
        elif value * 1000 > limit:
            return False
    return out


def held(rows: Sequence[Sent]) -> dict[str, float]:
    """How many requests were under way: on average over the time, and at most."""
    if not rows:
        return {}
    changes = sorted([(one.sent, 1) for one in rows] + [(one.ended, -1) for one in rows])
    now, most = 0, 0
    for _, change in changes:
        now += change
        most = max(most, now)
    length = changes[-1][0] - changes[0][0]
    mean = sum(one.ended - one.sent for one in rows) / length if length > 0 else float(most)
    return {"mean": mean, "peak": float(most)}


def sequential_gaps(rows: Sequence[Sent]) -> list[float]:
    """Seconds between the end of each request and the sending of the next, in order of sending."""
    ordered = sorted(rows, key=lambda one: one.sent)
    return [b.sent - a.ended for a, b in itertools.pairwise(ordered)]


def point(
    rows: Sequence[Sent],
    *,
    loop: Loop,
    level: int | float,
    postings: float = 1.0,
    slo: Mapping[str, float] | None = None,
    paid: bool = False,
    more: Mapping[str, Any] | None = None,
) -> Point:
    """The figures of ``rows``.

    ``level`` is the concurrency of a closed loop, the rate of an open one; ``postings`` is how many
    postings one request stands for; ``more`` are figures that do not come from the rows.
    """
    answered = [one for one in rows if not one.failure]
    seconds = _seconds(rows)
    per_second = len(answered) / seconds if answered and seconds > 0 else None
    reasons: dict[str, str] = {}
    told = dict(more or {})
    reasons.update(told.pop("reasons", {}))
    found: dict[str, Any] = _tokens(answered, seconds, reasons) | _latencies(answered, reasons)
    valid = [one.valid for one in answered if one.valid is not None]
    if loop == "closed" and level == 1:
        found["gap_ms"] = spread(1000 * one for one in sequential_gaps(rows))
    return Point(
        loop=loop,
        concurrency=int(level) if loop == "closed" else None,
        rate=float(level) if loop == "open" else None,
        seconds=seconds,
        requests=len(rows),
        failed=len(rows) - len(answered),
        failures=dict(Counter(one.failure for one in rows if one.failure).most_common()),
        postings_per_min=None if per_second is None else 60 * per_second * postings,
        requests_per_s=per_second,
        held=held(rows),
        goodput_per_s=_goodput(rows, seconds, slo, reasons),
        asked=_share([one.truncated is not None for one in answered]),
        schema_valid=_share(valid),
        truncated=_share([one.truncated for one in answered if one.truncated is not None]),
        cost_per_1000_usd=_cost(rows, answered, postings) if paid else None,
        reasons=reasons,
        **found,
        **told,
    )


def _seconds(rows: Sequence[Sent]) -> float:
    return max(one.ended for one in rows) - min(one.sent for one in rows) if rows else 0.0


def _share(marks: Sequence[bool]) -> float | None:
    return sum(marks) / len(marks) if marks else None


def _cost(rows: Sequence[Sent], answered: Sequence[Sent], postings: float) -> float | None:
    """What 1,000 postings cost, failed requests paid for by the answered ones."""
    if not answered:
        return None
    return 1000 * math.fsum(one.cost_usd for one in rows) / (len(answered) * postings)


def _tokens(answered: Sequence[Sent], seconds: float, reasons: dict[str, str]) -> dict[str, Any]:
    counted = [one for one in answered if one.counted]
    if not counted or len(counted) < len(answered):
        reasons.setdefault("tokens", UNCOUNTED if answered else NO_ANSWER)
        return {}
    fed = [one.usage.input_tokens for one in counted]
    written = [one.usage.output_tokens for one in counted]
    return {
        "input_tokens": sum(fed),
        "output_tokens": sum(written),
        "cached_tokens": sum(one.usage.cached_tokens for one in counted),
        "input_tokens_per_s": sum(fed) / seconds if seconds > 0 else None,
        "output_tokens_per_s": sum(written) / seconds if seconds > 0 else None,
        "input_length": spread(fed),
        "output_length": spread(written),
    }


def _latencies(answered: Sequence[Sent], reasons: dict[str, str]) -> dict[str, Any]:
    found = {
        "ttft_ms": spread(1000 * t for one in answered if (t := ttft(one)) is not None),
        "tpot_ms": spread(1000 * t for one in answered if (t := tpot(one)) is not None),
        "itl_ms": spread(1000 * gap for one in answered for gap in gaps(one)),
        "e2el_ms": spread(1000 * (one.ended - one.sent) for one in answered),
    }
    for name, value in found.items():
        if value is None:
            streamed = any(one.chunks for one in answered)
            unstreamed = NO_ANSWER if not answered else UNSTREAMED
            why = (
                "no answer had two chunks, or tokens that were counted" if streamed else unstreamed
            )
            reasons.setdefault(name, why)
    return found


def _goodput(
    rows: Sequence[Sent],
    seconds: float,
    slo: Mapping[str, float] | None,
    reasons: dict[str, str],
) -> float | None:
    """Answers per second that keep the SLO."""
    if slo is None:
        reasons.setdefault("goodput_per_s", NO_SLO)
        return None
    kept = [keeps(one, slo) for one in rows]
    if None in kept:
        reasons.setdefault("goodput_per_s", UNSTREAMED)
        return None
    return sum(map(bool, kept)) / seconds if seconds > 0 else None


def breaks(one: Point, slo: Mapping[str, float] | None) -> bool:
    """Whether the 95th percentile of what the SLO promises is above its limit."""
    values = {"ttft": one.ttft_ms, "tpot": one.tpot_ms, "e2el": one.e2el_ms}
    return any(
        (value := values[name]) is not None and value.p95 > limit
        for name, limit in (slo or {}).items()
    )
