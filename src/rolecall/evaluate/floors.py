"""Floors: figures pinned on a set of samples, which go up, and down only with a reason.

A floors file is JSON: ``corpus`` is the fingerprint of the samples, ``floors`` maps figures to
what they must not fall under, ``lowered`` tells of each floor that was lowered: from what, why,
and when.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.files import write_whole
from rolecall.evaluate.score.figures import Figures, mean

SLACK: Final = 0.01
"""A floor is pinned this much under the score. A site's floor is lower by a third of a page more,
so that one value that another machine turns does not break the gate, and two do."""

ONE_VALUE: Final = 0.34
LEAST_SITE: Final = 3
LEAST_FIELD: Final = 20
"""Pages of a site, and values of a field, from which on they have a floor."""

SURE: Final = ("schema_valid", "grounded")
"""Findings that are pinned as they are: no record may lose them."""


class Floors(Struct, frozen=True, kw_only=True):
    """What is pinned; ``lowered`` maps a floor to ``{from, to, reason, date}``."""

    corpus: str
    floors: Mapping[str, float]
    lowered: Mapping[str, Mapping[str, Any]] = {}


def read_floors(path: Path) -> Floors:
    """The floors of a file; raises `UsageError` if there are none, or they cannot be read."""
    try:
        told = json.loads(path.read_text("utf-8"))
        found = Floors(
            corpus=str(told["corpus"]),
            floors={str(name): float(floor) for name, floor in told["floors"].items()},
            lowered=told.get("lowered", {}),
        )
        if not found.floors or not all(map(math.isfinite, found.floors.values())):
            raise ValueError("a floor is a finite number, and at least one is pinned")
        return found
    except FileNotFoundError:
        raise UsageError(f"there are no floors at {path}", hint="--update pins them") from None
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {told}", hint="check the permissions") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path} holds no floors: {type(error).__name__}: {error}",
            hint="take the file from version control, or pin anew with --update",
        ) from None


def write_floors(path: Path, floors: Floors) -> None:
    """Write the file, in an order that makes changes easy to see; raises `UsageError`."""
    told: dict[str, Any] = {"corpus": floors.corpus, "floors": dict(floors.floors)}
    if floors.lowered:
        told["lowered"] = {name: dict(row) for name, row in floors.lowered.items()}
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode())


def broken(pinned: Floors, reached: Mapping[str, float]) -> list[str]:
    """One line for each floor that a figure is under; a figure that is gone is under its floor."""
    return [
        f"{name}: {reached.get(name, 0.0):.4f} is under the floor {floor:.4f}"
        for name, floor in pinned.floors.items()
        if reached.get(name, -1.0) < floor
    ]


def lower(pinned: Floors | None, now: Mapping[str, float]) -> list[str]:
    """The floors that would go down by more than the slack, or away."""
    old = pinned.floors if pinned is not None else {}
    return [name for name, floor in old.items() if now.get(name, -1.0) < floor - SLACK]


def pinned_anew(
    pinned: Floors | None, corpus: str, now: Mapping[str, float], reason: str, today: date
) -> Floors:
    """The floors after pinning: the higher of old and new, or the new ones with a reason.

    Raises `UsageError` if a floor would go down and there is no ``reason``.
    """
    down = lower(pinned, now)
    if down and not reason:
        raise UsageError(
            "these floors would go down: " + ", ".join(down),
            hint='pin them with --allow-regression --reason "…"',
        )
    old = pinned.floors if pinned is not None else {}
    floors = {
        name: value if name in down or reason else max(value, old.get(name, value))
        for name, value in now.items()
    }
    lowered = dict(pinned.lowered) if pinned is not None else {}
    for name in old:
        if reason and floors.get(name, -1.0) < old[name]:
            lowered[name] = {
                "from": old[name],
                "to": floors.get(name),
                "reason": reason,
                "date": today.isoformat(),
            }
    return Floors(corpus=corpus, floors=floors, lowered=lowered)


def reached_by(found: Figures) -> dict[str, float]:
    """The figures of a judgement that are pinned, by name."""
    out = {"macro": found.macro, "macro_value": found.macro_value, "adr009": found.adr009}
    for name, site in found.sites.items():
        if site.samples >= LEAST_SITE:
            out[f"site {name} macro"] = site.macro
    for name, field in found.fields.items():
        if field.n_value >= LEAST_FIELD:
            out[f"field {name}"] = field.all
    for name in SURE:
        out[name] = found.marks.get(name)
    out["right outcome"] = mean(
        [found.marks["right_outcome"]] if "right_outcome" in found.marks else []
    )
    return {name: value for name, value in out.items() if value is not None}


def floors_under(reached: Mapping[str, float], found: Figures) -> dict[str, float]:
    """The floor of every figure: the figure less the slack of its kind."""
    out = {}
    for name, value in reached.items():
        slack = 0.0 if name in SURE else SLACK
        if name.startswith("site "):
            site = name.removeprefix("site ").removesuffix(" macro")
            slack += ONE_VALUE / found.sites[site].samples
        elif name.startswith("field "):
            slack += SLACK
        out[name] = round(value - slack, 4)
    return out
