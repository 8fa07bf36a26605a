"""A user's schema: read, admitted, its fields known, and linked to those of the default posting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rolecall.core import Notice, Problem
from rolecall.errors import SchemaError
from rolecall.schema.compile import Compiled, prepare_schema, prepare_trusted
from rolecall.schema.fields import Field, fields_of
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.links import Link, link_fields
from rolecall.schema.posting import POSTING_SCHEMA
from rolecall.schema.reading import read_schema
from rolecall.schema.tour import tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The shape that a user wants records in.

    Made by ``from_json``, ``from_model`` or ``posting``. ``compiled`` is what is known of it as a
    JSON Schema. ``links`` say which fields are filled from the default
    posting; ``unlinked`` are those that need a model. ``notices`` tell what was guessed.
    """

    name: str
    compiled: Compiled = field(repr=False)
    fields: tuple[Field, ...] = field(repr=False)
    links: tuple[Link, ...] = field(repr=False)
    notices: tuple[Notice, ...] = ()
    limits: SchemaLimits = field(default=DEFAULT_LIMITS, repr=False)

    @classmethod
    def from_json(
        cls,
        source: bytes | str | Path | Mapping[str, Any],
        *,
        name: str = "",
        limits: SchemaLimits = DEFAULT_LIMITS,
    ) -> Schema:
        """The schema in JSON text, a file, or plain data; raises ``SchemaError`` if refused.

        Text that begins with a brace is JSON; any other text is the name of a file.
        """
        text, named = _text(source, limits)
        document, notices = read_schema(text, limits)
        if not isinstance(document, dict):
            raise SchemaError(
                "a schema of records is a JSON object",
                hint='start with {"type": "object", "properties": {…}}',
            )
        compiled = prepare_schema(document, limits=limits)
        said = document.get("title")
        return _schema(
            compiled,
            name or named or (said if isinstance(said, str) else "schema"),
            notices,
            limits,
        )

    @classmethod
    def from_model(cls, model: Any, *, limits: SchemaLimits = DEFAULT_LIMITS) -> Schema:
        """The schema of a Pydantic model (version 2), a class or a ``TypeAdapter``.

        ``Field(json_schema_extra={"x-rolecall": {"from": "title"}})`` annotates a field.
        """
        write = getattr(model, "model_json_schema", None) or getattr(model, "json_schema", None)
        if write is None:
            raise SchemaError(
                f"{model!r} is no Pydantic model",
                hint="give a class that derives from pydantic.BaseModel, version 2 or later",
            )
        name = getattr(model, "__name__", "model")
        return cls.from_json(write(), name=name, limits=limits)

    @classmethod
    def posting(cls) -> Schema:
        """The default posting."""
        return _posting()

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON Schema that records are checked with."""
        document = self.compiled.document
        return document if isinstance(document, dict) else {}

    @property
    def is_posting(self) -> bool:
        """Whether this is the default posting itself."""
        return self.document == POSTING_SCHEMA

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names of the data's fields at the top; ``None`` for the default posting."""
        if self.is_posting:
            return None
        return tuple(dict.fromkeys(one.path[0] for one in self.fields if one.path))

    @property
    def unlinked(self) -> tuple[Field, ...]:
        """The fields that nothing of the default posting fills."""
        linked = {link.path for link in self.links}
        return tuple(one for one in self.fields if one.path not in linked)

    def validate(self, data: Any) -> list[Problem]:
        """Every way in which ``data`` breaks the schema, in document order."""
        return self.compiled.problems(data)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process reads the document again: what is compiled does not travel."""
        return _again, (json.dumps(self.document), self.name, self.limits)


def _again(text: str, name: str, limits: SchemaLimits) -> Schema:
    return Schema.from_json(text, name=name, limits=limits)


@cache
def _posting() -> Schema:
    compiled = prepare_trusted(POSTING_SCHEMA, "2020-12")
    return _schema(compiled, "JobPosting", (), DEFAULT_LIMITS)


def _schema(
    compiled: Compiled, name: str, notices: tuple[Notice, ...], limits: SchemaLimits
) -> Schema:
    """The schema with its fields; the walk is bounded, for the schema was admitted."""
    fields = fields_of(tour(compiled.document, compiled.draft, limits))
    return Schema(
        name=name,
        compiled=compiled,
        fields=fields,
        links=link_fields(fields),
        notices=(*notices, *compiled.notices),
        limits=limits,
    )


def _text(
    source: bytes | str | Path | Mapping[str, Any], limits: SchemaLimits
) -> tuple[bytes, str]:
    """The text of a schema, and the name of its file."""
    if isinstance(source, Mapping):
        try:
            return json.dumps(source, allow_nan=False).encode(), ""
        except (TypeError, ValueError, RecursionError) as error:
            raise SchemaError(f"the schema is no JSON: {error}") from None
    if isinstance(source, bytes):
        return source, ""
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return source.encode("utf-8", "surrogatepass"), ""
    path = Path(source)
    try:
        with path.open("rb") as file:
            return file.read(limits.bytes + 1), path.stem
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise SchemaError(
            f"cannot read the schema {path}: {told.lower()}", hint="name a file of JSON Schema"
        ) from None
