"""One key: a state becomes the next one. Pure; any key in any state gives a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from rolecall.evaluate.label.edit import press_edit, toggled
from rolecall.evaluate.label.rows import Answer, Item, Row
from rolecall.evaluate.label.state import (
    Edit,
    Find,
    Items,
    Lines,
    State,
    Toggle,
    accepted,
    decide,
    is_list,
    is_sure,
    shown_items,
    taken,
    undone,
)
from rolecall.evaluate.label.values import evidence_for

PAGE: Final = 5
"""How many lines of the text one key scrolls."""

DIGITS: Final = "123456789"


def press(state: State, key: str) -> State:
    """The state after ``key``: a character, or a name such as ``enter``, ``up`` or ``ctrl-c``."""
    if key == "ctrl-c":
        return replace(state, end="quit")
    if state.help:
        return replace(state, help=False)
    if not state.task.rows:
        return replace(state, end="quit" if key == "q" else "later")
    if key in ("pgup", "pgdn") and not isinstance(state.edit, Lines):
        return replace(state, scroll=state.scroll + (PAGE if key == "pgdn" else -PAGE))
    if state.edit is not None:
        return press_edit(state, state.edit, key)
    if key in DIGITS:
        return _digit(state, int(key) - 1)
    step = _BROWSE.get(key)
    return step(replace(state, message="")) if step is not None else state


def _moved(state: State, by: int) -> State:
    return replace(state, at=(state.at + by) % len(state.task.rows), scroll=0)


def _to(state: State, at: int) -> State:
    return replace(state, at=at, scroll=0)


def _accept(state: State) -> State:
    """The row is right as it is shown; a finished label that is corrected is saved."""
    if not state.left:
        return replace(state, end="done")
    answer = state.answers[state.at]
    return decide(state, {state.at: answer if answer is not None else accepted(state.row)})


def _accept_all(state: State) -> State:
    """Every row that is left is right as it is shown."""
    if not state.left:
        return replace(state, end="done")
    return decide(state, {n: accepted(state.task.rows[n]) for n in state.left})


def _accept_sure(state: State) -> State:
    sure = {n: accepted(state.task.rows[n]) for n in state.left if is_sure(state.task.rows[n])}
    if not sure:
        return replace(state, message="none of the values left is sure enough (90 %)")
    return decide(state, sure, after=-1)


def _none(state: State) -> State:
    return decide(state, {state.at: Answer("none")})


def _skip(state: State) -> State:
    return decide(state, {state.at: Answer("skipped")})


def _skip_all(state: State) -> State:
    if not state.left:
        return replace(state, end="done")
    answers = {n: Answer("skipped") for n in state.left}
    if all(one is None or one.how == "skipped" for one in state.answers):
        return replace(state, message="nothing is labelled: l leaves the page for later")
    return decide(state, answers)


def _edit(state: State) -> State:
    return replace(state, edit=editor(state), scroll=0)


def _add(state: State) -> State:
    """Look up one more item of a list."""
    if not is_list(state.row) or state.row.kind in ("choices", "lines"):
        return _edit(state)
    items = shown_items(state, state.at)
    return replace(state, edit=Find(back=Items(items, max(0, len(items) - 1))), scroll=0)


def editor(state: State) -> Edit:
    """How the row under the cursor is edited, from the values that it has now."""
    row, items = state.row, shown_items(state, state.at)
    if row.kind in ("choice", "choices"):
        return Toggle(items)
    if row.kind in ("lines", "passage"):
        return _lines(state, row, items)
    if is_list(row):
        listed = Items(items)
        return listed if items else Find(back=listed)
    first = items[0] if items else None
    return Find(hit=first.place if first is not None else None)


def _lines(state: State, row: Row, items: tuple[Item, ...]) -> Lines:
    page = state.task.page
    places = [item.place for item in items if item.place is not None]
    chosen = frozenset(page.line_of(start) for start, _ in places)
    at = min(chosen) if chosen else _body(state)
    if row.kind == "lines":
        return Lines(at=at, chosen=chosen)
    if not places:
        return Lines(at=at)
    start, end = places[0]
    return Lines(at=at, first=page.line_of(start), last=page.line_of(max(start, end - 1)))


def _body(state: State) -> int:
    """The line at which the description, the title or else the page begins."""
    for name in ("description", "title"):
        for number, row in enumerate(state.task.rows):
            items = shown_items(state, number) if row.name == name else ()
            if items and items[0].place is not None:
                return state.task.page.line_of(items[0].start)
    return 0


def _digit(state: State, number: int) -> State:
    """A digit chooses a listed value at once, and takes an item out of a list."""
    row, page = state.row, state.task.page
    if row.kind == "choice":
        if number >= len(row.options):
            return state
        return taken(state, [evidence_for(row, row.options[number], page)])
    if not is_list(row):
        return state
    items = shown_items(state, state.at)
    if row.kind == "choices":
        if number >= len(row.options):
            return state
        items = toggled(row, items, number, page)
    elif number < len(items):
        items = (*items[:number], *items[number + 1 :])
    else:
        return state
    stays = taken(state, items)
    return replace(stays, at=state.at, end="", message="enter goes on")


_BROWSE: Final[Mapping[str, Callable[[State], State]]] = {
    "enter": _accept,
    " ": _accept,
    "a": _accept_all,
    "c": _accept_sure,
    "n": _none,
    "s": _skip,
    "S": _skip_all,
    "e": _edit,
    "/": _edit,
    "+": _add,
    "u": undone,
    "x": lambda state: replace(state, end="not_a_posting"),
    "l": lambda state: replace(state, end="later"),
    "b": lambda state: replace(state, end="back"),
    "q": lambda state: replace(state, end="quit"),
    "?": lambda state: replace(state, help=True),
    "down": lambda state: _moved(state, 1),
    "j": lambda state: _moved(state, 1),
    "tab": lambda state: _moved(state, 1),
    "up": lambda state: _moved(state, -1),
    "k": lambda state: _moved(state, -1),
    "right": lambda state: _moved(state, 1),
    "left": lambda state: _moved(state, -1),
    "backtab": lambda state: _moved(state, -1),
    "home": lambda state: _to(state, 0),
    "end": lambda state: _to(state, len(state.task.rows) - 1),
}
