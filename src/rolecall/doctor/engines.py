"""Each declared engine, connected to and closed again, and what it proved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rolecall.core import EngineInfo
from rolecall.doctor.nouns import Finding, failed, finding
from rolecall.errors import Error
from rolecall.settings import Settings


async def engine_findings(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """The policy, and all engines at the same time."""
    from rolecall.drive.connect import declared_engines, policy_of

    try:
        declared = declared_engines(settings, environ)
        policy = policy_of(settings, [one.name for one in declared])
    except Error as error:
        return [failed("engines", error)]
    if not declared:
        remedy = "rolecall up MODEL serves one; docs/engines.md says how to declare others"
        return [finding("engines", "note", "none is declared: the reader works alone", remedy)]
    findings = [finding("policy", "ok", policy.privacy)]
    findings += await asyncio.gather(*(_engine(one, environ) for one in declared))
    return findings


async def _engine(settings: Any, environ: Mapping[str, str]) -> Finding:
    from rolecall.ask.tokens import tokens_named
    from rolecall.engines.connect import connect

    name = f"engine {settings.name}"
    try:
        async with connect(settings, environ) as engine:
            info = engine.info
        tokens_named(settings.tokenizer)
    except Error as error:
        return failed(name, error)
    doubts = "; ".join(notice.message for notice in info.notices)
    return finding(name, "note" if doubts else "ok", _told(info), doubts, **_details(info))


def _told(info: EngineInfo) -> str:
    parts = [
        f"{info.kind} {info.version}".strip(),
        f"model {info.model}",
        f"window {info.window:,} tokens" if info.window else "window unknown",
        "local" if info.local else "NOT local: pages leave your machines",
        f"holds to {', '.join(info.forms)}",
    ]
    return ", ".join(parts)


def _details(info: EngineInfo) -> dict[str, Any]:
    return {
        "kind": info.kind, "version": info.version, "model": info.model, "window": info.window,
        "local": info.local, "forms": list(info.forms), "concurrency": info.concurrency,
        "notices": [notice.message for notice in info.notices],
    }  # fmt: skip
