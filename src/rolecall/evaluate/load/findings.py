"""The decision record's requirements of speed, held against what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rolecall.evaluate.load.nouns import Machine, Point, Spread, Target
from rolecall.evaluate.nouns import Finding

STOPPED: Final = "stopped by the user"
"""What a point says that was stopped from outside."""

TEXTS: Final = {
    "NFR-1": ("GPU memory for primary operations", "<= 8 GiB"),
    "NFR-2": ("speed of one stream on typical postings", ">= 30 tokens/s"),
    "PR-1": ("extractions under normal load", ">= 50 a minute"),
    "PR-2": ("pause between sequential requests", "< 100 ms"),
    "PR-3": ("requests at once without failures", ">= 10"),
}
"""What each requirement is about, and its goal."""

MEMORY: Final = 8 * 2**30
TOKENS, MINUTE, PAUSE, AT_ONCE = 30.0, 50.0, 100.0, 10
STEPS: Final = (10, 64, 128)
"""Concurrencies at which PR-3 is told, where they were measured."""


def findings(
    points: Sequence[Point],
    *,
    target: Target,
    engine: str,
    here: bool,
    machine: Machine,
    compose_ms: Spread | None,
    command: str,
) -> tuple[Finding, ...]:
    """The requirements in their order.

    ``engine`` is its name, empty where none is asked; ``here`` says that it runs on this machine;
    ``compose_ms`` is what composing the prompts of a page takes.
    """
    single = next((one for one in points if one.loop == "closed" and one.concurrency == 1), None)

    def told(id_: str, verdict: bool | None, figure: str = "", reason: str = "") -> Finding:
        text, goal = TEXTS[id_]
        return Finding(
            id=id_,
            text=text,
            verdict="not_run" if verdict is None else "pass" if verdict else "fail",
            figure=figure,
            goal=goal,
            command=command,
            reason=reason,
        )

    return (
        _memory(told, machine, engine, here=here),
        _tokens(told, single, target, engine),
        _minute(told, points),
        _pause(told, single, compose_ms),
        _at_once(told, points),
    )


Told = Callable[..., Finding]


def _memory(told: Told, machine: Machine, engine: str, *, here: bool) -> Finding:
    if not engine:
        return told("NFR-1", None, reason="no engine was asked, so no GPU was used")
    if not here:
        return told("NFR-1", None, reason=f"{engine} does not run on this machine")
    if not machine.gpus:
        return told("NFR-1", None, reason=machine.gpu_reason or "there is no card")
    fullest = max(machine.gpus, key=lambda one: one.used_bytes)
    figure = f"{fullest.used_bytes / 2**30:.1f} GiB of {fullest.name}"
    return told("NFR-1", fullest.used_bytes <= MEMORY, figure, "all processes on the card together")


def _tokens(told: Told, single: Point | None, target: Target, engine: str) -> Finding:
    if target == "pipeline":
        why = "whole pages were measured" if engine else "no engine was asked"
        return told("NFR-2", None, reason=why)
    if single is None:
        return told("NFR-2", None, reason="no point with one request at a time was measured")
    speed = single.output_tokens_per_s
    if speed is None:
        return told("NFR-2", None, reason=single.reasons.get("tokens", "no tokens were counted"))
    reason = "over whole requests, the reading of the prompt included"
    if single.tpot_ms is not None and single.tpot_ms.mean > 0:
        reason += f"; {1000 / single.tpot_ms.mean:.1f} tokens/s while it writes"
    return told("NFR-2", speed >= TOKENS, f"{speed:.1f} tokens/s", reason)


def _minute(told: Told, points: Sequence[Point]) -> Finding:
    clean = [one for one in points if one.postings_per_min is not None and not one.failed]
    if not clean:
        some = any(one.postings_per_min is not None for one in points)
        reason = "every point had failures" if some else "no request was answered"
        return told("PR-1", False if points and not some else None, reason=reason)
    best = max(clean, key=lambda one: one.postings_per_min or 0.0)
    rate = best.postings_per_min or 0.0
    where = f"{best.concurrency} at once" if best.loop == "closed" else f"{best.rate:g}/s sent"
    figure = f"{rate:,.1f} a minute at {where}"
    if rate < MINUTE and any(one.stopped == STOPPED for one in points):
        return told("PR-1", None, figure, "stopped before more was measured")
    return told("PR-1", rate >= MINUTE, figure)


def _pause(told: Told, single: Point | None, compose_ms: Spread | None) -> Finding:
    if single is None or single.gap_ms is None:
        return told("PR-2", None, reason="no point with one request at a time was measured")
    own = compose_ms.p95 if compose_ms is not None else 0.0
    pause = single.gap_ms.p95 + own
    reason = f"95th percentile: {single.gap_ms.p95:.2f} ms from an answer to the next request"
    if compose_ms is not None:
        reason += f", and {own:.2f} ms to compose the prompts of a page"
    return told("PR-2", pause < PAUSE, f"{pause:.2f} ms", reason)


def _at_once(told: Told, points: Sequence[Point]) -> Finding:
    many = [one for one in points if one.held.get("peak", 0) >= AT_ONCE and one.requests]
    many = [one for one in many if one.loop == "closed"]
    if not many:
        return told("PR-3", None, reason=f"no point with {AT_ONCE} at once was measured")
    first = min(many, key=lambda one: one.concurrency or 0)
    shown = [one for one in many if one.concurrency in STEPS] or [first]
    figure = "; ".join(
        f"{one.concurrency} at once: {one.failed:,} of {one.requests:,} failed" for one in shown
    )
    missing = [n for n in STEPS if n not in {one.concurrency for one in many}]
    reason = f"not measured at {', '.join(map(str, missing))}" if missing else ""
    return told("PR-3", first.failed == 0, figure, reason)
