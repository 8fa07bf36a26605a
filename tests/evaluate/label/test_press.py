"""Keys decide fields; any key in any state gives a state, and undo takes a decision back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.label.postings import task

from rolecall.evaluate.label.cells import char_width
from rolecall.evaluate.label.press import press
from rolecall.evaluate.label.rows import Item, Row, evidence_of, expected_of, fault_of, rows_for
from rolecall.evaluate.label.screen import screen
from rolecall.evaluate.label.state import State, Task, start
from rolecall.evaluate.label.text import PageText
from rolecall.schema.schema import Schema

NAMED = (
    "enter tab backtab esc up down left right home end pgup pgdn backspace delete insert ctrl-t "
    "ctrl-u ctrl-w ctrl-e ctrl-f ctrl-b ctrl-right ctrl-left ctrl-z"
).split()
KEYS = st.one_of(
    st.sampled_from(NAMED), st.sampled_from("aceknsSujx?/+-[]0123456789 "), st.characters()
)


def pressed(state: State, *keys: str) -> State:
    for key in keys:
        state = press(state, key)
    return state


def typed(state: State, text: str) -> State:
    return pressed(state, *text)


def at(state: State, name: str) -> State:
    """The cursor moved to a row."""
    while state.row.name != name:
        state = press(state, "down")
    return state


def value(state: State, name: str) -> Any:
    return expected_of(state.task.rows, state.answers)[name]


def plain(text: str) -> Task:
    rows = (
        Row(name="title", fields=(("title",),), kind="text", items=(Item("x", text[:3], 0, 3),)),
        *rows_for(None)[1:],
    )
    return Task(key="k", name=text[:30], page=PageText(text), rows=rows, note=text[:50])


def test_one_key_accepts_a_page() -> None:
    state = press(start(task()), "a")
    assert state.end == "done"
    expected = expected_of(state.task.rows, state.answers)
    assert expected["title"] == "Night Baker"
    assert expected["salary_min"] == 28000
    assert expected["valid_through"] is None
    evidence = evidence_of(state.task.rows, state.answers)
    text = state.task.page.text
    assert evidence["/salary_min"] == evidence["/salary_period"]
    for one in evidence.values():
        assert text[one["start"] : one["end"]] == one["quote"]


def test_accepting_field_by_field_is_the_same() -> None:
    state = start(task())
    for _ in state.task.rows:
        state = press(state, "enter")
    assert state.end == "done"
    assert state.answers == press(start(task()), "a").answers


def test_none_and_skip_are_not_the_same() -> None:
    state = pressed(start(task()), "n", "s", "a")
    expected = expected_of(state.task.rows, state.answers)
    assert expected["title"] is None
    assert "company" not in expected
    assert state.end == "done"


def test_sure_values_alone() -> None:
    state = press(start(task()), "c")
    for row, answer in zip(state.task.rows, state.answers, strict=True):
        assert (answer is not None) == bool(row.items and (row.confidence or 0) >= 0.9)


def test_words_are_looked_up_by_their_beginnings() -> None:
    state = typed(pressed(at(start(task()), "company"), "e"), "lee wor")
    state = press(state, "enter")
    assert value(state, "company") == "Leeds Works"
    state = pressed(at(state, "company"), "e", "right", "enter")
    assert value(state, "company") == "Leeds Works Ltd"
    assert pressed(state, "u", "u").answers == start(task()).answers


def test_a_gap_takes_everything_between() -> None:
    state = pressed(typed(pressed(at(start(task()), "education"), "e"), "excel..licen"), "enter")
    assert value(state, "education") == "Excel and a forklift licence"


def test_a_date_of_two_readings_is_a_numbered_choice() -> None:
    row = at(start(task()), "valid_through")
    state = pressed(typed(press(row, "e"), "03/04/2026"), "enter")
    if state.edit is not None:  # the page's language leaves both readings open
        state = press(state, "1")
    assert value(state, "valid_through") in ("2026-04-03", "2026-03-04")
    assert evidence_of(state.task.rows, state.answers)["/valid_through"]["quote"] == "03/04/2026"


def test_pay_is_read_from_its_words_and_from_what_is_typed() -> None:
    row = at(start(task()), "salary")
    state = pressed(typed(press(row, "e"), "28,000..32,000"), "enter")
    assert (value(state, "salary_min"), value(state, "salary_max")) == (28000, 32000)
    state = pressed(typed(press(row, "e"), "€ 40.000 per year"), "ctrl-t")
    assert value(state, "salary_min") == 40000
    assert value(state, "salary_currency") == "EUR"
    assert "/salary_min" not in evidence_of(state.task.rows, state.answers)


def test_what_is_no_date_is_told_and_not_taken() -> None:
    row = at(start(task()), "date_posted")
    state = pressed(typed(press(row, "e"), "stock"), "enter")
    assert state.edit is not None
    assert "date" in state.message


def test_what_the_schema_refuses_is_told_and_not_taken() -> None:
    row = at(start(task()), "application_email")
    state = pressed(typed(press(row, "e"), "stock"), "enter")
    assert state.edit is not None
    assert "not allowed" in state.message
    state = pressed(typed(press(row, "e"), "work@"), "right", "right", "enter")
    assert value(state, "application_email") == "work@Leeds.example"


def test_listed_values_take_one_digit_and_find_their_words() -> None:
    state = press(at(start(task()), "workplace"), "2")
    assert value(state, "workplace") == "hybrid"
    assert "hybrid" in evidence_of(state.task.rows, state.answers)["/workplace"]["quote"]


def test_items_are_taken_out_and_added() -> None:
    state = at(start(task()), "skills")
    before = [item.value for item in state.row.items]
    state = press(state, "1")
    assert (value(state, "skills") or []) == before[1:]
    state = pressed(typed(press(state, "+"), "stock list"), "enter", "enter")
    assert value(state, "skills") == [*before[1:], "stock list"]


def test_lines_and_a_passage_are_chosen_whole() -> None:
    state = press(at(start(task()), "benefits"), "e")
    page = state.task.page
    while page.text[slice(*page.lines[state.edit.at])] != "Keep the stock list":  # type: ignore[union-attr]
        state = press(state, "down")
    state = pressed(state, " ", "enter")
    assert value(state, "benefits") == ["Keep the stock list"]
    state = pressed(at(state, "description"), "e", "[", "down", "]", "enter")
    assert value(state, "description").count("\n") == 1
    state = pressed(at(state, "description"), "e", "tab", "up", "]", "enter")
    assert value(state, "description").count("\n") == 0


def test_a_link_gives_its_address() -> None:
    state = at(start(task(3)), "application_url")
    state = pressed(typed(press(state, "e"), "apply now"), "enter")
    assert value(state, "application_url") == "https://apply.example/3"


def test_fields_of_another_schema() -> None:
    schema = Schema.from_json(
        {
            "type": "object",
            "properties": {
                "role": {"type": "string"},
                "shift": {"enum": ["day", "night", None]},
                "team": {"type": "object", "properties": {"size": {"type": "integer"}}},
                "remote": {"type": ["boolean", "null"]},
            },
        }
    )
    rows = rows_for(schema)
    assert [(row.name, row.kind) for row in rows] == [
        ("role", "text"), ("shift", "choice"), ("team.size", "number"), ("remote", "choice"),
    ]  # fmt: skip
    state = start(Task(key="k", name="n", page=task().page, rows=rows, fault=fault_of(schema)))
    state = pressed(typed(press(state, "e"), "night baker"), "enter", "2", "e")
    state = pressed(typed(state, "4.5"), "ctrl-t")
    assert "not allowed" in state.message
    state = pressed(typed(press(state, "ctrl-u"), "4"), "ctrl-t", "2")
    assert expected_of(rows, state.answers) == {
        "role": "Night Baker", "shift": "night", "team": {"size": 4}, "remote": False,
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(KEYS, max_size=60), st.integers(1, 130), st.integers(1, 50))
def test_any_keys_give_a_screen_and_undo_inverts(keys: list[str], width: int, height: int) -> None:
    state = start(task())
    for key in keys:
        new = press(state, key)
        if len(new.past) > len(state.past) and not new.end:
            back = press(new, "u")
            assert (back.answers, back.at) == (state.answers, state.at)
        state = start(task()) if new.end else new
        assert 0 <= state.at < len(state.task.rows)
    check(state, width, height)


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        st.one_of(st.characters(), st.sampled_from("\x1b\x9b\u202e日本語e\u0301\ufe0f\n ")),
        min_size=3,
    ),
    st.lists(KEYS, max_size=12),
    st.integers(1, 100),
    st.integers(1, 40),
)
def test_any_page_gives_harmless_lines(text: str, keys: list[str], width: int, height: int) -> None:
    state = pressed(start(plain(text)), *keys)
    check(state, width, height)


def check(state: State, width: int, height: int) -> None:
    lines = screen(state, width, height, "3 left")
    assert len(lines) == height
    for line in lines:
        text = "".join(piece for piece, _ in line)
        assert sum(map(char_width, text)) <= width
        assert (text.isascii() and text.isprintable()) or all(ord(c) >= 32 for c in text)
        assert "\x1b" not in text
        assert "\x9b" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("query", ["night bak", "NIGHT", "stock", "28,000", "work@", "nig..lee"])
def test_hits_stand_on_the_page(query: str) -> None:
    page = task().page
    for begin, end in page.find(query):
        assert 0 <= begin < end <= len(page.text)
    assert page.find(query)


@given(st.text(max_size=80), st.text(max_size=8))
def test_find_never_fails(text: str, query: str) -> None:
    page = PageText(text)
    for begin, end in page.find(query):
        assert 0 <= begin < end <= len(text)
        for side in ("end+", "end-", "start+", "start-", "line"):
            low, high = page.grown((begin, end), side)
            assert 0 <= low < high <= len(text)
