"""How far stated values are believed before settling: a table by unit, and what lowers it.

A value that the visible text says too is nearly always right; one that only the data holds is
often a default of the publishing software (an employment type nobody chose, a company name left
over from a template, a date of the last export). The table holds shares of right values, rounded
to 0.05 and drawn towards the middle where there were few; calibration refines what comes out.
"""

from __future__ import annotations

from typing import Final

SEEN_UNSEEN: Final[dict[str, tuple[float, float]]] = {
    "title": (0.95, 0.6),
    "company": (0.95, 0.5),
    "places": (0.9, 0.6),
    "workplace": (0.8, 0.55),
    "employment_type": (0.9, 0.6),
    "salary": (0.95, 0.7),
    "experience": (0.8, 0.4),
    "education": (0.7, 0.3),
    "skills": (0.6, 0.35),
    "description": (0.9, 0.6),
    "responsibilities": (0.8, 0.5),
    "requirements": (0.8, 0.5),
    "benefits": (0.75, 0.35),
    "application_url": (0.8, 0.5),
    "application_email": (0.9, 0.7),
    "date_posted": (0.95, 0.8),
    "valid_through": (0.95, 0.7),
    "posting_language": (0.9, 0.9),
}
"""Unit -> confidence where the visible text says it, and where it does not."""

REPAIRED: Final = 0.7
"""Factor for data whose JSON had to be guessed at."""

STRANGE: Final = 0.6
"""Factor for data whose title stands nowhere on the page: stale, or about another posting."""

STATE: Final = 0.9
"""Factor for application state, whose shape is guessed."""


def confidence(unit: str, seen: float, *, factor: float) -> float:
    """Between the two values of the table by the share that was ``seen``, times ``factor``."""
    high, low = SEEN_UNSEEN[unit]
    return round((low + (high - low) * seen) * factor, 4)
