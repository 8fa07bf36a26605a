"""Compiling a user's schema under a clock and a bound of memory, in a child process.

``prepare_schema`` is the one entry: whatever a schema does to the child, this process lives on and
either has the schema compiled or a ``SchemaError`` that names the place and the remedy.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import orjson

from rolecall.core import Notice, Problem
from rolecall.errors import SchemaError
from rolecall.schema.admit import draft_of
from rolecall.schema.compile_child import receive, send
from rolecall.schema.dialect import Draft
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.lint import Row
from rolecall.schema.reading import read_schema
from rolecall.schema.validator import Check

KEPT: Final = 64
"""Schemas whose answers are kept, the ones used last."""

KEPT_MEMORY: Final = 256 << 20
"""Bytes that their compiled checks may take together."""

REQUESTS: Final = 2_000
GROWTH: Final = 96 << 20
"""After so many requests, or bytes of growth, a child makes way for a fresh one."""

FIRST_TRY: Final = 0.6
"""The part of the time that a schema has with its grammar; the rest is for one without."""

START: Final = 10.0
"""Seconds that a child has to start, which do not count against the schema."""


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """All that is known of a schema that was admitted and compiled.

    ``document`` is the schema as it is checked, ``form`` the one that engines decode by (``None``
    where no grammar can be had). ``rows`` give every keyword its mark. ``least_tokens`` and
    ``typical_tokens`` estimate an answer's length. ``memory`` are the bytes that the check takes,
    roughly; ``digest`` tells schemas apart.
    """

    document: dict[str, Any] | bool
    draft: Draft
    digest: str
    rows: tuple[Row, ...]
    form: dict[str, Any] | None
    notices: tuple[Notice, ...]
    least_tokens: int
    typical_tokens: int
    memory: int

    @cached_property
    def check(self) -> Check:
        """The final check."""
        return Check(self.document, self.draft)

    def problems(self, data: Any) -> list[Problem]:
        """Every way in which ``data`` breaks the schema, in document order."""
        return self.check.problems(data)


class Compiler:
    """Asks the child process, starts it anew when it is lost, and keeps the last answers.

    Threads take turns. A process that is forked keeps the answers and starts a child of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._answers: OrderedDict[str, Compiled | SchemaError] = OrderedDict()

    def prepare(
        self,
        document: Any,
        draft: Draft | None = None,
        limits: SchemaLimits = DEFAULT_LIMITS,
    ) -> Compiled:
        """See ``prepare_schema``."""
        raw = _written(document)
        plain, _ = read_schema(raw, limits)
        digest = hashlib.sha256(raw).hexdigest()
        key = f"{digest} {draft} {limits}"
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                found = self._ask(plain, draft, limits, digest)
                self._answers[key] = found
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT or (
                len(self._answers) > 1 and sum(map(_memory, self._answers.values())) > KEPT_MEMORY
            ):
                self._answers.popitem(last=False)
        if isinstance(found, SchemaError):
            raise _again(found)
        return found

    def end(self) -> None:
        """End the child process; the next schema starts another."""
        with self._lock:
            self._drop()

    def forked(self) -> None:
        """Let go of the child in a process that was forked: it belongs to the parent."""
        self._lock = threading.Lock()
        if self._child is not None:
            self._child.let_go()
            self._child = None

    def _ask(
        self, document: Any, draft: Draft | None, limits: SchemaLimits, digest: str
    ) -> Compiled | SchemaError:
        guessed: tuple[Notice, ...] = ()
        try:
            if not isinstance(document, (dict, bool)):
                raise SchemaError("a schema is an object or a boolean", hint="start with {")
            if draft is None:
                draft, guessed = draft_of(document)
        except SchemaError as error:
            return error
        request = {"document": document, "draft": draft, "limits": asdict(limits), "lacking": ""}
        if self._child is None:
            self._child = _Child()  # its start does not count against the schema
        start = time.monotonic()
        try:
            answer = self._exchange(request, start + limits.seconds * FIRST_TRY)
        except _LostError as lost:
            request["lacking"] = f"making a grammar of the schema {lost}"
            try:
                answer = self._exchange(request, start + limits.seconds)
            except _LostError as again:
                raise SchemaError(
                    f"compiling the schema {again}",
                    hint="ask for fewer fields, shorter lists of values, and simpler patterns",
                ) from None
        if "error" in answer:
            reason, pointer, hint = answer["error"]
            return SchemaError(reason, pointer=pointer, hint=hint)
        return _compiled(answer["prepared"], digest, guessed)

    def _exchange(self, request: dict[str, Any], until: float) -> dict[str, Any]:
        """One request and its answer; if none comes, gives up the child and raises."""
        if self._child is None:
            self._child = _Child()
        try:
            answer = self._child.ask(request, until)
        except BaseException:
            self._drop()
            raise
        if self._child.worn(answer["resident"]):
            self._drop()
        return answer

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _LostError(Exception):
    """The child gave no answer; the text completes a sentence."""


class _Child:
    """The child process as its parent sees it."""

    def __init__(self) -> None:
        self.line, far = socket.socketpair()
        path = os.pathsep.join(part for part in sys.path if part)
        with far:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "rolecall.schema.compile_child", str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                env=os.environ | {"PYTHONPATH": path},
            )
        self.requests = 0
        try:
            self.first: int = self._receive(time.monotonic() + START)["resident"]
        except BaseException:
            self.end()
            raise

    def ask(self, request: dict[str, Any], until: float) -> dict[str, Any]:
        """The answer to a request; raises ``_LostError`` if there is none in time."""
        self.requests += 1
        try:
            self.line.settimeout(max(0.001, until - time.monotonic()))
            send(self.line, request)
        except OSError as error:
            raise self._lost(error) from None
        return self._receive(until)

    def worn(self, size: int) -> bool:
        """Whether a fresh child should take over."""
        return self.requests >= REQUESTS or size > self.first + GROWTH

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self.line.close()
        self.process.kill()
        self.process.wait()

    def let_go(self) -> None:
        """Forget the process without ending it."""
        self.line.close()
        self.process.returncode = 0

    def _receive(self, until: float) -> dict[str, Any]:
        try:
            answer = receive(self.line, until)
        except OSError as error:
            raise self._lost(error) from None
        if answer is None:
            raise self._lost(None)
        found: dict[str, Any] = answer
        return found

    def _lost(self, error: OSError | None) -> _LostError:
        if isinstance(error, TimeoutError):
            return _LostError("takes too long")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        code = self.process.returncode or 0
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return _LostError(f"takes too much memory or breaks the compiler ({name})")


def prepare_schema(
    document: Any, draft: Draft | None = None, limits: SchemaLimits = DEFAULT_LIMITS
) -> Compiled:
    """Admit a schema and compile it, in bounded time and memory; the answer is kept for a while.

    ``document`` is plain data, as JSON gives it. Without a ``draft`` it is the one that ``$schema``
    names, or the newest that the schema obeys. Raises ``SchemaError`` with the place and the
    remedy; the process that calls it lives on whatever the schema does.
    """
    return COMPILER.prepare(document, draft, limits)


def _written(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaError(
            f"the schema is no plain JSON data: {error}",
            hint="give objects, lists, strings, numbers, booleans and null",
        ) from None


def _compiled(found: dict[str, Any], digest: str, guessed: tuple[Notice, ...]) -> Compiled:
    return Compiled(
        digest=digest,
        rows=tuple(Row(**row) for row in found.pop("rows")),
        notices=(*guessed, *(Notice(**notice) for notice in found.pop("notices"))),
        **found,
    )


def _memory(found: Compiled | SchemaError) -> int:
    return found.memory if isinstance(found, Compiled) else 0


def _again(error: SchemaError) -> SchemaError:
    """A fresh copy: a raised error holds on to where it was raised."""
    return SchemaError(error.reason, pointer=error.pointer, hint=error.hint)


COMPILER: Final = Compiler()
atexit.register(COMPILER.end)
os.register_at_fork(after_in_child=COMPILER.forked)
