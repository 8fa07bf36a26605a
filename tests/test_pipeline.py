from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rolecall.core import Candidate, Notice, Page, Reason, Source
from rolecall.errors import SourceError, UsageError
from rolecall.pipeline import Pipeline, extract, extract_many, extract_record, prepare, warm
from rolecall.settings import Settings
from rolecall.warming import WARM_PAGE

HTML = """<html><head><title>Night Baker</title></head><body><h1>Night Baker</h1>
<p>You bake bread at night.</p></body></html>"""
SOURCE = Source(body=HTML.encode(), locator="a.html")


def altered(error: BaseException | None = None) -> Pipeline:
    """A pipeline whose last producer does as it is told."""

    def produce(page: Page) -> Sequence[Candidate]:
        if error is not None:
            raise error
        return ()

    pipeline = prepare()
    return replace(pipeline, producers={**pipeline.producers, "odd": produce})


def test_a_page_is_extracted_whatever_it_is_given_as() -> None:
    for source in (HTML, HTML.encode(), SOURCE):
        result = extract(source)
        assert result.outcome in ("ok", "partial", "not_a_posting")
        assert result.page is not None
        assert "You bake bread" in result.page.text


def test_a_path_is_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(HTML)
    (tmp_path / "a.md").write_text("# Night Baker\n\nYou bake *bread* at night.\n")
    (tmp_path / "a.jsonl").write_text('{"html": "<p>x"}\n')
    one, other = extract_many([tmp_path / "a.html", tmp_path / "a.md"])
    assert one.page is not None
    assert one.data == extract(HTML.encode()).data
    assert other.page is not None
    assert (other.page.media_type, other.page.text[:11]) == ("text/markdown", "Night Baker")
    for name, code in (("b.html", "unreadable"), ("a.jsonl", "unreadable"), ("", "unreadable")):
        result = extract(tmp_path / name)
        assert result.reason is not None
        assert (result.outcome, result.reason.code) == ("failed", code)
    (tmp_path / "big.html").write_bytes(b"x" * 1_001)
    result = extract(tmp_path / "big.html", settings=Settings(max_bytes=1_000))
    assert result.reason is not None
    assert result.reason.code == "too_large"


@pytest.mark.parametrize("given", [None, 7, ["<p>"], open, bytearray(b"<p>")])
def test_what_is_no_page_is_a_wrong_call(given: Any) -> None:
    with pytest.raises(UsageError, match="is no page") as caught:
        extract(given)
    assert "Path" in str(caught.value.hint)


def test_many_are_extracted_in_order_as_they_are_asked_for() -> None:
    found = extract_many(f"<p>page {number}</p>" for number in range(10**9))
    texts = [next(found).page for _ in range(3)]
    assert [page.text for page in texts if page is not None] == ["page 0", "page 1", "page 2"]


def test_a_page_over_the_limit_fails() -> None:
    result = extract("x" * 1000, settings=Settings(max_bytes=999))
    assert result.outcome == "failed"
    assert result.reason is not None
    assert result.reason.code == "too_large"


def test_an_error_becomes_a_failed_record_with_its_code_and_stage() -> None:
    error = SourceError("cannot be read", code="decode_error", hint="try another")
    record = extract_record(SOURCE, 3, altered(error))
    assert (record["outcome"], record["seq"], record["source"]) == ("failed", 3, "a.html")
    assert record["source_id"] == SOURCE.id
    assert record["reason"] == {
        "code": "decode_error",
        "stage": "odd",
        "message": "cannot be read (try another)",
        "retryable": False,
    }


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("of ours"), RecursionError("deep"), KeyError()]
)
def test_a_fault_of_ours_costs_one_page(error: Exception) -> None:
    record = extract_record(SOURCE, 0, altered(error))
    assert record["outcome"] == "failed"
    assert record["reason"]["code"] == "internal"
    assert record["reason"]["message"].startswith(type(error).__name__)
    assert record["data"] is None


def test_a_lack_of_memory_is_the_page_s_size() -> None:
    record = extract_record(SOURCE, 0, altered(MemoryError()))
    assert record["reason"]["code"] == "too_large"


def test_a_verdict_keeps_values_out() -> None:
    reason = Reason(code="login_wall", stage="verdict", message="asks for a password")
    record = extract_record(SOURCE, 0, replace(prepare(), verdict=lambda page, found: reason))
    assert (record["outcome"], record["reason"]["code"]) == ("not_a_posting", "login_wall")
    assert not record["data"]


def test_every_stage_has_its_time() -> None:
    seconds = extract_record(SOURCE, 0, prepare())["seconds"]
    assert {"clean", "stated", "reader", "verdict", "settle"} <= seconds.keys()
    assert all(0 <= spent < 60 for spent in seconds.values())


def test_what_was_odd_about_reading_comes_first_among_the_warnings() -> None:
    notice = Notice(code="trailing_bytes", message="5 bytes")
    record = extract_record(SOURCE, 0, prepare(), notices=(notice,))
    assert record["warnings"][0] == {"code": "trailing_bytes", "message": "5 bytes"}


def test_the_same_bytes_give_the_same_record() -> None:
    pipeline = prepare()
    warm(pipeline)
    one, two = (extract_record(SOURCE, 0, pipeline) for _ in range(2))
    assert one | {"seconds": {}} == two | {"seconds": {}}


def test_the_config_changes_with_what_can_change_the_result_only() -> None:
    config = prepare().config
    assert prepare(Settings(workers=4)).config == config
    assert prepare(Settings(max_bytes=5)).config != config
    assert prepare(captured=date(2026, 5, 17)).config != config


def test_the_page_that_loads_all_is_found_to_say_all() -> None:
    record = extract_record(Source(body=WARM_PAGE), 0, prepare())
    assert record["outcome"] == "ok"
    assert not [name for name, value in record["data"].items() if value is None or value == []]
    assert [one["code"] for one in record["warnings"]] == ["closed"]
