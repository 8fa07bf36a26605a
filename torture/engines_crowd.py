"""Many pages at servers that fail at random, and answers that never come to their end."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from tests.drive.test_chaos import MIX, chaos, server_of
from tests.engines.faults import TRANSIENT
from tests.engines.wrongs import CUT, TEXTS

from rolecall.core import Price
from rolecall.settings import Settings
from torture.engines_page import LANES, site, unwritable
from torture.nouns import Case, Class, Figure, Group, Terms

PASSING: Final = tuple(name for name in TRANSIENT if "after" not in name)
TYPED: Final = frozenset((
    "ok", "partial", "engine_unavailable", "rate_limited", "context_overflow", "budget_exceeded",
))  # fmt: skip


def crowd(terms: Terms) -> Group:
    """30 % of the calls fail: where faults pass, pages end well; where not, ok or typed."""
    count = terms.number(150, 10_000)
    cases, figures = [], []
    told: dict[str, Any] = {"data_folder": str(terms.scratch), "cache": False}
    for name, names, settings, price in (
        ("passing", PASSING, Settings(**told), None),
        ("mixed", _mixed(), Settings(**told), None),
        ("mixed_cloud", _mixed(), Settings(**told, policy="cloud-on-doubt", cloud_engine="far",
            budget_month=1_000.0), Price(input=1.0, cached=1.0, output=1.0)),
    ):  # fmt: skip
        most = count if name == "passing" else count // 5
        ends = asyncio.run(_ends(terms, names, settings, price, most))
        terms.say(f"{name}: {dict(ends)}")
        lost, odd = most - ends.total(), sorted(set(ends) - TYPED)
        found = Class.LOST if lost else Class.WRONG if odd else Class.RIGHT
        cases.append(Case(name=name, found=found, note=f"{dict(ends)}"))
        ended = 100 * sum(ends[code] for code in TYPED) / most
        figures.append(Figure(name=f"{name}: pages that end ok or typed", value=ended, unit="%",
                              goal="100", held=ended == 100))  # fmt: skip
        if name == "passing":
            share = 100 * ends["ok"] / most
            figures.append(Figure(name="passing: pages that end ok", value=share, unit="%",
                                  goal=">= 99.9", held=share >= 99.9))  # fmt: skip
    return Group(
        said=f"{count:,} pages at servers that fail 3 times in 10",
        cases=tuple(cases),
        figures=tuple(figures),
    )


def _mixed() -> tuple[str, ...]:
    out = {"429_after_9999", "two_million", "million_members", "429_quota"}
    return tuple(name for name in (*MIX, *TEXTS, *CUT) if name not in out)


async def _ends(
    terms: Terms, names: tuple[str, ...], settings: Settings, price: Price | None, count: int
) -> Counter[str]:
    async with server_of(names) as server:
        found: Counter[str] = await chaos(terms.scratch, server, settings, price=price, count=count)
        return found


def loops(terms: Terms) -> Group:
    """A model that goes on until its budget is used up: no page hangs, and its record says so."""
    cases = asyncio.run(_loops(terms))
    hung = sum(case.found is Class.HUNG for case in cases)
    return Group(
        said=f"{len(cases)} pages whose answers loop until their budget of tokens is used up",
        cases=tuple(cases),
        figures=(Figure(name="pages that hang", value=hung, unit=f"of {len(cases)}", goal="0",
                        held=not hung),),
    )  # fmt: skip


async def _loops(terms: Terms) -> list[Case]:
    cases = []
    names = (*CUT, "only_spaces")
    for lane in LANES[: terms.number(1, 3)]:
        script = [name for _ in range(terms.number(3, 60)) for name in names for _ in range(1)]
        async with site(lane, [], terms.scratch / lane.name) as here:
            first = here.servers[lane.names[0]]
            for number, name in enumerate(script):
                first.script = [name] * 9
                first.chats.clear()
                try:
                    async with asyncio.timeout(20):
                        record = await here.record(number)
                except TimeoutError:
                    record = {}
                found, note = _looped(name, record, [body for _, body, _ in first.chats])
                row = f"{name}/{lane.name}/{number // len(names)}"
                cases.append(Case(name=row, found=found, note=note))
    return cases


def _looped(name: str, record: dict[str, Any], bodies: list[dict[str, Any]]) -> tuple[Class, str]:
    if not record:
        return Class.HUNG, "no end after 20 s"
    if told := unwritable(record):
        return Class.CRASHED, told
    if not all(0 < body.get("max_tokens", 0) <= 8_192 for body in bodies):
        return Class.WRONG, "a call without a bound of tokens"
    if len(bodies) > 2:
        return Class.WRONG, f"{len(bodies)} calls"
    kinds = {problem["kind"] for problem in record["problems"]}
    named = "truncated" in kinds or (name == "only_spaces" and "syntax" in kinds)
    return (Class.RIGHT, "") if named else (Class.WRONG, f"named as {sorted(kinds)}")
