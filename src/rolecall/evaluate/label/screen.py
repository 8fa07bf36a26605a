"""A state as the lines of a screen: what is decided, and the page's text around what is shown.

Pure; every line is harmless text, at most as wide as the screen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from rolecall.evaluate.label.cells import (
    Line,
    Piece,
    Style,
    cell,
    cut,
    fit,
    padded,
    safe,
    wrapped,
)
from rolecall.evaluate.label.edit import KEYS
from rolecall.evaluate.label.rows import Item, Row, told
from rolecall.evaluate.label.state import (
    Choose,
    Find,
    Items,
    Lines,
    State,
    Toggle,
    is_list,
    shown_items,
)
from rolecall.evaluate.label.text import Place

NAME_WIDTH: Final = 18
CELL: Final = 26
"""Columns of a row without a value, several of which share a line."""

DOUBTFUL: Final = 0.7
"""A value below this confidence is marked as doubtful."""

HELP: Final = """\
Correct what was extracted; when every field is decided, the page is saved.

  enter, space  the field is right as it is shown (also: the page holds none)
  a             all that are left are right: the page is done
  c             those that are at least 90 % sure are right
  n             the page holds none
  e or /        edit: look words up on the page, choose, or take lines
  1 2 3 ...     choose a listed value; take an item out of a list
  +             add to a list: look the words up
  s, S          not labelled: this field, all that are left
  arrows, j, k  another field        pgup, pgdn  scroll the page's text
  u             undo                 b           back to the page before
  x             not a posting        l           leave the page for later
  q             quit; everything is kept, start again to go on

while words are looked up
  type          beginnings of words: sen dev finds Senior Developer;
                har..ltd finds from one word to another
  tab, down     the next place       right, left a word more or less
  ctrl-f, ctrl-b  a word less or more at the start      end  to the line's end
  enter         take the words       ctrl-t      take what is typed instead"""

_MARKS: Final = {None: " ", "taken": "+", "none": "+", "skipped": "~"}


def screen(state: State, width: int, height: int, progress: str = "") -> tuple[Line, ...]:
    """``height`` lines of at most ``width`` columns. ``progress`` stands in the first one."""
    if height < 1 or width < 1:
        return ()
    head = _head(state, width, progress)
    if state.help:
        lines: list[Line] = [head, ()]
        lines += [fit([(line, "plain")], width) for line in HELP.splitlines()]
        return _exactly(lines, height, width, "any key goes back")
    panel, focus = _panel(state, width)
    room = max(1, min(len(panel), (height - 4) * _share(state) // 10))
    first = max(0, min(focus - room // 2, len(panel) - room))
    body = panel[first : first + room]
    text_height = max(0, height - 4 - len(body))
    text = list(_text(state, width, text_height)) if text_height else []
    rule = fit([(_rule(state, len(panel) - len(body)).ljust(width, "-"), "dim")], width)
    told_now: Line = fit([(safe(state.message), "doubt")], width) if state.message else ()
    if not told_now and state.edit is None:
        told_now = fit([(_digits(state), "dim")], width)
    lines = [head, *body, rule, *text]
    lines = lines[: max(0, height - 2)]
    lines += [()] * (height - 2 - len(lines))
    lines += [_prompt(state, width) or told_now, fit([(_keys(state), "dim")], width)]
    if isinstance(state.edit, Find) and state.message and height > 3:
        lines[-1] = told_now
    return tuple(lines[:height])


def _exactly(lines: list[Line], height: int, width: int, last: str) -> tuple[Line, ...]:
    lines = lines[: height - 1]
    lines += [()] * (height - 1 - len(lines))
    return (*lines, fit([(last, "dim")], width))


def _share(state: State) -> int:
    """How many tenths of the screen belong to the fields, the text has the rest."""
    return 3 if isinstance(state.edit, Lines) else 4 if isinstance(state.edit, Find) else 7


def _head(state: State, width: int, progress: str) -> Line:
    right = cut(safe(progress), max(0, width - 12))
    left = padded(safe(state.task.name), max(0, width - len(right) - 1))
    return fit([(left, "bold"), (" ", "plain"), (right, "plain")], width)


def _rule(state: State, hidden: int) -> str:
    left = len(state.left)
    told_left = f"-- {left} of {len(state.answers)} to decide " if left else "-- all decided "
    return told_left + (f"-- {hidden} more lines " if hidden > 0 else "")


def _panel(state: State, width: int) -> tuple[list[Line], int]:
    """The fields, or what is edited, in lines; and the line of the cursor."""
    edit = state.edit
    if isinstance(edit, Toggle):
        have = [item.value for item in edit.items]
        rows = [(value, value in have) for value in state.row.options]
        return list(_options(state.row, rows, width)), 0
    if isinstance(edit, Choose):
        return list(_options(state.row, [(value, False) for value in edit.options], width)), 0
    if isinstance(edit, Items):
        return list(_listed(state.row, edit, width)), edit.at + 1
    long = sum(bool(row.items) for row in state.task.rows)
    across = max(1, width // CELL)
    lines = [_row(state, number, width) for number in range(long)]
    for first in range(long, len(state.task.rows), across):
        numbers = range(first, min(first + across, len(state.task.rows)))
        pieces: list[Piece] = []
        for number in numbers:
            pieces += _row(state, number, CELL if across > 1 else width)
        lines.append(fit(pieces, width))
    at = state.at
    return lines, at if at < long else long + (at - long) // across


def _listed(row: Row, edit: Items, width: int) -> Iterator[Line]:
    yield fit([(f"{row.name}: {len(edit.items)} items", "bold")], width)
    for number, item in enumerate(edit.items):
        sign = ">" if number == edit.at else " "
        style: Style = "bold" if number == edit.at else "plain"
        yield fit([(f"{sign} {number + 1:2}  {safe(told(row, item.value))}", style)], width)


def _options(row: Row, rows: Sequence[tuple[object, bool]], width: int) -> Iterator[Line]:
    yield fit([(f"{row.name}:", "bold")], width)
    for key, (value, chosen) in zip(KEYS, rows, strict=False):
        sign = "+" if chosen else " "
        text = safe(told(row, value))
        yield fit([(f" {sign} {key}  {text}", "bold" if chosen else "plain")], width)


def _row(state: State, number: int, width: int) -> Line:
    row, answer = state.task.rows[number], state.answers[number]
    here = number == state.at
    sign = f"{'>' if here else ' '}{_MARKS[answer.how if answer else None]}"
    name = padded(safe(row.name), NAME_WIDTH)
    sure = "" if row.confidence is None else f"{round(100 * row.confidence):3d} %"
    doubt = row.confidence is not None and row.confidence < DOUBTFUL
    end = "" if answer is not None else f"{sure}{'?' if doubt else ' '}" if sure else ""
    style: Style = "dim" if answer is not None else "doubt" if doubt else "plain"
    value = _value(row, shown_items(state, number))
    if answer is not None and answer.how == "skipped":
        value = "(not labelled)"
    room = width - len(sign) - NAME_WIDTH - 2 - (len(end) + 1 if end else 0)
    pieces: list[Piece] = [(sign, "bold"), (f"{name} ", "bold" if here else "plain")]
    pieces.append((padded(value, max(0, room)), "bold" if here else style))
    if end:
        pieces.append((f" {end}", style))
    return fit(pieces, width)


def _value(row: Row, items: Sequence[Item]) -> str:
    if not items:
        return "-"
    if not is_list(row):
        return safe(told(row, items[0].value))
    texts = [safe(told(row, item.value)) for item in items]
    return texts[0] if len(texts) == 1 else f"{len(texts)}: {' | '.join(texts)}"


def _marks(state: State) -> tuple[Place | None, list[Place]]:
    """What is chosen, and what else counts, as places in the text."""
    edit, page = state.edit, state.task.page
    if isinstance(edit, Find):
        others = [item.place for item in edit.back.items] if edit.back is not None else []
        return edit.hit, [place for place in others if place is not None]
    if isinstance(edit, Choose):
        return edit.item.place, []
    if isinstance(edit, Lines):
        chosen = set(edit.chosen)
        if edit.first is not None:
            chosen = set(range(edit.first, (edit.last if edit.last is not None else edit.at) + 1))
        return page.lines[edit.at], [page.lines[number] for number in sorted(chosen)]
    items = edit.items if isinstance(edit, Items | Toggle) else shown_items(state, state.at)
    places = [item.place for item in items]
    main = places[edit.at] if isinstance(edit, Items) and edit.at < len(places) else None
    if not isinstance(edit, Items):
        main = next((place for place in places if place is not None), None)
    return main, [place for place in places if place is not None]


def _text(state: State, width: int, height: int) -> Iterator[Line]:
    """The page's text around what is chosen, in rows of the screen."""
    page = state.task.page
    main, others = _marks(state)
    anchor = page.line_of(main[0]) if main is not None else _beginning(state)
    above = max(0, height // 3)
    at = min(len(page.lines) - 1, max(0, anchor - above + state.scroll))
    if main is not None and state.scroll == 0:
        at = _near(state, main[0], anchor, (width, height))
    marked = isinstance(state.edit, Lines)
    made = 0
    for number in range(at, len(page.lines)):
        start, end = page.lines[number]
        sign = _sign(state, number, others) if marked else ""
        for low, high in wrapped(page.text, start, end, max(1, width - len(sign))):
            if made >= height:
                return
            if main is not None and number == anchor and high <= main[0] and end - start > 800:
                continue  # of a very long line, what stands before the quote is left out
            pieces = _painted(page.text, low, high, main, others)
            yield fit([(sign, "bold"), *pieces] if sign else pieces, width)
            made += 1


def _beginning(state: State) -> int:
    """The line that is shown where a row has no words of its own: that of the title."""
    row = next((n for n, one in enumerate(state.task.rows) if one.name == "title"), 0)
    items = shown_items(state, row)
    place = items[0].place if items else None
    return state.task.page.line_of(place[0]) if place is not None else 0


def _near(state: State, at: int, anchor: int, size: tuple[int, int]) -> int:
    """The first line to show so that the character ``at`` stands in the upper half."""
    page, (width, height) = state.task.page, size
    low, high = page.lines[anchor]
    long = high - low > 800
    used = 1 if long else sum(1 for s, _ in wrapped(page.text, low, high, width) if s <= at)
    first = anchor
    while first > 0:
        begin, end = page.lines[first - 1]
        used += 1 + (end - begin) // width
        if used > max(1, height // 2):
            break
        first -= 1
    return first


def _sign(state: State, number: int, chosen: Sequence[Place]) -> str:
    here = isinstance(state.edit, Lines) and state.edit.at == number
    picked = state.task.page.lines[number] in chosen
    return f"{'>' if here else ' '}{'+' if picked else ' '} "


def _painted(
    text: str, low: int, high: int, main: Place | None, others: Sequence[Place]
) -> list[Piece]:
    """The characters from ``low`` to ``high`` in pieces, each with the style of its place."""
    edges = {low, high}
    near = [place for place in others if place[0] < high and place[1] > low]
    for start, end in [*near, *([main] if main is not None else [])]:
        edges |= {min(max(start, low), high), min(max(end, low), high)}
    cuts = sorted(edges)
    out: list[Piece] = []
    for start, end in itertools.pairwise(cuts):
        style: Style = "plain"
        if main is not None and main[0] <= start and end <= main[1]:
            style = "hit"
        elif any(a <= start and end <= b for a, b in near):
            style = "mark"
        out.append(("".join(map(cell, text[start:end])), style))
    return out


def _prompt(state: State, width: int) -> Line:
    edit = state.edit
    if not isinstance(edit, Find):
        return ()
    count = len(state.task.page.find(edit.query)) if edit.query else 0
    place = f"  {edit.number + 1} of {count}" if count else ""
    if edit.query and not count:
        place = "  not on the page"
    what = "change" if edit.instead is not None else "add" if edit.back is not None else "find"
    label = f"{state.row.name} - {what}: "
    room = max(4, width - len(label) - len(place) - 2)
    query = safe(edit.query[-room:]) + (" " if edit.query.endswith(" ") else "")
    return fit([(label, "bold"), (query, "plain"), (" ", "hit"), (place, "dim")], width)


def _digits(state: State) -> str:
    """What the digits do for the row under the cursor."""
    row = state.row
    if row.kind in ("choice", "choices"):
        named = [
            f"{key} {safe(told(row, value))}" for key, value in zip(KEYS, row.options, strict=False)
        ]
        return "  ".join(named[:9]) + ("  e for more" if len(named) > 9 else "")
    if is_list(row) and row.kind != "lines" and shown_items(state, state.at):
        return "a digit takes that item out, + adds one"
    return ""


def _keys(state: State) -> str:
    edit = state.edit
    if isinstance(edit, Find):
        ends = "enter takes" if edit.query or edit.hit else "type words; enter ends"
        return f"{ends}  tab next  left/right a word less/more  ctrl-t as typed  esc"
    if isinstance(edit, Choose):
        return "which one is meant?  a number chooses  esc"
    if isinstance(edit, Toggle):
        return "a number chooses  esc" if state.row.kind == "choice" else "numbers  enter  esc"
    if isinstance(edit, Items):
        return "space takes out  + adds  e changes  up/down  enter done  esc"
    if isinstance(edit, Lines):
        if state.row.kind == "passage":
            return "up/down  [ first line  ] last line  tab the other  enter done  esc"
        return "up/down  space takes the line or not  tab next  0 none  enter done  esc"
    if not state.left:
        return "all is decided: enter saves  e edit  u undo  b back  ? help"
    return "enter right  a all right  c sure ones  n none  e edit  s skip  u undo  ? help"
