"""The default posting: its fields, how they group into units, and its JSON Schema.

A *unit* is what one candidate proposes and ``settle`` takes whole: one scalar, one salary, one
range of years, one list of places, one list of skills, one section.
"""

from __future__ import annotations

from typing import Any, Final

UNITS: Final[dict[str, tuple[str, ...]]] = {
    "title": ("title",),
    "company": ("company",),
    "places": ("location", "locations"),
    "workplace": ("workplace",),
    "employment_type": ("employment_type",),
    "seniority": ("seniority",),
    "salary": ("salary_min", "salary_max", "salary_currency", "salary_period"),
    "experience": ("experience_years_min", "experience_years_max"),
    "education": ("education",),
    "skills": ("skills",),
    "languages_required": ("languages_required",),
    "description": ("description",),
    "responsibilities": ("responsibilities",),
    "requirements": ("requirements",),
    "benefits": ("benefits",),
    "application_url": ("application_url",),
    "application_email": ("application_email",),
    "date_posted": ("date_posted",),
    "valid_through": ("valid_through",),
    "posting_language": ("posting_language",),
}
"""Unit -> its fields. ``places`` proposes a list of {text, city, region, country}."""

LIST_UNITS: Final = frozenset(
    {"places", "employment_type", "skills", "languages_required", "responsibilities",
     "requirements", "benefits"}
)  # fmt: skip
"""Units whose value is a list with one quote and span for each item."""

MULTI_FIELD_UNITS: Final = frozenset({"salary", "experience"})
"""Units whose value maps field names to values, with one quote for all of them."""

REQUIRED: Final = ("title", "company", "description")

WORKPLACES: Final = ("remote", "hybrid", "onsite")
EMPLOYMENT_TYPES: Final = (
    "full_time", "part_time", "contract", "temporary", "internship", "volunteer",
    "apprenticeship", "freelance",
)  # fmt: skip
SENIORITIES: Final = (
    "internship", "entry", "junior", "mid", "senior", "lead", "principal", "staff", "manager",
    "director", "executive",
)  # fmt: skip
PERIODS: Final = ("hour", "day", "week", "month", "year", "project")

HIGHEST_PAY: Final = 1_000_000_000_000
"""No currency in use pays more in any period; what is above was misread."""

FIELDS: Final[tuple[str, ...]] = tuple(name for fields in UNITS.values() for name in fields)


def _nullable(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], **more}


def _strings(**items: Any) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": {"type": "string", "minLength": 1, **items}}


_PLACE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "city": _nullable("string"),
        "region": _nullable("string"),
        "country": _nullable("string"),
    },
    "required": ["text", "city", "region", "country"],
    "additionalProperties": False,
}

_ISO_DATE: Final = {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

POSTING_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "JobPosting",
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "company": {"type": "string", "minLength": 1},
        "location": _nullable("string", minLength=1),
        "locations": {"type": ["array", "null"], "items": _PLACE},
        "workplace": {"enum": [*WORKPLACES, None]},
        "employment_type": {
            "type": ["array", "null"],
            "items": {"enum": list(EMPLOYMENT_TYPES)},
            "uniqueItems": True,
        },
        "seniority": {"enum": [*SENIORITIES, None]},
        "salary_min": _nullable("number", minimum=0, maximum=HIGHEST_PAY),
        "salary_max": _nullable("number", minimum=0, maximum=HIGHEST_PAY),
        "salary_currency": _nullable("string", pattern="^[A-Z]{3}$"),
        "salary_period": {"enum": [*PERIODS, None]},
        "experience_years_min": _nullable("number", minimum=0, maximum=60),
        "experience_years_max": _nullable("number", minimum=0, maximum=60),
        "education": _nullable("string", minLength=1),
        "skills": _strings(),
        "languages_required": _strings(),
        "description": {"type": "string", "minLength": 1},
        "responsibilities": _strings(),
        "requirements": _strings(),
        "benefits": _strings(),
        "application_url": _nullable("string", pattern="^(https?://|/|[?#.])"),
        "application_email": _nullable("string", pattern="^[^@\\s]+@[^@\\s]+$"),
        "date_posted": _nullable("string", **_ISO_DATE),
        "valid_through": _nullable("string", **_ISO_DATE),
        "posting_language": _nullable("string", pattern="^[a-z]{2}$"),
    },
    "required": list(REQUIRED),
    "additionalProperties": False,
}
