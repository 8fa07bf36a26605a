"""Which fields a second opinion is held against."""

from rolecall.audit.agreement import OUTCOME
from rolecall.audit.compare import asked, compared
from rolecall.schema.schema import Schema


def record(data, *evidence, outcome="ok", warnings=()):
    rows = {f"/{name}": {"start": start, "match": "stated"} for name, start in evidence}
    return {"outcome": outcome, "data": data, "evidence": rows, "warnings": list(warnings)}


def test_what_is_not_asked_for_is_not_compared():
    first = record({"title": "Cook", "posting_language": "en", "application_url": "/a"})
    second = record({"title": "Cook", "posting_language": "de", "application_url": None})
    assert compared(first, second) == {"title": True, OUTCOME: True}


def test_what_the_page_states_for_machines_alone_is_no_disagreement():
    first = record(
        {"title": "Cook", "date_posted": "2026-01-01", "company": "Inn"},
        ("title", 4), ("date_posted", None), ("company", None),
    )  # fmt: skip
    second = record({"title": "Cook", "company": "Tavern"})
    assert compared(first, second) == {"title": True, "company": False, OUTCOME: True}


def test_what_is_seen_on_the_page_and_not_found_again_is_one():
    first = record({"title": "Cook", "company": "Inn"}, ("title", 4), ("company", 9))
    assert compared(first, record({"title": "Cook"}))["company"] is False
    assert compared(record({"title": "Cook"}), first)["company"] is False


def test_what_the_settings_left_out_is_not_compared():
    gone = {"code": "withheld", "message": "salary: as sure as 0.30, and least_sure asks for 0.5"}
    first = record({"title": "Cook", "salary_min": None}, warnings=[gone])
    second = record({"title": "Cook", "salary_min": 9, "salary_currency": "EUR"})
    assert compared(first, second) == {"title": True, OUTCOME: True}


def test_a_page_that_is_no_posting_to_one_of_them():
    assert compared(record({"title": "Cook"}), record(None, outcome="not_a_posting")) == {
        OUTCOME: False
    }


def test_fields_of_a_users_schema_by_their_place():
    schema = Schema.from_json(
        {
            "type": "object",
            "properties": {
                "apply": {
                    "type": "object",
                    "properties": {
                        "email": {"type": ["string", "null"]},
                        "url": {"type": ["string", "null"], "format": "uri"},
                    },
                },
                "oven": {"type": ["string", "null"]},
                "rows": {"type": "array", "items": {"type": "object"}},
            },
        }
    )  # fmt: skip
    assert ("oven",) in asked(schema)
    assert ("rows",) not in asked(schema)
    first = record({"apply": {"email": "a@b.de", "url": "/a"}, "oven": "Brick", "rows": [{"a": 1}]})
    second = record({"apply": {"email": "a@b.de"}, "oven": "brick", "rows": []})
    told = compared(first, second, schema)
    assert told["oven"] is True
    assert "rows" not in told


def test_damaged_records_are_compared_as_far_as_they_can_be_read():
    damaged = [{}, {"outcome": "ok"}, {"outcome": "ok", "data": [], "evidence": None},
               {"outcome": "ok", "data": {"title": 4}, "warnings": ["x", {}]}]  # fmt: skip
    for one in damaged:
        for other in damaged:
            assert isinstance(compared(one, other), dict)
