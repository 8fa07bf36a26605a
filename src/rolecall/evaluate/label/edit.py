"""Keys while a value is edited: looked up on the page, chosen, toggled, or taken by whole lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from msgspec.structs import replace as replaced

from rolecall.evaluate.label.rows import Item, Row, told
from rolecall.evaluate.label.state import (
    Choose,
    Edit,
    Find,
    Items,
    Lines,
    State,
    Toggle,
    shown_items,
    taken,
    with_item,
)
from rolecall.evaluate.label.text import PageText, Place
from rolecall.evaluate.label.values import ASKED, evidence_for, reading_at, readings

KEYS: Final = "123456789abcdefghijklmnopqrstuvwxyz"
"""What chooses the first value, the second, and so on."""

LONGEST_QUERY: Final = 1_000
LINE_KEYS: Final = {"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -10, "pgdn": 10}
GROW: Final = {
    "right": "end+", "left": "end-", "ctrl-right": "start+", "ctrl-left": "start-", "end": "line",
    "ctrl-e": "line", "ctrl-f": "start+", "ctrl-b": "start-",
}  # fmt: skip


def press_edit(state: State, edit: Edit, key: str) -> State:
    """The state after ``key`` while ``edit`` goes on; escape leaves the value as it was."""
    state = replace(state, message="")
    if key == "esc":
        back = edit.back if isinstance(edit, Find | Choose) else None
        changed = back is not None and back.items != shown_items(state, state.at)
        listed = back if changed else None
        return replace(state, edit=listed, scroll=0)
    if isinstance(edit, Find):
        return _find(state, edit, key)
    if isinstance(edit, Choose):
        return _choose(state, edit, key)
    if isinstance(edit, Toggle):
        return _toggle(state, edit, key)
    if isinstance(edit, Items):
        return _items(state, edit, key)
    return _lines(state, edit, key)


def toggled(row: Row, items: tuple[Item, ...], number: int, page: PageText) -> tuple[Item, ...]:
    """The listed value ``number`` put in or taken out; the order is that of the options."""
    value = row.options[number]
    if any(item.value == value for item in items):
        return tuple(item for item in items if item.value != value)
    more = [*items, evidence_for(row, value, page)]
    order = {repr(one): place for place, one in enumerate(row.options)}
    return tuple(sorted(more, key=lambda item: order.get(repr(item.value), len(order))))


def _find(state: State, edit: Find, key: str) -> State:
    page = state.task.page
    if key == "enter":
        return _take(state, edit)
    if key == "ctrl-t":
        return _typed(state, edit)
    if key in GROW and edit.hit is not None:
        return _with(state, replaced(edit, hit=page.grown(edit.hit, GROW[key])))
    if key in ("tab", "down", "backtab", "up"):
        return _next(state, edit, 1 if key in ("tab", "down") else -1)
    if key == "backspace":
        query = edit.query[:-1]
    elif key in ("ctrl-u", "ctrl-w"):
        query = "" if key == "ctrl-u" else edit.query.rstrip().rpartition(" ")[0]
    elif len(key) == 1 and len(edit.query) < LONGEST_QUERY:
        query = edit.query + key
    else:
        return state
    hits = page.find(query)
    return _with(state, replaced(edit, query=query, hit=hits[0] if hits else None, number=0))


def _with(state: State, edit: Edit) -> State:
    return replace(state, edit=edit, scroll=0)


def _next(state: State, edit: Find, by: int) -> State:
    hits = state.task.page.find(edit.query)
    if not hits:
        return state
    number = (edit.number + by) % len(hits)
    return _with(state, replaced(edit, hit=hits[number], number=number))


def _take(state: State, edit: Find) -> State:
    """The chosen words become the value, if they can; a list without anything typed is done."""
    row, page = state.row, state.task.page
    if edit.back is not None and not edit.query and edit.hit is None:
        return taken(state, edit.back.items)
    if edit.hit is None:
        if row.kind in ASKED and edit.query:
            return _typed(state, edit)
        told_so = "the page does not say that; ctrl-t takes it as typed" if edit.query else ""
        return replace(state, message=told_so or "type words of the page, or press esc")
    place = _trimmed(page.text, edit.hit)
    item = Item(None, page.text[place[0] : place[1]], *place)
    return _read(state, edit, reading_at(row, page, place), item)


def _trimmed(text: str, place: Place) -> Place:
    quote = text[place[0] : place[1]]
    start = place[0] + len(quote) - len(quote.lstrip())
    return start, max(start, place[1] - (len(quote) - len(quote.rstrip())))


def _typed(state: State, edit: Find) -> State:
    """What was typed becomes the value, without words of the page."""
    if not edit.query.strip():
        return replace(state, message="type the value first")
    return _read(state, edit, readings(state.row, edit.query, state.task.page.language), Item(None))


def _read(state: State, edit: Find, values: tuple[Any, ...], item: Item) -> State:
    if not values:
        asked = ASKED.get(state.row.kind, "a value")
        return replace(state, message=f"that is not read as {asked}; ctrl-t reads what is typed")
    faults = [state.task.fault(state.row, value) for value in values]
    values = tuple(value for value, fault in zip(values, faults, strict=True) if not fault)
    if not values:
        return replace(state, message=f"{faults[0]}: not allowed here")
    if len(values) > 1:
        return _with(state, Choose(values[: len(KEYS)], item, edit.back, edit.instead))
    return _put(state, edit, replaced(item, value=values[0]))


def _put(state: State, edit: Find | Choose, item: Item) -> State:
    """A value that was found goes into its row, or into the list that is edited."""
    if edit.back is None:
        said = f"{state.row.name}: {told(state.row, item.value)}"
        return replace(taken(state, [item]), message=said)
    listed = with_item(edit.back, item, edit.instead)
    if edit.instead is not None:
        return replace(state, edit=listed, scroll=0)
    done = replace(state, edit=Find(back=listed), scroll=0)
    return replace(done, message=f"added {told(state.row, item.value)}; enter ends the list")


def _choose(state: State, edit: Choose, key: str) -> State:
    number = 0 if key == "enter" else KEYS.find(key)
    if number < 0 or (len(key) != 1 and key != "enter") or number >= len(edit.options):
        return state
    return _put(state, edit, replaced(edit.item, value=edit.options[number]))


def _toggle(state: State, edit: Toggle, key: str) -> State:
    row, page = state.row, state.task.page
    if key == "enter":
        return taken(state, edit.items)
    number = KEYS.find(key) if len(key) == 1 else -1
    if not 0 <= number < len(row.options):
        return state
    if row.kind == "choice":
        return taken(state, [evidence_for(row, row.options[number], page)])
    return _with(state, Toggle(toggled(row, edit.items, number, page)))


def _items(state: State, edit: Items, key: str) -> State:
    count = len(edit.items)
    if key == "enter":
        return taken(state, edit.items)
    if key in ("+", "a", "/", "insert"):
        return _with(state, Find(back=edit))
    if key in ("up", "k", "down", "j", "tab", "backtab") and count:
        by = 1 if key in ("down", "j", "tab") else -1
        return _with(state, replaced(edit, at=(edit.at + by) % count))
    at = edit.at
    if key in ("1", "2", "3", "4", "5", "6", "7", "8", "9"):
        at, key = int(key) - 1, " "
    if key in (" ", "x", "-", "delete", "backspace") and at < count:
        items = (*edit.items[:at], *edit.items[at + 1 :])
        return _with(state, Items(items, max(0, min(edit.at, len(items) - 1))))
    if key == "e" and at < count:
        return _with(state, Find(hit=edit.items[at].place, back=edit, instead=at))
    return state


def _lines(state: State, edit: Lines, key: str) -> State:
    page = state.task.page
    last = len(page.lines) - 1
    if key in LINE_KEYS:
        return _with(state, replaced(edit, at=min(last, max(0, edit.at + LINE_KEYS[key]))))
    if key in ("home", "end"):
        return _with(state, replaced(edit, at=0 if key == "home" else last))
    passage = state.row.kind == "passage"
    if key == "tab":
        return _with(state, replaced(edit, at=_next_chosen(edit)))
    if key == "enter":
        return _taken_lines(state, edit)
    if passage and key in ("[", "f", "]", "t", " "):
        return _with(state, _bounds(edit, key))
    if not passage and key in (" ", "x", "-"):
        chosen = edit.chosen ^ {edit.at}
        moved = min(last, edit.at + 1)
        return _with(state, replaced(edit, chosen=chosen, at=moved, changed=True))
    if not passage and key == "0":
        return _with(state, replaced(edit, chosen=frozenset(), changed=True))
    return state


def _next_chosen(edit: Lines) -> int:
    """The next chosen line below the cursor, else the first one; of a passage, its two ends."""
    ends = {line for line in (edit.first, edit.last) if line is not None}
    lines = sorted(edit.chosen | ends)
    return next((line for line in lines if line > edit.at), lines[0] if lines else edit.at)


def _bounds(edit: Lines, key: str) -> Lines:
    """The first or the last line of a passage set to the cursor; a space sets the first, then the
    last."""
    first, last, at = edit.first, edit.last, edit.at
    if key == " ":
        key = "[" if first is None or last is not None else "]"
        last = None if key == "[" else last
    if key in ("[", "f"):
        first = at
        last = last if last is None or last >= at else None
    else:
        last = at
        first = first if first is not None and first <= at else at
    return replaced(edit, first=first, last=last, changed=True)


def _taken_lines(state: State, edit: Lines) -> State:
    """The chosen lines become the items of a list, those of a passage one value."""
    page = state.task.page
    if not edit.changed:
        return replace(state, edit=None, message="nothing was changed; enter accepts the value")
    if state.row.kind == "passage":
        if edit.first is None:
            return replace(state, message="set the first line with [ and the last one with ]")
        last = edit.last if edit.last is not None else edit.first
        begin, end = page.lines[edit.first][0], page.lines[last][1]
        text = page.text[begin:end]
        return taken(state, [Item(text, text, begin, end)] if text.strip() else [])
    before: dict[int, list[Item]] = {}
    for item in shown_items(state, state.at):
        if item.place is not None:
            before.setdefault(page.line_of(item.start), []).append(item)
    items: list[Item] = []
    for number in sorted(edit.chosen):
        if number in before:
            items += before[number]
            continue
        begin, end = _trimmed(page.text, page.lines[number])
        if begin < end:
            items.append(Item(page.text[begin:end], page.text[begin:end], begin, end))
    return taken(state, items)
