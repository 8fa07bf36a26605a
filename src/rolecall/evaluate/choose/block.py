"""The part of a decision record that a program reads: a fenced block of JSON at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.nouns import Figure, Standing

FENCE: Final = "```json rolecall-decision\n"
LARGEST: Final = 16 * 2**20
VERSION: Final = 1


def data_of(decision: Decision, *, date: str, command: str, rolecall: str) -> dict[str, Any]:
    """The decision as plain data: numbers as floats, shares as they are."""
    selection = decision.selection
    return {
        "version": VERSION,
        "date": date,
        "rolecall": rolecall,
        "command": command,
        "candidates_file": {"file": selection.file, "fingerprint": selection.fingerprint},
        "title": selection.title,
        "weights": {name: float(one) for name, one in selection.weights.items()},
        "floors": {name: float(one) for name, one in selection.floors.items()},
        "licences": list(selection.licences),
        "requirements": list(selection.requirements),
        "first": list(decision.first),
        "resolved": decision.resolved,
        "candidates": {one.name: _standing(one) for one in decision.standings},
        "sensitivity": {
            "ranges": {
                one.criterion: {"low": float(one.low), "high": float(one.high)}
                for one in decision.ranges
            },
            "least_shift": None if decision.shift is None else float(decision.shift.amount),
            "shares": {name: float(one) for name, one in decision.shares.shares.items()},
            "shares_draws": decision.shares.draws,
            "chances": dict(decision.chances.chances),
            "chances_draws": decision.chances.draws,
            "seed": decision.chances.seed,
        },
        "pareto": {"axes": list(decision.front.axes), "front": list(decision.front.front)},
    }


def _standing(one: Standing) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "engine": candidate.engine,
        "model": candidate.model,
        "quantisation": candidate.quantisation,
        "licence": candidate.licence,
        "stands": one.stands,
        "rank": one.rank,
        "total": None if one.total is None else float(one.total),
        "points": {
            points.criterion: None if points.score is None else float(points.score)
            for points in one.points
        },
        "floors": {
            floor.floor: {"verdict": floor.verdict, "resolved": floor.resolved}
            for floor in one.floors
        },
        "figures": {name: _figure(figure) for name, figure in one.figures.items()},
        "missing": list(one.missing),
        "requirements": {str(told["id"]): told.get("verdict") for told in one.findings},
    }


def _figure(figure: Figure) -> dict[str, Any]:
    trace = figure.trace
    return {
        "value": float(figure.value),
        "low": None if figure.low is None else float(figure.low),
        "high": None if figure.high is None else float(figure.high),
        "declared": trace.declared,
        "file": trace.file,
        "fingerprint": trace.fingerprint,
        "made": trace.made,
        "samples": trace.samples,
    }


def fenced(data: dict[str, Any]) -> str:
    """The block, as it stands at the end of the Markdown."""
    # A fence inside a text cannot end the block: JSON writes it on one line, and it is not alone.
    return FENCE + orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n```\n"


def read_record(path: Path) -> dict[str, Any]:
    """The data of a record that ``rolecall choose`` wrote; raises `UsageError`."""
    data: Any
    hint = "name a Markdown record that rolecall choose --out wrote"
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST:,} bytes", hint=hint)
        if not path.is_file():
            raise UsageError(f"{path} cannot be read: it is no file", hint=hint)
        text = path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8", hint=hint) from error
    _, fence, rest = text.replace("\r\n", "\n").rpartition(FENCE)
    try:
        data = orjson.loads(rest.partition("\n```")[0]) if fence else None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the data in {path} is damaged: {error}", hint=hint) from error
    if not _is_record(data):
        raise UsageError(f"{path} holds no decision of ours", hint=hint)
    found: dict[str, Any] = data
    return found


class _Figure(Struct):
    value: float
    low: float | None = None
    high: float | None = None


class _Candidate(Struct):
    total: float | None
    points: dict[str, float | None]
    floors: dict[str, dict[str, str | bool]]
    figures: dict[str, _Figure]
    engine: str = ""
    model: str = ""
    quantisation: str = ""
    licence: str = ""


class _Record(Struct):
    """What is read of an older record, in its kinds; more may stand in it."""

    version: int
    weights: dict[str, float]
    floors: dict[str, float]
    licences: list[str]
    first: list[str]
    candidates: dict[str, _Candidate]
    requirements: list[str] = []
    changelog: list[str] = []
    date: str = ""


def _is_record(data: Any) -> bool:
    """Whether what later code reads is there, in its kinds."""
    try:
        found = msgspec.convert(data, _Record)
    except msgspec.ValidationError:
        return False
    return found.version == VERSION and all(name in found.candidates for name in found.first)
