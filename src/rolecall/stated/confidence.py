"""How far stated values are believed before settling: a table by unit, and what lowers it.

A value that the visible text says too is nearly always right; one that only the data holds is
often a default of the publishing software (an employment type nobody chose, a company name left
over from a template, a level turned into months, the perks of the whole firm). The table holds
shares of right values, rounded to 0.05 and drawn towards the middle where there were few;
calibration refines what comes out.
"""

from __future__ import annotations

from typing import Final

SEEN_UNSEEN: Final[dict[str, tuple[float, float]]] = {
    "title": (0.95, 0.6),
    "company": (0.95, 0.5),
    "places": (0.9, 0.6),
    "workplace": (0.85, 0.45),
    "employment_type": (0.9, 0.6),
    "salary": (0.95, 0.7),
    "experience": (0.7, 0.2),
    "education": (0.6, 0.15),
    "skills": (0.6, 0.3),
    "description": (0.9, 0.6),
    "responsibilities": (0.8, 0.3),
    "requirements": (0.8, 0.3),
    "benefits": (0.7, 0.15),
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

UNSEEN_STATE: Final = 0.3
"""Factor for what only application state says: nobody published it as a fact of the posting."""


def confidence(unit: str, seen: float, *, factor: float) -> float:
    """Between the two values of the table by the share that was ``seen``, times ``factor``."""
    high, low = SEEN_UNSEEN[unit]
    return round((low + (high - low) * seen) * factor, 4)
