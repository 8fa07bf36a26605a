"""Each declared engine, connected to and closed again, and what it proved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from rolecall.core import EngineInfo
from rolecall.doctor.nouns import Finding, failed, finding
from rolecall.engines.state import awaited
from rolecall.errors import Error
from rolecall.settings import Settings

MOST_SECONDS: Final = 120.0
"""What an engine has in all, on top of what its own settings allow a call."""


async def engine_findings(
    settings: Settings, environ: Mapping[str, str], now: float
) -> list[Finding]:
    """The policy, and all engines at the same time, those of trials and audits too.

    ``now`` is in seconds since 1970.
    """
    from rolecall.audit.terms import audit_settings
    from rolecall.drive.clouds import every_engine
    from rolecall.drive.connect import policy_of

    try:
        declared = every_engine(settings, environ)
        policy = policy_of(settings, [one.name for one in declared])
        absent = {name for name, until in awaited(environ).items() if until > now}
    except Error as error:
        return [failed("engines", error)]
    findings = [finding("policy", "ok", policy.privacy)]
    if not declared:
        remedy = "rolecall up MODEL serves one; docs/engines.md says how to declare others"
        findings = [finding("engines", "note", "none is declared: the reader works alone", remedy)]
    try:
        audit_settings(settings, environ)
    except Error as error:
        findings.append(failed("audits", error))
        # It may not even be asked what it can do.
        declared = tuple(one for one in declared if one.name != settings.audit_engine)
    findings += [_absent(one.name) for one in declared if one.running in absent]
    there = [one for one in declared if one.running not in absent]
    return findings + await asyncio.gather(*(_engine(one, environ) for one in there))


def _absent(name: str) -> Finding:
    told = "its server is not there now, and expected back: calls wait for it"
    return finding(f"engine {name}", "note", told, "rolecall up --status says how far it is")


async def _engine(settings: Any, environ: Mapping[str, str]) -> Finding:
    from rolecall.ask.tokens import tokens_named
    from rolecall.engines.connect import connect

    name = f"engine {settings.name}"
    try:
        async with asyncio.timeout(MOST_SECONDS), connect(settings, environ) as engine:
            info = engine.info
        tokens_named(settings.tokenizer)
    except Error as error:
        return failed(name, error)
    except TimeoutError:
        told = f"it has proved nothing within {MOST_SECONDS:.0f} s"
        return finding(name, "FAIL", told, "see what its server does, or start that again")
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
