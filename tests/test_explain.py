import re

from hypothesis import given
from hypothesis import strategies as st

from rolecall.explain import neutral, render

TEXT = "We are hiring\nSenior Baker in Lyon, at once, for our shop by the river\nCrumb & Sons"


def evidence(quote, **more):
    start = TEXT.index(quote)
    return {
        "quote": quote, "start": start, "end": start + len(quote), "match": "exact",
        "origin": "reader", "confidence": 0.87, "block_path": None, "pointer": None,
    } | more  # fmt: skip


RECORD = {
    "source": "in/baker.html",
    "url": "https://bakery.example/1",
    "outcome": "ok",
    "reason": None,
    "data": {
        "title": "Senior Baker",
        "company": None,
        "salary_min": 14.0,
        "locations": [
            {"text": "Lyon", "city": "Lyon", "region": None, "country": None},
        ],
    },
    "evidence": {
        "/title": evidence("Senior Baker"),
        "/salary_min": {
            "quote": None, "start": None, "end": None, "match": "stated", "origin": "stated",
            "confidence": None, "block_path": None, "pointer": "jsonld[0]#/baseSalary",
        },
        "/locations/0": evidence("Lyon"),
    },
    "problems": [{"pointer": "/company", "kind": "conflict", "message": "A or B"}],
    "warnings": [{"code": "decoded", "message": "guessed"}],
}  # fmt: skip


def test_a_value_with_its_quote_in_context():
    lines = render(RECORD, TEXT).split("\n")
    assert lines[0] == "in/baker.html: ok"
    title = next(number for number, line in enumerate(lines) if line.startswith("title"))
    assert lines[title].split() == ["title", "Senior", "Baker"]
    assert "[Senior Baker] in Lyon, at once, for our" in lines[title + 1]
    assert "reader, exact, 87% sure" in lines[title + 1]
    assert "We are hiring" not in lines[title + 1]


def test_what_has_no_words_or_no_value_says_so():
    shown = render(RECORD, TEXT)
    assert re.search(r"^company +-$", shown, re.MULTILINE)
    assert re.search(r"^salary_min +14$", shown, re.MULTILINE)
    assert "stated, stated, confidence unknown, from jsonld[0]#/baseSalary" in shown
    assert "Lyon (city Lyon)" in shown


def test_problems_and_warnings_stand_below():
    shown = render(RECORD, TEXT)
    assert shown.index("problems") > shown.index("locations")
    assert "/company conflict: A or B" in shown
    assert "decoded: guessed" in shown


def test_without_the_text_the_quote_stands_alone():
    assert "[Senior Baker] · reader" in render(RECORD)


def test_a_failure_is_one_line():
    reason = {"code": "timeout", "stage": "read", "message": "10 s", "retryable": True}
    shown = render({"source": "a", "outcome": "failed", "reason": reason, "data": None})
    assert shown.strip() == "a: failed (timeout: 10 s)"


def test_long_values_are_shortened():
    record = {"source": "a", "outcome": "ok", "data": {"description": "bread " * 5_000}}
    assert len(render(record)) < 400


def test_colours_only_on_request():
    assert "\x1b" not in render(RECORD, TEXT)
    assert "\x1b[" in render(RECORD, TEXT, colours=True)


def test_a_page_cannot_steer_the_terminal():
    nasty = "\x1b[2J\x07\u202egnp.exe\u2066\x9b31m\ud800\r\n"
    record = {
        "source": nasty,
        "url": nasty,
        "outcome": "partial",
        "reason": {"code": nasty, "message": nasty},
        "data": {"title": nasty, "skills": [nasty]},
        "evidence": {"/title": evidence("Lyon", pointer=nasty), "/skills/0": evidence("Lyon")},
        "problems": [{"pointer": nasty, "kind": "schema", "message": nasty}],
        "warnings": [{"code": nasty, "message": nasty}],
    }
    shown = render(record, nasty + TEXT)
    assert "<U+001B>" in shown
    assert "<U+202E>" in shown
    assert all(c == "\n" or c.isprintable() for c in shown)


@given(st.text(st.characters(), max_size=40))
def test_neutral_text_is_one_printable_line(text):
    shown = neutral(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
