"""Money and engines: accounts that are empty, caps that must hold whatever is under way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rolecall.core import Usage
from rolecall.engines.retry import Clock
from torture.engines_page import LANES, PRICE, Lane, site, spent
from torture.nouns import Case, Class, Figure, Group, Terms

CLOUD: Final = LANES[1]
ACCOUNTS: Final = ("429_quota", "429_quota_day", "401", "402")
"""Faults that lie with the account, whatever the page."""
TOLD: Final = PRICE.cost(Usage(input_tokens=100, output_tokens=7))
"""What a good answer of the server costs by its own count."""
MIXES: Final[dict[str, tuple[str, ...]]] = {
    "well": ("ok",),
    "repairs": ("ok", "wrong_shape", "not_on_page", "cut_but_stop", "words_loop"),
    "faults": ("ok", "503", "null_content", "reset", "truncated_json", "odd_finish"),
    "unsaid": ("usage_missing", "usage_zero", "usage_negative", "usage_words"),
    "absurd": ("ok", "ok", "usage_absurd"),
}


def quota(terms: Terms) -> Group:
    """An account that is empty or refused: how many calls follow the first one that says so."""
    cases = asyncio.run(_quota(terms))
    return Group(
        said="an account that is empty or a key that is refused: the lane stops, and says why",
        cases=tuple(cases),
    )


async def _quota(terms: Terms) -> list[Case]:
    cases = []
    for lane in LANES:
        for fault in ACCOUNTS:
            folder = terms.scratch / f"{lane.name}-{fault}"
            name = f"{fault}/{lane.name}"
            cases.append(await _stopped(name, lane, fault, folder, terms.number(10, 40)))
    return cases


async def _stopped(name: str, lane: Lane, fault: str, folder: Path, pages: int) -> Case:
    first = lane.names[0]
    told: dict[str, Any] = {"concurrency": 4, "clock": Clock()}
    async with site(lane, [fault] * 9_999, folder, **told) as here:
        records = [await here.record(n) for n in range(pages)]
        one_by_one = here.asked(first)
        records += await asyncio.gather(*(here.record(n) for n in range(pages, 3 * pages)))
        calls = here.asked(first)
    ends = Counter(
        record["outcome"] if record["outcome"] != "failed" else record["reason"]["code"]
        for record in records
    )
    wanted = "ok" if len(lane.names) > 1 else "engine_unavailable"
    if set(ends) != {wanted}:
        return Case(name=name, found=Class.WRONG, note=f"ends: {dict(ends)}")
    if calls > 2:
        note = f"{one_by_one} calls for {pages} pages, {calls} for all"
        return Case(name=name, found=Class.WRONG, note=note)
    async with site(lane, [fault] * 9_999, folder / "at-once", **told) as here:
        await asyncio.gather(*(here.record(n) for n in range(2 * pages)))
        calls = here.asked(first)
    found = Class.RIGHT if calls <= told["concurrency"] + 1 else Class.WRONG
    return Case(name=name, found=found, note="" if found is Class.RIGHT else f"{calls} at once")


def spend(terms: Terms) -> Group:
    """64 calls at once under a cap: what the server has charged, and what was booked."""
    cases, most = asyncio.run(_spend(terms))
    figure = Figure(name="spent over the cap", value=most, unit="USD", goal="0", held=most == 0)
    return Group(
        said="64 calls at once near a cap: what was charged and what was booked",
        cases=tuple(cases),
        figures=(figure,),
    )


async def _spend(terms: Terms) -> tuple[list[Case], float]:
    cases, most = [], 0.0
    for name, mix in MIXES.items():
        for share in (0.0, 0.1, 0.5):
            folder = terms.scratch / f"{name}-{share}"
            pages = terms.number(64, 256)
            cap = max(0.000_001, share * pages * TOLD)
            script = [mix[n % len(mix)] for n in range(20_000)]
            lane = CLOUD
            async with site(lane, script, folder, cap=cap, concurrency=64) as here:
                records = await asyncio.gather(*(here.record(n) for n in range(pages)))
                chats: Sequence[tuple[float, object, str]] = here.servers["far"].chats
                charged = sum(TOLD for _, _, fault in chats if _costs(fault))
            booked = spent(folder)
            over = max(0.0, charged - cap) + (0.0 if name == "absurd" else max(0.0, booked - cap))
            most = max(most, over)
            cases.append(_within(f"{name}/{share:g}", over, booked - charged, records))
    return cases, most


def _costs(fault: str) -> bool:
    """Whether a server charges for it: what a model has worked on."""
    return fault not in ("503", "reset")


def _within(name: str, over: float, kept: float, records: Sequence[dict[str, object]]) -> Case:
    ends = Counter(
        str(record["outcome"] if not record["reason"] else record["reason"]["code"])  # type: ignore[index]
        for record in records
    )
    note = f"{dict(ends)}"
    if over > 0:
        return Case(name=name, found=Class.WRONG, note=f"{over:.6f} USD over the cap; {note}")
    if kept < -1e-9:
        return Case(
            name=name, found=Class.WRONG, note=f"{-kept:.6f} USD charged and not booked; {note}"
        )
    typed = {"ok", "partial", "budget_exceeded", "engine_unavailable"}
    return Case(name=name, found=Class.RIGHT if set(ends) <= typed else Class.WRONG, note=note)
