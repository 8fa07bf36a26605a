"""What ``rolecall schema check`` tells of a schema: fields and what fills them, marks, length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rolecall.schema.fields import Field
from rolecall.schema.links import Link
from rolecall.schema.lint import Row
from rolecall.schema.schema import Schema

MARKS: Final = ("enforced", "checked", "annotation")
TOLD: Final = {
    "enforced": "enforced while a model writes",
    "checked": "checked after",
    "annotation": "says nothing about validity",
}


HOW: Final = {
    "annotation": "as annotated",
    "name": "by its name",
    "description": "by its description",
}


@dataclass(frozen=True, slots=True)
class Report:
    """A schema, told for people (``lines``) and for programs (``to_json``)."""

    schema: Schema

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        schema, compiled = self.schema, self.schema.compiled
        links = {link.path: link for link in schema.links}
        return {
            "accepted": True,
            "name": schema.name,
            "draft": compiled.draft,
            "digest": compiled.digest,
            "tokens": {"least": compiled.least_tokens, "typical": compiled.typical_tokens},
            "fields": [_field_data(one, links.get(one.path)) for one in schema.fields],
            "keywords": [
                {
                    "pointer": row.pointer,
                    "keyword": row.word,
                    "mark": row.mark,
                    "reason": row.reason,
                }
                for row in compiled.rows
            ],
            "notices": [{"code": one.code, "message": one.message} for one in schema.notices],
        }

    def lines(self) -> Iterator[str]:
        """The report as lines of text."""
        schema, compiled = self.schema, self.schema.compiled
        yield f"{schema.name}: accepted, draft {compiled.draft}"
        least, typical = compiled.least_tokens, compiled.typical_tokens
        yield f"an answer has about {typical:,} tokens, {least:,} at least"
        links = {link.path: link for link in schema.links}
        yield ""
        rows = [("field", "holds", "filled from")]
        rows += [(one.pointer, _holds(one), _filled(links.get(one.path))) for one in schema.fields]
        yield from _table(rows)
        yield ""
        counts = Counter(row.mark for row in compiled.rows)
        for mark in MARKS:
            if counts[mark]:
                words = Counter(row.word for row in compiled.rows if row.mark == mark)
                listed = ", ".join(f"{word} {n}" for word, n in sorted(words.items()))
                yield f"{TOLD[mark]}: {listed}"
        yield from _reasons(compiled.rows)
        if schema.notices:
            yield ""
            yield from (f"note: {one.message}" for one in schema.notices)


def report_of(schema: Schema) -> Report:
    """The report on an accepted schema."""
    return Report(schema)


def _reasons(rows: Sequence[Row]) -> Iterator[str]:
    """Where and why a constraint is not enforced while a model writes."""
    checked = [row for row in rows if row.mark == "checked"]
    if checked:
        yield ""
        yield "checked after, because:"
        yield from _table([(f"  {row.pointer}", row.reason) for row in checked])


def _field_data(one: Field, link: Link | None) -> dict[str, Any]:
    return {
        "pointer": one.pointer,
        "kind": one.kind,
        "required": one.required,
        "nullable": one.nullable,
        "from": link.source if link is not None else None,
        "how": link.how if link is not None else None,
        "members": {member.pointer: member.source for member in link.members} if link else {},
        "verbatim": bool(one.mark.get("verbatim", False)),
        "long": bool(one.mark.get("long", False)),
    }


def _holds(one: Field) -> str:
    words: list[str] = [one.kind]
    if one.values is not None:
        words.append(f"one of {len([value for value in one.values if value is not None])}")
    words += ["required"] if one.required else []
    return ", ".join(words)


def _filled(link: Link | None) -> str:
    """What fills a field, and how that is known."""
    if link is None:
        return "a model only"
    parts = ", ".join(f"{member.path[-1]}={member.source}" for member in link.members)
    return f"{link.source}{f' ({parts})' if parts else ''}, {HOW[link.how]}"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
