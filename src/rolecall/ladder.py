"""The ladder's first rungs: what the page itself and the reader say, settled without any engine.

``climb`` goes on from here where engines may be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct

from rolecall.core import Candidate, Extraction, Page, Reason, Route
from rolecall.settle import DEFAULT_RULES, Rules, settle

Producer = Callable[[Page], Sequence[Candidate]]
Verdict = Callable[[Page, Sequence[Candidate]], Reason | None]


class Heard(Struct, frozen=True, kw_only=True):
    """What the producers that cost nothing propose for a page."""

    candidates: tuple[Candidate, ...]
    producers: tuple[str, ...]
    verdict: Reason | None = None


def hear(page: Page, producers: Mapping[str, Producer], verdict: Verdict | None = None) -> Heard:
    """Let all ``producers`` propose, in order, and judge whether the page is a posting at all."""
    candidates: list[Candidate] = []
    for produce in producers.values():
        candidates += produce(page)
    spoken = verdict(page, candidates) if verdict is not None else None
    return Heard(candidates=tuple(candidates), producers=tuple(producers), verdict=spoken)


def settled(page: Page, heard: Heard, rules: Rules = DEFAULT_RULES) -> Extraction:
    """What was heard, settled: the whole way where no engine is asked."""
    result = settle(page, heard.candidates, verdict=heard.verdict, rules=rules)
    reasons = (heard.verdict.code,) if heard.verdict is not None else ()
    return replace(result, route=Route(producers=heard.producers, reasons=reasons))
