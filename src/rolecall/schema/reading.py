"""The text of a schema -> plain JSON data, strictly (RFC 8259), with its size bounded first."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from rolecall.core import Notice
from rolecall.errors import SchemaError
from rolecall.schema.limits import SchemaLimits

BOM = b"\xef\xbb\xbf"
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[^][{}"]++', re.S)
"""A string, or a run of anything that is neither a bracket nor a string."""

OPEN, CLOSE = b"[{", b"]}"


def read_schema(text: bytes | str, limits: SchemaLimits) -> tuple[Any, tuple[Notice, ...]]:
    """The JSON in ``text``, and what is odd about it.

    A byte order mark is passed over with a notice; so is a repeated name, of which the last one
    counts. Raises ``SchemaError`` for text that is too long, nested too deeply, or no JSON.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    if len(raw) > limits.bytes:
        raise SchemaError(
            f"the schema has {len(raw):,} bytes; at most {limits.bytes:,} are read",
            hint="leave out long lists of values, or check them in your own code afterwards",
        )
    notices: list[Notice] = []
    if raw.startswith(BOM):
        raw = raw[len(BOM) :]
        notices.append(Notice(code="byte_order_mark", message="a byte order mark was passed over"))
    depth = nesting(raw)
    if depth > limits.depth:
        raise SchemaError(
            f"the schema is nested {depth:,} deep; at most {limits.depth} is read",
            hint="move inner schemas to $defs and refer to them",
        )
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise SchemaError(
            f"the schema is no JSON: {error}", hint="check it with `python -m json.tool FILE`"
        ) from None
    repeated = _repeated(raw)
    if repeated:
        names = ", ".join(map(repr, repeated[:5]))
        message = f"names that stand twice in one object, the last one counts: {names}"
        notices.append(Notice(code="repeated_name", message=message))
    return data, tuple(notices)


def nesting(raw: bytes) -> int:
    """How deeply brackets are nested in JSON text, those inside strings left aside."""
    deepest = depth = 0
    for byte in STRING.sub(b"", raw):
        if byte in OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in CLOSE:
            depth -= 1
    return deepest


def _repeated(raw: bytes) -> list[str]:
    found: list[str] = []

    def pairs(rows: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in rows}) < len(rows):
            seen: set[str] = set()
            for name, _ in rows:
                if name in seen and name not in found:
                    found.append(name)
                seen.add(name)

    json.loads(raw, object_pairs_hook=pairs)
    return found
