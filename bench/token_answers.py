"""The answers that peers get at the recording endpoint: right, in the peer's own form, at once.

One rule for all: an answer holds the annotated values that stand in the text of that request, so
nothing is "extracted" that was not sent. A peer that loses text therefore has shorter answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from annotated import TARGET, plain

Gold = Mapping[str, Any]

FIELDS = (
    "title", "company", "location", "workplace", "employment_type", "seniority", "salary_min",
    "salary_max", "salary_currency", "salary_period", "experience_years_min",
    "experience_years_max", "education", "skills", "languages_required", "description",
    "responsibilities", "requirements", "benefits", "application_url", "application_email",
    "date_posted", "valid_through",
)  # fmt: skip
"""The fields that every peer is asked for."""

CARRIER = {
    "workplace": "workplace_quote",
    "employment_type": "employment_type_quote",
    "seniority": "title",
    "salary_min": "salary_quote",
    "salary_max": "salary_quote",
    "salary_currency": "salary_quote",
    "salary_period": "salary_quote",
    "experience_years_min": "experience_quote",
    "experience_years_max": "experience_quote",
    "date_posted": "date_posted_quote",
    "valid_through": "valid_through_quote",
}
"""Field -> the annotation whose words must be there for the value to be known."""

CLASSES: dict[str, tuple[str, dict[str, str]]] = {
    "title": ("title", {"seniority": "seniority"}),
    "company": ("company", {}),
    "location": ("location", {}),
    "workplace": ("workplace_quote", {"kind": "workplace"}),
    "employment_type": ("employment_type_quote", {"kinds": "employment_type"}),
    "salary": (
        "salary_quote",
        {
            "min": "salary_min",
            "max": "salary_max",
            "currency": "salary_currency",
            "period": "salary_period",
        },
    ),
    "experience": (
        "experience_quote",
        {"years_min": "experience_years_min", "years_max": "experience_years_max"},
    ),
    "education": ("education", {}),
    "skill": ("skills", {}),
    "responsibility": ("responsibilities", {}),
    "requirement": ("requirements", {}),
    "benefit": ("benefits", {}),
    "application_email": ("application_email", {}),
    "date_posted": ("date_posted_quote", {"date": "date_posted"}),
    "valid_through": ("valid_through_quote", {"date": "valid_through"}),
}  # fmt: skip
"""Class of an extraction -> the annotation with its words, and attributes -> theirs."""


def seen_in(text: str) -> Callable[[Any], bool]:
    """Whether words stand in ``text``, as ``lost`` compares them."""
    shown = plain(text)

    def seen(words: Any) -> bool:
        return isinstance(words, str) and bool(words.strip()) and plain(words) in shown

    return seen


def flat(gold: Gold, text: str) -> dict[str, Any]:
    """All fields as one flat object: strings and lists copied, ``null`` where nothing is known."""
    seen = seen_in(text)
    out: dict[str, Any] = {}
    for name in FIELDS:
        value = gold.get(name)
        if name == "description":
            lines = (TARGET.sub(" ", line) for line in (value or "").split("\n"))
            out[name] = "\n".join(line for line in lines if seen(line)) or None
        elif name == "languages_required":
            out[name] = value or None
        elif name in CARRIER:
            out[name] = value if value and seen(gold.get(CARRIER[name])) else None
        elif isinstance(value, list):
            out[name] = [one for one in value if seen(one)] or None
        else:
            out[name] = value if seen(value) else None
    return out


def flat_text(gold: Gold, text: str) -> str:
    """The flat object as models write it."""
    return json.dumps(flat(gold, text), ensure_ascii=False)


def extractions_text(gold: Gold, text: str) -> str:
    """LangExtract's form: a list of extractions with attributes, as its own examples show it."""
    seen = seen_in(text)
    rows: list[dict[str, Any]] = []
    for name, (key, attributes) in CLASSES.items():
        value = gold.get(key)
        for words in value if isinstance(value, list) else [value]:
            if seen(words):
                known = {said: gold.get(of) for said, of in attributes.items()}
                rows.append({name: words, f"{name}_attributes": known})
    return json.dumps({"extractions": rows}, ensure_ascii=False, indent=2)


def blocks_text(gold: Gold, text: str) -> str:
    """crawl4ai's form: a list of objects between marks, with a score as its prompt asks."""
    rows = json.dumps([{**flat(gold, text), "error": False}], ensure_ascii=False)
    return f"<blocks>{rows}</blocks><score>5</score>"
