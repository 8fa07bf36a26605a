"""Pages one after the other: keys in, screens out, labels and journal on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from msgspec.structs import replace as replaced

from rolecall.errors import Error
from rolecall.evaluate.label.cells import Line
from rolecall.evaluate.label.ledger import KEYS_VERSION, Journal, Labels, Unfinished, key_of
from rolecall.evaluate.label.pages import Known, Opened, Shelf, label_line
from rolecall.evaluate.label.press import press
from rolecall.evaluate.label.rows import answers_from
from rolecall.evaluate.label.screen import screen
from rolecall.evaluate.label.state import State, start

LONGEST_PAUSE: Final = 60.0
"""Seconds between two keys that count as work at most."""


class Terminal(Protocol):
    """What labelling needs of a terminal."""

    def draw(self, lines: Sequence[Line]) -> None:
        """Show these lines."""

    def size(self) -> tuple[int, int]:
        """Columns and rows."""

    def keys(self) -> list[str]:
        """Wait for keys; none where the screen is to be drawn anew."""

    def seconds(self) -> float:
        """A clock."""


class Desk:
    """One session of labelling; ``finished`` counts its labels and ``seconds`` their time."""

    def __init__(
        self, shelf: Shelf, pages: Sequence[Known], labels: Labels, journal: Journal
    ) -> None:
        self.shelf, self.labels, self.journal = shelf, labels, journal
        self.finished, self.seconds = 0, 0.0
        self.faults: list[str] = []
        self._known = {one.key: one for one in pages}
        self._ahead: list[str] = []
        pages = [one for one in pages if one.key not in labels]
        begun = [one for one in pages if one.key in journal.pages]
        self.queue = [*begun, *(one for one in pages if one.key not in journal.pages)]

    @property
    def all_keys(self) -> tuple[str, ...]:
        """All pages that were named, labelled or not."""
        return tuple(self._known)

    def work(self, terminal: Terminal) -> None:
        """Label until no page is left or the labeller quits."""
        told = ""
        while self.queue:
            page = self.queue.pop(0)
            try:
                opened = self.shelf.open(page.entry)
            except Error as error:
                self.faults.append(f"{page.entry.locator}: {error}")
                continue
            state, notice = self._begin(opened)
            message = "; ".join(part for part in (notice, told, state.message) if part)
            state = self._label(terminal, replace(state, message=message))
            told = ""
            if state.end == "quit":
                return
            if state.end == "later":
                told = "left for later: it comes again in the next session"
            elif state.end == "back":
                told = self._back(page)
            else:
                self._finish(opened, state)
                told = f"saved {opened.task.name} (b goes back to it)"

    def _begin(self, opened: Opened) -> tuple[State, str]:
        """The page as it was left, or as the extraction has it."""
        task, notice = opened.task, ""
        old = self.journal.pages.get(task.key)
        if old is not None and (old.text != opened.hash or old.version != KEYS_VERSION):
            why = "the page changed" if old.text != opened.hash else "Rolecall changed"
            notice = f"what was decided here before is lost: {why} since"
            self.journal.drop(task.key)
            old = None
        if old is None:
            page = Unfinished(page=task.key, text=opened.hash, rows=task.rows, note=task.note)
            self.journal.open(page)
            return start(task), notice
        self.journal.open(old)
        state = start(replace(task, rows=old.rows, note=old.note), old.answers)
        for key in old.keys:
            state = press(state, key)
        return state, "going on where this page was left" if old.keys else ""

    def _label(self, terminal: Terminal, state: State) -> State:
        """Keys until the page is done with."""
        last = terminal.seconds()
        while not state.end:
            if not self._ahead:
                width, height = terminal.size()
                terminal.draw(screen(state, width, height, self._progress()))
                self._ahead += terminal.keys()
            now = terminal.seconds()
            self.seconds, last = self.seconds + min(now - last, LONGEST_PAUSE), now
            while self._ahead and not state.end:
                key = self._ahead.pop(0)
                state = press(state, key)
                if state.end not in ("quit", "later", "back"):
                    self.journal.add(key)
        return state

    def _progress(self) -> str:
        left = len(self.queue) + 1
        if not self.finished:
            return f"{left} left"
        pace = self.seconds / self.finished
        minutes = round(left * pace / 60)
        rest = f"{minutes} min" if minutes else "less than a minute"
        return f"{left} left, {pace:.0f} s a page, about {rest}"

    def _finish(self, opened: Opened, state: State) -> None:
        line = label_line(
            replaced(opened, task=state.task),
            state.answers,
            posting=state.end != "not_a_posting",
            folder=self.labels.folder,
        )
        self.labels.append(line)
        self.journal.drop(opened.task.key)
        self.finished += 1

    def _back(self, page: Known) -> str:
        """Put the page that was labelled last in front again, with the answers of its label."""
        self.queue.insert(0, page)
        line = self.labels.last()
        known = self._page_of(line) if line is not None else None
        if line is None or known is None:
            return "there is no page to go back to"
        try:
            opened = self.shelf.open(known.entry)
        except Error as error:
            return f"cannot go back: {error}"
        rows = opened.task.rows
        posting = line.get("posting") is not False
        answers = answers_from(rows, line, opened.page.text) if posting else ()
        self.journal.open(
            Unfinished(
                page=known.key, text=opened.hash, rows=rows, note=opened.task.note,
                answers=answers, reopens=True,
            )
        )  # fmt: skip
        self.labels.drop_last()
        self.finished = max(0, self.finished - 1)
        self.queue.insert(0, known)
        return "back again: enter saves it as it is"

    def _page_of(self, line: dict[str, object]) -> Known | None:
        return self._known.get(key_of(line, self.labels.folder))


def settle_reopened(labels: Labels, journal: Journal) -> None:
    """Finish what a kill interrupted: a label that is being corrected is no longer in the file,
    and a page that is labelled is no longer in the journal."""
    line = labels.last()
    for key, page in list(journal.pages.items()):
        if page.reopens and line is not None and key_of(line, labels.folder) == key:
            labels.drop_last()
            line = labels.last()
        elif key in labels:
            journal.drop(key)
