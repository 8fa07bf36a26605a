"""The head of a record out of its line of JSON, without reading all of it.

Records are written with their keys in a fixed order, so what a ledger needs stands at both ends of
a line. Strings are read as JSON's grammar has them, and a quotation mark within a page's words is
escaped, so no page can feign a key; a line that is not as expected is read whole.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from rolecall.outputs.nouns import Head

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_START: Final = re.compile(
    rb'\{"schema_version":"[^"\\]*","seq":(\d{1,18}),"source":(' + _STRING + rb"),"
    rb'"source_id":(?:null|"([0-9a-f]{64})"),"url":(?:null|' + _STRING + rb"),"
    rb'"outcome":"([a-z_]+)","reason":(?:null|\{"code":' + _STRING + rb',"stage":' + _STRING + rb","
    rb'"message":' + _STRING + rb',"retryable":(true|false)[,}])'
)
_CONFIG: Final = b',"config":"'
_END: Final = re.compile(
    rb',"config":"([^"\\]*)","seconds":\{(?:"[a-z_]+":[-+0-9.eE]+,?)*\}'
    rb'(?:\}\n\Z|(,"text":)(?:null\}\n\Z|"))'
)
_SEQ: Final = re.compile(rb'\{"schema_version":"[^"\\]*","seq":(\d+)')
_NEEDED: Final = frozenset({"seq", "source", "source_id", "config"})


def head_of(line: bytes) -> Head | None:
    """The head of a record's line, its line end included; ``None`` if that is no whole record.

    A record whose middle was lost, as a crash of the machine can leave it, holds NUL bytes.
    """
    start = _START.match(line)
    if start is None or b"\0" in line:
        return _read(line)
    # The last such key is the record's own: within a string its quotation marks are escaped, and
    # what follows it holds no other objects than numbers by stage.
    end = _END.match(line, line.rfind(_CONFIG, start.end()))
    if end is None or not line.endswith((b"}\n" if end[2] is None else b'"}\n', b"null}\n")):
        return _read(line)
    seq, source, source_id, outcome, retryable = start.groups()
    try:
        return Head(
            int(seq),
            source[1:-1].decode() if b"\\" not in source else orjson.loads(source),
            source_id.decode() if source_id is not None else None,
            outcome == b"failed",
            retryable == b"true",
            end[1].decode(),
            end[2] is not None,
        )
    except ValueError:  # bytes of it are damaged: what is no UTF-8 is no JSON either
        return None


def numbered(line: bytes, seq: int) -> bytes:
    """The line with its ``seq`` set to what it is in this run."""
    found = _SEQ.match(line)
    if found is None:
        return orjson.dumps(orjson.loads(line) | {"seq": seq}) + b"\n"
    return b"%b%d%b" % (line[: found.start(1)], seq, line[found.end(1) :])


def head_from(record: dict[str, Any]) -> Head:
    """The head of a record that was read."""
    reason = record.get("reason") or {}
    return Head(
        int(record["seq"]),
        record["source"],
        record["source_id"],
        record.get("outcome") == "failed",
        bool(reason.get("retryable")),
        str(record["config"]),
        "text" in record,
    )


def _read(line: bytes) -> Head | None:
    if not line.endswith(b"\n"):
        return None
    try:
        told = orjson.loads(line)
        return head_from(told) if isinstance(told, dict) and told.keys() >= _NEEDED else None
    except (ValueError, TypeError, AttributeError):
        return None
