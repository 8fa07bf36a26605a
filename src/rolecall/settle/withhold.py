"""Leaving out what is less sure than the user wants, and saying so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rolecall.core import Evidence, Extraction, Notice
from rolecall.errors import SettingsError
from rolecall.schema.posting import REQUIRED, UNITS

Least = Mapping[str, float]
"""Unit -> the confidence below which its value is left out."""


def read_least(words: str, origin: str = "") -> Least:
    """``0.6``, or ``title=0.5,salary=0.8`` by the names of fields or units, as `Least`.

    A number alone is for all that are not named. Raises `SettingsError`.
    """
    units = {name: unit for unit, names in UNITS.items() for name in (unit, *names)}
    least: dict[str, float] = {}
    general = 0.0
    for part in filter(None, (one.strip() for one in words.split(","))):
        name, given, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not 0.0 <= value <= 1.0:
            raise SettingsError(
                f"least_sure ({origin}): {part!r} is no number from 0 to 1",
                hint="write 0.6, or title=0.5,salary=0.8",
            )
        if not given:
            general = value
        elif name.strip() in units:
            unit = units[name.strip()]
            least[unit] = max(value, least.get(unit, 0.0))
        else:
            raise SettingsError(
                f"least_sure ({origin}): there is no field {name.strip()!r}",
                hint=f"there are: {', '.join(UNITS)}",
            )
    if general:
        least = dict.fromkeys(UNITS, general) | least
    return least


def withhold(extraction: Extraction, least: Least) -> Extraction:
    """The extraction without the units that are less sure than ``least``, each with a warning.

    A value of which nobody can say how sure it is stays. Where a required field goes, the outcome
    becomes ``partial``.
    """
    if extraction.data is None or not least:
        return extraction
    sure = _sure(extraction.evidence)
    gone = {
        unit: sure[unit] for unit, wanted in least.items() if unit in sure and sure[unit] < wanted
    }
    if not gone:
        return extraction
    fields = {name for unit in gone for name in UNITS[unit]}
    data = {name: None if name in fields else value for name, value in extraction.data.items()}
    evidence = {
        key: one for key, one in extraction.evidence.items() if key.split("/")[1] not in fields
    }
    _lead_back(data, evidence)
    notices = tuple(
        Notice(
            code="withheld",
            message=f"{unit}: as sure as {found:.2f}, and least_sure asks for {least[unit]:g}",
        )
        for unit, found in gone.items()
    )
    missing = any(data[name] is None for name in REQUIRED)
    return replace(
        extraction,
        outcome="partial" if missing else extraction.outcome,
        data=data,
        evidence=evidence,
        warnings=(*extraction.warnings, *notices),
    )


def _sure(evidence: Mapping[str, Evidence]) -> dict[str, float]:
    """Unit -> its least sure value, where that is known."""
    units = {name: unit for unit, names in UNITS.items() for name in names}
    found: dict[str, float] = {}
    for key, one in evidence.items():
        unit = units.get(key.split("/")[1])
        if unit is not None and one.confidence is not None:
            found[unit] = min(one.confidence, found.get(unit, 1.0))
    return found


def _lead_back(data: dict[str, object], evidence: dict[str, Evidence]) -> None:
    """Derived values whose source has gone: another source, or they go too."""
    for key, one in list(evidence.items()):
        if one.match == "derived" and one.pointer and one.pointer.split("/")[1] in data:
            if any(other.startswith(one.pointer) for other in evidence):
                continue
            if key == "/posting_language" and "/title" in evidence:
                evidence[key] = replace(one, pointer="/title")
            else:
                del evidence[key]
                data[key.split("/")[1]] = None
