import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import inside

from rolecall.schema.posting import FIELDS, POSTING_SCHEMA

PAGE = """<title>Baker</title><h1>Baker</h1><p>Company: Olive Row Bakery</p><p>Full time</p>
<h2>What you will do</h2><ul><li>Bake bread before dawn</li><li>Clean the ovens</li></ul>"""


def schema(tmp_path: Path, document: Any) -> str:
    """The name of a file with ``document``."""
    path = tmp_path / "mine.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def test_show_prints_every_field_and_its_property() -> None:
    text = inside("schema", "show").stdout.decode()
    assert [line.split()[0] for line in text.splitlines()[1:]] == list(FIELDS)
    assert "hiringOrganization.name" in text
    assert json.loads(inside("schema", "show", "--json").stdout) == POSTING_SCHEMA


def test_check_tells_fields_marks_and_length(tmp_path: Path) -> None:
    name = schema(
        tmp_path,
        {
            "type": "object",
            "required": ["jobTitle"],
            "properties": {
                "jobTitle": {"type": "string"},
                "teamSize": {"type": "integer"},
                "labels": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
            },
        },
    )
    text = inside("schema", "check", name).stdout.decode()
    assert "title, by its name" in text
    assert "a model only" in text
    assert "/properties/labels/uniqueItems" in text
    told = json.loads(inside("schema", "check", name, "--json").stdout)
    assert told["accepted"]
    assert told["fields"][0]["from"] == "title"
    assert told["tokens"]["least"] <= told["tokens"]["typical"]
    marks = {row["pointer"]: row["mark"] for row in told["keywords"]}
    assert marks["/properties/labels/uniqueItems"] == "checked"
    assert marks["/properties/jobTitle/type"] == "enforced"


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {"type": "strnig"},
        {"$ref": "http://127.0.0.1:1/x.json"},
        {"type": "object", "properties": {"a": {"pattern": "(?=x)"}}},
        {"type": "object", "properties": {"a": {"x-rolecall": {"from": "wage"}}}},
    ],
)
def test_a_refused_schema_ends_with_2_and_a_remedy(tmp_path: Path, document: Any) -> None:
    name = schema(tmp_path, document)
    done = inside("schema", "check", name)
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"hint:" in done.stderr
    told = inside("schema", "check", name, "--json")
    assert told.returncode == 2
    assert json.loads(told.stdout)["accepted"] is False
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    assert inside("extract", str(page), "--schema", name).returncode == 2


def test_records_take_the_shape_of_the_schema(tmp_path: Path) -> None:
    name = schema(
        tmp_path,
        {
            "type": "object",
            "required": ["jobTitle", "employer"],
            "properties": {
                "jobTitle": {"type": "string"},
                "employer": {"type": "object", "properties": {"name": {"type": "string"}}},
                "employmentType": {"enum": ["FULL_TIME", "PART_TIME"]},
                "rank": {"type": ["integer", "null"]},
            },
        },
    )
    (tmp_path / "page.html").write_text(PAGE)
    done = inside("extract", "page.html", "--schema", name, "--workers", "1", cwd=tmp_path)
    record = json.loads(done.stdout)
    assert record["outcome"] == "ok"
    assert record["data"] == {
        "jobTitle": "Baker",
        "employer": {"name": "Olive Row Bakery"},
        "employmentType": "FULL_TIME",
        "rank": None,
    }
    assert set(record["evidence"]) == {"/jobTitle", "/employer/name", "/employmentType"}
    assert {one["code"] for one in record["warnings"]} == {"rewritten", "not_asked"}
    plain = json.loads(inside("extract", "page.html", cwd=tmp_path).stdout)
    assert plain["config"] != record["config"]


def test_calls_that_make_no_sense(tmp_path: Path) -> None:
    assert inside("schema").returncode == 2
    assert inside("schema", "check").returncode == 2
    assert inside("schema", "show", "x.json").returncode == 2
    assert inside("schema", "check", str(tmp_path / "absent.json")).returncode == 2
    name = schema(tmp_path, {"type": "object"})
    assert inside("extract", "x.html", "--schema", name, "--schema-org").returncode == 2
