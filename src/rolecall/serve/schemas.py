"""Schemas that are sent along: admitted once, then known."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

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
    """A schema that was looked through: its hash, under which the queue keeps it, and itself."""

    hash: str
    document: Mapping[str, Any]
    schema: Schema


class Schemas:
    """The schemas of a server; see `rolecall.schema` for what is refused."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._known: OrderedDict[bytes, Admitted] = OrderedDict()
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    async def admit(self, text: bytes, name: str | None = None) -> Admitted:
        """Look a schema through and keep it; with ``name`` it gets that name.

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
                self._known.popitem(last=False)
        elif name is None:
            self._known.move_to_end(key)
            return known
        if name is not None:
            await asyncio.to_thread(self._queue.inbox.put_schema, dict(known.document), name)
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

    async def document_of(self, key: str) -> Mapping[str, Any]:
        """The schema with this hash or name; raises `ProblemError` without any."""
        found = await asyncio.to_thread(self._queue.view.schema, await self.hash_of(key))
        return found if found is not None else {}

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
        kept = await asyncio.to_thread(self._queue.inbox.put_schema, document)
        return Admitted(hash=kept, document=document, schema=schema)


def is_hash(name: str) -> bool:
    """Whether a name would be taken for a hash."""
    return _HASH.fullmatch(name) is not None
