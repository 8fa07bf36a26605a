"""The facts that lie in files here: servers, revisions of models, decision records and runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import ValidationError

from rolecall.doctor.servers import servers_here
from rolecall.engines.settings import read_engine
from rolecall.errors import Error
from rolecall.evaluate.choose.block import FENCE, read_record
from rolecall.evaluate.files import folders_below
from rolecall.launch.compare import compared
from rolecall.launch.nouns import Server
from rolecall.models.cache import COMMIT, cache_folder, is_hub_name, model_folder
from rolecall.rules.facts import Better, Served, Untold
from rolecall.settings import Settings

MOST_FILES: Final = 500
"""Decision records and runs that are read."""
LARGEST: Final = 16 << 20
ASK_SECONDS: Final = 3.0
RESULTS: Final = "results.json"
ENDED: Final = ("stopped", "failed", "waiting")
"""Phases in which a server does not run."""


def servers(
    settings: Settings, environ: Mapping[str, str], cloud: frozenset[str]
) -> tuple[Served, ...] | Untold:
    """The vLLM servers that are kept here, and those of the settings that tell their version, but
    for those that are not local (``cloud``)."""
    try:
        here = servers_here(environ)
    except Error as error:
        return Untold(f"the servers here are not known: {_short(str(error))}", "rolecall doctor")
    found = [_kept(one, environ) for one, kept in here if kept and one.phase not in ENDED]
    names = {one.name for one in found}
    for name, table in settings.engines.items():
        if table.get("kind") != "vllm" or "running" in table:
            continue
        if name not in names and name not in cloud:
            found += _far(name, table)
    if not found:
        return Untold(
            "no vLLM server is kept here or declared by its address", "start one: rolecall up MODEL"
        )
    return tuple(found)


def _kept(server: Server, environ: Mapping[str, str]) -> Served:
    outside: tuple[str, ...] = ()
    known = False
    if server.reported is not None and server.planned:
        try:
            rows = compared(server.planned, server.reported)
        except (ValidationError, TypeError):
            rows = ()  # of another version
        known = any(row.reported is not None for row in rows)
        outside = tuple(row.name for row in rows if row.verdict in ("below", "above"))
    newer = newer_revision(server, environ)
    return Served(
        name=server.name,
        version=server.version,
        # What is known before a start on the CPU is the cache alone; see launch/compare.py.
        cpu="cpu" in server.version
        or bool(server.planned and set(server.planned) <= {"kv", "tokens"}),
        model=server.model,
        compared=known,
        outside=outside,
        newer=newer or "",
        revision_known=newer is not None,
    )


def newer_revision(server: Server, environ: Mapping[str, str]) -> str | None:
    """When the cache got another revision than the server started with, as a day; empty where it
    has none, ``None`` where no revision is known. No hub is asked."""
    if not is_hub_name(server.model):
        return None
    main = model_folder(cache_folder(environ), server.model) / "refs" / "main"
    try:
        commit = main.read_text("ascii").strip()
        changed = main.stat().st_mtime
        started = datetime.fromisoformat(server.started).timestamp()
    except (OSError, ValueError):
        return None
    if not COMMIT.fullmatch(commit):
        return None
    pinned = _flag(server.command, "--revision")
    if pinned and COMMIT.fullmatch(pinned):
        newer = pinned != commit
    else:
        # The reference is written whenever the model is fetched: with a commit that was there
        # before the start, nothing is newer.
        snapshot = main.parent.parent / "snapshots" / commit
        try:
            newer = changed > started and snapshot.stat().st_mtime > started
        except OSError:
            newer = False
    return f"{datetime.fromtimestamp(changed, UTC):%Y-%m-%d}" if newer else ""


def _flag(command: Iterable[str], name: str) -> str:
    words = list(command)
    for place, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and place + 1 < len(words):
            return words[place + 1]
    return ""


def _far(name: str, table: Mapping[str, Any]) -> Iterator[Served]:
    """A server of the settings, if it answers: ``/version`` needs no key."""
    import httpx2

    try:
        engine = read_engine(name, table)
        root = (engine.urls[0] if engine.urls else "").rstrip("/").removesuffix("/v1")
        if not root:
            return
        with httpx2.Client(timeout=ASK_SECONDS, trust_env=False) as client:
            told = client.get(f"{root}/version").json()
        version = told.get("version") if isinstance(told, dict) else None
    except (Error, httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
        return
    if isinstance(version, str):
        yield Served(name=name, version=version[:40], cpu="cpu" in version, model=engine.model)


def better(settings: Settings, used: frozenset[str]) -> Better | Untold:
    """What decision records and evaluation runs in ``runs_folder`` say; ``used`` are the engines
    that answered pages of late, by name."""
    records: list[tuple[str, str, dict[str, Any]]] = []
    runs: list[tuple[float, Path]] = []
    for path in _files(Path(settings.runs_folder or ".").expanduser().absolute()):
        if path.name == RESULTS:
            runs.append((_changed(path), path))
        elif (data := _record(path)) is not None:
            records.append((str(data.get("date") or ""), path.name, data))
    looked = len(records) + len(runs)
    if not looked:
        return Untold("rolecall choose was never run here", "rolecall choose FILE --out RECORD.md")
    named: list[str] = []
    if records:
        named += _of_record(*max(records, key=lambda one: one[:2])[1:], settings, used)
    if runs:
        named += _of_run(max(runs)[1], used)
    return Better(looked=looked, named=tuple(named))


def _of_record(
    name: str, data: dict[str, Any], settings: Settings, used: frozenset[str]
) -> Iterator[str]:
    """The latest decision, if it is resolved and not about what is in use."""
    first = data.get("first") or []
    if not data.get("resolved") or len(first) != 1:
        return
    winner = data["candidates"][first[0]]
    engine, model = str(winner.get("engine") or ""), str(winner.get("model") or "")
    models = {str(settings.engines.get(one, {}).get("model", "")).casefold() for one in used}
    if engine in used or first[0] in used or (model and model.casefold() in models):
        return
    yield f"{_short(name)} chose {_short(first[0])}" + (f" ({_short(model)})" if model else "")


def _of_run(path: Path, used: frozenset[str]) -> Iterator[str]:
    """Engines of the latest run whose interval lies wholly above that of every one in use."""
    try:
        told = orjson.loads(path.read_bytes())
        engines = {str(one["name"]): one["macro"] for one in told["engines"]}
        own = [engines[one]["high"] for one in used if engines.get(one)]
        if not own:
            return
        most = max(float(one) for one in own)
        for name, one in engines.items():
            if name not in used and one and float(one["low"]) > most:
                yield f"{_short(name)} scored over {most:.1%} in {_short(path.parent.name)}"
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return  # of another version, or half written


def _short(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:80])


def _record(path: Path) -> dict[str, Any] | None:
    """The decision in a Markdown file, if it is one."""
    try:
        if path.stat().st_size > LARGEST or FENCE.encode() not in path.read_bytes():
            return None
        return read_record(path)
    except (OSError, Error):
        return None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _files(base: Path) -> Iterator[Path]:
    """Markdown files and results of runs, some levels below ``base``."""
    given = 0
    for folder, inside in folders_below(base):
        for one in inside:
            wanted = one.name == RESULTS or one.name.endswith(".md")
            if wanted and not one.name.startswith(".") and one.is_file():
                given += 1
                yield folder / one.name
                if given == MOST_FILES:
                    return
