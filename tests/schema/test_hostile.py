"""Whole schemas through the one entry: hostile ones, real ones, and ones that refer elsewhere."""

import socket
import threading
import time

import pytest
from hypothesis import given, settings
from tests.schema import strategies
from tests.schema.cases import CASES, load, needs, sample_files

from rolecall.errors import SchemaError
from rolecall.schema.compile import prepare_schema
from rolecall.schema.dialect import URIS
from rolecall.schema.grammar import grammar
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.reading import read_schema

FOLDER = CASES / "hostile-schemas"
SECONDS = 2.0


@pytest.fixture(scope="module")
def canary():
    """A port of this machine, and the list of those who called there."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        done = threading.Event()

        def listen():
            while not done.is_set():
                try:
                    line, caller = server.accept()
                except TimeoutError:
                    continue
                callers.append(caller)
                line.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], callers
        done.set()
        thread.join()


def outcome(text):
    """What became of a schema's text: what was prepared, or the refusal."""
    try:
        document, notices = read_schema(text, DEFAULT_LIMITS)
        return prepare_schema(document), notices
    except SchemaError as error:
        return error, ()


def accepted(found):
    return not isinstance(found, SchemaError)


def has_grammar_or_says_why(found):
    codes = {notice.code for notice in found.notices}
    return found.form is not None or "no_grammar" in codes


def keeps_every_keyword(found):
    return all(row.mark == "enforced" or row.reason for row in found.rows)


@needs("hostile-schemas")
def test_every_hostile_schema_has_the_outcome_that_its_manifest_gives(canary):
    port, callers = canary
    prepare_schema(True)  # the child is up
    for row in load(FOLDER / "MANIFEST.json"):
        expect = row["expect"]
        text = (FOLDER / row["file"]).read_bytes().replace(b"127.0.0.1:1/", b"127.0.0.1:%d/" % port)
        start = time.monotonic()
        found, notices = outcome(text)
        assert time.monotonic() - start <= SECONDS, row
        if expect.startswith("typed error"):
            assert not accepted(found), row
        elif expect.startswith("rejected: unsatisfiable"):
            assert "nothing can satisfy" in str(found), row
        elif expect == "documented":
            assert accepted(found), row
            assert notices, row
        elif "or typed error" not in expect:
            assert accepted(found), (row, found)
        if accepted(found):
            assert has_grammar_or_says_why(found), row
            assert keeps_every_keyword(found), row
        else:
            assert found.hint, row
    assert callers == []


@pytest.mark.parametrize("draft", URIS)
@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:{port}/x.json"},
        {"$ref": "//127.0.0.1:{port}/x.json"},
        {"$ref": "http://127.0.0.1:{port}/x.json#/a"},
        {"properties": {"a": {"items": {"$ref": "http://127.0.0.1:{port}/x"}}}},
        {"$id": "http://127.0.0.1:{port}/root", "$ref": "other"},
        {"id": "http://127.0.0.1:{port}/root", "$ref": "other"},
        {"$schema": "http://127.0.0.1:{port}/meta"},
        {"$defs": {"a": {"$schema": "http://127.0.0.1:{port}/meta"}}, "$ref": "#/$defs/a"},
        {"definitions": {"a": {"$ref": "http://127.0.0.1:{port}/unused"}}},
        {"unknown": {"$ref": "http://127.0.0.1:{port}/unknown"}},
        {"enum": [{"$ref": "http://127.0.0.1:{port}/value"}]},
        {"$dynamicRef": "http://127.0.0.1:{port}/x#a"},
        {"$recursiveRef": "http://127.0.0.1:{port}/x"},
        {"$vocabulary": {"http://127.0.0.1:{port}/v": True}},
        {"format": "http://127.0.0.1:{port}/format"},
    ],
)
def test_nothing_is_fetched(canary, draft, schema):
    import orjson

    port, callers = canary
    text = orjson.dumps({"$schema": URIS[draft], **schema}).replace(b"{port}", b"%d" % port)
    found, _ = outcome(text)
    if accepted(found):
        found.problems({"a": [1]})
    assert callers == []


@needs("jsonschemabench-sample")
def test_real_schemas_are_prepared():
    files = sample_files()
    refusals = []
    for file, instances in files:
        found, _ = outcome(file.read_bytes())
        if not accepted(found):
            refusals.append((file.name, str(found)))
            continue
        assert found.form is not None or grammar().engine is None, file.name
        assert keeps_every_keyword(found), file.name
        for test in load(instances)["tests"] if instances else ():
            assert (found.problems(test["data"]) == []) == test["valid"], file.name
    assert len(refusals) <= 0.02 * len(files), refusals


@settings(max_examples=200, deadline=None, derandomize=True)
@given(document=strategies.json_values)
def test_whatever_the_json_it_is_prepared_or_refused(document):
    try:
        found = prepare_schema(document)
    except SchemaError:
        return
    assert keeps_every_keyword(found)
    found.problems(document)


def test_schemas_that_break_the_engine_break_nothing_else():
    """Objects that must hold one another a thousand deep are more than the engine's stack holds."""
    steps = {
        f"d{n}": {
            "type": "object",
            "properties": {"x": {"$ref": f"#/$defs/d{n + 1}"}},
            "required": ["x"],
        }
        for n in range(900)
    }
    found = prepare_schema({"$ref": "#/$defs/d0", "$defs": {**steps, "d900": {"type": "null"}}})
    assert has_grammar_or_says_why(found)
    assert keeps_every_keyword(found)
    assert prepare_schema({"type": "null"}).rows
