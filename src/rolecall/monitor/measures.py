"""What an event adds to which figure: names, labels and amounts.

A figure has a number of times and a sum. Figures of sizes are kept by doublings: the label is the
smallest power of two that is not less, so that shares over a bound and quantiles within a factor of
two can be told of any stretch of time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rolecall.monitor.events import CallEvent, PageEvent

LONG_CONTEXT: Final = 8_192
"""Tokens over which the record's model is said to be used too long (ADR-009's context)."""
LONGEST_LABEL: Final = 100
SURE_STEP: Final = 100
"""Thousandths of confidence that are told together."""


Measure = tuple[str, str, int, int]
"""The name of a figure, the label, what is added to its sum, and to its count. Plain tuples,
because some thirty are made of every page."""


def measures(event: PageEvent) -> Iterator[Measure]:
    """All that an event adds."""
    yield ("pages", event.outcome, 0, 1)
    if event.reason:
        yield ("reasons", event.reason, 0, 1)
    yield ("routes", event.route, 0, 1)
    if event.copied:
        yield ("copies", "", 0, 1)
    if event.problems:
        yield ("problems", "", event.problems, 1)
    for stage, micros in event.stages.items():
        yield ("stages", stage, micros, 1)
    whole = sum(event.stages.values())
    yield ("page_micros", doubling(whole), whole, 1)
    yield from _of_fields(event)
    for call in event.calls:
        yield from _of_call(call)


def _of_fields(event: PageEvent) -> Iterator[Measure]:
    steps: dict[int, int] = {}
    for name, sure in event.fields.items():
        if sure < 0:
            yield ("fields", name, 0, 1)
            yield ("fields_untold", name, 0, 1)
            continue
        yield ("fields", name, sure, 1)
        step = min(sure, 999) // SURE_STEP
        steps[step] = steps.get(step, 0) + 1
    for step, times in steps.items():
        yield ("sure", str(step * SURE_STEP), 0, times)


def _of_call(call: CallEvent) -> Iterator[Measure]:
    if call.kept:
        yield ("kept", call.engine, 0, 1)
        return
    yield ("calls", f"{call.engine} {call.result}", 0, 1)
    yield ("tokens_in", call.engine, call.input_tokens, 1)
    yield ("tokens_cached", call.engine, call.cached_tokens, 1)
    yield ("tokens_out", call.engine, call.output_tokens, 1)
    yield ("call_micros", doubling(call.micros), call.micros, 1)
    if call.nano:
        yield ("nano", call.engine, call.nano, 1)
    context = call.input_tokens + call.output_tokens
    yield ("context", doubling(context), context, 1)
    if context > LONG_CONTEXT:
        yield ("long_context", "", context, 1)


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
