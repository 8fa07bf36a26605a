"""The answer that is built from an annotation is one that an engine could have given."""

import json

import pytest
from tests.ask.pages import page
from tests.ask.test_grammar import accepts

from annotated import grounded_answer, lost, written
from rolecall.ask.answer import read_answer
from rolecall.ask.grammar import grammar
from rolecall.ask.questions import POSTING
from rolecall.ask.render import sheet_of
from rolecall.core import Completion

ALL = tuple(POSTING.values())
BODY = """<!DOCTYPE html><html lang=en><head><title>Senior Baker | Crumb &amp; Sons</title></head>
<body><nav><a href="/">Home</a> <a href="/rolls">Rolls</a></nav><main><h1>Senior Baker</h1>
<p>Crumb &amp; Sons, Bath, England</p><p>Full time, two days a week from home. Posted 3 May 2026</p>
<p>We bake "proper" bread\\rolls, from 4&nbsp;am - café style.</p>
<h2>What you will do</h2><ul><li>Mix dough with JavaScript</li><li>Shape loaves</li>
<li>Clean up</li></ul>
<h2>What we ask</h2><ul><li>At least 3 years of baking</li><li>Java, rye and a degree in food</li>
<li>Fluent German</li></ul><h3>And</h3><ul><li>A driving licence</li></ul>
<h2>What you get</h2><p>Free bread. A warm room.</p>
<p>£28,000 to £31,000 a year. Apply by 8 January 2027 to dough@crumb.example.</p></main>
<footer><p>Baked on the river.</p><a href="/privacy">Privacy</a></footer></body></html>"""
GOLD = {
    "title": "Senior  baker",
    "company": "Crumb & Sons",
    "location": ["Bath, England"],
    "workplace": "hybrid",
    "workplace_quote": "two days a week from home",
    "employment_type": ["full_time"],
    "employment_type_quote": "Full time",
    "seniority": "senior",
    "salary_quote": "£28,000 to £31,000 a year",
    "experience_quote": "At least 3 years",
    "education": "degree in food",
    "skills": ["Java", "rye", "German", "COBOL"],
    "languages_required": ["German"],
    "responsibilities": ["Mix dough with JavaScript", "Shape loaves", "Clean up"],
    "requirements": [
        "At least 3 years of baking", "Java, rye and a degree in food", "Fluent German",
        "A driving licence",
    ],
    "benefits": ["Free bread.", "A warm room."],
    "description_start": 'We bake "proper" bread\\rolls, from 4 am',
    "description_end": "Apply by 8 January 2027 to dough@crumb.example.",
    "description": 'We bake "proper" bread\\rolls, from 4 am - café style.\n- Shape loaves',
    "application_email": "dough@crumb.example",
    "date_posted_quote": "Posted 3 May 2026",
    "valid_through_quote": "8 January 2027",
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    one = page(BODY)
    sheet = sheet_of(one)
    return one, sheet, grounded_answer(GOLD, sheet, ALL)


def test_every_field_is_answered_in_the_order_of_the_questions(made):
    assert list(made[2]) == list(POSTING)


def test_the_pages_own_grammar_accepts_it(made):
    _, sheet, answer = made
    assert accepts(grammar(ALL, text=sheet.text), written(answer))


def test_it_is_read_back_as_what_was_annotated(made):
    one, sheet, answer = made
    completion = Completion(text=written(answer), finish_reason="stop", engine="small")
    read = read_answer(one, sheet, ALL, completion, loose=False)
    assert read.problems == ()
    values = {candidate.unit: candidate.value for candidate in read.candidates}
    assert values["title"] == "Senior Baker"
    assert values["skills"] == ["Java", "rye", "German"]
    assert values["languages_required"] == ["German"]
    assert (values["workplace"], values["seniority"]) == ("hybrid", "senior")
    assert values["salary"]["salary_max"] == 31000
    assert values["date_posted"] == "2026-05-03"
    assert values["responsibilities"] == GOLD["responsibilities"]
    assert values["requirements"] == GOLD["requirements"]
    assert values["description"].startswith('We bake "proper"')
    assert values["description"].endswith("dough@crumb.example.")


def test_items_under_two_headings_are_one_range(made):
    assert len(made[2]["requirements"]) == 1


def test_only_what_is_asked_is_answered(made):
    answer = grounded_answer(GOLD, made[1], [POSTING["title"], POSTING["benefits"]])
    assert list(answer) == ["title", "benefits"]


def test_nothing_is_answered_where_nothing_is_annotated(made):
    assert json.loads(written(grounded_answer({}, made[1], ALL))) == {}


def test_a_value_that_the_page_shows_and_the_prompt_does_not_is_lost(made):
    one, sheet, _ = made
    assert lost(GOLD, one.text, sheet.text) == ({}, 1)
    river = {**GOLD, "skills": ["Baked on the river"]}
    assert lost(river, one.text, sheet.text) == ({"skills": 1}, 0)


def test_marks_case_and_white_space_do_not_make_a_loss():
    gold = {"title": "BAKER", "description": "• Mix dough\n* shape   loaves"}
    assert lost(gold, "Baker\nMix dough\nShape loaves", "baker\n- mix dough\nshape loaves") == (
        {},
        0,
    )
