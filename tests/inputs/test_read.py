import json
from datetime import date
from pathlib import Path

import pytest

from rolecall.errors import SourceError
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load

DAY = date(2026, 5, 17)


def line(told: object, **more: object) -> Input:
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Input(0, "a.jsonl:1", line=content, json=True)


def refused(entry: Input) -> str:
    with pytest.raises(SourceError) as caught:
        load(entry, limit=100)
    return caught.value.code


def test_a_line_brings_its_page_address_and_day() -> None:
    told = {"html": "<p>é", "url": "https://a.example/1", "captured": "2026-01-02T10:00:00Z"}
    source, notices = load(line(told), limit=100, captured=DAY)
    assert (source.body, source.charset) == ("<p>é".encode(), "utf-8")
    assert (source.url, source.media_type) == ("https://a.example/1", "text/html")
    assert (source.captured, source.locator) == (date(2026, 1, 2), "a.jsonl:1")
    assert notices == ()


def test_text_is_taken_where_there_is_no_html() -> None:
    for told in ({"text": "x"}, {"html": "", "text": "x"}, {"html": None, "text": "x", "url": 3}):
        source, _ = load(line(told), limit=100, captured=DAY)
        assert (source.body, source.media_type, source.url) == (b"x", "text/plain", None)
        assert source.captured == DAY


def test_a_day_that_is_none_is_told() -> None:
    source, notices = load(line({"text": "x", "captured": "soon"}), limit=100)
    assert source.captured is None
    assert [notice.code for notice in notices] == ["bad_captured"]


def test_lines_that_hold_no_page_are_refused() -> None:
    assert refused(line(b"{bad")) == "decode_error"
    assert refused(line([1])) == "decode_error"
    assert refused(line(b"[" * 5000)) == "decode_error"
    assert refused(line(b'{"html":"\xff"}')) == "decode_error"
    assert refused(line({})) == "unreadable"
    assert refused(line({"html": 1})) == "unreadable"
    assert refused(line({"text": "x" * 101})) == "too_large"
    assert refused(Input(0, "x", fault=("too_large", "long"))) == "too_large"
    assert refused(Input(0, "-", line=b"x" * 101)) == "too_large"


def test_a_lone_surrogate_does_not_cost_the_page() -> None:
    source, notices = load(line(b'{"html":"a\\ud800b"}'), limit=100)
    assert source.body == b"a\xed\xa0\x80b"
    assert [one.code for one in notices] == ["json_loose"]


def test_a_number_that_is_none_does_not_cost_the_page_and_is_told() -> None:
    source, notices = load(line(b'{"html":"a","score":NaN}'), limit=100)
    assert source.body == b"a"
    assert [one.code for one in notices] == ["json_loose"]
    assert load(line(b'{"html":"a","score":1}'), limit=100)[1] == ()


def test_a_file_tells_its_kind_by_its_name(tmp_path: Path) -> None:
    kinds = {
        "a.html": "text/html",
        "a.HTM": "text/html",
        "a.txt": "text/plain",
        "a.md": "text/markdown",
        "a.md.gz": "text/markdown",
        "a": None,
    }
    for name, kind in kinds.items():
        (tmp_path / name).write_bytes(b"x")
        path = str(tmp_path / name)
        source, _ = load(Input(0, path, path=path), limit=100, captured=DAY)
        assert (source.media_type, source.body, source.captured) == (kind, b"x", DAY)


def test_the_same_bytes_have_the_same_id() -> None:
    one, _ = load(Input(0, "-", line=b"x"), limit=9)
    two, _ = load(line({"text": "x"}), limit=9)
    assert one.id == two.id
