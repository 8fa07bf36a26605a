"""Records against samples: found, missing, doubled; marks, confidences, sums."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.samples.pages import page

from rolecall.core import Source, Usage
from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample, SampleSet, Score
from rolecall.evaluate.score import figures, judge, judgement_of
from rolecall.evaluate.score.figures import length_of
from rolecall.evaluate.score.findings import grounded
from rolecall.pipeline import extract_record, prepare
from rolecall.schema.schema import Schema
from rolecall.settings import Settings

TEXT = "Night Baker\nHarbour Bakery Ltd\nLeeds"
EXPECTED = {"title": "Night Baker", "company": "Harbour Bakery Ltd", "seniority": None}


def evidence(there: str, **more: Any) -> dict[str, Any]:
    start = TEXT.find(there)
    told = {"quote": there, "start": start, "end": start + len(there), "match": "exact"}
    return told | {"origin": "reader", "confidence": 0.9, "pointer": None} | more


def record(source: str = "a", **more: Any) -> dict[str, Any]:
    data = {"title": "Night Baker", "company": "Harbour Bakery Ltd", "seniority": None}
    return {
        "source": source,
        "outcome": "ok",
        "data": data,
        "evidence": {
            "/title": evidence("Night Baker"),
            "/company": evidence("Harbour Bakery Ltd", confidence=0.7),
        },
        "config": "c1",
        "text": TEXT,
        "seconds": {"clean": 0.25, "ask": 0.5},
    } | more


def sample(name: str = "a", **more: Any) -> Sample:
    return Sample(**{"id": name, "site": "oven", "expected": EXPECTED} | more)


def samples(*some: Sample) -> SampleSet:
    return SampleSet(some, "f00d")


def test_a_record_that_is_right() -> None:
    found = judge(record(), sample(language="en"))
    assert found.scores == {
        "title": Score(1.0, True),
        "company": Score(1.0, True),
        "seniority": Score(1.0, False),
    }
    assert found.confidences == {"title": 0.9, "company": 0.7}
    assert (found.adr009, found.outcome, found.language, found.posting) == (1.0, "ok", "en", True)
    assert found.seconds == 0.75
    assert found.tokens > 5
    assert found.marks["grounded"]
    assert found.marks["right_outcome"]
    assert not found.marks["asked"]
    assert not found.marks["schema_valid"]  # it has no description


def test_only_what_is_labelled_is_judged() -> None:
    found = judge(record(), sample(expected={"title": "Cook"}))
    assert set(found.scores) == {"title"}
    assert (found.scores["title"].value, found.adr009) == (0.0, 0.0)
    assert judge(record(), sample(expected={"seniority": None})).adr009 is None


@pytest.mark.parametrize("outcome", ["not_a_posting", "failed"])
def test_only_postings_have_values(outcome: str) -> None:
    found = judge(record(outcome=outcome), sample())
    assert found.scores["title"].value == 0.0
    assert found.scores["seniority"].value == 1.0
    assert (found.adr009, found.confidences) == (0.0, {})
    assert not found.marks["right_outcome"]


def test_a_page_that_is_no_posting_is_to_be_refused() -> None:
    other = sample(posting=False, expected={})
    assert judge(record(outcome="not_a_posting", data=None), other).marks["right_outcome"]
    assert not judge(record(), other).marks["right_outcome"]
    found = figures(judgement_of("x", [record()], samples(other)))
    assert (found.refused, found.postings, found.adr009, found.macro) == (0.0, 0, None, None)


def test_samples_without_a_record_and_with_two() -> None:
    rows = [record("a"), record("b"), record("b"), record("b")]
    found = judgement_of("x", rows, samples(sample("a"), sample("b"), sample("c")))
    assert [row.outcome for row in found.rows] == ["ok", "duplicate", "missing"]
    assert [row.scores["title"].value for row in found.rows] == [1.0, 0.0, 0.0]
    assert [row.scores["seniority"].value for row in found.rows] == [1.0, 1.0, 1.0]
    assert (found.samples, found.config, found.notices) == ("f00d", "c1", ())
    assert figures(found).outcomes == {"duplicate": 1, "missing": 1, "ok": 1}


def test_a_record_is_found_by_id_page_and_name() -> None:
    one = sample("first", path="/x/pages/a.html")
    two = sample("second", path="/x/pages/b.v2.html")
    for source in ("first", "/x/pages/a.html", "elsewhere/a.html", "a.html"):
        found = judgement_of("x", [record(source)], samples(one, two))
        assert [row.outcome for row in found.rows] == ["ok", "missing"]


def test_a_name_that_could_mean_two_pages_means_none() -> None:
    one, two = sample("p/a.html"), sample("q/a.html")
    with pytest.raises(UsageError, match="none of the 1 records"):
        judgement_of("x", [record("r/a.html")], samples(one, two))
    rows = [record("r/a.html"), record("q/a.html")]
    found = judgement_of("x", rows, samples(one, two))
    assert [row.outcome for row in found.rows] == ["missing", "ok"]
    assert "1 records belong to no sample, such as r/a.html" in found.notices


def test_records_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(record()) + "\n\n", "utf-8")
    assert judgement_of("x", path, samples(sample())).rows[0].adr009 == 1.0
    path.write_text(json.dumps(record()) + '\n{"source', "utf-8")
    with pytest.raises(UsageError, match=r"records\.jsonl:2"):
        judgement_of("x", path, samples(sample()))
    for other in ("[1]", '{"source": "a", "expected": {}}'):
        path.write_text(other + "\n", "utf-8")
        with pytest.raises(UsageError, match="no record"):
            judgement_of("x", path, samples(sample()))
    damaged: dict[str, Any] = {
        "evidence": {"/title": {"confidence": "high"}},
        "seconds": {"clean": "long"},
        "attempts": "many",
        "problems": 5,
        "data": [],
    }
    for name, value in damaged.items():
        path.write_text(json.dumps(record() | {name: value}) + "\n", "utf-8")
        with pytest.raises(
            UsageError, match=rf"records\.jsonl:1: this record is damaged: .*{name}"
        ):
            judgement_of("x", path, samples(sample()))
    with pytest.raises(UsageError, match="cannot read"):
        judgement_of("x", tmp_path / "none", samples(sample()))
    path.write_text("", "utf-8")
    assert judgement_of("x", path, samples(sample())).rows[0].outcome == "missing"


def test_records_of_several_settings_are_told() -> None:
    rows = [record("a"), record("b", config="c2")]
    found = judgement_of("x", rows, samples(sample("a"), sample("b")))
    assert found.config == "c1+c2"
    assert "2 different settings" in found.notices[0]


def test_tokens_are_counted_once_for_all_engines() -> None:
    some = samples(sample("a"), sample("b"))
    first = judgement_of("x", [record("a"), record("b", text=None)], some)
    again = judgement_of("y", [record("a"), record("b")], some, like=first)
    assert again.rows == judgement_of("y", [record("a"), record("b")], some).rows


def test_calls_are_summed() -> None:
    call = {"engine": "small", "result": "stop", "cost_usd": 0.25}
    call["usage"] = {"input_tokens": 10, "cached_tokens": 4, "output_tokens": 3}
    found = judge(record(attempts=[call, call | {"result": "length"}]), sample())
    assert (found.cost_usd, found.usage) == (
        0.5,
        Usage(input_tokens=20, cached_tokens=8, output_tokens=6),
    )
    assert found.marks["asked"]
    assert found.marks["truncated"]
    assert not judge(record(attempts=[call]), sample()).marks["truncated"]


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({}, True),
        ({"quote": "Night Cook"}, False),
        ({"start": 1, "end": 12}, False),
        ({"start": 900, "end": 911}, False),
        ({"start": None, "end": None}, False),
        ({"match": "normalised", "quote": "NIGHT  baker"}, True),
        ({"match": "normalised", "quote": "cook"}, False),
        ({"match": "exact", "quote": "NIGHT baker"}, False),
        ({"match": "none"}, False),
        ({"match": "stated", "start": None, "pointer": "jsonld[0]#/title"}, True),
        ({"match": "stated", "start": None, "pointer": None}, False),
        ({"match": "stated", "start": 5, "end": 900, "pointer": "jsonld[0]#/title"}, False),
        ({"match": "derived", "start": None, "pointer": "/description"}, True),
        ({"quote": ""}, False),
    ],
)
def test_support_has_to_stand_where_it_is_said_to(change: dict[str, Any], stands: bool) -> None:
    told = {"/title": evidence("Night Baker", **change), "/company": evidence("Harbour Bakery Ltd")}
    assert grounded(record(evidence=told)) is stands


def test_values_without_support_are_not_grounded() -> None:
    assert grounded(record(evidence={})) is False
    assert grounded(record(data={"title": None}, evidence={})) is True
    items = {"/title/0": evidence("Night Baker"), "/title/1": evidence("Leeds")}
    assert grounded(record(data={"title": ["Night Baker", "Leeds"]}, evidence=items)) is True
    assert grounded(record(data={"title": "Night Baker, Leeds"}, evidence=items)) is True
    assert grounded(record(data={"title": ["a", "b", "c"]}, evidence=items)) is False
    assert grounded(record(text=None)) is None
    assert "grounded" not in judge(record(text=None), sample()).marks


def test_real_records_are_valid_and_grounded() -> None:
    source = Source(body=page().encode(), locator="a")
    made = extract_record(source, 0, prepare(Settings(with_text=True)))
    found = judge(made, sample())
    assert found.adr009 == 1.0
    assert found.marks["grounded"]
    assert found.marks["schema_valid"]
    assert 0.0 < found.confidences["title"] <= 1.0


def test_bad_records_are_judged_and_do_not_raise() -> None:
    for broken in ({}, {"data": [1]}, {"data": {"title": {"a": [1]}}}, {"evidence": None}):
        judge(record() | broken, sample())
    assert judge({"outcome": "ok"}, sample()).scores["title"].value == 0.0


OWN = {
    "type": "object",
    "properties": {
        "job_title": {"type": "string"},
        "employer": {"type": "string"},
        "level": {"enum": ["low", "high", None]},
        "headcount": {"type": "integer"},
        "start": {"type": "string", "format": "date"},
        "pay": {
            "type": "object",
            "properties": {"minimum": {"type": "number"}, "text": {"type": "string"}},
        },
        "tools": {"type": "array", "items": {"type": "string"}},
        "shifts": {
            "type": "array",
            "items": {"type": "object", "properties": {"day": {"type": "string"}}},
        },
    },
}


def test_a_schema_of_ones_own_is_judged_leaf_by_leaf() -> None:
    schema = Schema.from_json(OWN)
    expected = {
        "job_title": "Night Baker",
        "employer": "Harbour Bakery",
        "level": "low",
        "headcount": 4,
        "start": "2026-03-31",
        "pay": {"minimum": 30000},
        "tools": ["Oven", "mixer"],
        "shifts": [{"day": "Monday"}, {"day": "Friday"}],
    }
    data = {
        "job_title": "night baker",
        "employer": "Harbour Bakery Ltd",
        "level": "high",
        "headcount": 4,
        "start": "2026-03-31",
        "pay": {"minimum": 30100, "text": "a lot"},
        "tools": ["oven"],
        "shifts": [{"day": "monday"}],
    }
    made = {"outcome": "ok", "data": data, "evidence": {"/pay/minimum": {"confidence": 0.5}}}
    found = judge(made, sample(expected=expected), schema)
    values = {name: one.value for name, one in found.scores.items()}
    assert values == {
        "job_title": 1.0,
        "employer": 1.0,
        "level": 0.0,
        "headcount": 1.0,
        "start": 1.0,
        "pay.minimum": 1.0,
        "tools": pytest.approx(2 / 3),
        "shifts": pytest.approx(2 / 3),
    }
    assert found.adr009 is None
    assert found.confidences == {"pay.minimum": 0.5}
    nothing = judge(made, sample(expected={"pay": None}), schema)
    assert {name: one.value for name, one in nothing.scores.items()} == {
        "pay.minimum": 0.0,
        "pay.text": 0.0,
    }


def test_a_field_may_have_another_scorer() -> None:
    expected = {"title": "night baker"}
    assert judge(record(), sample(expected=expected), None, {"title": "exact"}).scores[
        "title"
    ] == Score(0.0, True)
    for scorers in ({"titel": "exact"}, {"title": "exakt"}):
        with pytest.raises(UsageError) as caught:
            judge(record(), sample(), None, scorers)
        assert "did you mean: " in str(caught.value.hint)


def test_one_place_and_several() -> None:
    made = record(data={"location": "Leeds", "locations": [{"text": "Leeds, UK"}]})
    only = judge(made, sample(expected={"location": "Leeds"}))
    assert only.scores == {"location": Score(1.0, True)}
    both = {"location": "Leeds", "locations": [{"text": "Leeds"}]}
    assert set(judge(made, sample(expected=both)).scores) == {"locations"}


def test_figures_by_site_language_and_length() -> None:
    rows = [record("a"), record("b", data={}, text="word " * 3000), record("c", text=None)]
    some = samples(sample("a", language="en"), sample("b", site="mill", language="de"), sample("c"))
    found = figures(judgement_of("x", rows, some))
    assert {name: one.samples for name, one in found.sites.items()} == {"mill": 1, "oven": 2}
    assert found.sites["mill"].adr009 == 0.0
    assert set(found.languages) == {"de", "en", "unknown"}
    assert list(found.lengths) == ["0-500", "2-4K", "unknown"]
    assert found.rare == ("title", "company", "seniority")
    assert found.macro_value == pytest.approx(2 / 3)
    assert found.marked["grounded"] == 2
    assert [length_of(n) for n in (0, 1, 500, 501, 8_192, 8_193)] == [
        "unknown", "0-500", "0-500", "500-1K", "4-8K", ">8K",
    ]  # fmt: skip
