"""``rolecall doctor``: what works here, what does not, and the remedy."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.core import EngineInfo
from rolecall.errors import Error
from rolecall.settings import Settings

DESCRIPTION = """\
Checks what Rolecall needs and what it could use: the embedded reader, the counting
of tokens, the database, and every engine that is declared. An engine is asked a few
tiny questions whose answers differ if it does not hold to a grammar or a schema; what
it proves decides the form of its answers."""

EXAMPLES = """\
examples:
  rolecall doctor
  rolecall doctor --engine small      this engine only
  rolecall doctor --json

exit codes: 0 all is well; 3 something does not work."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``remedy`` says what to do where it is not ``well``."""

    name: str
    well: bool
    told: str
    remedy: str = ""
    details: dict[str, Any] = {}


def run(words: list[str]) -> int:
    """Check everything, print what was found, and return the exit code."""
    parser = Parser("doctor", DESCRIPTION, EXAMPLES)
    parser.add_argument("--engine", metavar="NAME", help="look at this engine only")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    settings = load_settings({"engine": told.engine})
    findings = [*_own(settings), *asyncio.run(_engines(settings))]
    if told.json:
        import orjson
        from msgspec import to_builtins

        found = orjson.dumps(to_builtins(findings), option=orjson.OPT_INDENT_2)
        sys.stdout.write(found.decode() + "\n")
    else:
        for one in findings:
            sys.stdout.write(f"{'ok  ' if one.well else 'FAIL'}  {one.name}: {one.told}\n")
            if one.remedy:
                sys.stdout.write(f"      {one.remedy}\n")
    sys.stdout.flush()
    return OK if all(one.well for one in findings) else FAILED


def _own(settings: Settings) -> Iterator[Finding]:
    """What needs no server."""
    from rolecall.ask.tokens import qwen
    from rolecall.pipeline import prepare

    version = importlib.metadata.version("rolecall")
    where = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding(name="rolecall", well=True, told=f"{version} on {where}")
    for notice in settings.warnings:
        yield Finding(name="settings", well=True, told=notice.message)
    try:
        pipeline = prepare(settings)
        yield Finding(name="reader", well=True, told=f"loaded, configuration {pipeline.config}")
    except Error as error:
        yield _failed("reader", error)
    tokens = qwen()
    told = "counted exactly, with the vocabulary of Qwen" if tokens.exact else "estimated"
    remedy = "" if tokens.exact else "pip install 'rolecall[engines]' counts them exactly"
    yield Finding(name="tokens", well=True, told=told, remedy=remedy)
    yield _database(settings)


def _database(settings: Settings) -> Finding:
    from rolecall.ledger.database import open_database, usual_place

    try:
        path = usual_place(settings.data_folder, os.environ)
        if not path.exists():
            return Finding(name="database", well=True, told=f"not made yet: {path}")
        with open_database(path, os.environ):
            return Finding(name="database", well=True, told=str(path))
    except Error as error:
        return _failed("database", error)


async def _engines(settings: Settings) -> list[Finding]:
    """Each declared engine, connected to and closed again."""
    from rolecall.drive.connect import declared_engines, policy_of

    try:
        declared = declared_engines(settings, os.environ)
        policy = policy_of(settings, [one.name for one in declared])
    except Error as error:
        return [_failed("engines", error)]
    if not declared:
        told = "none is declared: the embedded reader works alone"
        return [Finding(name="engines", well=True, told=told)]
    findings = [Finding(name="policy", well=True, told=policy.privacy)]
    findings += await asyncio.gather(*(_engine(one) for one in declared))
    return findings


async def _engine(settings: Any) -> Finding:
    from rolecall.ask.tokens import tokens_named
    from rolecall.engines.connect import connect

    name = f"engine {settings.name}"
    try:
        async with connect(settings, os.environ) as engine:
            info = engine.info
        tokens_named(settings.tokenizer)
    except Error as error:
        return _failed(name, error)
    doubts = "; ".join(notice.message for notice in info.notices)
    return Finding(name=name, well=True, told=_told(info), remedy=doubts, details=_details(info))


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


def _failed(name: str, error: Error) -> Finding:
    return Finding(name=name, well=False, told=str(error), remedy=error.hint or "")
