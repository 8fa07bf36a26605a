"""JSON-LD as pages write it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.page.jsonld import is_jsonld, read_jsonld

BASE = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Beekeeper",
    "description": "<p>Look after forty hives.</p>",
}


def titles(*scripts):
    return [one.data.get("title") for one in read_jsonld(scripts)[0]]


def text(**more):
    return json.dumps({**BASE, **more})


@pytest.mark.parametrize(
    "kind",
    [
        "application/ld+json",
        "APPLICATION/LD+JSON",
        " application/ld+json; charset=utf-8",
        "application/ld&#x2B;json",
        "text/ld+json",
    ],
)
def test_the_type_counts_in_any_spelling(kind):
    assert is_jsonld(kind)


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "text/javascript", "ld", "importmap"]
)
def test_other_types_do_not_count(kind):
    assert not is_jsonld(kind)


NASTY = {
    "plain": text(),
    "comment": f"<!-- {text()} -->",
    "cdata": f"<![CDATA[{text()}]]>",
    "script cdata": f"//<![CDATA[\n{text()}\n//]]>",
    "css cdata": f"/*<![CDATA[*/{text()}/*]]>*/",
    "semicolon": text() + ";",
    "trailing comma": text()[:-1] + ",}",
    "comma after item": text(skills=["wax"]).replace('"wax"]', '"wax",]'),
    "escaped": text().replace('"', "&quot;"),
    "control characters": text(note="X").replace("X", "a\nb\tc\x0b"),
    "two objects": '{"@type": "Organization", "name": "Hive"}' + text(),
    "two objects with comma": '{"@type": "Organization"},\n' + text(),
    "array": f"[{text()}]",
    "nested arrays": f"[[[{text()}]]]",
    "graph": json.dumps({"@context": "x", "@graph": [{"@type": "WebPage"}, BASE]}),
    "graph object": json.dumps({"@graph": BASE}),
    "main entity": json.dumps({"@type": "WebPage", "mainEntity": BASE}),
    "item list": json.dumps({"itemListElement": [{"@type": "ListItem", "item": BASE}]}),
    "type list": text(**{"@type": ["Thing", "JobPosting"]}),
    "type url": text(**{"@type": "http://schema.org/JobPosting"}),
    "type slash": text(**{"@type": "https://schema.org/JobPosting/"}),
    "type prefix": text(**{"@type": "schema:JobPosting"}),
    "type lower": text(**{"@type": "jobposting"}),
    "type alias": json.dumps(
        {**{k: v for k, v in BASE.items() if k != "@type"}, "type": "JobPosting"}
    ),
    "double encoded": json.dumps(text()),
    "twice double encoded": json.dumps(json.dumps(text())),
    "nan": text(n=float("nan")),
    "huge int": text(n=0).replace('"n": 0', '"n": ' + "9" * 6000),
    "single quotes": "{'@type': 'JobPosting', 'title': 'Beekeeper'}",
    "bare keys": '{"@type": "JobPosting", title: "Beekeeper"}',
    "byte order mark": "\ufeff" + text(),
    "bad escape": text().replace("forty", "for\\ty").replace("Look", "Look\\'"),
    "deep beside": json.dumps([BASE])[:-1] + "," + "[" * 150 + "]" * 150 + "]",
    "prefixed properties": json.dumps({"@type": "schema:JobPosting", "schema:title": "Beekeeper"}),
    "url properties": json.dumps({"@type": "JobPosting", "http://schema.org/title": "Beekeeper"}),
    "capital properties": json.dumps({"@type": "JobPosting", "Title": "Beekeeper"}),
    "value object": text(title={"@value": "Beekeeper", "@language": "en"}),
    "inner quotes": '{"@type": "JobPosting", "title": "Beekeeper", "note": "say "hi" now"}',
    "cut off": text()[:-12],
    "wrong bracket": text()[:-1] + "]",
}


@pytest.mark.parametrize("name", NASTY)
def test_a_posting_is_read_from(name):
    assert titles(NASTY[name]) == ["Beekeeper"]


def test_pointers_lead_to_the_object():
    graph = json.dumps({"@graph": [{"@type": "WebPage"}, BASE]})
    statements, _ = read_jsonld(["{}", graph])
    assert [one.pointer for one in statements] == ["jsonld[1]#/@graph/1"]


def test_references_are_filled_in_across_scripts():
    posting = {**BASE, "hiringOrganization": {"@id": "#org"}, "jobLocation": [{"@id": "#hq"}]}
    other = {"@graph": [{"@id": "#org", "@type": "Organization", "name": "Hive"},
                        {"@id": "#hq", "address": {"addressLocality": "Brno"}}]}  # fmt: skip
    (one,), _ = read_jsonld([json.dumps(posting), json.dumps(other)])
    assert one.data["hiringOrganization"]["name"] == "Hive"
    assert one.data["jobLocation"][0]["address"]["addressLocality"] == "Brno"


def test_references_in_a_circle_end():
    graph = [
        {**BASE, "@id": "#job", "hiringOrganization": {"@id": "#org"}},
        {"@id": "#org", "name": "Hive", "owns": {"@id": "#job"}, "parent": {"@id": "#org"}},
    ]
    (one,), _ = read_jsonld([json.dumps({"@graph": graph})])
    assert one.data["hiringOrganization"]["name"] == "Hive"


def test_references_that_multiply_are_bounded():
    levels = [{"@id": f"#{n}", "x": [{"@id": f"#{n + 1}"}] * 20} for n in range(30)]
    posting = {**BASE, "skills": {"@id": "#0"}}
    (one,), _ = read_jsonld([json.dumps([posting, *levels])])
    assert one.data["title"] == "Beekeeper"
    assert len(json.dumps(one.data)) < 1_000_000


def test_all_postings_of_a_page_are_stated_in_order():
    scripts = [text(title="A"), json.dumps([{**BASE, "title": "B"}, {**BASE, "title": "C"}])]
    assert titles(*scripts) == ["A", "B", "C"]


def test_an_unusable_block_is_named_and_the_next_one_read():
    statements, notices = read_jsonld(["", "not json", text()])
    assert [one.data["title"] for one in statements] == ["Beekeeper"]
    assert [notice.code for notice in notices] == ["jsonld_unusable"]
    assert "1" in notices[0].message


def test_a_guess_is_marked_and_named():
    statements, notices = read_jsonld([NASTY["inner quotes"]])
    assert statements[0].repaired
    assert [notice.code for notice in notices] == ["jsonld_repaired"]


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_depth_is_refused_and_named(deep):
    statements, notices = read_jsonld([deep])
    assert statements == ()
    assert [notice.code for notice in notices] == ["jsonld_unusable"]


def test_other_objects_state_nothing():
    assert titles('{"@type": "Organization", "name": "Hive"}', "[]", "3", '"x"', "null") == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["@id", "@type", "@value", "@list", "@graph", "name"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=6), values, max_size=5), values)
def test_no_json_raises(data, other):
    script = json.dumps({**data, "@type": "JobPosting"})
    statements, _ = read_jsonld([script, json.dumps(other)])
    assert len(statements) >= 1


def test_only_a_few_blocks_of_a_page_are_guessed_at():
    broken = '{"@type": "JobPosting", "title": "The "best" cook"'
    statements, notices = read_jsonld([broken] * 9)
    assert len(statements) == 4
    assert [notice.code for notice in notices].count("jsonld_unusable") == 5
