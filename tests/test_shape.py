"""A posting in the shape of a user's schema."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rolecall
from rolecall import Evidence, Extraction, Page, Schema, Span
from rolecall.schema.posting import FIELDS
from rolecall.shape import shaped

TEXT = {"type": "string"}
LINES = ("Baker", "Olive & Rye", "Leeds, England", "Full time", "Bake bread", "Clean ovens")
PAGE_TEXT = "\n".join(LINES)


def spot(text: str) -> Span:
    at = PAGE_TEXT.index(text)
    return Span(at, at + len(text))


def because(text: str) -> Evidence:
    return Evidence(quote=text, span=spot(text), match="exact", origin="reader", confidence=0.9)


def posting(**more: Any) -> Extraction:
    """A settled posting; ``more`` replaces its values."""
    data: dict[str, Any] = dict.fromkeys(FIELDS)
    data |= {
        "title": "Baker",
        "company": "Olive & Rye",
        "location": "Leeds, England",
        "locations": [
            {"text": "Leeds, England", "city": "Leeds", "region": None, "country": "England"}
        ],
        "employment_type": ["full_time"],
        "responsibilities": ["Bake bread", "Clean ovens"],
        "salary_min": 24000.0,
        **more,
    }
    evidence = {
        "/title": because("Baker"),
        "/company": because("Olive & Rye"),
        "/location": because("Leeds, England"),
        "/locations/0": because("Leeds, England"),
        "/employment_type/0": because("Full time"),
        "/responsibilities/0": because("Bake bread"),
        "/responsibilities/1": because("Clean ovens"),
        "/salary_min": because("Baker"),
    }
    page = Page(source_id="0" * 64, url=None, text=PAGE_TEXT, blocks=())
    return Extraction(outcome="ok", data=data, evidence=evidence, page=page)


def shape(properties: dict[str, Any], extraction: Extraction | None = None, **more: Any) -> Any:
    schema = Schema.from_json({"type": "object", "properties": properties, **more})
    return shaped(extraction or posting(), schema)


def test_values_move_to_the_users_fields_with_their_evidence() -> None:
    result = shape({"job": {"type": "object", "properties": {"jobTitle": TEXT}}, "employer": TEXT})
    assert result.outcome == "ok"
    assert result.data == {"job": {"jobTitle": "Baker"}, "employer": "Olive & Rye"}
    assert result.evidence == {
        "/job/jobTitle": because("Baker"),
        "/employer": because("Olive & Rye"),
    }


def test_a_listed_spelling_of_the_same_kind_is_used_and_told() -> None:
    result = shape({"employmentType": {"enum": ["FULL_TIME", "PART_TIME"]}})
    assert result.data == {"employmentType": "FULL_TIME"}
    assert [notice.code for notice in result.warnings] == ["rewritten"]
    german = shape({"employmentType": {"enum": ["Teilzeit", "Vollzeit"]}})
    assert german.data == {"employmentType": "Vollzeit"}


def test_a_value_that_is_not_listed_is_left_out_with_a_problem() -> None:
    result = shape({"employmentType": {"enum": ["A", "B"]}})
    assert result.data == {}
    assert [(one.pointer, one.kind) for one in result.problems] == [("/employmentType", "schema")]


def test_what_loses_nothing_is_not_told() -> None:
    result = shape({"salaryMin": {"type": "integer"}, "location": {"type": "array"}})
    assert result.data == {"salaryMin": 24000, "location": ["Leeds, England"]}
    assert isinstance(result.data["salaryMin"], int)
    assert not result.warnings
    assert set(result.evidence) == {"/salaryMin", "/location/0"}
    assert shape({"salaryMin": TEXT}).data == {"salaryMin": "24000"}


def test_half_a_unit_is_no_integer() -> None:
    result = shape({"salaryMin": {"type": "integer"}}, posting(salary_min=13.5))
    assert result.data == {}
    assert result.problems[0].pointer == "/salaryMin"


def test_several_values_for_one_text_are_joined_and_told() -> None:
    result = shape({"duties": TEXT})
    assert result.data == {"duties": "Bake bread\nClean ovens"}
    evidence = result.evidence["/duties"]
    assert evidence.span.of(PAGE_TEXT) == evidence.quote == "Bake bread\nClean ovens"
    assert [notice.code for notice in result.warnings] == ["rewritten"]


def test_more_items_than_allowed_are_told() -> None:
    result = shape({"duties": {"type": "array", "items": TEXT, "maxItems": 1}})
    assert result.data == {"duties": ["Bake bread"]}
    assert set(result.evidence) == {"/duties/0"}
    assert [one.kind for one in result.problems] == ["truncated"]


def test_rows_of_places() -> None:
    row = {"type": "object", "properties": {"city": TEXT, "zip": {"type": ["string", "null"]}}}
    result = shape({"offices": {"type": "array", "items": row}})
    assert result.data == {"offices": [{"city": "Leeds", "zip": None}]}
    assert set(result.evidence) == {"/offices/0"}


def test_a_missing_required_field_is_partial_and_named() -> None:
    result = shape({"jobTitle": TEXT, "rank": TEXT}, required=["rank"])
    assert result.outcome == "partial"
    assert result.data == {"jobTitle": "Baker"}
    assert any("rank" in one.message for one in result.problems)
    assert [notice.code for notice in result.warnings] == ["not_asked"]


def test_what_the_default_posting_lacks_does_not_matter() -> None:
    result = shape({"employer": TEXT}, posting(title=None, description=None))
    assert result.outcome == "ok"


def test_a_page_that_is_no_posting_stays_one() -> None:
    nothing = Extraction(outcome="not_a_posting")
    assert shape({"title": TEXT}, nothing) is nothing


def test_the_whole_way() -> None:
    schema = Schema.from_json(
        {"type": "object", "properties": {"jobTitle": TEXT}, "required": ["jobTitle"]}
    )
    html = (
        "<title>Baker</title><h1>Baker</h1><p>Olive & Rye, Leeds</p>"
        "<h2>What you will do</h2><ul><li>Bake bread before dawn</li><li>Clean the ovens</li></ul>"
    )
    result = rolecall.extract(html, schema=schema)
    assert result.data == {"jobTitle": "Baker"}
    assert result.evidence["/jobTitle"].quote == "Baker"


def test_a_schema_travels_to_another_process() -> None:
    schema = Schema.from_json({"type": "object", "properties": {"jobTitle": TEXT}}, name="mine")
    again = pickle.loads(pickle.dumps(schema))
    assert (again.name, again.fields, again.links) == (schema.name, schema.fields, schema.links)


KINDS = st.sampled_from(
    [
        TEXT,
        {"type": ["string", "null"]},
        {"type": "number"},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "array", "items": TEXT},
        {"type": "array", "items": {"type": "integer"}},
        {"type": "array", "items": {"type": "object", "properties": {"name": TEXT}}},
        {"enum": ["Full-Time", "x", 3]},
        {"type": "array", "items": {"enum": ["FULLTIME"]}},
        {},
    ]
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "remote", "city", "duties"]), KINDS))
def test_ok_means_valid_and_every_value_has_evidence(properties: dict[str, Any]) -> None:
    schema = Schema.from_json({"type": "object", "properties": properties})
    result = shaped(posting(), schema)
    if result.outcome == "ok":
        assert not schema.validate(result.data)
    for name, value in (result.data or {}).items():
        if isinstance(value, list):
            assert all(f"/{name}/{n}" in result.evidence for n in range(len(value)))
        elif value is not None:
            assert f"/{name}" in result.evidence
    for pointer in result.evidence:
        assert pointer.split("/")[1] in result.data


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"type": "strnig"}', "no-such-file.json"])
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(rolecall.SchemaError):
        Schema.from_json(text)
