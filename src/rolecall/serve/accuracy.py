"""How right records are, by the labels that people have finished in the web UI.

Pages are mostly labelled because they are in doubt, so that these figures are lower than those of
all pages. Only where all of a random part is labelled, such as the audited pages, do they tell of
all pages; so both are told, with how much of the audited pages is labelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.audit.figures import Share, share_of
from rolecall.errors import Error
from rolecall.evaluate.nouns import Judged
from rolecall.evaluate.samples.row import sample_of
from rolecall.evaluate.score import judge
from rolecall.ledger.store import Store
from rolecall.queue.packing import unpack, unpack_record
from rolecall.schema.schema import Schema

MOST: Final = 200
"""Pages that are judged, those finished last."""
ENOUGH: Final = 0.95
"""The share of audited pages that must be labelled for these to tell of all pages."""

_PAGES: Final = """
    SELECT l.task, l.made, r.number, t.schema,
        EXISTS (SELECT 1 FROM audit_page WHERE page = t.body AND state = 'done')
    FROM label_page l JOIN queue_result r ON r.task = l.task JOIN queue_task t ON t.id = l.task
    ORDER BY l.made DESC LIMIT :limit
"""
_PAGE: Final = """
    SELECT l.sample, r.record FROM label_page l JOIN queue_result r ON r.task = l.task
    WHERE l.task = :task
"""
_AUDITED: Final = """
    SELECT count(*), count(l.task) FROM audit_page a LEFT JOIN label_page l ON l.task = a.task
    WHERE a.state = 'done'
"""
_VERSION: Final = """
    SELECT (SELECT count(*) FROM label_page), (SELECT coalesce(max(made), 0) FROM label_page),
        (SELECT count(*) FROM audit_page WHERE state = 'done')
"""


class Part(Struct, frozen=True, kw_only=True):
    """How right the records of some labelled pages are: the mean over labelled fields, with the
    interval of as many units as there are pages, and the same by field."""

    pages: int
    whole: Share | None
    fields: dict[str, Share]


class Accuracy(Struct, frozen=True, kw_only=True):
    """``labelled`` are all finished pages of late, ``audited`` those of them that were audited, of
    ``drawn`` audited pages in all of which ``covered`` is the share that is finished."""

    labelled: Part
    audited: Part
    drawn: int
    covered: float

    @property
    def holds(self) -> bool:
        """Whether the audited part is labelled so far that it tells of all pages."""
        return self.drawn > 0 and self.covered >= ENOUGH


class Accuracies:
    """The accuracy of one database, reckoned anew when labels or audits came."""

    def __init__(self, store: Store, schema: Callable[[str | None], Schema | None]) -> None:
        self._store, self._schema = store, schema
        self._known: tuple[tuple[Any, ...], Accuracy] | None = None
        self._pages: dict[tuple[int, int, int], Judged | None] = {}

    def now(self) -> Accuracy | None:
        """How right records are; ``None`` where no page is finished."""
        version = tuple(self._store.rows(_VERSION)[0])
        if not version[0]:
            return None
        if self._known is None or self._known[0] != version:
            self._known = version, self._reckoned()
        return self._known[1]

    def _reckoned(self) -> Accuracy:
        every: list[Judged] = []
        audited: list[Judged] = []
        before, self._pages = self._pages, {}
        for *key, schema, drawn in self._store.rows(_PAGES, {"limit": MOST}):
            page = (int(key[0]), int(key[1]), int(key[2]))
            judged = before[page] if page in before else self._judged(page[0], schema)
            self._pages[page] = judged
            if judged is not None:
                every.append(judged)
                if drawn:
                    audited.append(judged)
        number, covered = self._store.rows(_AUDITED)[0]
        return Accuracy(
            labelled=_part(every),
            audited=_part(audited),
            drawn=int(number),
            covered=covered / number if number else 0.0,
        )

    def _judged(self, task: int, schema: str | None) -> Judged | None:
        """A record held against its sample; ``None`` for what cannot be read any more."""
        rows = self._store.rows(_PAGE, {"task": task})
        if not rows:
            return None
        sample, record = bytes(rows[0][0]), bytes(rows[0][1])
        try:
            shape = self._schema(schema)
            told = sample_of(orjson.loads(unpack(sample)), "a finished page", Path(), shape)
            return judge(unpack_record(record), told, shape)
        except (Error, ValueError, KeyError, TypeError, AttributeError):
            return None


def _part(judged: Iterable[Judged]) -> Part:
    pages = list(judged)
    scores: dict[str, list[float]] = {}
    means = []
    for one in pages:
        for name, score in one.scores.items():
            scores.setdefault(name, []).append(score.value)
        values = [score.value for score in one.scores.values()]
        means += [sum(values) / len(values)] if values else []
    fields = {name: share_of(sum(found), len(found)) for name, found in scores.items()}
    known = {name: one for name, one in fields.items() if one is not None}
    return Part(
        pages=len(pages),
        whole=share_of(sum(means), len(means)),
        fields=dict(sorted(known.items(), key=lambda one: one[1].mid)),
    )
