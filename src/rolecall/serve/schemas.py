"""Schemas that are sent along: admitted once, then known."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.queue.queue import Queue
from rolecall.schema.schema import Schema
from rolecall.serve.problems import ProblemError, later

MOST_KNOWN: Final = 256
MOST_WAITING: Final = 8
"""Schemas that wait to be compiled; each takes up to some seconds of a process of its own."""
NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_HASH: Final = re.compile(r"[0-9a-f]{32}")


class Admitted(Struct, frozen=True, kw_only=True):
    """A schema that was looked through, and the hash under which the queue keeps it."""

    hash: str
    document: Mapping[str, Any]


class Schemas:
    """The schemas of a server; see `rolecall.schema` for what is refused."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._known: OrderedDict[bytes, Admitted] = OrderedDict()
        self._kept: set[str] = set()
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    async def admit(self, text: bytes, name: str | None = None, *, keep: bool = True) -> Admitted:
        """Look a schema through; with ``keep`` the queue keeps it, with ``name`` under that name.

        Raises:
            SchemaError: it is refused.
            ProblemError: too many are being looked through.
            DatabaseError: it could not be kept.
        """
        key = hashlib.sha256(text).digest()
        known = self._known.get(key)
        if known is None:
            known = await self._new(text)
            self._known[key] = known
            while len(self._known) > MOST_KNOWN:
                self._kept.discard(self._known.popitem(last=False)[1].hash)
        self._known.move_to_end(key)
        if keep and (name is not None or known.hash not in self._kept):
            await asyncio.to_thread(self._queue.inbox.put_schema, dict(known.document), name)
            self._kept.add(known.hash)
        return known

    async def hash_of(self, key: str) -> str:
        """The hash of the schema with this hash or name; raises `ProblemError` without any."""
        found = await asyncio.to_thread(self._queue.view.schema_hash, key)
        if found is None:
            raise ProblemError(
                422,
                "unknown_schema",
                f"there is no schema {key!a}",
                hint="POST /v1/schemas keeps one; GET /v1/schemas lists them",
                errors=[{"pointer": "/schema", "message": "is not known"}],
            )
        return found

    async def _new(self, text: bytes) -> Admitted:
        if self._waiting >= MOST_WAITING:
            raise later(429, "schemas", "too many new schemas are being looked through", 2)
        self._waiting += 1
        try:
            async with self._one:
                schema = await asyncio.to_thread(Schema.from_json, text)
        finally:
            self._waiting -= 1
        document = dict(schema.document)
        told = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return Admitted(hash=hashlib.sha256(told).hexdigest()[:32], document=document)


def is_hash(name: str) -> bool:
    """Whether a name would be taken for a hash."""
    return _HASH.fullmatch(name) is not None
