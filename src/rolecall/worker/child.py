"""The child process in which pages are read, one at a time.

A message is its length in eight bytes and a pickle. The parent sends an `Order`; the child may ask
for a schema's document (`Need`) before it answers with `Done`.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct

from rolecall.batch.workers import DEAD_MAN, Crew, bound_memory, resident
from rolecall.climb import Help, for_all
from rolecall.core import Notice, Source
from rolecall.errors import Error
from rolecall.pipeline import (
    Pipeline,
    Stages,
    Waiting,
    extract_record,
    failed,
    for_engines_alone,
    hear_record,
    record_of,
    warm,
)
from rolecall.private import drop_secrets
from rolecall.record import dump
from rolecall.settings import Settings
from rolecall.worker.pipelines import Pipelines

LENGTH: Final = 8
"""Bytes in which the length of a message is written, the highest first."""


class Order(Struct, frozen=True, kw_only=True):
    """A page to be read, in the shape of ``schema`` (its hash; ``None`` for the usual one).

    With ``asks`` the page comes back as `Waiting` where engines are to be asked about it; with
    ``alone`` as well they are asked for everything, and nobody else says anything.
    """

    source: Source
    seq: int = 0
    schema: str | None = None
    asks: bool = False
    alone: bool = False
    notices: tuple[Notice, ...] = ()


class Need(Struct, frozen=True):
    """The child lacks the document of a schema; it is sent next, ``None`` where there is none, or
    the `Error` for which it cannot be had."""

    schema: str


class Done(Struct, frozen=True):
    """What came of a page; a child that is ``retired`` takes no more.

    A record travels as JSON, which is read in a quarter of the time that a pickle takes.
    """

    result: Waiting | bytes
    retired: bool = False


class Ready(Struct, frozen=True):
    """The child has loaded all that its first page would wait for."""


class Gone(Exception):  # noqa: N818 - the other side ended, which is no error of this one
    """The other process has closed its end."""


def packed(message: Any) -> bytes:
    """A message as it travels."""
    told = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return len(told).to_bytes(LENGTH, "big") + told


def serve(connection: socket.socket, settings: Settings, crew: Crew) -> None:
    """Run in the child: read page after page until the parent hangs up.

    The alarm ends a child whose parent died while a page hung.
    """
    drop_secrets(os.environ)  # pages are read here, and no engine asked
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    reading = _Reading(connection, settings)
    try:
        reading.load()
        bound_memory(crew.memory)
        connection.sendall(packed(Ready()))
        started, done = resident(), 0
        while True:
            order: Order = receive(connection)
            signal.setitimer(signal.ITIMER_REAL, crew.timeout + DEAD_MAN)
            result = reading.read(order)
            signal.setitimer(signal.ITIMER_REAL, 0)
            done += 1
            retired = done >= crew.pages or resident() - started > crew.growth
            told = result if isinstance(result, Waiting) else dump(result)
            connection.sendall(packed(Done(told, retired)))
    except (Gone, OSError, Error):
        return  # the parent has ended, or knows itself that nothing can be loaded


def receive(connection: socket.socket) -> Any:
    """The next message; raises `Gone`."""
    length = int.from_bytes(_exactly(connection, LENGTH), "big")
    return pickle.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        piece = connection.recv(min(1 << 20, length - len(found)))
        if not piece:
            raise Gone
        found += piece
    return bytes(found)


class _Reading:
    """Pages to records, with the pipelines that were asked for."""

    def __init__(self, connection: socket.socket, settings: Settings) -> None:
        self._connection, self._settings = connection, settings
        self._pipelines = Pipelines(settings, self._document)
        self._helps: dict[str | None, tuple[Pipeline, Help]] = {}

    def load(self) -> None:
        """Load what the first page would wait for."""
        warm(self._pipelines.of(None))

    def read(self, order: Order) -> Waiting | dict[str, Any]:
        """The record of a page, or the page where engines are to be asked about it."""
        stages = Stages()
        try:
            pipeline = self._pipelines.of(order.schema)
            help_ = self._help(order.schema, pipeline) if order.asks else None
            if order.alone and help_ is not None:
                pipeline, help_ = for_engines_alone(pipeline), for_all(help_)
        except Error as error:  # the schema was taken in before, so this is no fault of the user
            pipeline = self._pipelines.of(None)
            ended = replace(failed(error, stages), warnings=order.notices)
            return record_of(ended, order.source, order.seq, pipeline, stages)
        if help_ is None:
            return extract_record(order.source, order.seq, pipeline, notices=order.notices)
        return hear_record(order.source, order.seq, pipeline, help_, notices=order.notices)

    def _help(self, schema: str | None, pipeline: Pipeline) -> Help:
        """What engines are asked for, without the engines."""
        known = self._helps.get(schema)
        if known is not None and known[0] is pipeline:
            return known[1]
        from rolecall.drive.connect import help_of

        if len(self._helps) > 2 * len(self._pipelines):
            self._helps.clear()
        found = help_of(self._settings, pipeline.schema)
        self._helps[schema] = pipeline, found
        return found

    def _document(self, schema: str) -> Mapping[str, Any] | None:
        self._connection.sendall(packed(Need(schema)))
        document: Mapping[str, Any] | Error | None = receive(self._connection)
        if isinstance(document, Error):
            raise document
        return document
