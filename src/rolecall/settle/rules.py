"""The tables that settling goes by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from rolecall.core import Origin
from rolecall.schema.posting import UNITS

NULL_THRESHOLDS: Final[Mapping[str, float]] = MappingProxyType(dict.fromkeys(UNITS, 0.25))
"""Unit -> the confidence below which it is rather left empty. A reader brings its own."""

PREFERENCE: Final[Mapping[tuple[str, Origin], float]] = MappingProxyType(
    {
        # The page's own data is exact where a value has a normal form ...
        ("salary", "stated"): 0.05,
        ("date_posted", "stated"): 0.1,
        ("valid_through", "stated"): 0.1,
        ("employment_type", "stated"): 0.02,
        ("places", "stated"): 0.02,
        ("company", "stated"): 0.1,
        # ... and is often shortened or flattened where the value is the visible wording.
        ("title", "reader"): 0.1,
        ("description", "reader"): 0.1,
        ("responsibilities", "reader"): 0.1,
        ("requirements", "reader"): 0.1,
        ("benefits", "reader"): 0.1,
        ("skills", "reader"): 0.1,
        ("education", "reader"): 0.1,
        ("application_url", "reader"): 0.05,
    }
)
"""(Unit, origin) -> what is added to the confidence when candidates are compared."""

UNCALIBRATED: Final[Mapping[Origin, float]] = MappingProxyType({"stated": 0.9})
"""Origin -> the confidence that is assumed when comparing a candidate that gives none."""

UNCALIBRATED_OTHERWISE: Final = 0.6


Curve = tuple[tuple[float, float], ...]
"""Points (confidence that came out of settling, share of such values that is right), ascending."""


class Rules(Struct, frozen=True, kw_only=True):
    """How candidates are compared, and when a unit stays empty.

    ``sure`` is the confidence from which on another producer holds against contradicting stated
    data. ``agreement`` is the share of the remaining doubt that a second, agreeing producer takes
    away at full confidence; ``conflict`` is the share of the confidence that a contradicting one
    takes away at full confidence.

    ``calibration`` turns the confidence that comes out into a share of right values, unit by unit;
    a unit that is not in it was seen too rarely, and gets no confidence rather than a guess.
    Without a table the confidence stays as it came out.
    """

    null_thresholds: Mapping[str, float] = field(default_factory=lambda: NULL_THRESHOLDS)
    preference: Mapping[tuple[str, Origin], float] = field(default_factory=lambda: PREFERENCE)
    sure: float = 0.5
    agreement: float = 0.5
    conflict: float = 0.4
    calibration: Mapping[str, Curve] | None = None

    def assumed(self, confidence: float | None, origin: Origin) -> float:
        """The confidence to reckon with; an assumption where there is none."""
        if confidence is not None:
            return confidence
        return UNCALIBRATED.get(origin, UNCALIBRATED_OTHERWISE)

    def rank(self, unit: str, confidence: float | None, origin: Origin) -> float:
        """What candidates of one unit are ordered by."""
        return self.assumed(confidence, origin) + self.preference.get((unit, origin), 0.0)

    def calibrated(self, unit: str, confidence: float | None) -> float | None:
        """The confidence to report; between two points of the curve it goes along the line."""
        if confidence is None or self.calibration is None:
            return confidence
        curve = self.calibration.get(unit)
        if not curve:
            return None
        after = bisect_right(curve, confidence, key=lambda point: point[0])
        if after in (0, len(curve)):
            return curve[min(after, len(curve) - 1)][1]
        (x0, y0), (x1, y1) = curve[after - 1], curve[after]
        return y0 + (y1 - y0) * (confidence - x0) / (x1 - x0)


DEFAULT_RULES: Final = Rules()
