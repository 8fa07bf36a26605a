from rolecall.evaluate.nulls import nulls
from rolecall.schema.posting import FIELDS


def record(name, **found):
    return {"source": f"pages/{name}.html", "data": dict.fromkeys(FIELDS) | found}


def test_an_empty_unit_is_right_where_the_page_says_nothing():
    records = [
        record("a", title="Baker"),
        record("b", title="Baker", benefits=["Bread"]),
        record("unknown"),
        {"source": "a.html", "data": None},
    ]
    gold = {
        "a": {"title": "Baker", "benefits": ["Bread"], "salary_max": 3, "location": []},
        "b": {"title": "Baker", "benefits": ["Bread"], "location": ["Bath"]},
    }
    found = nulls(records, gold)
    assert "title" not in found
    assert found["benefits"] == (0, 1)
    assert found["salary"] == (1, 2)
    assert found["places"] == (1, 2)
