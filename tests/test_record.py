import json
import math

from hypothesis import given
from hypothesis import strategies as st

from rolecall.core import (
    Attempt,
    Evidence,
    Extraction,
    Notice,
    Page,
    Problem,
    Reason,
    Source,
    Span,
)
from rolecall.record import config_hash, dump, escape, failed_record, to_record
from rolecall.settings import Settings

FIELDS = [
    "schema_version", "seq", "source", "source_id", "url", "outcome", "reason", "data", "evidence",
    "problems", "warnings", "attempts", "route", "text_sha256", "config", "seconds",
]  # fmt: skip
SOURCE = Source(body=b"<p>Baker", locator="in/baker.html")
PAGE = Page(source_id="0", url="https://bakery.example/1", text="Baker", blocks=())
DONE = Extraction(
    outcome="partial",
    data={"title": "Baker", "company": None},
    evidence={
        "/title": Evidence(
            quote="Baker", span=Span(0, 5), match="exact", origin="reader", confidence=0.123456789
        )
    },
    problems=(Problem(pointer="/company", kind="ungrounded", message="gone"),),
    warnings=(Notice(code="decoded", message="guessed"),),
    attempts=(Attempt(engine="e", model="m", result="stop"),),
    page=PAGE,
)


def test_the_fields_of_a_record_and_their_order():
    record = to_record(DONE, source=SOURCE, seq=3, config="c0", seconds={"read": 0.1})
    assert list(record) == FIELDS
    assert record["schema_version"] == "1"
    assert (record["seq"], record["source"], record["url"]) == (3, "in/baker.html", PAGE.url)
    assert record["source_id"] == SOURCE.id
    assert record["evidence"]["/title"] == {
        "quote": "Baker",
        "start": 0,
        "end": 5,
        "match": "exact",
        "origin": "reader",
        "confidence": 0.1235,
        "block_path": None,
        "pointer": None,
    }
    assert record["attempts"][0]["usage"]["input_tokens"] == 0
    assert record["reason"] is None
    assert record["seconds"] == {"read": 0.1}


def test_the_text_is_added_on_request():
    record = to_record(DONE, source=SOURCE, seq=0, config="c", with_text=True)
    assert record["text"] == "Baker"
    assert list(record) == [*FIELDS, "text"]


def test_without_times_two_runs_make_the_same_bytes():
    one, other = (dump(to_record(DONE, source=SOURCE, seq=0, config="c")) for _ in range(2))
    assert one == other
    assert json.loads(one)["seconds"] == {}


def test_a_failed_input_has_the_same_fields():
    reason = Reason(code="timeout", stage="read", message="10 s", retryable=True, retry_at="later")
    record = failed_record(reason, locator="a\udcff.html", seq=1, config="c")
    assert list(record) == FIELDS
    assert (record["outcome"], record["data"], record["source_id"]) == ("failed", None, None)
    assert record["source"] == "a\\xff.html"
    assert record["reason"]["retry_at"] == "later"
    read = failed_record(reason, locator="b", seq=1, config="c", source=SOURCE)
    assert (read["source"], read["source_id"]) == ("b", SOURCE.id)


def test_names_that_are_not_utf8_are_escaped():
    assert escape("caf\udce9/\ud800é") == "caf\\xe9/\\ud800é"


def test_a_line_is_strict_json():
    odd = {"a\ud800": ["\udfff", 10**30, math.nan, 1.5, None, True], "day": {1, 2}}
    line = dump(odd)
    assert b"\n" not in line
    assert json.loads(line.decode("utf-8", "strict")) == {
        "a\ufffd": ["\ufffd", str(10**30), None, 1.5, None, True],
        "day": "{1, 2}",
    }


@given(
    st.dictionaries(
        st.text(st.characters(), max_size=5),
        st.one_of(st.text(st.characters(), max_size=20), st.integers(), st.floats()),
        max_size=4,
    )
)
def test_whatever_a_record_holds_its_line_can_be_read(record):
    json.loads(dump(record).decode("utf-8", "strict"))


def test_config_follows_the_model_and_the_deciding_settings():
    base = config_hash(Settings().deciding(), "m1")
    assert base == config_hash(Settings(workers=4, with_text=True).deciding(), "m1")
    assert base != config_hash(Settings(max_bytes=5).deciding(), "m1")
    assert base != config_hash(Settings().deciding(), "m2")
    assert len(base) == 16
