"""Taking pages in: what is acknowledged is on the disk, once, with a fair place in the queue.

Places are given by start-time fair queueing (Goyal, Vin, Cheng 1996): the tasks of a submitter get
ranks one after the other, beginning at the rank that is being worked on now or after its own last
one, whichever is later. Workers take the lowest rank of the highest priority, so that submitters
take turns, however much one of them hands in at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.errors import Error
from rolecall.ledger.store import Connection, Store
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import NewTask, Receipt, Rules, Submission
from rolecall.queue.packing import pack

_TASK: Final = """
    INSERT INTO queue_task (batch, place, submitter, key, state, priority, rank, due, source, url,
        media_type, charset, captured, body, schema, made, changed)
    VALUES (:batch, :place, :submitter, :key, :state, :priority, :rank, :due, :source, :url,
        :media_type, :charset, :captured, :body, :schema, :made, :made)
    RETURNING id
"""


class QueueFullError(Error):
    """As much is waiting as the rules allow; ``seconds`` says when to ask again."""

    code = "queue_full"
    retryable = True

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, hint=f"try again in {seconds:.0f} s")
        self.seconds = seconds


class KeyReusedError(Error):
    """The same key was given with something else before."""

    code = "key_reused"


class Prepared(Struct, frozen=True):
    """A submission with its bodies compressed, which takes time and needs no database."""

    submission: Submission
    bodies: tuple[tuple[bytes, bytes, int] | None, ...]


def prepared(submission: Submission) -> Prepared:
    """Hash and compress the bodies of a submission; may be done in any thread."""
    return Prepared(submission, tuple(_packed(one) for one in submission.tasks))


def _packed(task: NewTask) -> tuple[bytes, bytes, int] | None:
    if task.body is None:
        return None
    return hashlib.sha256(task.body).digest(), pack(task.body), len(task.body)


class Inbox:
    """Where pages are handed in."""

    def __init__(self, store: Store, rules: Rules, moment: Moment) -> None:
        self._store, self._rules, self._moment = store, rules, moment

    def submit(self, submission: Submission) -> Receipt:
        """Take one submission in.

        Raises:
            QueueFullError: too much is waiting.
            KeyReusedError: its key was used for something else.
            DatabaseError: it could not be kept; nothing of it is there then.
        """
        (one,) = self.submit_many((prepared(submission),))
        if isinstance(one, Error):
            raise one
        return one

    def submit_many(self, submissions: Sequence[Prepared]) -> list[Receipt | Error]:
        """Take several in, in one transaction that is on the disk when this returns.

        Each gives its receipt, or the error for which it alone was refused.
        """
        with self._store.write(durable=True, alone="queue_inbox") as connection:
            now = self._moment.of(connection)
            waiting = connection.execute(
                "SELECT coalesce(sum(tasks), 0) FROM queue_count"
                " WHERE state IN ('queued', 'waiting')"
            ).fetchone()[0]
            found: list[Receipt | Error] = []
            for one in submissions:
                try:
                    found.append(self._take(connection, one, now, int(waiting)))
                except (QueueFullError, KeyReusedError) as error:
                    found.append(error)
                else:
                    waiting += len(one.submission.tasks)
            return found

    def put_schema(self, document: dict[str, Any], name: str | None = None) -> str:
        """Keep a schema that was admitted, and return its hash; a ``name`` moves to it."""
        told = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        key = hashlib.sha256(told).hexdigest()[:32]
        with self._store.write(durable=True, alone="queue_schema") as connection:
            if name is not None:
                connection.execute(
                    "UPDATE queue_schema SET name = NULL WHERE name = :name AND hash <> :hash",
                    {"name": name, "hash": key},
                )
            values = {
                "hash": key,
                "name": name,
                "document": told,
                "made": self._moment.of(connection),
            }
            connection.execute(
                "INSERT INTO queue_schema (hash, name, document, made)"
                " VALUES (:hash, :name, :document, :made) ON CONFLICT (hash) DO UPDATE"
                " SET name = coalesce(excluded.name, queue_schema.name)",
                values,
            )
        return key

    def _take(self, connection: Connection, one: Prepared, now: int, waiting: int) -> Receipt:
        submission = one.submission
        repeated = self._repeated(connection, submission)
        if repeated is not None:
            return repeated
        if waiting + len(submission.tasks) > self._rules.most_waiting:
            raise QueueFullError(
                f"{waiting:,} pages are waiting, and no more than {self._rules.most_waiting:,} may",
                seconds=30.0,
            )
        batch = connection.execute(
            "INSERT INTO queue_batch (submitter, key, fingerprint, size, made)"
            " VALUES (:submitter, :key, :fingerprint, :size, :made) RETURNING id",
            {
                "submitter": submission.submitter,
                "key": submission.key,
                "fingerprint": submission.fingerprint,
                "size": len(submission.tasks),
                "made": now,
            },
        ).fetchone()[0]
        numbers, known = self._put(connection, one, batch, now)
        receipt = Receipt(batch=batch, tasks=tuple(numbers), known=tuple(known))
        if submission.key is not None:
            told = orjson.dumps([numbers, known])
            connection.execute(
                "UPDATE queue_batch SET receipt = :receipt WHERE id = :batch",
                {"receipt": told, "batch": batch},
            )
        if submission.callback is not None:
            connection.execute(
                "INSERT INTO queue_callback (batch, url, secret, state, due)"
                " VALUES (:batch, :url, :secret, 'waiting', :due)",
                {
                    "batch": batch,
                    "url": submission.callback.url,
                    "secret": submission.callback.secret,
                    "due": now,
                },
            )
        return receipt

    def _repeated(self, connection: Connection, submission: Submission) -> Receipt | None:
        """The receipt of the same submission, if it was taken in before."""
        if submission.key is None:
            return None
        before = connection.execute(
            "SELECT id, fingerprint, receipt FROM queue_batch"
            " WHERE submitter = :submitter AND key = :key",
            {"submitter": submission.submitter, "key": submission.key},
        ).fetchone()
        if before is None:
            return None
        if before[1] is not None and bytes(before[1]) != submission.fingerprint:
            raise KeyReusedError(
                "this key was used for another submission",
                hint="give each submission a key of its own",
            )
        numbers, known = orjson.loads(before[2])
        return Receipt(batch=before[0], tasks=tuple(numbers), repeated=True, known=tuple(known))

    def _put(
        self, connection: Connection, one: Prepared, batch: int, now: int
    ) -> tuple[list[int], list[int]]:
        """The tasks of a submission; the places of those that were there under their key."""
        submission = one.submission
        ranks = _Ranks(connection, submission.submitter)
        numbers, known = [], []
        for place, (task, body) in enumerate(zip(submission.tasks, one.bodies, strict=True)):
            before = _known(connection, submission.submitter, task.key)
            if before is not None:
                numbers.append(before)
                known.append(place)
                continue
            if body is not None:
                connection.execute(
                    "INSERT INTO queue_body (hash, packed, bytes, made)"
                    " VALUES (:hash, :packed, :bytes, :made)"
                    " ON CONFLICT (hash) DO UPDATE SET made = excluded.made",
                    {"hash": body[0], "packed": body[1], "bytes": body[2], "made": now},
                )
            values = {
                "batch": batch,
                "place": place,
                "submitter": submission.submitter,
                "key": task.key,
                "state": "waiting" if task.delay > 0 else "queued",
                "priority": task.priority,
                "rank": ranks.next(task.priority),
                "due": now + int(task.delay * 1000),
                "source": task.source,
                "url": task.url,
                "media_type": task.media_type,
                "charset": task.charset,
                "captured": task.captured,
                "body": body[0] if body is not None else None,
                "schema": submission.schema,
                "made": now,
            }
            numbers.append(connection.execute(_TASK, values).fetchone()[0])
        ranks.keep()
        return numbers, known


def _known(connection: Connection, submitter: str, key: str | None) -> int | None:
    if key is None:
        return None
    row = connection.execute(
        "SELECT id FROM queue_task WHERE submitter = :submitter AND key = :key",
        {"submitter": submitter, "key": key},
    ).fetchone()
    return row[0] if row is not None else None


class _Ranks:
    """The next ranks of one submitter, by priority."""

    def __init__(self, connection: Connection, submitter: str) -> None:
        self._connection, self._submitter = connection, submitter
        self._last: dict[int, int] = {}

    def next(self, priority: int) -> int:
        """The rank of its next task."""
        if priority not in self._last:
            self._last[priority] = self._start(priority)
        self._last[priority] += 1
        return self._last[priority]

    def keep(self) -> None:
        """Write down which ranks were given."""
        for priority, rank in self._last.items():
            self._connection.execute(
                "INSERT INTO queue_share (submitter, priority, rank)"
                " VALUES (:submitter, :priority, :rank)"
                " ON CONFLICT (submitter, priority) DO UPDATE SET rank = excluded.rank",
                {"submitter": self._submitter, "priority": priority, "rank": rank},
            )

    def _start(self, priority: int) -> int:
        told = {"submitter": self._submitter, "priority": priority}
        own = self._connection.execute(
            "SELECT rank FROM queue_share WHERE submitter = :submitter AND priority = :priority",
            told,
        ).fetchone()
        # What is worked on now; where nothing is, nobody must wait for what was used before.
        now = self._connection.execute(
            "SELECT rank FROM queue_task WHERE state = 'queued' AND priority = :priority"
            " ORDER BY rank LIMIT 1",
            told,
        ).fetchone()
        if now is None:
            now = self._connection.execute(
                "SELECT max(rank) FROM queue_share WHERE priority = :priority", told
            ).fetchone()
        return max(own[0] if own is not None else 0, (now[0] - 1) if now and now[0] else 0)
