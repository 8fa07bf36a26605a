"""A CSV table becomes samples; what it cannot mean is refused with its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.table import Reading, table_samples
from rolecall.schema.schema import Schema


def table(tmp_path: Path, text: str, **reading: Any) -> tuple[list[Sample], list[str]]:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_text("<p>", "utf-8")
    path = tmp_path / "labels.csv"
    path.write_text(text, "utf-8")
    notices: list[str] = []
    return list(table_samples(path, Reading(**reading), notices)), notices


def test_columns_that_bear_the_name_of_a_field(tmp_path: Path) -> None:
    text = (
        "\ufefffile,Title,company,Salary Min,skills,employment_type,locations,url\n"
        'a.html,Baker,null,"30 000",bread; flour|yeast,Full-time;PART TIME,"Leeds; Bath",\n'
        "b.html,,,,,,,https://www.oven.example/2\n"
    )
    (a, b), notices = table(tmp_path, text)
    assert notices == []
    assert a.expected == {
        "title": "Baker",
        "company": None,
        "salary_min": 30000,
        "skills": ["bread", "flour", "yeast"],
        "employment_type": ["full_time", "part_time"],
        "locations": [{"text": "Leeds"}, {"text": "Bath"}],
    }
    assert (b.expected, b.site) == ({}, "oven.example")


def test_empty_cells_say_null_where_that_is_asked_for(tmp_path: Path) -> None:
    (a,), _ = table(tmp_path, "page;title;seniority\na.html;Baker;\n", empty_is_null=True)
    assert a.expected == {"title": "Baker", "seniority": None}


def test_columns_are_mapped_and_others_told(tmp_path: Path) -> None:
    text = "Datei,Job Title,Mood\na.html,Baker,fine\n"
    (a,), notices = table(tmp_path, text, columns={"Job Title": "title"}, source="Datei")
    assert a.expected == {"title": "Baker"}
    assert notices == ["column 'Mood' was left out"]
    _, notices = table(tmp_path, text, source="Datei")
    assert "--column 'Job Title'=title takes it" in notices[0]


def test_fields_of_a_schema_of_ones_own(tmp_path: Path) -> None:
    schema = Schema.from_json(
        {
            "type": "object",
            "properties": {
                "role": {"type": "string"},
                "remote": {"type": "boolean"},
                "pay": {"type": "object", "properties": {"min": {"type": "number"}}},
            },
        }
    )
    (a,), _ = table(tmp_path, "file,role,remote,pay.min\na.html,Baker,yes,9.5\n", schema=schema)
    assert a.expected == {"role": "Baker", "remote": True, "pay": {"min": 9.5}}


@pytest.mark.parametrize(
    ("text", "reading", "told"),
    [
        ("title\nBaker\n", {}, "no column of pages"),
        ("file,title\na.html\n", {}, "labels.csv:2: 1 cells under 2 columns"),
        ("file,title\nc.html,Baker\n", {}, "labels.csv:2: there is no page"),
        ("file,salary_min\na.html,much\n", {}, "labels.csv:2: salary_min: 'much' is no number"),
        ("file,seniority\na.html,boss\n", {}, "labels.csv:2: expected: seniority"),
        ("file,posting\na.html,maybe\n", {}, "neither true nor false"),
        ("file,title,Title\na.html,a,b\n", {}, "two columns are title"),
        ("file,a\na.html,b\n", {"columns": {"b": "title"}}, "no column 'b'"),
        ("file,a\na.html,b\n", {"columns": {"a": "titel"}}, "no field 'titel'"),
        ("file,a\na.html,b\n", {"source": "page"}, "no column 'page'"),
        ('file,title\na.html,"Ba"ker\n', {}, "no CSV table"),
        ("", {}, "no column of pages"),
    ],
)
def test_tables_that_cannot_be_used(
    tmp_path: Path, text: str, reading: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        table(tmp_path, text, **reading)
    assert caught.value.hint


def test_other_encodings_and_missing_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("file,title\na.html,B\xe4cker\n".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        list(table_samples(path, Reading(), []))
    with pytest.raises(UsageError, match="cannot read"):
        list(table_samples(tmp_path / "none.csv", Reading(), []))
