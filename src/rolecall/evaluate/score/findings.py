"""Yes-or-no findings about a whole record: is it valid, does its support stand, was it cut?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rolecall.schema.schema import Schema
from rolecall.schema.tour import step
from rolecall.schema.validate import validate
from rolecall.settle.ground import fold

CUT: Final = ("length", "max_tokens", "truncated")
"""How engines call the end of an answer that was cut."""


def marks_of(record: Mapping[str, Any], schema: Schema | None, *, posting: bool) -> dict[str, bool]:
    """The findings that can be made about ``record``; see `rolecall.evaluate.nouns.Judged`.

    ``schema_valid`` and ``grounded`` are told of records that hold data, ``grounded`` only where
    the record has the text its evidence points into.
    """
    outcome, data = record.get("outcome"), record.get("data")
    attempts = [row for row in record.get("attempts") or () if isinstance(row, dict)]
    right = ("ok", "partial") if posting else ("not_a_posting",)
    out = {
        "right_outcome": outcome in right,
        "asked": bool(attempts),
        "truncated": was_cut(record),
    }
    if isinstance(data, Mapping):
        out["schema_valid"] = is_valid(data, schema)
        stands = grounded(record)
        if stands is not None:
            out["grounded"] = stands
    return out


def is_valid(data: Mapping[str, Any], schema: Schema | None) -> bool:
    """Whether the data holds to the schema; to the default posting's, if none is given."""
    if schema is None or schema.is_posting:
        return not validate(data)
    return not schema.validate(data)


def was_cut(record: Mapping[str, Any]) -> bool:
    """Whether an engine's answer was cut: by its limit of tokens, or as a whole by ours."""
    return any(
        isinstance(row, dict) and row.get("result") in CUT for row in record.get("attempts") or ()
    ) or any(
        isinstance(row, dict) and row.get("kind") == "truncated" and not row.get("pointer")
        for row in record.get("problems") or ()
    )


def grounded(record: Mapping[str, Any]) -> bool | None:
    """Whether every value has evidence that is really there.

    A quote must stand at its span of the record's ``text`` (but for white space, case and Unicode
    forms if it is said to be ``normalised``); what is ``stated`` or ``derived`` must say where.
    ``None`` where evidence has a span and the record no text.
    """
    evidence = record.get("evidence") or {}
    text = record.get("text")
    stands = True
    for value_evidence in _supports(record.get("data"), "", evidence):
        if not value_evidence:
            return False
        for one in value_evidence:
            found = _stands(one, text)
            if found is None:
                return None
            stands = stands and found
    return stands


def _supports(
    data: Any, pointer: str, evidence: Mapping[str, Any]
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """For every value that says something: its evidence, or nothing."""
    if pointer in evidence:
        if data is not None:
            yield (evidence[pointer],)
    elif isinstance(data, dict):
        for name, item in data.items():
            yield from _supports(item, step(pointer, name), evidence)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from _supports(item, step(pointer, number), evidence)
    elif data is not None:
        below = pointer + "/"  # a text that holds a whole list has the evidence of its items
        yield tuple(row for name, row in evidence.items() if name.startswith(below))


def _stands(one: Any, text: Any) -> bool | None:
    if not isinstance(one, dict):
        return False
    match, start, end = one.get("match"), one.get("start"), one.get("end")
    if match in ("stated", "derived"):
        if not one.get("pointer"):
            return False
        if start is None or text is None:
            return True
        return isinstance(end, int) and 0 <= start < end <= len(text)
    if match not in ("exact", "normalised"):
        return False
    if not isinstance(start, int) or not isinstance(end, int):
        return False
    if not isinstance(text, str):
        return None
    quote, there = one.get("quote") or "", text[start:end]
    if not quote:
        return False
    return there == quote or (match == "normalised" and fold(there) == fold(quote))
