"""What a page states as JSON-LD, in every state that pages leave it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from torture.nouns import Case, Class, Group, Terms
from torture.pages_posting import TITLE, linked
from torture.pages_tried import POSTING, Hostile, judged, strict, tried

STATED: Final = "Bridge Engineer, Steel"
"""A title that the page does not show: it can only come from the data."""
BASE: Final[dict[str, Any]] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": STATED,
    "description": "<p>Design steel bridges for roads and railways.</p>",
    "hiringOrganization": {"@type": "Organization", "name": "Northgate Structures Ltd"},
    "datePosted": "2026-05-17",
}
MARK: Final = "2026-05-17"
"""The day is stated and not shown: where it is in the record, the block was read."""
READ: Final = {"date_posted": MARK}
Shape = tuple[str, str, dict[str, Any], tuple[str, ...]]
"""A name, the text of the script, what the record must have, warnings of which one is due."""


def text(**more: Any) -> str:
    """The posting as JSON, with other or further fields."""
    return json.dumps({**BASE, **more})


def jsonld(terms: Terms) -> Group:
    """Each shape on a page whose text shows a posting too."""
    del terms
    shapes = {name: (has, warned) for name, _, has, warned in all_shapes()}
    pages = [
        Hostile(name=name, body=linked(script), wants=POSTING, warned=warned)
        for name, script, _, warned in all_shapes()
    ]
    cases = []
    for one, seen in zip(pages, tried(pages), strict=True):
        record = strict(seen.line)
        case = judged(one, record, seen.seconds)
        data = record.get("data") or {}
        wrong = {
            field: data.get(field)
            for field, value in shapes[one.name][0].items()
            if not fits(data.get(field), value)
        }
        if case.found is Class.RIGHT and wrong:
            found = Class.SHORT if all(value is None for value in wrong.values()) else Class.WRONG
            case = Case(name=one.name, found=found, note=str(wrong))
        cases.append(case)
    said = "JSON-LD in every state: read, or refused with a warning; the page's text is read anyhow"
    return Group(said=said, cases=tuple(cases))


def fits(value: Any, wanted: Any) -> bool:
    """Whether a field is as wanted: one of several values, if a set is given."""
    return value in wanted if isinstance(wanted, set) else value == wanted


def all_shapes() -> Iterator[Shape]:
    """All of them."""
    yield from written()
    yield from shaped()
    yield from contradicting()


def written() -> Iterator[Shape]:
    """How the JSON is written."""
    for name, script in {
        "plain": text(),
        "trailing_comma": text()[:-1] + ",}",
        "control_characters": text(note="X").replace("X", "a\nb\tc\x0b\x00"),
        "semicolon": text() + ";",
        "cdata": f"//<![CDATA[\n{text()}\n//]]>",
        "comments_of_html": f"<!-- {text()} -->",
        "comments_of_scripts": f"/* data */ {text()} // end",
        "escaped_entities": text().replace('"', "&quot;"),
        "double_encoded": json.dumps(text()),
        "two_objects": '{"@type": "Organization", "name": "Northgate"}' + text(),
        "not_a_number": text(n=float("nan"), m=float("-inf")),
        "huge_integers": text(n=0).replace('"n": 0', '"n": ' + "9" * 6_000),
        "lone_surrogates": text(note="\ud800").replace("note", "no\\udfffte"),
        "single_quotes": text().replace('"', "'"),
        "bare_keys": text().replace('"title"', "title"),
        "mark_in_front": "\ufeff" + text(),
        "missing_comma": text().replace('", "title"', '" "title"'),
        "field_twice": text()[:-1] + ', "datePosted": "2026-05-17"}',
    }.items():
        yield name, script, READ, ()
    for name, script in {
        "inner_quotes": text(note="say X now").replace("X", '"hi"'),
        "cut_off": text(more="Apply by e-mail")[:-9],
    }.items():
        yield name, script, READ, ("jsonld_repaired", "jsonld_unusable")
    deep = '{"a":' * 100_000
    for name, script in {
        "deep_100k": deep,
        "deep_lists_100k": "[" * 100_000,
        "no_json": "see below",
        "markup": "<p>x</p>",
        "deep_around": '{"@type":"JobPosting","x":' + "[" * 100_000 + "]" * 100_000 + "}",
        "five_megabytes": text(note="x" * 5_000_000),
    }.items():
        yield name, script, {}, ("jsonld_unusable",)
    yield "empty", "", {}, ()
    yield "null", "null", {}, ("jsonld_unusable",)


def shaped() -> Iterator[Shape]:
    """How the objects are built."""
    organisation = {"@id": "#org", "@type": "Organization", "name": "Northgate Structures Ltd"}
    circle = [
        {**BASE, "@id": "#a", "hiringOrganization": {"@id": "#org"}},
        {**organisation, "owns": {"@id": "#a"}, "parentOrganization": {"@id": "#org"}},
    ]
    company = {**READ, "company": "Northgate Structures Ltd"}
    for name, script, has in (
        ("graph", json.dumps({"@graph": [{"@type": "WebPage"}, BASE]}), READ),
        ("references", json.dumps({"@graph": [*circle[:1], organisation]}), company),
        ("circle", json.dumps({"@graph": circle}), company),
        ("arrays", json.dumps([[[BASE]]]), READ),
        ("type_list", text(**{"@type": ["Thing", "JobPosting"]}), READ),
        ("type_address", text(**{"@type": "http://schema.org/JobPosting"}), READ),
        ("type_object", text(**{"@type": {"@id": "JobPosting"}}), {}),
        ("company_text", text(hiringOrganization="Northgate Structures Ltd"), company),
        ("company_list", text(hiringOrganization=[organisation, None]), company),
        ("company_null", text(hiringOrganization=None), READ),
        ("company_number", text(hiringOrganization=17), READ),
        (
            "place_nested",
            text(jobLocation=[{"address": [{"addressLocality": {"name": "Leeds"}}]}]),
            READ,
        ),
        ("place_text", text(jobLocation="Leeds"), READ),
        (
            "place_of_numbers",
            text(jobLocation={"address": {"postalCode": 4, "addressCountry": []}}),
            READ,
        ),
        (
            "salary_text",
            text(baseSalary="£52,000 - £61,000 per year"),
            {**READ, "salary_min": 52_000, "salary_max": 61_000},
        ),
        ("salary_list", text(baseSalary=[{"value": {"minValue": "52000"}}, "x"]), READ),
        ("salary_huge", text(baseSalary={"value": {"value": 10**400}}), READ),
        (
            "salary_negative",
            text(baseSalary={"value": {"minValue": -5}}),
            {"salary_min": {52_000, None}},
        ),
        ("bad_day", text(datePosted="2026-02-31"), {"date_posted": None}),
        ("bad_days", text(datePosted=["x", None], validThrough={}), {"date_posted": None}),
        ("title_object", text(title={"@value": STATED, "@language": "en"}), READ),
        ("title_list", text(title=[STATED, STATED]), READ),
        ("title_number", text(title=17), READ),
        ("description_object", text(description={"x": ["y"] * 1_000}), READ),
        ("hundred_thousand_skills", text(skills=["steel"] * 100_000), READ),
        ("graph_of_50k", json.dumps({"@graph": [{"@type": "Thing"}] * 50_000 + [BASE]}), {}),
        (
            "multiplying_references",
            json.dumps(
                [
                    text(skills={"@id": "#0"}),
                    *[{"@id": f"#{n}", "x": [{"@id": f"#{n + 1}"}] * 20} for n in range(30)],
                ]
            ),
            {},
        ),
        (
            "keys_of_addresses",
            json.dumps(
                {
                    "@type": "JobPosting",
                    "http://schema.org/datePosted": MARK,
                    "schema:title": STATED,
                }
            ),
            READ,
        ),
    ):
        yield name, script, has, ()


def contradicting() -> Iterator[Shape]:
    """Data that says something else than the page does: the page's own words count."""
    titles = {TITLE, STATED}
    yield "another_title", text(title="Pastry Cook"), {"title": TITLE}, ()
    yield "another_company", text(hiringOrganization="Southgate Bakery"), {"title": titles}, ()
    yield (
        "another_salary",
        text(baseSalary={"currency": "USD", "value": {"value": 9, "unitText": "HOUR"}}),
        {"salary_min": {52_000, None}},
        (),
    )
    yield "stale", text(validThrough="2019-01-01"), {"title": titles}, ()
    other = {**BASE, "title": "Pastry Cook", "datePosted": "2020-01-01"}
    yield "two_postings", json.dumps([other, BASE]), {"title": titles}, ()
    markup = text(description="<script>alert(1)</script><p>x</p>", title="<b>Bridge</b> Engineer")
    yield "markup_in_fields", markup.replace("</", "<\\/"), READ, ()
    yield "script_ended_early", markup, {}, ("jsonld_unusable", "jsonld_repaired")
