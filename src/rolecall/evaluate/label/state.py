"""The state of labelling one page: what is decided, where the cursor is, what is being edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.evaluate.label.rows import MANY, Answer, Item, Row
from rolecall.evaluate.label.text import PageText, Place

SURE: Final = 0.9
"""How confident a value is that is accepted along with the others that are sure."""

End = Literal["", "done", "not_a_posting", "later", "back", "quit"]
"""What the labeller wants next; empty while the page is worked on."""


class Find(Struct, frozen=True):
    """Words are being looked up on the page. ``hit`` is what is chosen; ``number`` counts hits.

    ``back`` is the list that the found words go into, ``None`` for a single value; ``instead`` is
    the item of it that they replace.
    """

    query: str = ""
    hit: Place | None = None
    number: int = 0
    back: Items | None = None
    instead: int | None = None


class Choose(Struct, frozen=True):
    """One of several values is to be chosen; ``item`` has the words that they were read from."""

    options: tuple[Any, ...]
    item: Item
    back: Items | None = None
    instead: int | None = None


class Toggle(Struct, frozen=True):
    """Several of listed values may be chosen."""

    items: tuple[Item, ...]


class Items(Struct, frozen=True):
    """A list is edited; ``at`` is the item under the cursor."""

    items: tuple[Item, ...]
    at: int = 0


class Lines(Struct, frozen=True):
    """Whole lines are chosen: ``chosen`` are numbers of lines, ``at`` is the cursor.

    ``first`` and ``last`` are set for a passage, in which every line from one to the other counts.
    ``changed`` says that the value is no longer what it was before.
    """

    at: int
    chosen: frozenset[int] = frozenset()
    first: int | None = None
    last: int | None = None
    changed: bool = False


Edit = Find | Choose | Toggle | Items | Lines
Past = tuple[tuple[tuple[Answer | None, ...], int], ...]


def _no_fault(row: Row, value: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A page to label: its name, its text, its rows, and what is to be told about it first.

    ``key`` is what its label is recognised by. ``fault`` says why a value cannot stand in a row,
    nothing if it can.
    """

    key: str
    name: str
    page: PageText
    rows: tuple[Row, ...]
    note: str = ""
    fault: Callable[[Row, Any], str] = _no_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything about a page that is being labelled. ``press`` makes the next one.

    ``answers`` runs parallel to the task's rows. ``past`` has the answers and the cursor before
    every decision. ``scroll`` moves the text by lines from where it is shown by itself.
    """

    task: Task
    answers: tuple[Answer | None, ...]
    at: int = 0
    edit: Edit | None = None
    past: Past = ()
    scroll: int = 0
    help: bool = False
    message: str = ""
    end: End = ""

    @property
    def row(self) -> Row:
        """The row under the cursor."""
        return self.task.rows[self.at]

    @property
    def left(self) -> tuple[int, ...]:
        """The rows that are not decided yet."""
        return tuple(n for n, answer in enumerate(self.answers) if answer is None)


def start(task: Task, answers: Sequence[Answer | None] = ()) -> State:
    """A page before the first key; ``answers`` are those of a label that is corrected."""
    given = tuple(answers) or (None,) * len(task.rows)
    return State(task=task, answers=given, message=task.note)


def shown_items(state: State, number: int) -> tuple[Item, ...]:
    """The values that a row has now: the decided ones, else those of the extraction."""
    answer = state.answers[number]
    return state.task.rows[number].items if answer is None else answer.items


def decide(state: State, answers: dict[int, Answer], after: int | None = None) -> State:
    """Record decisions, remember what was before, and go to the next row that needs one: the first
    behind the cursor, or behind ``after``."""
    behind = state.at if after is None else after
    new = tuple(answers.get(n, old) for n, old in enumerate(state.answers))
    left = [n for n, answer in enumerate(new) if answer is None]
    at = next((n for n in left if n > behind), left[0] if left else state.at)
    was_open = any(answer is None for answer in state.answers)
    if not was_open and state.at + 1 < len(new):  # a finished label is being corrected
        at = state.at + 1
    return replace(
        state,
        answers=new,
        at=at,
        edit=None,
        past=(*state.past, (state.answers, state.at)),
        scroll=0,
        message="",
        end="done" if was_open and not left else "",
    )


def taken(state: State, items: Sequence[Item]) -> State:
    """Decide the row under the cursor: these values, or none where there are none."""
    kept = tuple(items)
    answer = Answer("taken", kept) if kept else Answer("none")
    return decide(state, {state.at: answer})


def accepted(row: Row) -> Answer:
    """The extraction is right about ``row``."""
    return Answer("taken", row.items) if row.items else Answer("none")


def is_sure(row: Row) -> bool:
    """Whether the extraction gives a value that it is sure of."""
    return bool(row.items) and row.confidence is not None and row.confidence >= SURE


def undone(state: State) -> State:
    """The last decision taken back."""
    if not state.past:
        return replace(state, message="nothing to undo on this page (b goes back a page)")
    answers, at = state.past[-1]
    return replace(state, answers=answers, at=at, past=state.past[:-1], scroll=0, message="")


def with_item(items: Items, item: Item, instead: int | None = None) -> Items:
    """A list with ``item`` behind the one under the cursor, or in the place of ``instead``; a value
    that is there already is not added again."""
    kept = items.items
    if instead is not None:
        kept = (*kept[:instead], *kept[instead + 1 :])
    same = next((n for n, one in enumerate(kept) if one.value == item.value), None)
    if same is not None:
        return Items(kept, same)
    at = instead if instead is not None else min(len(kept), items.at + 1)
    return Items((*kept[:at], item, *kept[at:]), at)


def is_list(row: Row) -> bool:
    """Whether a row holds several values."""
    return row.kind in MANY
