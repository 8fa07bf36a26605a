"""Confidence: from records of pages whose site was left out to a curve per unit.

A curve is a logistic function of the log-odds of the settled confidence (Platt 1999), drawn
towards the unit's mean so that a hundred pages do not invent a slope. A unit with fewer than
``LEAST`` values gets no curve, and its values no confidence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.corpus import expected_of
from rolecall.evaluate.score.fields import aims_of
from rolecall.evaluate.score.judge import field_scores
from rolecall.reader.model import CALIBRATION, write_manifest
from rolecall.schema.posting import UNITS

LEAST: Final = 30
GRID: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
STRENGTHS: Final = ((4.0, 0.3), (20.0, 0.1), (60.0, 0.1), (200.0, 0.0))
"""How strongly a slope is drawn, and to which slope: from a free curve to the unit's mean."""

TOLERANCE: Final = 0.05
FIELD_OF: Final = {
    "places": "locations",
    "salary": "salary_min",
    "experience": "experience_years_min",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a record: its site, its raw confidence, and how right it is (0 to 1)."""

    site: str
    confidence: float
    score: float


def values_of(
    records: Sequence[Mapping[str, Any]],
    gold: Mapping[str, Mapping[str, Any]],
    site: Mapping[str, str],
) -> dict[str, list[Value]]:
    """Unit -> its values in ``records``, without stated ones that no annotator could see."""
    pairs = []
    for record in records:
        name = Path(record["source"]).name.split(".")[0]
        if name in gold:
            expected = expected_of(gold[name])
            pairs.append((record, Sample(id=name, site=site[name], expected=expected)))
    return values_in(pairs)


def values_in(pairs: Iterable[tuple[Mapping[str, Any], Sample]]) -> dict[str, list[Value]]:
    """Unit -> the values of records whose field is labelled, held against their samples; those
    that only the page's own data state count where the label has a value."""
    out: dict[str, list[Value]] = {unit: [] for unit in UNITS}
    for record, sample in pairs:
        if not record.get("data"):
            continue
        scores = field_scores(record["data"], sample, aims_of())
        for unit, fields in UNITS.items():
            found = next((f for f in fields if record["data"].get(f) is not None), None)
            score = scores.get(FIELD_OF.get(unit, found or ""))
            if found is None or score is None:
                continue
            pointer = f"/{found}" if f"/{found}" in record["evidence"] else f"/{found}/0"
            evidence = record["evidence"].get(pointer)
            if evidence is None or evidence["confidence"] is None:
                continue
            if evidence["origin"] == "stated" and not score.has_value:
                continue
            out[unit].append(Value(sample.site, evidence["confidence"], score.value))
    return out


def fit_curve(values: Sequence[Value], strength: tuple[float, float]) -> tuple[float, float]:
    """Intercept and slope of the logistic curve, by Newton's method on the drawn likelihood."""
    draw, slope = strength
    mean = (sum(v.score for v in values) + 1.0) / (len(values) + 2.0)
    base = math.log(mean / (1 - mean))
    rows = [(_odds(v.confidence), v.score) for v in values]
    middle = sum(x for x, _ in rows) / len(rows)
    a, b = base, slope
    for _ in range(30):
        ga, gb, haa, hab, hbb = 0.0, draw * (b - slope), 1e-3, 0.0, draw
        for x, y in rows:
            x -= middle
            p = 1 / (1 + math.exp(-(a + b * x)))
            w = p * (1 - p)
            ga += p - y
            gb += (p - y) * x
            haa += w
            hab += w * x
            hbb += w * x * x
        det = haa * hbb - hab * hab
        if det <= 1e-9:
            break
        a -= (hbb * ga - hab * gb) / det
        b -= (haa * gb - hab * ga) / det
    b = max(0.0, b)
    return a - b * middle, b


def best_strength(values: Sequence[Value]) -> tuple[tuple[float, float], float]:
    """The freest strength whose error is tolerable, else the one with the least; and its error."""
    tried = [(strength, calibration_error(values, strength)) for strength in STRENGTHS]
    tolerable = (row for row in tried if row[1] <= TOLERANCE)
    return next(tolerable, min(tried, key=lambda row: row[1]))


def curve(values: Sequence[Value]) -> list[tuple[float, float]]:
    """Points of the fitted curve on a grid of confidences."""
    a, b = fit_curve(values, best_strength(values)[0])
    return [(x, round(1 / (1 + math.exp(-(a + b * _odds(x)))), 4)) for x in GRID]


def calibration_error(
    values: Sequence[Value], strength: tuple[float, float], bins: int = 10
) -> float:
    """Expected calibration error, each site read from curves fitted without it (Naeini 2015)."""
    sites = {v.site for v in values}
    rows: list[tuple[float, float]] = []
    for name in sites:
        others = [v for v in values if v.site != name]
        if not others:
            continue
        a, b = fit_curve(others, strength)
        rows.extend(
            (1 / (1 + math.exp(-(a + b * _odds(v.confidence)))), v.score)
            for v in values
            if v.site == name
        )
    return expected_error(rows, bins)


def expected_error(rows: Sequence[tuple[float, float]], bins: int = 10) -> float:
    """Expected calibration error of (confidence, score) pairs: the mean gap between the two in bins
    of equal width, weighted by how many fall in each."""
    error = 0.0
    for k in range(bins):
        inside = [
            (p, y) for p, y in rows if k / bins <= p < (k + 1) / bins or (p == 1 and k == bins - 1)
        ]
        if inside:
            gap = sum(p for p, _ in inside) - sum(y for _, y in inside)
            error += abs(gap) / len(rows)
    return error


def write_curves(folder: Path, values: Mapping[str, Sequence[Value]]) -> None:
    """Put the curves of all units with enough values into the model folder."""
    path = folder / CALIBRATION
    data = json.loads(path.read_text("utf-8"))
    data["curves"] = {
        unit: curve(found) for unit, found in sorted(values.items()) if len(found) >= LEAST
    }
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    path.write_text(text + "\n", "utf-8")
    write_manifest(folder)


def _odds(confidence: float) -> float:
    p = min(0.995, max(0.005, confidence))
    return math.log(p / (1 - p))
