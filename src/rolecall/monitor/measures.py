"""What an event adds to which figure: names, labels and amounts.

A figure has a number of times and a sum. Figures of sizes are kept by doublings: the label is the
smallest power of two that is not less, so that shares over a bound and quantiles within a factor of
two can be told of any stretch of time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rolecall.monitor.events import OTHER, CallEvent, PageEvent

LONG_CONTEXT: Final = 8_192
"""Tokens over which the record's model is said to be used too long (ADR-009's context)."""
LONGEST_LABEL: Final = 100
SURE_STEP: Final = 100
"""Thousandths of confidence that are told together."""


MOST_LABELS: Final = 400
"""Labels of a figure in one minute, so that whoever makes up labels fills no database."""


Tally = dict[str, list[int]]
"""Count and sum by label."""

Tallies = dict[str, Tally]
"""The same by the name of a figure."""


def count(event: PageEvent, tallies: Tallies) -> None:
    """Add all that an event adds. Plain lists and no generators: there are some thirty additions
    to every page."""
    _add(tallies, "pages", event.outcome, 0)
    if event.reason:
        _add(tallies, "reasons", event.reason, 0)
    _add(tallies, "routes", event.route, 0)
    if event.copied:
        _add(tallies, "copies", "", 0)
    for kind, times in event.kinds.items():
        _add(tallies, "problems", kind, times)
    whole = 0
    for stage, micros in event.stages.items():
        whole += micros
        _add(tallies, "stages", stage, micros)
    _add(tallies, "page_micros", doubling(whole), whole)
    if event.fields:
        _fields(event.fields, tallies)
    for call in event.calls:
        _call(call, tallies)


def add(tally: Tally, label: str, amount: int, times: int = 1) -> None:
    """Add to a label of a figure, or to ``other`` where it has too many."""
    found = tally.get(label)
    if found is None:
        key = legible(label) if len(tally) < MOST_LABELS else OTHER
        found = tally.setdefault(key, [0, 0])
    found[0] += times
    found[1] += amount


def _add(tallies: Tallies, name: str, label: str, amount: int) -> None:
    tally = tallies.get(name)
    if tally is None:
        tally = tallies.setdefault(name, {})
    add(tally, label, amount)


def _fields(fields: Mapping[str, int], tallies: Tallies) -> None:
    tally = tallies.get("fields")
    if tally is None:
        tally = tallies.setdefault("fields", {})
    steps: dict[int, int] = {}
    for name, sure in fields.items():
        found = tally.get(name)
        if sure < 0:
            _add(tallies, "fields_untold", name, 0)
            sure = 0
        else:
            step = min(sure, 999) // SURE_STEP
            steps[step] = steps.get(step, 0) + 1
        if found is None:
            add(tally, name, sure)
        else:
            found[0] += 1
            found[1] += sure
    for step, times in steps.items():
        add(tallies.setdefault("sure", {}), str(step * SURE_STEP), 0, times)


def _call(call: CallEvent, tallies: Tallies) -> None:
    engine = call.engine
    if call.kept:
        _add(tallies, "kept", engine, 0)
        return
    _add(tallies, "calls", f"{engine} {call.result}", 0)
    _add(tallies, "tokens_in", engine, call.input_tokens)
    _add(tallies, "tokens_cached", engine, call.cached_tokens)
    _add(tallies, "tokens_out", engine, call.output_tokens)
    _add(tallies, "call_micros", doubling(call.micros), call.micros)
    if call.nano:
        _add(tallies, "nano", engine, call.nano)
    context = call.input_tokens + call.output_tokens
    _add(tallies, "context", doubling(context), context)
    if context > LONG_CONTEXT:
        _add(tallies, "long_context", "", context)


def legible(label: str) -> str:
    """A label that every sink takes: fields are named by whoever makes a schema."""
    told = label[:LONGEST_LABEL].replace("\0", "\ufffd")
    return told.encode("utf-8", "replace").decode("utf-8")


def doubling(amount: int) -> str:
    """The smallest power of two that is not less, as a label that sorts as the numbers do."""
    return _label(max(0, amount - 1).bit_length())


@lru_cache(maxsize=64)
def _label(power: int) -> str:
    return f"{1 << power:015d}"
