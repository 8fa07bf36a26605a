"""The reference tells of every code, and its schema holds what is really written."""

import json
import sys

import jsonschema_rs
from tests.docs.blocks import DOCS, ROOT

from rolecall.core import FAILURES, NOT_A_POSTING, Source
from rolecall.drive.pages import extract
from rolecall.record import dump, to_record
from rolecall.schema.posting import FIELDS

sys.path.append(str(ROOT / "tools"))
import reference
import reference_codes as codes

RECORD = (DOCS / "reference" / "record.md").read_text("utf-8")


def test_every_code_that_the_source_can_say_is_in_the_reference():
    said, unknown = codes.notices()
    assert not unknown, f"{unknown}: name what the code can be in ELSEWHERE of reference_codes.py"
    assert set(said) == set(codes.WARNINGS)
    assert codes.reasons() <= set(FAILURES) | set(NOT_A_POSTING)
    assert codes.problem_kinds() <= set(codes.kinds()) == set(codes.DOUBTS)
    assert set(codes.FAILED) == set(FAILURES)
    told = [*said, *FAILURES, *NOT_A_POSTING, *codes.kinds(), *codes.attempt_results()]
    assert [one for one in told if f"`{one}`" not in RECORD] == []
    assert len(said) > 40


def test_every_problem_of_the_api_is_in_the_reference():
    page = (DOCS / "reference" / "http.md").read_text("utf-8")
    for status, found in codes.problem_codes().items():
        assert [one for one in found if f"`{one}`" not in page] == [], status


def test_the_schema_holds_every_record(tmp_path):
    schema = json.loads((DOCS / "reference" / "record.schema.json").read_text("utf-8"))
    closed = jsonschema_rs.validator_for(schema | {"additionalProperties": False})
    pages = [*(ROOT / "examples").glob("*.*"), tmp_path / "picture.png"]
    pages[-1].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    for page in pages:
        source = Source(body=page.read_bytes(), locator=page.name)
        record = to_record(extract(source), source=source, seq=0, config="", with_text=True)
        closed.validate(json.loads(dump(record)))
    assert set(schema["$defs"]["posting"]["properties"]) == set(FIELDS)


def test_every_metric_is_in_the_reference():
    page = (DOCS / "reference" / "metrics.md").read_text("utf-8")
    found = list(reference.metrics())
    assert len(found) > 40
    assert [name for name, *_ in found if f"`{name}`" not in page] == []
