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
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Final

import orjson

from rolecall.core import Notice, Problem
from rolecall.errors import Error, SchemaError
from rolecall.private import without_secrets
from rolecall.schema.admit import draft_of
from rolecall.schema.compile_child import receive, send
from rolecall.schema.dialect import Draft
from rolecall.schema.grammar import Grammar
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.lint import Row
from rolecall.schema.prepare import prepare
from rolecall.schema.reading import read_schema
from rolecall.schema.validator import Check

KEPT: Final = 64
"""Schemas whose answers are kept, the ones used last."""

KEPT_MEMORY: Final = 64 << 20
"""Bytes that they and their compiled checks may take together, roughly."""

PER_BYTE: Final = 28
"""Bytes that everything known of a schema takes for one byte of its text, measured."""

REQUESTS: Final = 2_000
GROWTH: Final = 96 << 20
"""After so many requests, or bytes of growth, a child makes way for a fresh one."""

WHOLE_PART: Final = 0.9
"""The part of a schema's time that the child has; the rest is for ending and starting children."""

GRAMMAR_PART: Final = 0.6
"""The part after which a schema goes without a grammar."""

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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of a schema, and the bytes that it takes to keep."""

    found: Compiled | SchemaError
    memory: int


class Compiler:
    """Asks the child process, starts it anew when it is lost, and keeps the last answers.

    Threads take turns. A process that is forked keeps the answers and starts a child of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

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
            answer = self._answers.get(key)
            if answer is None:
                found = self._ask(plain, draft, limits, digest)
                taken = found.memory if isinstance(found, Compiled) else 0
                answer = _Answer(found, taken + PER_BYTE * len(raw))
                self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > KEPT or (
                len(self._answers) > 1
                and sum(one.memory for one in self._answers.values()) > KEPT_MEMORY
            ):
                self._answers.popitem(last=False)
        found = answer.found
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
        if self._child is None or not self._child.lives():
            self._drop()
            self._child = _Child()
        request = {"document": document, "draft": draft, "limits": asdict(limits)}
        try:
            self._child.wait()  # its start does not count against the schema
        except _LostError as lost:
            self._drop()
            raise Error(f"the process that compiles schemas does not start: it {lost}") from None
        start, safe = time.monotonic(), False
        try:
            answer = self._child.ask(request, start + limits.seconds * WHOLE_PART)
            if "safe" in answer:
                safe = True
                answer = self._child.receive(start + limits.seconds * GRAMMAR_PART)
        except _LostError as lost:
            self._drop()
            self._child = _Child()  # it starts while others go on
            if not safe:
                raise SchemaError(
                    f"compiling the schema {lost}",
                    hint="ask for fewer fields, shorter lists of values, and simpler patterns",
                ) from None
            without = Grammar(None, f"making a grammar of the schema {lost}")
            return _compiled(asdict(prepare(document, draft, limits, without)), digest, guessed)
        except BaseException:
            self._drop()  # what it would answer next is of the past
            raise
        if self._child.worn(answer["resident"]):
            self._drop()
        if "error" in answer:
            reason, pointer, hint = answer["error"]
            return SchemaError(reason, pointer=pointer, hint=hint)
        return _compiled(answer["prepared"], digest, guessed)

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
                env=without_secrets(os.environ) | {"PYTHONPATH": path},
            )
        self.requests = 0
        self.first = 0

    def wait(self) -> None:
        """Wait until the process has started; raises ``_LostError`` if it does not."""
        if not self.first:
            self.first = self.receive(time.monotonic() + START)["resident"] or 1

    def lives(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    def ask(self, request: dict[str, Any], until: float) -> dict[str, Any]:
        """The first answer to a request; raises ``_LostError`` if there is none in time."""
        self.requests += 1
        try:
            self.line.settimeout(max(0.001, until - time.monotonic()))
            send(self.line, request)
        except OSError as error:
            raise self._lost(error) from None
        return self.receive(until)

    def receive(self, until: float) -> dict[str, Any]:
        """The next answer; raises ``_LostError`` if there is none in time."""
        try:
            answer = receive(self.line, until)
        except OSError as error:
            raise self._lost(error) from None
        if answer is None:
            raise self._lost(None)
        found: dict[str, Any] = answer
        return found

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


def prepare_trusted(document: dict[str, Any], draft: Draft) -> Compiled:
    """The same for a schema of our own, in this process: nothing guards against what it costs."""
    from rolecall.schema.grammar import grammar
    from rolecall.schema.prepare import prepare

    found = prepare(document, draft, DEFAULT_LIMITS, grammar())
    digest = hashlib.sha256(_written(document)).hexdigest()
    return Compiled(digest=digest, **{one.name: getattr(found, one.name) for one in fields(found)})


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


def _again(error: SchemaError) -> SchemaError:
    """A fresh copy: a raised error holds on to where it was raised."""
    return SchemaError(error.reason, pointer=error.pointer, hint=error.hint)


COMPILER: Final = Compiler()
atexit.register(COMPILER.end)
os.register_at_fork(after_in_child=COMPILER.forked)
