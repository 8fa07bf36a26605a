"""What a run on labelled pages shows: accuracy, valid records, how long the user's pages are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.choose.measures import MEASURES
from rolecall.evaluate.choose.nouns import Figure
from rolecall.evaluate.choose.run_folder import run_figures
from rolecall.evaluate.files import read_json
from rolecall.evaluate.json_lines import json_lines
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import judged, not_run
from rolecall.evaluate.score.findings import is_valid
from rolecall.schema.schema import Schema

GOAL: Final = 0.95
WITHIN: Final = 8_192
_HINT: Final = "name a folder that rolecall eval run --out wrote"


class Labelled(Struct, frozen=True, kw_only=True):
    """One engine of a run folder. ``tokens`` are those of each page's visible text, ``seen``
    counts the pages that its embedded reader was trained on."""

    folder: Path
    engine: str
    command: str
    records: Path
    schema: str = ""
    tokens: tuple[int, ...] = ()
    seen: int = 0


def read_labelled(folder: Path, engine: str) -> Labelled:
    """The run in ``folder``; without a name, its only engine. Raises `UsageError`."""
    run, _ = read_json(folder / "run.json", _HINT)
    results, _ = read_json(folder / "results.json", _HINT)
    engines = run.get("engines")
    if not isinstance(engines, dict) or not engines:
        raise UsageError(f"{folder} holds no engines", hint=_HINT)
    if not engine and len(engines) > 1:
        told = f"{folder} has several engines: {', '.join(engines)}"
        raise UsageError(told, hint="name one of them: --engine NAME")
    name = engine or next(iter(engines))
    part = engines.get(name)
    if not isinstance(part, dict):
        hint = f"it has: {', '.join(engines)}"
        raise UsageError(f"{folder} has no engine {name!a}", hint=hint)
    told_tokens = results.get("tokens")
    tokens = told_tokens if isinstance(told_tokens, list) else []
    return Labelled(
        folder=folder,
        engine=name,
        command=str(run.get("command") or ""),
        records=folder / str(part.get("records") or f"{name}.jsonl"),
        schema=str(run.get("schema") or ""),
        tokens=tuple(one for one in tokens if type(one) is int),
        seen=seen if type(seen := part.get("seen")) is int else 0,
    )


def accuracy(one: Labelled) -> Finding:
    """FR-1: both the record's own metric and the mean over fields reach the goal, by estimate."""
    figures = {f.measure: f for f in run_figures(one.folder, str(one.folder), one.engine)}
    wanted = [figures[name] for name in ("adr009", "accuracy") if name in figures]
    if len(wanted) < 2:
        reason = f"the results of {one.engine} have no accuracy: are the pages labelled?"
        return not_run("FR-1", reason, command=one.command)
    told = "; ".join(_told(figure) for figure in wanted)
    low = [figure for figure in wanted if figure.value < GOAL]
    reason = " ".join(_beside_goal(figure) for figure in wanted)
    figure = f"{told} ({one.engine})"
    if one.seen:
        reason = f"the embedded reader was trained on {one.seen:,} of these pages: label others"
        return not_run("FR-1", reason, command=one.command, figure=figure)
    return judged("FR-1", not low, figure, command=one.command, reason=reason)


def _told(figure: Figure) -> str:
    measure = MEASURES[figure.measure]
    name = {"adr009": "ADR-009's metric", "accuracy": "mean over fields"}[figure.measure]
    told = f"{name} {measure.shown(figure.value)}"
    if figure.low is not None and figure.high is not None:
        told += f" ({measure.span(figure.low, figure.high)})"
    return told


def _beside_goal(figure: Figure) -> str:
    name = {"adr009": "ADR-009's metric", "accuracy": "The mean over fields"}[figure.measure]
    if figure.low is None or figure.high is None:
        return f"{name} has no interval."
    if figure.low >= GOAL:
        return f"{name} clears the goal with its whole interval."
    if figure.high < GOAL:
        return f"{name} misses the goal with its whole interval."
    side = "reaches" if figure.value >= GOAL else "misses"
    told = f"{name} {side} the goal by the estimate"
    return f"{told}; its interval lies on both sides: label more pages."


class Validity(Struct, frozen=True):
    """How many records with data there are, how many are valid, and the first that is not."""

    all: int
    valid: int
    first: str = ""


def validity(one: Labelled) -> Validity:
    """Every record of the run that holds data, checked against its schema."""
    schema = Schema.from_json(Path(one.schema)) if one.schema else None
    seen = valid = 0
    first = ""
    for _, _, record in json_lines(one.records, of="records", made_by=_HINT):
        if not isinstance(record, dict) or record.get("outcome") not in ("ok", "partial"):
            continue
        data = record.get("data")
        seen += 1
        right = isinstance(data, Mapping) and is_valid(data, schema)
        valid += right
        first = first if right or first else str(record.get("source"))
    return Validity(seen, valid, first)


def short_pages(one: Labelled) -> tuple[int, int]:
    """How many of the pages have at most 8,192 tokens of visible text, and how many there are."""
    return sum(tokens <= WITHIN for tokens in one.tokens), len(one.tokens)
