import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ask.pages import page

from rolecall.ask.answer import read_answer
from rolecall.ask.locate import Finder
from rolecall.ask.questions import POSTING, extra_questions
from rolecall.ask.reading import AnswerError, read_object
from rolecall.ask.render import Line, Sheet, sheet_of
from rolecall.core import Completion, Span
from rolecall.schema.schema import Schema

PAGE = page()
SHEET = sheet_of(PAGE)
ALL = tuple(POSTING.values())
NUMBER = {line.text: line.number for line in SHEET.lines}


def answer(text, asked=ALL, finish="stop", *, loose=False):
    if not isinstance(text, str):
        text = json.dumps(text)
    completion = Completion(text=text, finish_reason=finish, engine="small")
    return read_answer(PAGE, SHEET, asked, completion, loose=loose)


def values(answers):
    return {one.unit: one.value for one in answers.candidates}


def test_quotes_become_values_with_their_spans():
    found = answer(
        {
            "title": "Baker",
            "salary": "£28,000 to £31,000 a year",
            "experience": "At least 3 years",
            "places": ["Bath, England"],
            "valid_through": "8 January 2027",
            "application_email": "dough@crumb.example",
            "employment_type": [["full_time", "Full time"]],
            "workplace": ["hybrid", "two days a week from home"],
        }
    )
    assert found.problems == ()
    assert values(found) == {
        "title": "Baker",
        "salary": {
            "salary_min": 28000, "salary_max": 31000, "salary_currency": "GBP",
            "salary_period": "year",
        },
        "experience": {"experience_years_min": 3, "experience_years_max": None},
        "places": [{"text": "Bath, England", "city": "Bath", "region": "England", "country": None}],
        "valid_through": "2027-01-08",
        "application_email": "dough@crumb.example",
        "employment_type": ["full_time"],
        "workplace": "hybrid",
    }  # fmt: skip
    for one in found.candidates:
        assert one.origin == "small"
        for quote, span in zip(one.quotes, one.spans, strict=True):
            assert span.of(PAGE.text) == quote


def test_white_space_and_case_of_a_quote_may_differ():
    (title,) = answer({"company": "CRUMB  &\nsons"}).candidates
    assert title.quotes == ("Crumb & Sons",)


def test_the_body_comes_before_the_documents_title():
    (title,) = answer({"title": "Baker"}).candidates
    assert title.spans[0].start > PAGE.text.index("\n")


def test_a_title_is_not_taken_from_the_line_of_another_field():
    other = page("<p>Location: Bath</p><p>employment_type: Fixed term</p><p>Role: Sous chef</p>")
    sheet = sheet_of(other)
    for said, kept in (("Bath", False), ("Fixed term", False), ("Sous chef", True)):
        completion = Completion(text=json.dumps({"title": said}), finish_reason="stop")
        found = read_answer(other, sheet, ALL, completion, loose=False)
        assert bool(found.candidates) is kept, said
        assert kept or found.problems[0].kind == "ungrounded"


def test_a_word_is_not_found_inside_another():
    (skills,) = answer({"skills": ["Java"]}).candidates
    assert PAGE.text[skills.spans[0].start :].startswith("Java and rye")


def test_what_the_page_does_not_show_is_left_out_and_may_be_asked_again():
    found = answer({"title": "Cook", "skills": ["rye", "COBOL"]})
    assert values(found) == {"skills": ["rye"]}
    assert [one.kind for one in found.problems] == ["ungrounded", "ungrounded"]
    assert [one.name for one in found.again] == ["title", "skills"]


def test_lines_make_the_description_and_the_items_of_lists():
    first, last = NUMBER["Baker"], NUMBER["Java and rye"]
    duties = [NUMBER["What you will do"], NUMBER["Clean up"]]
    found = values(answer({"description": [[first, last]], "responsibilities": [duties]}))
    assert found["description"].startswith("Baker\nCrumb & Sons")
    assert found["description"].endswith("Java and rye")
    assert found["responsibilities"] == [
        "Mix dough in JavaScript ovens",
        "Shape loaves",
        "Clean up",
    ]


def test_lines_that_do_not_exist_are_a_problem():
    found = answer({"benefits": [[900, 901]]})
    assert found.candidates == ()
    assert [one.kind for one in found.problems] == ["ungrounded"]


@pytest.mark.parametrize(
    "text",
    [
        {"title": 7},
        {"title": ["Baker"]},
        {"workplace": "hybrid"},
        {"workplace": ["sometimes", "Full time"]},
        {"description": "all"},
        {"description": [["1", "2"]]},
        {"description": [[True, 2]]},
        {"skills": "rye"},
        {"unasked": "Baker"},
        {"salary": "Full time"},
        {"title": "Baker " * 100},
    ],
)
def test_an_answer_out_of_shape_is_a_problem_and_no_value(text):
    found = answer(text)
    assert found.candidates == ()
    assert found.problems


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"title":NaN}', "{}{}", "[" * 100_000])
def test_no_object_is_a_problem(text):
    found = answer(text)
    assert found.candidates == ()
    assert [one.kind for one in found.problems] == ["syntax"]
    assert found.again == ALL


@pytest.mark.parametrize(
    ("name", "pointer"), [("\\ud800", "/?"), ("a/b", "/a~1b"), ("~", "/~0"), ("\\u0000", "/\0")]
)
def test_a_name_that_a_model_made_up_can_be_written_down(name, pointer):
    (problem,) = answer(f'{{"{name}": 1}}').problems
    assert problem.pointer == pointer
    assert (problem.pointer + problem.message).encode()


def test_a_field_that_is_answered_twice_is_no_answer():
    assert answer('{"title":"Baker","title":"Bath"}').candidates == ()


def test_the_whole_members_of_a_cut_answer_count():
    text = '{"title":"Baker","company":"Crumb & Sons","skills":["rye","Ja'
    assert set(values(answer(text, finish="length"))) == {"title", "company"}
    assert answer(text).candidates == ()


def test_words_around_an_answer_are_passed_over_where_no_form_was_enforced():
    text = 'Sure!\n<think>{"title":"Bath"}</think>'
    fenced = '<think>hm {"a"</think>Here:\n```json\n{"title":"Baker"}\n```\nBye'
    assert values(answer(fenced, loose=True)) == {"title": "Baker"}
    assert answer(fenced).candidates == ()
    assert answer(text, loose=True).candidates


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.from_regex(r'\A\{"title":.{0,40}\}\Z'))
def test_no_answer_raises(text):
    for finish in ("stop", "length"):
        for loose in (False, True):
            answer(text, finish=finish, loose=loose)


def test_a_huge_answer_is_refused():
    with pytest.raises(AnswerError):
        read_object('{"a":"' + "x" * 2_000_000 + '"}')


def test_fields_of_a_users_schema_are_read_by_their_kind():
    schema = Schema.from_json(
        {
            "type": "object",
            "properties": {
                "oven": {"type": "string", "description": "kind of oven"},
                "start_hour": {"type": "integer"},
                "vegan": {"type": "boolean"},
                "grains": {"type": "array", "items": {"type": "string"}},
                "shape": {"enum": ["round", "long"]},
                "whatever": {},
            },
        }
    )
    asked, left = extra_questions(schema.unlinked)
    assert [one.pointer for one in left] == ["/whatever"]
    found = answer(
        {
            "oven": "JavaScript ovens",
            "start_hour": "from 4 am",
            "vegan": ["false", "rye"],
            "grains": ["rye"],
            "shape": ["round", "Shape loaves"],
        },
        asked,
    )
    assert found.problems == ()
    assert {one.pointer: one.value for one in found.extras} == {
        "/oven": "JavaScript ovens",
        "/start_hour": 4,
        "/vegan": False,
        "/grains": ["rye"],
        "/shape": "round",
    }


def own(properties):
    """Questions for fields of a user's schema."""
    schema = Schema.from_json({"type": "object", "properties": properties})
    return extra_questions(schema.unlinked)[0]


def test_an_item_that_is_answered_twice_leaves_every_quote_with_its_own_value():
    asked = own({"grains": {"type": "array", "items": {"type": "string"}}})
    (found,) = answer('{"grains":["rye","rye","dough"]}', asked).extras
    assert found.value == ["rye", "dough"]
    assert found.quotes == ("rye", "dough")
    assert len(found.spans) == 2


def test_a_doubt_about_a_users_field_is_told_of_that_field():
    asked = own({"shop": {"type": "object", "properties": {"oven": {"type": "string"}}}})
    (problem,) = answer('{"shop.oven":"a microwave"}', asked).problems
    assert (problem.pointer, problem.kind) == ("/shop/oven", "ungrounded")


def test_a_users_field_that_is_called_like_a_unit_is_asked_for_by_another_name():
    asked = own({"salary": {"type": "boolean"}, "a.b": {"type": "string"},
                 "a": {"type": "object", "properties": {"b": {"type": "string"}}}})  # fmt: skip
    names = [one.name for one in asked]
    assert len({*names, *POSTING}) == len(names) + len(POSTING)
    found = answer(f'{{"{names[0]}":["true","£28,000"],"salary":"£28,000"}}', (*ALL, *asked))
    assert [one.pointer for one in found.extras] == ["/salary"]
    assert [one.unit for one in found.candidates] == ["salary"]


def test_a_long_mark_on_a_number_does_not_make_it_a_list():
    (one,) = own({"ovens": {"type": "integer", "x-rolecall": {"long": True}}})
    assert one.kind == "quote"


def test_all_parts_of_a_line_that_no_window_holds_are_kept():
    words = " ".join(f"w{n}" for n in range(2_000))
    whole = page(f"<h1>Baker</h1><p>{words}</p>")
    line = sheet_of(whole).lines[-1]
    half, start = line.text.index("w1000"), line.span.start
    parts = [
        Line(line.number, Span(start + begin, start + end), line.text[begin:end], line.kind)
        for begin, end in ((0, half), (half, len(line.text)))
    ]
    sheet = Sheet(lines=tuple(parts))
    done = Completion(text=f'{{"description":[[1,{line.number}]]}}', finish_reason="stop")
    (found,) = read_answer(whole, sheet, [POSTING["description"]], done, loose=False).candidates
    assert "w0 " in found.value
    assert "w1999" in found.value


def test_a_fence_inside_a_quote_is_no_fence_around_the_answer():
    assert read_object('{"title":"Baker ```json"} bye', loose=True) == {"title": "Baker ```json"}


def test_a_short_word_is_found_where_it_stands_alone():
    rows = "".join(f"<p>Repair and Review no. {n}</p>" for n in range(40))
    long = page(f"<h1>Analyst</h1>{rows}<p>Statistics with R for years</p>")
    done = Completion(text='{"skills":["R"]}', finish_reason="stop")
    (found,) = read_answer(long, sheet_of(long), ALL, done, loose=False).candidates
    assert found.spans[0].start == long.text.index("R for years")


def test_a_quote_that_nearly_fits_everywhere_is_given_up_in_time():
    long = page(f"<h1>Baker</h1><p>{'ab' * 200_000}</p>")
    finder = Finder(long, sheet_of(long))
    start = time.process_time()
    assert finder.find("AB" * 20_000 + "c") is None
    assert time.process_time() - start < 5
