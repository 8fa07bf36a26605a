"""What can be asked of an engine: the units of the default posting, and fields of a user's schema.

A value is asked for as the words on the page that say it (``quote``), never as a value of the
model's own: ``rolecall.normalise`` reads numbers, dates and places out of the words, and whatever
the page does not say cannot be answered. Long parts are asked for as ranges of line numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.schema.fields import Field
from rolecall.schema.posting import EMPLOYMENT_TYPES, SENIORITIES, WORKPLACES

Kind = Literal["quote", "quotes", "choice", "choices", "ranges"]

LONGEST_QUOTE: Final = 200
"""Characters of a quote."""

TOKENS_OF: Final[dict[Kind, int]] = {
    "quote": 90, "quotes": 22, "choice": 60, "choices": 40, "ranges": 10
}  # fmt: skip
"""Tokens that an answer may take: of each item where there are several."""


class Question(Struct, frozen=True, kw_only=True):
    """One member of the answer.

    ``name`` is its key, ``hint`` what the model is told. ``options`` are the words to choose from,
    and ``most`` how many items there may be. ``unit`` is the unit of the default posting that it
    asks for; ``field`` is a field of the user's schema that no unit fills.
    """

    name: str
    kind: Kind
    hint: str
    options: tuple[str, ...] = ()
    most: int = 1
    unit: str | None = None
    field: Field | None = None

    @property
    def budget(self) -> int:
        """The tokens that its answer may take, with its key."""
        return 6 + len(self.name) // 3 + TOKENS_OF[self.kind] * self.most


def _asked(unit: str, kind: Kind, hint: str, **more: Any) -> Question:
    return Question(name=unit, kind=kind, hint=hint, unit=unit, **more)


POSTING: Final[dict[str, Question]] = {
    one.name: one
    for one in (
        _asked("title", "quote", "role, without place, company, pay"),
        _asked("company", "quote", "employer"),
        _asked("places", "quotes", "of work", most=12),
        _asked("workplace", "choice", "", options=WORKPLACES),
        _asked("employment_type", "choices", "", options=EMPLOYMENT_TYPES, most=4),
        _asked("seniority", "choice", "", options=SENIORITIES),
        _asked("salary", "quote", "pay, currency, period"),
        _asked("experience", "quote", "years asked for"),
        _asked("education", "quote", "degree or schooling"),
        _asked("skills", "quotes", "skills, tools, technologies asked for", most=40),
        _asked("languages_required", "quotes", "human languages", most=8),
        _asked("description", "ranges", "whole posting", most=6),
        _asked("responsibilities", "ranges", "duties", most=4),
        _asked("requirements", "ranges", "what is asked for", most=4),
        _asked("benefits", "ranges", "what is offered", most=4),
        _asked("application_email", "quote", "to apply to"),
        _asked("date_posted", "quote", ""),
        _asked("valid_through", "quote", "last day to apply"),
    )
}
"""Unit -> how it is asked for. The address to apply at and the posting's language are not asked:
links are not in the text, and the language has no words of its own."""


def extra_questions(fields: Sequence[Field]) -> tuple[tuple[Question, ...], tuple[Field, ...]]:
    """Questions for the user's own fields, and the fields that cannot be asked for.

    Text and numbers are quotes, listed values are choices, lists have several. Rows, objects and
    fields that may be anything are not asked for: their values have no place on the page. A field
    that is called like a unit or like another field gets a name of its own.
    """
    taken = set(POSTING)
    asked: list[Question] = []
    left: list[Field] = []
    for one in fields:
        kind = _kind(one)
        if kind is None:
            left.append(one)
            continue
        name = ".".join(one.path)
        while name in taken:
            name = f"own.{name}"
        taken.add(name)
        hint = one.mark.get("description") or one.rules.get("description") or one.rules.get("title")
        told = " ".join(str(hint or ".".join(one.path).replace("_", " ")).split())[:160]
        asked.append(
            Question(
                name=name, kind=kind, hint=told, options=_options(one, kind),
                most=_most(one, kind), field=one,
            )
        )  # fmt: skip
    return tuple(asked), tuple(left)


def _kind(one: Field) -> Kind | None:
    values = one.values
    if values is not None:
        said = [value for value in values if value is not None]
        if not said or not all(isinstance(value, str) for value in said):
            return None
        return "choices" if one.kind == "list" else "choice"
    if one.kind == "boolean":
        return "choice"
    if one.kind in ("number", "integer"):
        return "quote"
    if one.kind == "text":
        return "ranges" if one.mark.get("long") else "quote"
    if one.kind == "list" and "string" in one.item.get("type", ()):
        return "ranges" if one.mark.get("long") else "quotes"
    return None


def _options(one: Field, kind: Kind) -> tuple[str, ...]:
    if kind not in ("choice", "choices"):
        return ()
    if one.values is None:
        return ("true", "false")
    return tuple(str(value) for value in one.values if value is not None)


def _most(one: Field, kind: Kind) -> int:
    if kind == "ranges":
        return 4
    if kind not in ("quotes", "choices"):
        return 1
    most = one.rules.get("maxItems")
    return max(1, min(int(most), 40)) if isinstance(most, int | float) else 20
