"""What people say about postings: values that are right, pages that are finished, samples of them.

The latest word about a row of a page counts, and each is on the disk before it is acknowledged.
A page that somebody has declared finished is kept as a whole sample: the queue forgets pages, and
what was labelled must not go with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson
from msgspec import Struct, ValidationError, convert, to_builtins

from rolecall.evaluate.label.rows import Answer
from rolecall.ledger.store import Connection, Store
from rolecall.queue.packing import pack, unpack

AT_ONCE: Final = 100
"""Samples that are read at a time."""


class Said(Struct, frozen=True, kw_only=True):
    """A word about a row: the answer, whether it is not the extraction's, by whom, when."""

    answer: Answer
    changed: bool
    author: str
    made: int


class Finished(Struct, frozen=True, kw_only=True):
    """A page whose labels are finished; ``posting`` is false where it is no single vacancy."""

    task: int
    posting: bool
    author: str
    made: int


class Word(Struct, frozen=True, kw_only=True):
    """A word about a row, as a list of them shows it."""

    task: int
    row: str
    said: Said


class Labels:
    """The labels of a store, usable from any thread; ``clock`` gives seconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock

    def said(self, task: int) -> dict[str, Said]:
        """What was last said about each row of a page; rows that were taken back are left out."""
        rows = self._store.rows(
            "SELECT field, value, author, made FROM label_value WHERE task = :task ORDER BY id",
            {"task": task},
        )
        found = {row[0]: _said(*row[1:]) for row in rows}
        return {name: one for name, one in found.items() if one.answer.how != "skipped"}

    def say(self, task: int, answers: Mapping[str, tuple[Answer, bool]], author: str) -> None:
        """Keep what is right for rows of a page: answers, and whether they change the value.

        The answer ``skipped`` takes back what was said.
        """
        with self._store.write(durable=True) as connection:
            self._put(connection, task, answers, author)

    def finish(
        self,
        task: int,
        answers: Mapping[str, tuple[Answer, bool]],
        sample: Mapping[str, Any],
        author: str,
    ) -> None:
        """Declare a page finished, with more answers, as a line of a file of samples."""
        with self._store.write(durable=True) as connection:
            self._put(connection, task, answers, author)
            connection.execute(
                "INSERT INTO label_page (task, posting, sample, author, made)"
                " VALUES (:task, :posting, :sample, :author, :made)"
                " ON CONFLICT (task) DO UPDATE SET posting = excluded.posting,"
                " sample = excluded.sample, author = excluded.author, made = excluded.made",
                {
                    "task": task,
                    "posting": int(sample.get("posting", True)),
                    "sample": pack(orjson.dumps(sample)),
                    "author": author,
                    "made": self._now(),
                },
            )

    def reopen(self, task: int) -> bool:
        """Take back that a page is finished; its labels stay. Says whether it was."""
        with self._store.write(durable=True) as connection:
            gone = connection.execute("DELETE FROM label_page WHERE task = :task", {"task": task})
            return bool(gone.rowcount)

    def finished(self, task: int) -> Finished | None:
        """The word that a page is finished, if there is one."""
        rows = self._store.rows(
            "SELECT task, posting, author, made FROM label_page WHERE task = :task", {"task": task}
        )
        return _finished(rows[0]) if rows else None

    def all_finished(self, limit: int = 100) -> list[Finished]:
        """Finished pages, the latest first."""
        rows = self._store.rows(
            "SELECT task, posting, author, made FROM label_page"
            " ORDER BY made DESC, task DESC LIMIT :limit",
            {"limit": limit},
        )
        return [_finished(row) for row in rows]

    def latest(self, limit: int = 50) -> list[Word]:
        """The latest words about rows."""
        rows = self._store.rows(
            "SELECT task, field, value, author, made FROM label_value"
            " ORDER BY id DESC LIMIT :limit",
            {"limit": limit},
        )
        return [Word(task=row[0], row=row[1], said=_said(*row[2:])) for row in rows]

    def counts(self) -> tuple[int, int, int]:
        """How many pages have labels, how many are finished, and how many rows were labelled."""
        row = self._store.rows(
            "SELECT (SELECT count(DISTINCT task) FROM label_value),"
            " (SELECT count(*) FROM label_page),"
            " (SELECT count(*) FROM (SELECT DISTINCT task, field FROM label_value) AS rows_said)"
        )[0]
        return int(row[0]), int(row[1]), int(row[2])

    def begun(self, limit: int = 50) -> list[int]:
        """Pages with labels that are not finished, those first that were worked on last."""
        rows = self._store.rows(
            "SELECT task FROM label_value WHERE NOT EXISTS"
            " (SELECT 1 FROM label_page WHERE label_page.task = label_value.task)"
            " GROUP BY task ORDER BY max(id) DESC LIMIT :limit",
            {"limit": limit},
        )
        return [int(row[0]) for row in rows]

    def samples(self) -> Iterator[bytes]:
        """A line of a file of samples for each finished page, in the order of their numbers."""
        after = 0
        while True:
            rows = self._store.rows(
                "SELECT task, sample FROM label_page WHERE task > :after"
                " ORDER BY task LIMIT :limit",
                {"after": after, "limit": AT_ONCE},
            )
            for _, packed in rows:
                yield unpack(bytes(packed)) + b"\n"
            if len(rows) < AT_ONCE:
                return
            after = rows[-1][0]

    def _put(
        self,
        connection: Connection,
        task: int,
        answers: Mapping[str, tuple[Answer, bool]],
        author: str,
    ) -> None:
        for row, (answer, changed) in answers.items():
            first = answer.items[0] if answer.items else None
            connection.execute(
                "INSERT INTO label_value (task, field, value, quote, starts, ends, author, made)"
                " VALUES (:task, :field, :value, :quote, :starts, :ends, :author, :made)",
                {
                    "task": task,
                    "field": row,
                    "value": orjson.dumps({"answer": to_builtins(answer), "changed": changed}),
                    "quote": first.quote if first is not None and first.quote else None,
                    "starts": first.start if first is not None and first.place else None,
                    "ends": first.end if first is not None and first.place else None,
                    "author": author,
                    "made": self._now(),
                },
            )

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _said(value: bytes, author: str, made: int) -> Said:
    """A word as it was kept; one of another version counts as taken back."""
    try:
        told = orjson.loads(bytes(value))
        answer, changed = convert(told["answer"], Answer), bool(told["changed"])
    except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError):
        answer, changed = Answer("skipped"), False
    return Said(answer=answer, changed=changed, author=author, made=int(made))


def _finished(row: tuple[Any, ...]) -> Finished:
    return Finished(task=row[0], posting=bool(row[1]), author=row[2], made=int(row[3]))
