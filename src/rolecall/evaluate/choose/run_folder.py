"""A run folder of ``rolecall eval run``, as figures of a candidate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from rolecall.errors import UsageError
from rolecall.evaluate.choose.exact import exact
from rolecall.evaluate.choose.nouns import Figure, Trace
from rolecall.evaluate.choose.table import near
from rolecall.evaluate.files import number, read_json

_HINT: Final = "name a folder that rolecall eval run --out wrote"
FIGURES: Final[Mapping[str, tuple[str, ...]]] = {
    "accuracy": ("macro",),
    "adr009": ("adr009",),
    "schema_valid": ("marks", "schema_valid"),
}
"""Measure -> where it stands among the results of an engine."""


def run_figures(folder: Path, told: str, engine: str) -> Iterator[Figure]:
    """The figures of ``engine`` in ``folder``, which messages and traces call ``told``.

    Raises `UsageError` where the folder has no results, or none of that engine.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {told}", hint=_HINT)
    run, _ = read_json(folder / "run.json", _HINT)
    results, fingerprint = read_json(folder / "results.json", _HINT)
    _demand_together(run, results, told)
    rows = results.get("engines")
    if not isinstance(rows, list):
        raise UsageError(f"{told}/results.json holds no results", hint=_HINT)
    engines = {str(row.get("name")): row for row in rows if isinstance(row, dict)}
    if engine not in engines:
        raise UsageError(f"{told} has no engine {engine!a}", hint=near(engine, engines))
    samples = run.get("samples")
    known = samples if isinstance(samples, dict) else {}
    trace = Trace(
        file=f"{told}/results.json",
        fingerprint=fingerprint,
        made=_text(run, "made"),
        command=_text(run, "command"),
        samples=_text(known, "fingerprint"),
        place=f"{engine}, {known.get('count', 'unknown')} samples",
    )
    row = engines[engine]
    for measure, keys in FIGURES.items():
        if (found := _figure(measure, row, keys, trace)) is not None:
            yield structs.replace(found, sites=_sites(row, keys[-1]))
    cost, pages = number(row, "figures", "cost_usd"), number(row, "figures", "samples")
    if cost and pages:  # nothing was paid: what it cost otherwise is not known here
        each = exact(cost) * 1_000 / exact(pages)
        yield Figure(measure="cost_per_1000_usd", value=each, trace=trace)


def _demand_together(run: Mapping[str, Any], results: Mapping[str, Any], told: str) -> None:
    """Refuse results that were made of other samples or other records than the run has now."""
    samples, parts = run.get("samples"), run.get("engines")
    theirs = samples.get("fingerprint") if isinstance(samples, dict) else None
    same = theirs is None or results.get("samples", theirs) == theirs
    rows = results.get("engines")
    for row in rows if isinstance(rows, list) else ():
        part = (
            parts.get(row.get("name"))
            if isinstance(parts, dict) and isinstance(row, dict)
            else None
        )
        config = part.get("config") if isinstance(part, dict) else None
        same = same and (not config or row.get("config", config) == config)
    if not same:
        raise UsageError(
            f"{told}/results.json is of another run than {told}/run.json",
            hint=f"rolecall eval report {told} makes it anew",
        )


def _figure(measure: str, row: Any, keys: tuple[str, ...], trace: Trace) -> Figure | None:
    """A number, or an interval as low, mid, high and level."""
    value = number(row, *keys)
    if value is not None:
        return Figure(measure=measure, value=exact(value), trace=trace)
    middle, low, high = (number(row, *keys, part) for part in ("mid", "low", "high"))
    if middle is None:
        return None
    level = number(row, *keys, "level")
    return Figure(
        measure=measure,
        value=exact(middle),
        low=None if low is None else exact(low),
        high=None if high is None else exact(high),
        level=level if level is not None and 0 < level < 1 else 0.95,
        trace=trace,
    )


def _sites(row: Mapping[str, Any], key: str) -> dict[str, tuple[float, int]]:
    """Site -> the figure's mean on its samples, and how many there are."""
    figures = row.get("figures")
    sites = figures.get("sites") if isinstance(figures, dict) else None
    found = {}
    for name, one in sites.items() if isinstance(sites, dict) else ():
        mean, n = number(one, key), number(one, "samples")
        if mean is not None and n:
            found[str(name)] = (mean, int(n))
    return found


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
