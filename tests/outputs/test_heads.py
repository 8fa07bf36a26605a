import json
from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Reason, Source
from rolecall.outputs.heads import head_of, numbered
from rolecall.outputs.nouns import Head
from rolecall.record import dump, failed_record

# What a page that wants to be taken for the end of its record would say.
FEIGNED = '","config":"feigned","seconds":{}}\n'
words = st.text() | st.sampled_from([FEIGNED, FEIGNED.replace('"', '\\"'), "\\", '"', '\\\\"', "{"])
seconds = st.dictionaries(st.sampled_from(["read", "clean", "settle"]), st.floats(0, 1e9))


def record(**more: Any) -> dict[str, Any]:
    reason = Reason(code="unreadable", stage="read", message="gone")
    return failed_record(reason, locator="a", seq=3, config="c0ffee") | more


def head_from(record: dict[str, Any]) -> Head:
    return Head(
        record["seq"],
        record["source"],
        record["source_id"],
        record["outcome"] == "failed",
        bool((record["reason"] or {}).get("retryable")),
        record["config"],
        "text" in record,
    )


@settings(max_examples=80, deadline=None)
@given(words, words, st.integers(0, 2**40), st.none() | words, st.booleans(), seconds)
def test_the_head_is_what_reading_all_of_it_would_say(
    source: str, url: str, seq: int, text: str | None, retryable: bool, took: dict[str, float]
) -> None:
    told = record(
        seq=seq,
        source=source,
        source_id=sha256(source.encode("utf-8", "replace")).hexdigest(),
        url=url,
        reason={"code": "x", "stage": url, "message": source, "retryable": retryable},
        data={"config": url, "title": source},
        evidence={url: {"quote": source}},
        seconds=took,
    )
    for whole in (told, told | {"text": text}):
        line = dump(whole) + b"\n"
        assert head_of(line) == head_from(orjson.loads(line))
        assert orjson.loads(numbered(line, 7)) == orjson.loads(line) | {"seq": 7}


def test_a_record_of_another_make_is_read_whole() -> None:
    told = record() | {"more": [1], "reason": None}
    line = json.dumps(dict(reversed(told.items()))).encode() + b"\n"
    head = head_of(line)
    assert head == head_from(told)
    assert json.loads(numbered(line, 9))["seq"] == 9


@pytest.mark.parametrize(
    "line",
    [
        dump(record()),
        dump(record())[:-1] + b"\n",
        dump(record())[:-30] + b"\n",
        dump(record()).replace(b"gone", bytes(4)) + b"\n",
        dump(record()).replace(b"gone", b"\xffone") + b"\n",
        dump(record()).replace(b"gone", b"g\x01ne") + b"\n",
        dump(record()).replace(b'"gone"', b"'gone'") + b"\n",
        b"{}\n",
        b"[1]\n",
        b'{"seq":"x","source":1,"source_id":2,"config":3}\n',
        b"\n",
        b"\0\0\0\n",
    ],
)
def test_what_is_no_whole_record_has_no_head(line: bytes) -> None:
    assert head_of(line) is None


def test_a_page_that_could_be_read_has_its_id() -> None:
    source = Source(body=b"x", locator="a")
    told = record() | {"source_id": source.id}
    found = head_of(dump(told) + b"\n")
    assert found is not None
    assert (found.source_id, found.failed, found.with_text) == (source.id, True, False)
