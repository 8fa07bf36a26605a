"""Schemas of postings, made up: names, kinds and constraints such as users write."""

from __future__ import annotations

from random import Random
from typing import Any, Final

NAMES: Final = (
    "title", "jobTitle", "company", "employer", "city", "location", "country", "salary_min",
    "salaryRange", "currency", "skills", "benefits", "employment_type", "seniority", "remote",
    "team_size", "start_date", "contact_email", "apply_url", "description", "requirements",
    "languages", "hours_per_week", "reference", "shift", "oven", "travel", "visa", "degree",
)  # fmt: skip
FORMATS: Final = ("date", "email", "uri", "date-time", "uuid", "hostname", "time", "duration")
PATTERNS: Final = (
    r"^[A-Z]{3}$", r"^\d{4}-\d{2}-\d{2}$", r"^https?://", r"^[A-Za-zÄÖÜäöüß ,.-]+$", r"^\S+@\S+$",
    r"^[^<>]*$", r"^(full|part)_time$", r"\p{L}", r"^.{2,80}$",
)  # fmt: skip
CHOICES: Final = (
    ["full_time", "part_time", "contract"], ["junior", "mid", "senior", None],
    ["EUR", "USD", "GBP"], ["on-site", "hybrid", "remote"], [1, 2, 3], [True, False, None],
)  # fmt: skip


def posting_schema(chance: Random, fields: int = 12) -> dict[str, Any]:
    """A schema for records, of up to so many ``fields``."""
    draft = chance.choice(
        (
            "https://json-schema.org/draft/2020-12/schema",
            "http://json-schema.org/draft-07/schema#",
            None,
        )
    )
    schema = _object(chance, fields, depth=0)
    if draft:
        schema = {"$schema": draft, **schema}
    if chance.random() < 0.3:
        place = "$defs" if draft is None or "2020" in draft else "definitions"
        schema[place] = {"money": {"type": "number", "minimum": 0, "maximum": 10_000_000}}
        schema["properties"]["pay"] = {"$ref": f"#/{place}/money"}
    return schema


def _object(chance: Random, fields: int, depth: int) -> dict[str, Any]:
    names = chance.sample(NAMES, chance.randint(1, fields))
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: _field(chance, depth) for name in names},
    }
    if chance.random() < 0.5:
        made["required"] = chance.sample(names, chance.randint(1, min(3, len(names))))
    if chance.random() < 0.4:
        made["additionalProperties"] = False
    if chance.random() < 0.1:
        made["minProperties"] = 1
    if chance.random() < 0.1 and len(names) > 1:
        made["dependencies"] = {names[0]: [names[1]]}
    return made


def _field(chance: Random, depth: int) -> dict[str, Any]:
    kind = chance.choice(("text", "text", "number", "choice", "list", "object", "either", "flag"))
    if kind == "object" and depth < 3:
        return _object(chance, 4, depth + 1)
    if kind == "list" and depth < 3:
        return _some(
            chance,
            {"type": "array", "items": _field(chance, depth + 1)},
            {"minItems": 1, "maxItems": chance.randint(1, 40), "uniqueItems": True},
        )
    if kind == "choice":
        return {"enum": list(chance.choice(CHOICES))}
    if kind == "number":
        whole = {"type": chance.choice(("number", "integer", ["number", "null"]))}
        more = {"minimum": 0, "maximum": 200_000, "multipleOf": 1, "exclusiveMinimum": -1}
        return _some(chance, whole, more)
    if kind == "flag":
        return {"type": chance.choice(("boolean", ["boolean", "null"]))}
    text = _text(chance)
    if kind == "either":
        return {chance.choice(("anyOf", "oneOf")): [text, {"type": "null"}]}
    return text


def _text(chance: Random) -> dict[str, Any]:
    more: dict[str, Any] = {
        "minLength": 1,
        "maxLength": chance.randint(5, 400),
        "pattern": chance.choice(PATTERNS),
        "format": chance.choice(FORMATS),
        "description": "as the page says it",
    }
    return _some(chance, {"type": "string"}, more)


def _some(chance: Random, made: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """``made`` with some of ``more``."""
    return made | {word: value for word, value in more.items() if chance.random() < 0.25}
