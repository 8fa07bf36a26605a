"""Named loads, and measured ones as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.plan.loads import default_load, load_json, load_named, loads, read_load
from rolecall.plan.nouns import Load


def test_every_named_load_is_one_and_says_where_it_is_from():
    assert {"postings", "all-fields", "short", "long-answers"} == set(loads())
    for name, load in loads().items():
        assert load.name == name
        assert load.source
        assert read_load(load_json(load), "x") == load
        assert load_named(name.upper()) == load
    assert default_load() == loads()["postings"]


def test_all_fields_take_longer_answers_than_what_is_left_in_doubt():
    def mean(name, at):
        rows = loads()[name].requests
        return sum(row[at] * row[2] for row in rows) / sum(row[2] for row in rows)

    assert mean("all-fields", 1) > 3 * mean("postings", 1)
    assert mean("all-fields", 0) == pytest.approx(mean("postings", 0), rel=0.1)
    assert loads()["short"].requests == ((900, 90, 1),)
    assert loads()["long-answers"].requests == ((900, 700, 1),)


COUNTS = st.integers(1, 10**9)


@given(
    st.lists(st.tuples(COUNTS, st.integers(0, 10**9), COUNTS), min_size=1, max_size=4),
    st.integers(0, 10**9),
    COUNTS,
    st.text(max_size=20),
)
def test_a_load_survives_its_json(requests, shared, postings, source):
    load = Load(
        name="mine", requests=tuple(requests), shared=shared, postings=postings, source=source
    )
    assert read_load(load_json(load), "x") == load


def test_a_measured_load_is_read_from_its_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(load_json(loads()["short"]))
    assert load_named(str(path)) == loads()["short"]


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", "{\"name\": 3}", "\ud800", '{"name": "x", "requests": [[1, 2]]}',
        '{"name": "x", "requests": [], "shared": 0, "postings": 1}',
        '{"name": "x", "requests": [[0, 2, 1]], "shared": 0, "postings": 1}',
        '{"name": "x", "requests": [[5, -2, 1]], "shared": 0, "postings": 1}',
        '{"name": "x", "requests": [[5, 2, 1]], "shared": -1, "postings": 1}',
        '{"name": "x", "requests": [[5, 2, 1]], "shared": 0, "postings": 0}',
        '{"name": "x", "requests": [[5, 2, 1e30]], "shared": 0, "postings": 1}',
        '{"name": "x", "requests": [[5, 2, NaN]], "shared": 0, "postings": 1}',
    ],
)  # fmt: skip
def test_what_holds_no_load_is_refused(text):
    with pytest.raises(UsageError, match="here holds no load"):
        read_load(text, "here")


def test_an_unknown_load_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError) as told:
        load_named("posting")
    assert "did you mean postings" in told.value.hint
    with pytest.raises(UsageError, match="No such file"):
        load_named(str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError):
        load_named(str(tmp_path / "bad.json"))
    with pytest.raises(UsageError):
        load_named("\0.json")
    assert json.loads(load_json(default_load()))["shared"] > 0
