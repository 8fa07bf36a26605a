"""All values of an original carried over to its copy, each with the copy's own evidence."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

from rolecall.copies.figures import figures
from rolecall.copies.heads import DATES
from rolecall.copies.long_texts import body, section
from rolecall.copies.stand import UNIT_OF, Evidence, MissingError, Stand

SECTIONS: Final = frozenset({"responsibilities", "requirements", "benefits"})


class Carried(Struct, frozen=True):
    """Values and evidence that stand in the copy."""

    data: dict[str, Any]
    evidence: dict[str, Evidence]


def carry(stand: Stand, record: Mapping[str, Any], *, plain: bool) -> Carried | str:
    """All values of ``record`` with the copy's evidence, or the unit whose does not stand.

    Where the record is ``plain`` (a default posting), what is long takes the wording of the
    copy, and dates and pay are read anew where only their figures differ.
    """
    data: dict[str, Any] = dict(record["data"])
    evidence: dict[str, Evidence] = {}
    rows = record["evidence"].items()
    for unit, group in groupby(rows, lambda row: _unit(row[0], plain=plain)):
        own = dict(group)
        try:
            if not plain:
                evidence |= {key: stand.same(key, one) for key, one in own.items()}
            elif unit == "description" and _visible(own["/description"]):
                body(stand, data, evidence, own["/description"])
            elif unit in SECTIONS and all(map(_visible, own.values())):
                section(stand, unit, data, evidence, own)
            elif unit in DATES or unit == "salary":
                figures(stand, unit, data, evidence, own)
            else:
                unchanged(stand, unit, data, evidence, own)
        except MissingError:
            return unit
    return Carried(data, evidence)


def unchanged(
    stand: Stand,
    unit: str,
    data: dict[str, Any],
    evidence: dict[str, Evidence],
    own: dict[str, Any],
) -> None:
    """A unit whose value stays; a link leads where the copy's link leads."""
    for key, one in own.items():
        if one["match"] == "derived" and "@href" in (one["pointer"] or ""):
            data[key[1:]], evidence[key] = stand.link(one)
        else:
            evidence[key] = stand.same(key, one, unit)
    if unit == "skills" and all(evidence[key]["start"] is not None for key in own):
        in_order(stand, data, evidence, list(own))


def in_order(
    stand: Stand, data: dict[str, Any], evidence: dict[str, Evidence], keys: list[str]
) -> None:
    """Skills in the order of the copy's page."""
    rows = sorted(
        zip(data["skills"], (evidence[key] for key in keys), strict=True),
        key=lambda row: row[1]["start"],
    )
    data["skills"] = [value for value, _ in rows]
    evidence |= {key: one for key, (_, one) in zip(keys, rows, strict=True)}


def _unit(key: str, *, plain: bool) -> str:
    name = key.split("/")[1]
    return UNIT_OF[name] if plain else name


def _visible(one: Evidence) -> bool:
    return one["start"] is not None and one["match"] in ("exact", "normalised")
