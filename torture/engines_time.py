"""Time and engines: wall clocks, rests that servers ask for, calls that are given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rolecall.core import Source
from rolecall.engines.retry import Clock
from rolecall.pipeline import Stages, Waiting, hear_page, prepare
from rolecall.worker.asking import Asking
from torture.engines_page import LANES, Lane, Site, site
from torture.nouns import Case, Class, Figure, Group, Terms

SLOW: Final = ("hang", "drip", "drip_head", "short")
LIMIT: Final = 1.5
SLACK: Final = 1.0
BESIDE: Final = 4.0
"""The slack of the short form, which runs beside other work: beyond it a clock does not hold."""
RESTS: Final = {"429_after_ms": 0.12, "429_after_1": 1.0, "503_after_1": 1.0, "429_half": 0.5}
"""What servers ask for that is short enough to wait for, in seconds."""
PARKS: Final = ("429_after_9999", "429_121", "503_9999", "429_endless", "429_far_date")


def clocks(terms: Terms) -> Group:
    """Servers that hang or drip: how far beyond its limit a page takes."""
    rows = asyncio.run(_clocks(terms))
    over = max(seconds for _, seconds, _ in rows)
    slack = SLACK if terms.full else BESIDE
    cases = [_timed(*row, slack) for row in rows]
    held = over <= SLACK
    figure = Figure(name="beyond the limit, at most", value=over, unit="s", goal="<= 1", held=held)
    return Group(
        said="servers that hang or drip: every page ends in its time",
        cases=tuple(cases),
        figures=(figure,),
    )


def _timed(name: str, seconds: float, wrong: str, slack: float) -> Case:
    if seconds > slack:
        return Case(name=name, found=Class.HUNG, note=f"{seconds:.1f} s beyond the limit")
    return Case(name=name, found=Class.WRONG if wrong else Class.RIGHT, note=wrong)


async def _clocks(terms: Terms) -> list[tuple[str, float, str]]:
    """Name, seconds beyond the limit, and what was wrong."""
    rows = []
    pages = terms.number(4, 32)
    for lane in LANES[: terms.number(1, 2)]:
        for fault in SLOW:
            folder = terms.scratch / f"{lane.name}-{fault}"
            opened = site(lane, [fault] * 999, folder, clock=Clock(), call_seconds=LIMIT,
                          concurrency=pages)  # fmt: skip
            async with opened as here:
                took = await asyncio.gather(*(_took(here, n) for n in range(pages)))
            codes = {code for _, code in took}
            wrong = "" if codes == {"engine_unavailable"} else f"ends: {codes}"
            name = f"call/{fault}/{lane.name}"
            rows.append((name, max(seconds for seconds, _ in took) - LIMIT, wrong))
    for fault in SLOW:
        seconds, code = await _of_a_page(terms.scratch / f"page-{fault}", fault)
        rows.append((f"page/{fault}", seconds - LIMIT, "" if code == "timeout" else f"end: {code}"))
    return rows


async def _took(here: Site, number: int) -> tuple[float, str]:
    began = time.monotonic()
    record = await here.record(number)
    return time.monotonic() - began, (record["reason"] or {}).get("code", record["outcome"])


async def _of_a_page(folder: Path, fault: str) -> tuple[float, str]:
    """A page in the worker, which has a clock of its own around all of its calls."""
    from tests.drive.test_engines import PAGE

    async with site(LANES[0], [], folder) as here:
        server = here.servers["near"]
        table = {"kind": "openai", "url": server.url, "model": "tiny", "forms": ["text"]}
        settings = _with_table(here, table)
        pipeline = prepare(settings)
        source = Source(body=PAGE.encode())
        page, heard = hear_page(source, pipeline, Stages())
        waiting = Waiting(page=page, heard=heard, source=source, seq=0, seconds={})
        async with Asking(settings, {}, ask_seconds=LIMIT) as asking:
            await asking.open()
            server.script = [fault] * 99
            began = time.monotonic()
            record = await asking.finish(waiting, pipeline, None)
            return time.monotonic() - began, (record["reason"] or {}).get("code", "")


def _with_table(here: Site, table: dict[str, Any]) -> Any:
    from dataclasses import replace

    return replace(here.settings, engines={"near": table})


def rests(terms: Terms) -> Group:
    """Servers that ask to be left alone: no call before its time, and long rests park the page."""
    cases = asyncio.run(_rests(terms))
    right = sum(case.found is Class.RIGHT for case in cases)
    return Group(
        said="servers that ask to be left alone: nobody calls before, long rests park the page",
        cases=tuple(cases),
        figures=(Figure(name="obeyed", value=100 * right / len(cases), unit="%", goal="100",
                        held=right == len(cases)),),
    )  # fmt: skip


TURNS: Final = 500
"""Turns of the loop in which the first page reads its answer before others come."""


async def _rests(terms: Terms) -> list[Case]:
    cases = []
    for lane in LANES[:2]:
        for fault, rest in RESTS.items():
            name = f"{fault}/{lane.name}"
            cases.append(
                await _waited(name, lane, fault, rest, terms.scratch / f"{lane.name}{fault}")
            )
        for fault in PARKS:
            name = f"{fault}/{lane.name}"
            cases.append(await _parked(name, lane, fault, terms.scratch / f"{lane.name}{fault}"))
    return cases


async def _waited(name: str, lane: Lane, fault: str, rest: float, folder: Path) -> Case:
    """One page meets the fault; twelve others come right after."""
    async with site(lane, [fault], folder, clock=Clock()) as here:
        server = here.servers[lane.names[0]]
        first = asyncio.ensure_future(here.record(0))
        async with asyncio.timeout(60):
            while server.now or not server.chats:
                await asyncio.sleep(0)
        for _ in range(TURNS):  # of the loop, in which the answer is read, however busy it is here
            await asyncio.sleep(0)
        asked = server.chats[0][0]  # before the answer, so that no wait is too short by this
        records = await asyncio.gather(first, *(here.record(n) for n in range(1, 13)))
        early = [at - asked for at, _, _ in server.chats[1:] if at - asked < rest - 0.005]
    if early:
        return Case(
            name=name, found=Class.WRONG, note=f"{len(early)} calls came early: {early[:3]}"
        )
    ok = sum(record["outcome"] == "ok" for record in records)
    found = Class.RIGHT if ok == len(records) else Class.WRONG
    return Case(name=name, found=found, note=f"{ok} of {len(records)} pages ok")


async def _parked(name: str, lane: Lane, fault: str, folder: Path) -> Case:
    async with site(lane, [fault], folder) as here:
        records = [await here.record(n) for n in range(12)]
        records += await asyncio.gather(*(here.record(n) for n in range(12, 24)))
        calls = here.asked(lane.names[0])
    if calls != 1:
        return Case(name=name, found=Class.WRONG, note=f"{calls} calls")
    reasons = [record["reason"] or {} for record in records]
    if {reason.get("code") for reason in reasons} != {"rate_limited"}:
        return Case(name=name, found=Class.WRONG, note=str({str(r.get("code")) for r in reasons}))
    parked = all(reason.get("retry_at") for reason in reasons)
    return Case(
        name=name, found=Class.RIGHT if parked else Class.SHORT, note="" if parked else "no time"
    )


def cancels(terms: Terms) -> Group:
    """Pages that nobody wants any more: their requests close, and the engine is free again."""
    cases = asyncio.run(_cancels(terms))
    return Group(said="pages that are given up: open requests at the server", cases=tuple(cases))


async def _cancels(terms: Terms) -> list[Case]:
    cases = []
    pages = terms.number(8, 48)
    for lane in LANES[:2]:
        for fault in (*SLOW, "503", "429_after_1", "disconnect_mid"):
            folder = terms.scratch / f"{lane.name}-{fault}"
            told: dict[str, Any] = {"concurrency": 4, "call_seconds": 60.0, "clock": Clock()}
            async with site(lane, [fault] * 9_999, folder, **told) as here:
                server = here.servers[lane.names[0]]
                name = f"{fault}/{lane.name}"
                cases.append(await _given_up(name, here, server, pages))
    return cases


async def _given_up(name: str, here: Site, server: Any, pages: int) -> Case:
    tasks = [asyncio.ensure_future(here.record(n)) for n in range(pages)]
    await server.asked.wait()
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    ends: Sequence[Any] = await asyncio.gather(*tasks, return_exceptions=True)
    if not all(isinstance(end, asyncio.CancelledError) for end in ends):
        return Case(name=name, found=Class.WRONG, note=f"ends: { {type(end) for end in ends} }")
    began = time.monotonic()
    while server.now and time.monotonic() - began < 5:
        await asyncio.sleep(0.01)
    if server.now:
        return Case(name=name, found=Class.LOST, note=f"{server.now} requests open after 5 s")
    server.script = []
    records = await asyncio.gather(*(here.record(n) for n in range(8)))
    ok = sum(record["outcome"] == "ok" for record in records)
    found = Class.RIGHT if ok == 8 else Class.WRONG
    return Case(name=name, found=found, note=f"{ok} of 8 pages ok afterwards")
