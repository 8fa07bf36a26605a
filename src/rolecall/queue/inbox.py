"""Taking pages in: what is acknowledged is on the disk, once, with a fair place in the queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import orjson

from rolecall.errors import DatabaseError, Error, UsageError
from rolecall.ledger.store import POSTGRES, Connection, Dialect, Store
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Receipt, Rules, Submission
from rolecall.queue.prepared import KeyReusedError, Prepared, QueueFullError, prepared, schema_hash
from rolecall.queue.ranks import TURNS, Ranks
from rolecall.queue.texts import LONGEST_KEY, storable

__all__ = ["Inbox", "KeyReusedError", "Prepared", "QueueFullError", "prepared"]

TOGETHER: Final = 64
"""Submissions of as many threads that share one transaction."""
AT_ONCE: Final = 100
"""Keys that one query looks for."""

_BODY: Final = """
    INSERT INTO queue_body (hash, packed, bytes, made) VALUES (:hash, :packed, :bytes, :made)
    ON CONFLICT (hash) DO UPDATE SET made = excluded.made
"""
_COLUMNS: Final = (
    "batch, place, submitter, key, state, priority, rank, due, source, url, media_type, charset,"
    " captured, body, schema, made, changed"
)
_TASK: Final = (
    f"INSERT INTO queue_task ({_COLUMNS})"
    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS.split(', '))})"
)
_TASKS: Final = (
    f"INSERT INTO queue_task ({_COLUMNS})"
    f" SELECT {_COLUMNS} FROM json_populate_recordset(NULL::queue_task, :rows)"
    " RETURNING place, id"
)
"""Many at once on a server, which would be asked for each of them otherwise."""


class _Turn:
    """A submission of one thread, until it has its answer."""

    def __init__(self, one: Prepared) -> None:
        self.one = one
        self.answer: Receipt | Exception | None = None


class Inbox:
    """Where pages are handed in."""

    def __init__(self, store: Store, rules: Rules, moment: Moment) -> None:
        self._store, self._rules, self._moment = store, rules, moment
        self._turns: deque[_Turn] = deque()
        self._writing = threading.Lock()

    def submit(self, submission: Submission) -> Receipt:
        """Take one submission in.

        Threads that submit at the same time share a transaction, and so one wait for the disk.

        Raises:
            QueueFullError: too much is waiting.
            KeyReusedError: its key was used for something else.
            UsageError: a priority, delay or key that no task may have, or more pages than may ever
                wait.
            DatabaseError: it could not be kept; nothing of it is there then.
        """
        turn = _Turn(prepared(submission))
        self._turns.append(turn)
        # Whoever comes first writes for all that wait behind it.
        with self._writing:
            while turn.answer is None:
                self._write_turns()
        if isinstance(turn.answer, Exception):
            raise turn.answer
        return turn.answer

    def submit_many(self, submissions: Sequence[Prepared]) -> list[Receipt | Error]:
        """Take several in, in one transaction that is on the disk when this returns.

        Each gives its receipt, or the error for which it alone was refused.
        """
        with self._store.write(durable=True, alone=TURNS) as connection:
            now = self._moment.of(connection)
            waiting = connection.execute(
                "SELECT coalesce(sum(tasks), 0) FROM queue_count"
                " WHERE state IN ('queued', 'waiting')"
            ).fetchone()[0]
            found: list[Receipt | Error] = []
            ranks = Ranks(connection)
            for one in submissions:
                try:
                    receipt = self._take(connection, one, ranks, (now, waiting))
                except (QueueFullError, KeyReusedError, UsageError) as error:
                    found.append(error)
                else:
                    found.append(receipt)
                    waiting += 0 if receipt.repeated else len(receipt.tasks) - len(receipt.known)
            ranks.keep()
            return found

    def put_schema(self, document: dict[str, Any], name: str | None = None) -> str:
        """Keep a schema that was admitted, and return its hash; a ``name`` moves to it."""
        key, told = schema_hash(document)
        if name is not None:
            name = storable(name)[:LONGEST_KEY]
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

    def _write_turns(self) -> None:
        """Write what threads are waiting for; each gets its answer."""
        turns = [self._turns.popleft() for _ in range(min(TOGETHER, len(self._turns)))]
        try:
            answers: Sequence[Receipt | Exception] = self.submit_many([one.one for one in turns])
        except DatabaseError as error:
            answers = [error] * len(turns)
        except BaseException as error:
            if len(turns) == 1 or not isinstance(error, Exception):
                for turn in turns:
                    turn.answer = error if isinstance(error, Exception) else _cut_short()
                raise
            answers = [self._alone(turn) for turn in turns]  # one of them is at fault
        for turn, answer in zip(turns, answers, strict=True):
            turn.answer = answer

    def _alone(self, turn: _Turn) -> Receipt | Exception:
        try:
            return self.submit_many([turn.one])[0]
        except Exception as error:
            return error

    def _take(
        self, connection: Connection, one: Prepared, ranks: Ranks, state: tuple[int, int]
    ) -> Receipt:
        submission, (now, waiting) = one.submission, state
        repeated = _repeated(connection, submission)
        if repeated is not None:
            return repeated
        most = self._rules.most_waiting
        if waiting + len(submission.tasks) > most:
            if 0 < most < len(submission.tasks):
                raise UsageError(
                    f"{len(submission.tasks):,} pages are more than may ever wait ({most:,})",
                    hint="hand them in in smaller batches",
                )
            raise QueueFullError(
                f"{waiting:,} pages are waiting, and no more than {most:,} may",
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
        numbers, known = _put(self._store.dialect, connection, one, ranks, (batch, now))
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


def _cut_short() -> DatabaseError:
    return DatabaseError("the submission was cut short", hint="submit it again", retryable=True)


def _repeated(connection: Connection, submission: Submission) -> Receipt | None:
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
    numbers, known = orjson.loads(bytes(before[2]))
    return Receipt(batch=before[0], tasks=tuple(numbers), repeated=True, known=tuple(known))


def _put(
    dialect: Dialect,
    connection: Connection,
    one: Prepared,
    ranks: Ranks,
    about: tuple[int, int],
) -> tuple[list[int], list[int]]:
    """The tasks of a submission; the places of those that were there under their key."""
    submission, (batch, now) = one.submission, about
    known = _known(connection, submission)
    first: dict[str, int] = {}
    bodies: dict[bytes, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for place, (task, body) in enumerate(zip(submission.tasks, one.bodies, strict=True)):
        if task.key is not None and (task.key in known or task.key in first):
            continue
        if task.key is not None:
            first[task.key] = place
        if body is not None and body[0] not in bodies:
            told = {"hash": body[0], "packed": body[1], "bytes": body[2], "made": now}
            bodies[body[0]] = told
        rows.append(
            {
                "batch": batch,
                "place": place,
                "submitter": submission.submitter,
                "key": task.key,
                "state": "waiting" if task.delay > 0 else "queued",
                "priority": task.priority,
                "rank": ranks.next(submission.submitter, task.priority) if task.delay <= 0 else 0,
                "due": now + int(task.delay * 1000),
                "source": task.source,
                "url": task.url,
                "media_type": task.media_type,
                "charset": task.charset,
                "captured": task.captured,
                "body": body[0] if body is not None else None,
                "schema": submission.schema,
                "made": now,
                "changed": now,
            }
        )
    if bodies:
        connection.executemany(_BODY, list(bodies.values()))
    made = _made(connection, dialect, rows)
    places = [
        made[place] if place in made else known.get(task.key or "") or made[first[task.key or ""]]
        for place, task in enumerate(submission.tasks)
    ]
    return places, [place for place in range(len(places)) if place not in made]


def _made(connection: Connection, dialect: Dialect, rows: list[dict[str, Any]]) -> dict[int, int]:
    """Put tasks in; the number of each by its place."""
    if len(rows) == 1:
        number = connection.execute(f"{_TASK} RETURNING id", rows[0]).fetchone()[0]
        return {rows[0]["place"]: number}
    if not rows:
        return {}
    if dialect is POSTGRES:
        told = orjson.dumps(rows, default=lambda body: f"\\x{body.hex()}").decode()
        return dict(connection.execute(_TASKS, {"rows": told}).fetchall())
    connection.executemany(_TASK, rows)
    found = connection.execute(
        "SELECT place, id FROM queue_task WHERE batch = :batch", {"batch": rows[0]["batch"]}
    )
    return dict(found.fetchall())


def _known(connection: Connection, submission: Submission) -> dict[str, int]:
    """The tasks that the submitter handed in before under the keys of these."""
    keys = list(dict.fromkeys(task.key for task in submission.tasks if task.key is not None))
    found: dict[str, int] = {}
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        names = {f"key{place}": key for place, key in enumerate(some)}
        rows = connection.execute(
            "SELECT key, id FROM queue_task WHERE submitter = :submitter"
            f" AND key IN ({', '.join(f':{name}' for name in names)})",
            {"submitter": submission.submitter, **names},
        ).fetchall()
        found |= dict(rows)
    return found
