"""Completions that were paid for or waited for once, and need not be again.

A completion is found by a hash of everything that decides it: the model, the parameters of its
sampling, the form of the answer with its grammar or schema, the bound of its length, the messages
and the version of the prompts. Neither the page's text nor the prompt is stored, only the answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from rolecall.core import Completion, Prompt, Usage
from rolecall.errors import DatabaseError
from rolecall.ledger.clock import Clock, utc_now
from rolecall.ledger.database import Database

LAYOUT: Final = "1"
"""Part of every key; a new number leaves all that was kept behind."""
MAX_BYTES: Final = 500_000_000
ROW_BYTES: Final = 150
"""What a row takes beside its value: the key twice, numbers, the two indexes."""
BATCH: Final = 64
"""So many changes are written at once, or what came in within `LINGER`."""
LINGER: Final = timedelta(seconds=2)
_MEGABYTE: Final = 1_000_000


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a completion; how it ended is known, see `Cache.put`."""

    text: str
    engine: str
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


class Cache:
    """Kept completions in ``database``, no more than ``max_bytes`` of them; safe for threads.

    ``parameters`` are what the engine is always told beside the prompt (temperature, seed), and
    ``version`` is that of the prompts; both are part of the key. When the room is used up, what was
    not used for longest goes first.

    New entries and notes of use are written in batches: call `flush`, or use the cache as a context
    manager. A crash loses the last batch and nothing else. Where the database cannot be used,
    nothing is found and nothing kept, and ``fault`` says why: a cache never fails a run.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock = utc_now,
        *,
        max_bytes: int = MAX_BYTES,
        parameters: Mapping[str, Any] | None = None,
        version: str = "",
    ) -> None:
        self.fault: DatabaseError | None = None
        self._database, self._clock, self._max_bytes = database, clock, max_bytes
        self._fixed = (LAYOUT, _plain(dict(sorted((parameters or {}).items()))), version)
        self._lock = threading.Lock()
        self._new: dict[bytes, tuple[bytes, int]] = {}
        self._used: dict[bytes, int] = {}
        self._new_bytes = 0
        self._since: datetime | None = None

    def get(self, prompt: Prompt, model: str) -> Completion | None:
        """The completion that was kept for ``prompt`` and ``model``, with ``cached`` set.

        It took no time; its usage is what it once took, and costs nothing now. A row that cannot be
        read is dropped, and is as if it had never been kept.
        """
        key, now = self._key(prompt, model), self._clock()
        with self._lock:
            waiting = self._new.get(key)
            value = waiting[0] if waiting else self._stored(key)
            if value is None:
                return None
            kept = _read(value)
            if kept is None:
                self._drop(key)
                return None
            if not waiting:
                self._used[key] = _milliseconds(now)
                self._write_when_due(now)
        return Completion(
            text=kept.text,
            finish_reason="stop",
            usage=Usage(
                input_tokens=kept.input_tokens,
                cached_tokens=kept.cached_tokens,
                output_tokens=kept.output_tokens,
            ),
            engine=kept.engine,
            model=kept.model,
            cached=True,
        )

    def put(self, prompt: Prompt, model: str, completion: Completion) -> None:
        """Keep ``completion``, if it came to its own end; asked again, a cut one may do better.

        What came out of the cache, and what is larger than the whole cache, is not kept.
        """
        if completion.finish_reason != "stop" or completion.cached:
            return
        usage = completion.usage
        kept = _Kept(
            completion.text,
            completion.engine,
            completion.model,
            usage.input_tokens,
            usage.cached_tokens,
            usage.output_tokens,
        )
        try:
            value = zlib.compress(_encode(kept))
        except UnicodeEncodeError:  # half a surrogate pair: no text that a record can hold
            return
        if len(value) + ROW_BYTES > self._max_bytes:
            return
        key, now = self._key(prompt, model), self._clock()
        with self._lock:
            self._new[key] = (value, _milliseconds(now))
            self._new_bytes += len(value)
            self._write_when_due(now)

    def flush(self) -> None:
        """Write what waits to be written, so that other processes find it."""
        with self._lock:
            self._write()

    def purge(self, before: datetime | None = None) -> int:
        """Take out what was kept before a moment (``None``: all), also off the disk; says how many.

        Raises:
            DatabaseError: it could not be done.
        """
        with self._lock:
            self._write()
            with self._database.write() as connection:
                moment = None if before is None else _milliseconds(before)
                count = connection.execute(
                    "DELETE FROM cache_completion WHERE ?1 IS NULL OR made < ?1", (moment,)
                ).rowcount
            self._database.reclaim()
        return count

    def size(self) -> int:
        """The bytes that are kept, without what waits to be written."""
        return int(self._database.rows("SELECT bytes FROM cache_size")[0][0])

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def _key(self, prompt: Prompt, model: str) -> bytes:
        return _digest(self._parts(prompt, model))

    def _parts(self, prompt: Prompt, model: str) -> Iterator[str]:
        yield from self._fixed
        yield model
        yield prompt.form
        yield "" if prompt.grammar is None else f"g{prompt.grammar}"
        # The order of a schema's keys is kept: it is the order in which a model has to answer.
        yield "" if prompt.json_schema is None else _plain(prompt.json_schema)
        yield str(prompt.max_tokens)
        for role, content in prompt.messages:
            yield role
            yield content

    def _stored(self, key: bytes) -> bytes | None:
        sql = "SELECT value FROM cache_completion WHERE key = ?"
        try:
            rows = self._database.rows(sql, (key,))
        except DatabaseError as error:
            self.fault = error
            return None
        return bytes(rows[0][0]) if rows and isinstance(rows[0][0], bytes) else None

    def _drop(self, key: bytes) -> None:
        try:
            with self._database.write() as connection:
                connection.execute("DELETE FROM cache_completion WHERE key = ?", (key,))
        except DatabaseError as error:
            self.fault = error

    def _write_when_due(self, now: datetime) -> None:
        if self._since is None:
            self._since = now
        changes = len(self._new) + len(self._used)
        waited = not timedelta(0) <= now - self._since < LINGER
        if changes >= BATCH or self._new_bytes > _MEGABYTE or waited:
            self._write()

    def _write(self) -> None:
        """Write the batch; what cannot be written is lost, which a cache may do."""
        new, used = self._new, self._used
        self._new, self._used, self._new_bytes, self._since = {}, {}, 0, None
        if not new and not used:
            return
        try:
            with self._database.write() as connection:
                connection.executemany(
                    "UPDATE cache_completion SET used = ? WHERE key = ?",
                    [(moment, key) for key, moment in used.items()],
                )
                connection.executemany(
                    "INSERT INTO cache_completion (key, value, bytes, made, used)"
                    " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value,"
                    " bytes = excluded.bytes, made = excluded.made, used = excluded.used",
                    [
                        (key, value, len(value) + ROW_BYTES, moment, moment)
                        for key, (value, moment) in new.items()
                    ],
                )
                size = connection.execute("SELECT bytes FROM cache_size").fetchone()[0]
                if size > self._max_bytes:
                    self._evict(connection.execute, size)
        except DatabaseError as error:
            self.fault = error

    def _evict(self, execute: Any, size: int) -> None:
        """Take out what was not used for longest, a tenth too much, so that it happens seldom."""
        goal, doomed = self._max_bytes * 9 // 10, []
        rows = execute("SELECT id, bytes FROM cache_completion ORDER BY used, id")
        for number, taken in rows:
            if size <= goal:
                break
            doomed.append((number,))
            size -= taken
        rows.close()
        for one in doomed:
            execute("DELETE FROM cache_completion WHERE id = ?", one)


def _read(value: bytes) -> _Kept | None:
    try:
        return _decode(zlib.decompress(value))
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _plain(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=dict)


def _digest(parts: Iterator[str]) -> bytes:
    """One hash of several texts; their lengths are in it, so that none can pass for two."""
    hashed = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(raw))
        hashed.update(raw)
    return hashed.digest()


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1_000)
