"""JSON in the states that pages leave it in."""

import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.page.loose_json import read_json, read_literal, read_prefix

SUITE = Path(__file__).resolve().parents[3] / "shared" / "cases" / "jsontestsuite" / "test_parsing"

SAME = {"a": "x", "b": [1, 2]}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "b": [1, 2]}',
        '\ufeff  {"a": "x", "b": [1, 2]}\n',
        '<!-- {"a": "x", "b": [1, 2]} -->',
        '<![CDATA[ {"a": "x", "b": [1, 2]} ]]>',
        '//<![CDATA[\n{"a": "x", "b": [1, 2]}\n//]]>',
        '/* <![CDATA[ */ {"a": "x", "b": [1, 2]} /* ]]> */',
        '{"a": "x", "b": [1, 2]};',
        '{"a": "x", "b": [1, 2,],}',
        '{"a": "x", // a note\n "b": [1, /* two */ 2]}',
        "{a: 'x', b: [1, 2]}",
        '/* the data */ {"a": "x", "b": [1, 2]} // and its end',
        "{&quot;a&quot;: &quot;x&quot;, &quot;b&quot;: [1, 2]}",
        "{&#34;a&#34;: &#34;x&#34;, &#34;b&#34;: [1, 2]}",
        '"{\\"a\\": \\"x\\", \\"b\\": [1, 2]}"',
    ],
)
def test_wrappers_and_slips_do_not_matter(text):
    loaded = read_json(text)
    assert loaded is not None
    assert loaded.values == (SAME,)
    assert not loaded.repaired


def test_two_objects_in_one_text_are_two_values():
    loaded = read_json('{"a": 1}\n{"b": 2}')
    assert loaded is not None
    assert loaded.values == ({"a": 1}, {"b": 2})


def test_control_characters_stay_in_strings():
    loaded = read_json('{"a": "one\ntwo\tthree"}')
    assert loaded is not None
    assert loaded.values == ({"a": "one\ntwo\tthree"},)


def test_numbers_that_no_float_holds_become_nothing():
    loaded = read_json('{"a": NaN, "b": -Infinity, "c": 1e999, "d": %s, "e": 7}' % ("9" * 5000))
    assert loaded is not None
    assert loaded.values == ({"a": None, "b": None, "c": None, "d": None, "e": 7},)


def test_a_guess_holds_no_number_that_no_float_holds():
    loaded = read_json('{"a": 1e999, "b": [-1e999, {"c": 1e400', repair=True)
    assert loaded is not None
    assert loaded.values == ({"a": None, "b": [None, {"c": None}]},)


def test_lone_surrogates_are_replaced():
    loaded = read_json('{"a\\ud800": "\\udfff", "b": ["\\ud83d\\ude00"]}')
    assert loaded is not None
    assert loaded.values == ({"a�": "�", "b": ["😀"]},)


def test_a_guess_is_made_only_on_request_and_marked():
    text = '{"title": "The "best" cook", "n": 1'
    assert read_json(text) is None
    loaded = read_json(text, repair=True)
    assert loaded is not None
    assert loaded.repaired
    assert loaded.values[0]["n"] == 1


@pytest.mark.parametrize("text", ["", "  \n", "{", "-->", "//", "hello", "<p>no</p>", "\x00"])
def test_what_holds_no_json_gives_nothing(text):
    assert read_json(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "{" * 6_000 + "}" * 6_000,
        "/*" * 300_000,
        "-->" * 200_000 + "x",
        '"\\' * 400_000,
        "&quot;" * 100_000,
        '{"a" "b" ' * 6_000,
        '{"@type":"JobPosting","d":"' + '<p class="a" id="b">x, y: z</p>\n' * 1_800,
        '{"a":1,,' * 6_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_texts_end_soon(text):
    start = time.process_time()
    read_json(text, repair=True)
    read_literal(text)
    read_prefix(text, 0)
    assert time.process_time() - start < 5


def test_a_literal_takes_names_from_its_surroundings():
    text = "{title: a, list: [b, !0 ? 1 : 2]}"
    assert read_literal(text, {"a": "Cook", "b": 1}) is None
    got = read_literal("{title: a, n: void 0, list: [b]} rest", {"a": "Cook", "b": 1})
    assert got is not None
    assert got[0] == {"title": "Cook", "n": None, "list": [1]}


def test_a_literal_knows_javascript_escapes():
    got = read_literal(r"'it\'s \x41 \u{1F600} \ud83d\ude00'")
    assert got is not None
    assert got[0] == "it's A 😀 😀"


@given(st.text())
def test_no_text_raises(text):
    read_json(text, repair=True)
    read_literal(text)
    read_prefix(text, 0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    ).filter(lambda value: isinstance(value, dict | list))
)
def test_valid_json_is_read_as_it_is(value):
    import json

    text = json.dumps(value)
    loaded = read_json(text)
    assert loaded is not None
    assert loaded.values == (value,)
    got = read_literal(text)
    assert got is not None
    assert got[0] == value


@pytest.mark.skipif(not SUITE.is_dir(), reason="the JSON test suite is not beside the checkout")
def test_the_json_test_suite_is_read_without_a_crash():
    accepted = 0
    for path in sorted(SUITE.iterdir()):
        loaded = read_json(path.read_bytes().decode("utf-8", "surrogateescape"), repair=True)
        if path.name.startswith("y_"):
            assert loaded is not None, path.name
            accepted += 1
        for value in loaded.values if loaded else ():
            assert not (isinstance(value, float) and not math.isfinite(value))
    assert accepted >= 90
