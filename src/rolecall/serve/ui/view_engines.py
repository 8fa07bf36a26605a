"""Engines: what is declared, and on demand what each proves, how loaded it is, and its plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from msgspec import ValidationError
from starlette.responses import Response

from rolecall.doctor.engines import engine_findings
from rolecall.doctor.nouns import Finding, failed
from rolecall.doctor.servers import servers_here
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import EngineError, Error
from rolecall.launch.compare import compared, in_words
from rolecall.serve.ui.nouns import Ask, Ui
from rolecall.serve.ui.pages import page

MOST_SECONDS: Final = 20.0
"""How long a look at the engines may take before it is given up."""

MOST_LOAD_SECONDS: Final = 3.0


def engines(ui: Ui, ask: Ask) -> Response:
    """The page: what is declared and what was planned, without asking any server.

    Where engines lie is the business of those who see everything.
    """
    ask.visitor.needs("read")
    return page(ask, "engines.html", **declared(ui), found=None, loads=None)


async def looked(ui: Ui, ask: Ask) -> Response:
    """The same with a look at each engine: a page, or the part of it that a script asked for.

    Such a look may cost money, and a link on another site must not cause it.
    """
    ask.visitor.needs("read")
    if ask.request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return engines(ui, ask)
    told = await asyncio.to_thread(declared, ui)
    findings, loads = await asyncio.gather(proofs(ui), load_of(ui, told["engines"]))
    part = ask.request.headers.get("x-part") == "1"
    name = "engines_part.html" if part else "engines.html"
    return page(ask, name, **told, found=findings, loads=loads)


def declared(ui: Ui) -> dict[str, Any]:
    """What the settings and the servers of ``rolecall up`` say, as they are written down."""
    from rolecall.drive.clouds import every_engine
    from rolecall.drive.connect import policy_of

    told: dict[str, Any] = {"engines": (), "rules": None, "fault": "", "servers": []}
    try:
        told["engines"] = every_engine(ui.settings, ui.environ)
        told["rules"] = policy_of(ui.settings, [one.name for one in told["engines"]])
        told["servers"] = [_server(*one) for one in servers_here(ui.environ)]
    except Error as error:
        told["fault"] = f"{error}" + (f": {error.hint}" if error.hint else "")
    return told


def _server(server: Any, kept: bool) -> dict[str, Any]:
    rows: list[tuple[str, ...]] = []
    if server.reported:
        try:
            rows = [in_words(row) for row in compared(server.planned, server.reported)]
        except ValidationError:
            rows = []
    return {"server": server, "kept": kept, "rows": rows}


async def proofs(ui: Ui) -> list[Finding]:
    """Each engine connected to and what it proved, or that it took too long."""
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await engine_findings(ui.settings, ui.environ, time.time())
    except Error as error:
        return [failed("engines", error)]
    except TimeoutError:
        told = f"no answer within {MOST_SECONDS:.0f} s"
        return [failed("engines", EngineError(told, hint="rolecall doctor waits longer"))]


async def load_of(ui: Ui, engines: tuple[EngineSettings, ...]) -> Mapping[str, str]:
    """How loaded each engine is, of those that say so."""
    told = await asyncio.gather(*(_load(ui, one) for one in engines))
    return {one.name: load for one, load in zip(engines, told, strict=True) if load}


async def _load(ui: Ui, one: EngineSettings) -> str:
    from rolecall.engines.connect import connect

    if one.kind != "vllm":
        return ""
    try:
        async with asyncio.timeout(MOST_LOAD_SECONDS), connect(one, ui.environ) as engine:
            metrics = await engine.metrics()  # type: ignore[attr-defined]
    except (Error, TimeoutError, AttributeError):
        return "not known"
    return (
        f"{metrics.running} running, {metrics.waiting} waiting,"
        f" {metrics.kv_usage:.0%} of the KV cache"
    )
