"""The head of a record out of its line of JSON.

Every line of an output is looked at when a run goes on, so this is quick: the parser goes through
all of the line, which says whether it is whole, and keeps only what a ledger needs.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
import orjson
from msgspec import UNSET, Raw, Struct, UnsetType

from rolecall.outputs.nouns import Head

_SEQ: Final = re.compile(rb'\{"schema_version":"[^"\\]*","seq":(\d+)')


class _Reason(Struct):
    retryable: bool = False


class _Record(Struct):
    """What is read of a record; its other keys are passed over."""

    seq: int
    source: str
    source_id: str | None
    config: str
    outcome: str = ""
    reason: _Reason | None = None
    text: Raw | UnsetType = UNSET


_decode: Final = msgspec.json.Decoder(_Record).decode


def head_of(line: bytes) -> Head | None:
    """The head of a record's line, its line end included; ``None`` if that is no whole record.

    A crash of the machine can leave NUL bytes in a line, and a bad disk any others: what is no
    JSON any more, or no UTF-8, is no record.
    """
    if not line.endswith(b"\n"):
        return None
    try:
        told = _decode(line)
        if not line.isascii():
            line.decode()  # strings that are passed over are not looked into
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Head(
        told.seq,
        told.source,
        told.source_id,
        told.outcome == "failed",
        told.reason is not None and told.reason.retryable,
        told.config,
        told.text is not UNSET,
    )


def numbered(line: bytes, seq: int) -> bytes:
    """The line with its ``seq`` set to what it is in this run."""
    found = _SEQ.match(line)
    if found is None:
        return orjson.dumps(orjson.loads(line) | {"seq": seq}) + b"\n"
    return b"%b%d%b" % (line[: found.start(1)], seq, line[found.end(1) :])
