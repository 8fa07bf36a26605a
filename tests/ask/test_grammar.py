import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llguidance import LLMatcher, LLTokenizer
from tests.ask.pages import page

from rolecall.ask.grammar import grammar
from rolecall.ask.questions import POSTING, extra_questions
from rolecall.ask.render import sheet_of
from rolecall.ask.shape import answer_schema
from rolecall.schema.schema import Schema

ALL = tuple(POSTING.values())
BYTES = LLTokenizer("byte")


def accepts(text, answer):
    """Whether a grammar lets an engine write ``answer`` to its end."""
    matcher = LLMatcher(BYTES, text)
    tokens = BYTES.tokenize_bytes(answer.encode())
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def write(**members):
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


@pytest.fixture(scope="module")
def grounded():
    return grammar(ALL, text=sheet_of(page()).text)


def test_words_of_the_page_may_be_quoted(grounded):
    assert accepts(grounded, write(title="Baker", company="Crumb & Sons"))
    assert accepts(grounded, write(company="Crumb & Sons"))
    assert accepts(grounded, "{}")


def test_words_with_marks_that_json_escapes_may_be_quoted(grounded):
    assert accepts(grounded, write(title='We bake "proper" bread\\rolls'))
    assert accepts(grounded, write(title="café style 🥖"))


@pytest.mark.parametrize("words", ["Cook", "baker of men", "", "Bakerx"])
def test_other_words_may_not(grounded, words):
    assert not accepts(grounded, write(title=words))


def test_choices_are_closed(grounded):
    assert accepts(grounded, write(workplace=["hybrid", "two days a week from home"]))
    assert not accepts(grounded, write(workplace=["sometimes", "two days a week from home"]))


def test_long_parts_are_numbers_of_lines(grounded):
    assert accepts(grounded, write(description=[[2, 9], [11, 12]]))
    assert not accepts(grounded, write(description="We bake"))


def test_fields_come_once_in_order_and_without_white_space(grounded):
    assert not accepts(grounded, write(company="Bath", title="Baker"))
    assert not accepts(grounded, write(title="Baker") + " ")
    assert not accepts(grounded, '{"title": "Baker"}')


def test_one_grammar_for_all_pages_takes_any_quote():
    free = grammar(ALL, text=None)
    assert accepts(free, write(title="Anything at all"))
    assert not accepts(free, write(title="x" * 201))
    assert free == grammar(ALL, text=None)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_makes_a_grammar_that_takes_its_own_words(text):
    made = grammar(ALL[:1], text=text)
    assert not LLMatcher.validate_grammar(made)
    if text.strip():
        assert accepts(made, write(title=text))


def test_the_schema_says_the_same_as_the_grammar():
    valid = jsonschema_rs.validator_for(answer_schema(ALL)).is_valid
    assert valid(json.loads(write(title="Baker", workplace=["hybrid", "x"], description=[[1, 2]])))
    assert not valid({"workplace": ["sometimes", "x"]})
    assert not valid({"other": 1})
    strict = jsonschema_rs.validator_for(answer_schema(ALL, strict=True)).is_valid
    assert strict(dict.fromkeys(POSTING))
    assert not strict({"title": "Baker"})


def test_an_option_is_written_with_its_own_letters():
    schema = Schema.from_json(
        {"type": "object", "properties": {"größe": {"enum": ["für", "groß"]}}}
    )
    asked, _ = extra_questions(schema.unlinked)
    text = grammar(asked, text="Baker")
    assert accepts(text, write(größe=["für", "Baker"]))
