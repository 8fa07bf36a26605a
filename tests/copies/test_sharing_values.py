"""What a copy takes over from its original, and what makes it go its own way."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copies_pages
from copies_support import unsupported
from rolecall.copies.align import align, replaced
from rolecall.copies.index import Index
from rolecall.copies.original import lines_of, recall, remember
from rolecall.copies.record import Name, exact_record, near_record
from rolecall.copies.share import Apart, Means, Shared, share
from rolecall.copies.sketch import exact_key, signer, sketch
from rolecall.core import Page, Source
from rolecall.page import clean
from rolecall.pipeline import extract_record, prepare
from rolecall.settings import Settings

PIPELINE = prepare(Settings(engine="none"))
MEANS = Means(stated=PIPELINE.producers["stated"], skills=PIPELINE.reader.model.skills.find_skills)
SIGN = signer()

PAGE = """<html lang=en><head><title>Night Baker - Harbour Bakery Ltd</title>{data}</head><body>
<nav><a href="/">Home</a></nav><main><h1>Night Baker</h1><p>Harbour Bakery Ltd</p>
<p>Location: Leeds, United Kingdom</p><p>Salary: £28,000 - £32,000 per year</p>
<p>Posted on: 3 May 2026</p><h2>About the role</h2>
<p>You bake bread at night and lead a small team of four people in our old bakehouse.</p>
<h2>What you will do</h2><ul><li>Mix and shape dough through the night with two others</li>
<li>Look after the ovens and write down what they did</li><li>Load the first van at five</li></ul>
<h2>Requirements</h2><ul><li>Two years of experience in a bakery or a kitchen</li>
<li>Basic food hygiene certificate</li></ul>
<p><a href="https://bakery.example/apply/1">Apply now</a></p>
</main><footer>Imprint</footer></body></html>"""
DATA = (
    '<script type="application/ld+json">{"@type":"JobPosting","title":"Night Baker",'
    '"datePosted":"%s","hiringOrganization":{"name":"Harbour Bakery Ltd"}}</script>'
)


def read(body: str, captured: date | None = None) -> tuple[Page, dict[str, Any]]:
    source = Source(body=body.encode(), captured=captured)
    page = clean(source)
    return page, extract_record(source, 0, PIPELINE, page=page)


def sharing(copy: str, original: str = PAGE, **more: Any) -> Shared | Apart:
    page, record = read(original)
    kept = recall(remember(page, MEANS.stated(page)))
    other = clean(Source(body=copy.encode(), captured=more.pop("captured", None)))
    return share(other, kept, record | more.pop("changes", {}), replace_means(**more))


def replace_means(**more: Any) -> Means:
    return Means(stated=MEANS.stated, skills=MEANS.skills, plain=more.get("plain", True))


def taken(copy: str, original: str = PAGE) -> dict[str, Any]:
    """The shared data, all of which stands on the copy."""
    found = sharing(copy, original)
    assert isinstance(found, Shared), found
    record = read(original)[1]
    shared = near_record(
        record,
        Name(1, "b", "a", 0.9),
        found,
        read=(clean(Source(body=copy.encode())), Source(body=copy.encode(), locator="b"), ()),
        seconds={},
    )
    assert unsupported(shared, clean(Source(body=copy.encode()))) == []
    assert shared["data"] is not None
    data: dict[str, Any] = shared["data"]
    return data


BARE = PAGE.replace("{data}", "")


def test_other_furniture_changes_no_value() -> None:
    copy = BARE.replace("<nav>", "<nav><a href=/b>Board</a> <a href=/c>Search</a> ")
    copy = copy.replace("Imprint", "<a href=/i>Imprint</a> <a href=/t>Terms of use</a>")
    assert taken(copy, BARE) == read(BARE)[1]["data"] == read(copy)[1]["data"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("shape dough", "shpae dough", "responsibilities"),
        ("at night and lead", "at night and laed", "description"),
        ("<li>Load the", "<li>Sweep the yard and the hall</li><li>Load the", "responsibilities"),
        ("£28,000 - £32,000", "£29,000 - £34,000", "salary_min"),
        ("3 May 2026", "17 June 2026", "date_posted"),
        ("/apply/1", "/apply/2", "application_url"),
    ],
)
def test_the_copy_has_its_own_words_and_figures(old: str, new: str, field: str) -> None:
    copy = BARE.replace(old, new)
    data = taken(copy, BARE)
    assert data == read(copy)[1]["data"]
    assert data[field] != read(BARE)[1]["data"][field]


def test_facts_above_the_text_may_stand_in_another_way() -> None:
    facts = BARE[BARE.index("<p>Harbour") : BARE.index("<h2>About")]
    other = (
        "<p>Harbour Bakery Ltd · Leeds, United Kingdom</p><ul><li><b>Salary</b> £28,000 - £32,000"
        " per year</li></ul><p>Posted on 3 May 2026</p>"
    )
    data = taken(BARE.replace(facts, other), BARE)
    assert data["company"] == "Harbour Bakery Ltd"
    assert data["location"] == "Leeds, United Kingdom"
    assert data["date_posted"] == "2026-05-03"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("Leeds", "Bristol", "places"),
        ("Harbour Bakery Ltd", "Hill Bakery Ltd", "company"),
        ("<li>Basic food hygiene certificate</li>", "", "requirements"),
        ("Two years", "Five years", "experience"),
        ("<h2>About", "<p>Part time, 20 hours a week</p><h2>About", "new employment_type"),
        ("<h2>About", "<p>Closing date: 1 July 2026</p><h2>About", "new date"),
        ("<h2>About", "<p>Write to crew@bakery.example</p><h2>About", "new application_email"),
        ("<h2>About", "<p>This vacancy is closed.</p><h2>About", "closed"),
        ("<p>Harbour Bakery Ltd", "<p>Mill Foods Ltd", "new company"),
        ("<h2>About", "<p>Location: Bristol, United Kingdom</p><h2>About", "new places"),
        ("<h2>About", "<p>Bristol, United Kingdom</p><h2>About", "new places"),
        ("<h2>Req", "<h2>Benefits</h2><ul><li>Free bread</li></ul><h2>Req", "new benefits"),
        ("https://bakery.example/apply/1", "javascript:void(0)", "application_url"),
        ("https://bakery.example/apply/1", "#apply", "application_url"),
        ("https://bakery.example/apply/1", "mailto:crew@bakery.example", "application_url"),
        ("<li>Load", "<li>Experience with SAP and Python</li><li>Load", "new skill"),
    ],
)
def test_what_makes_a_copy_go_its_own_way(old: str, new: str, why: str) -> None:
    found = sharing(BARE.replace(old, new), BARE)
    assert isinstance(found, Apart)
    assert (found.why, found.copy) == (why, True)


PAY = "<h3>Salary</h3><p>£28,000 - £32,000 per year</p><h3>Bonus</h3><p>£2,000 - £4,000 a year</p>"
DAYS = "<dl><dt>Posted on<dd>3 May 2026<dt>Apply before<dd>9 June 2026</dl>"


def swapped(text: str, one: str, other: str) -> str:
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


@pytest.mark.parametrize(
    ("more", "one", "other", "why"),
    [
        (PAY, "£28,000 - £32,000 per year", "£2,000 - £4,000 a year", "salary"),
        (DAYS, "3 May 2026", "9 June 2026", "date_posted"),
        (DAYS, "Posted on<", "Apply before<", "date_posted"),
        ("", "What you will do", "Requirements", "responsibilities"),
        ("", "Requirements", "Benefits", "requirements"),
    ],
)
def test_the_same_line_under_another_label_says_something_else(
    more: str, one: str, other: str, why: str
) -> None:
    lines = ("<p>Salary: £28,000 - £32,000 per year</p>\n", "<p>Posted on: 3 May 2026</p>")
    page = BARE.replace(lines[0], "").replace(lines[1], more) if more else BARE
    assert sharing(swapped(page, one, other), page) == Apart(why)
    moved = page.replace("<nav>", "<nav><a href=/x>X</a> ").replace("<main>", "<main><p>A job</p>")
    assert isinstance(sharing(moved, page), Shared)


def test_long_lines_in_place_of_others_make_another_vacancy() -> None:
    copy = BARE.replace(
        "<li>Mix and shape dough through the night with two others</li>\n<li>Look after the ovens"
        " and write down what they did</li>",
        "<li>Answer the telephone for all of our shops and cafés</li><li>Keep the books of three"
        " branches and talk with banks</li>",
    )
    assert sharing(copy, BARE) == Apart("other text", copy=False)


def test_stated_data_must_say_the_same() -> None:
    stated = PAGE.replace("{data}", DATA % "2026-05-03")
    assert taken(stated.replace("<nav>", "<nav><a href=/x>X</a> "), stated)["date_posted"]
    other = stated.replace('"title":"Night Baker"', '"title":"Day Baker"')
    assert sharing(other, stated) == Apart("stated title")
    redated = PAGE.replace("{data}", DATA % "2026-06-17").replace("3 May", "17 June")
    assert taken(redated, stated)["date_posted"] == "2026-06-17"
    assert isinstance(sharing(BARE, stated), Apart)


def test_a_contradiction_must_be_on_the_copy_too() -> None:
    pay = (
        '"baseSalary":{"@type":"MonetaryAmount","currency":"GBP","value":{"@type":'
        '"QuantitativeValue","minValue":40000,"maxValue":50000,"unitText":"YEAR"}},'
    )
    stated = PAGE.replace("{data}", (DATA % "2026-05-03").replace('"date', pay + '"date'))
    assert [one["pointer"] for one in read(stated)[1]["problems"]] == ["/salary_min"]
    assert isinstance(sharing(stated.replace("<nav>", "<nav><a href=/x>X</a> "), stated), Shared)
    assert sharing(stated.replace(pay, ""), stated) == Apart("stated salary")
    assert sharing(stated.replace("£28,000", "£29,000"), stated) == Apart("problem")


def test_a_page_that_is_no_posting_is_shared_word_for_word_only() -> None:
    no_posting = {"outcome": "not_a_posting", "data": None, "evidence": {}}
    again = BARE.replace("<nav>", "<nav><a href=/b>Board</a> ")
    assert sharing(again, BARE, changes=no_posting) == Shared(None, {}, [])
    typo = BARE.replace("dough", "duogh")
    found = sharing(typo, BARE, changes=no_posting)
    assert found == Apart("no posting, other lines")
    assert sharing(BARE, BARE, changes={"outcome": "failed"}) == Apart("original failed")


def test_records_of_another_shape_are_shared_where_nothing_changed() -> None:
    again = BARE.replace("<nav>", "<nav><a href=/b>Board</a> ")
    assert isinstance(sharing(again, BARE, plain=False), Shared)
    found = sharing(BARE.replace("dough", "duogh"), BARE, plain=False)
    assert found == Apart("other lines, own schema")
    moved = swapped(BARE, "What you will do", "Requirements")
    assert sharing(moved, BARE, plain=False) == Apart("other lines, own schema")


def test_a_relative_date_counts_from_the_copys_own_day() -> None:
    relative = BARE.replace("Posted on: 3 May 2026", "Posted 3 days ago")
    page, record = read(relative, date(2026, 5, 6))
    kept = recall(remember(page, MEANS.stated(page)))
    other = clean(Source(body=relative.encode(), captured=date(2026, 6, 6)))
    found = share(other, kept, record, MEANS)
    assert record["data"]["date_posted"] == "2026-05-03"
    assert isinstance(found, Shared)
    assert (found.data or {})["date_posted"] == "2026-06-03"


def test_moved_added_and_joined_lines_replace_nothing() -> None:
    one = lines_of(clean(Source(body=BARE.encode())))
    for old, new in (("<li>Load", "<li>Sweep the yard and the big hall every day</li><li>Load"),):
        other = lines_of(clean(Source(body=BARE.replace(old, new).encode())))
        assert not replaced(one, other, align(one, other))
    assert align(one, one).changed == []


def test_an_exact_copy_has_its_own_name() -> None:
    record = read(BARE)[1]
    told = exact_record(record, Name(7, "b\udcff", "a", 1.0))
    assert (told["seq"], told["source"]) == (7, "b\\xff")
    assert told["copy_of"] == {"source": "a", "similarity": 1.0}
    same = record.keys() - {"seq", "source", "route", "seconds", "attempts"}
    assert all(told[key] == record[key] for key in same)
    again = exact_record(told, Name(8, "c", "b", 1.0))
    assert list(again)[-1] == "copy_of"
    assert json.dumps(again).count("copy_of") == 1


@given(st.integers(0, 10_000), st.sampled_from(["develop", "report"]))
@settings(max_examples=4, deadline=None)
def test_every_shared_value_stands_on_the_copy(seed: int, world: str) -> None:
    index, kept = Index(), {}
    for at, one in enumerate(copies_pages.pages(world, seed, vacancies=4)):
        source = Source(body=one.body, locator=str(at))
        page = clean(source)
        record = extract_record(source, at, PIPELINE, page=page)
        place = index.place(sketch(page, exact_key(source), SIGN))
        if place.found is not None:
            original, theirs = kept[place.found.number]
            found = share(page, original, theirs, MEANS)
            if isinstance(found, Shared):
                name = Name(at, str(at), theirs["source"], place.found.similarity)
                record = near_record(theirs, name, found, read=(page, source, ()), seconds={})
                assert unsupported(record, page) == []
        if place.number is not None:
            kept[place.number] = (recall(remember(page, MEANS.stated(page))), record)
