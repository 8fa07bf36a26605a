"""Submissions as they are taken in: looked at, made storable, their pages compressed."""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final

import orjson
from msgspec import Struct, structs

from rolecall.errors import Error, UsageError
from rolecall.queue.nouns import PRIORITIES, NewTask, Submission
from rolecall.queue.packing import pack
from rolecall.queue.texts import LONGEST_KEY, storable

LONGEST_DELAY: Final = 10 * 365 * 86_400.0
LONGEST_TEXT: Final = 8_000
"""Letters of a source or an address."""


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
    """Look a submission over, hash and compress its bodies; may be done in any thread.

    Raises:
        UsageError: a priority, delay, key or address that no task may have.
    """
    cleaned = structs.replace(
        submission,
        submitter=_key(submission.submitter, "submitter") or "",
        key=_key(submission.key, "key"),
        schema=_key(submission.schema, "schema"),
        tasks=tuple(_task(one) for one in submission.tasks),
    )
    return Prepared(cleaned, tuple(_packed(one) for one in cleaned.tasks))


def schema_hash(document: dict[str, Any]) -> tuple[str, bytes]:
    """The hash by which a schema is known, and its text."""
    told = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()[:32], told


def _packed(task: NewTask) -> tuple[bytes, bytes, int] | None:
    if task.body is None:
        return None
    return hashlib.sha256(task.body).digest(), pack(task.body), len(task.body)


def _task(task: NewTask) -> NewTask:
    if task.priority not in PRIORITIES:
        raise UsageError(
            f"a priority of {task.priority} is out of range",
            hint=f"give one from {PRIORITIES[0]} to {PRIORITIES[-1]}",
        )
    if not (math.isfinite(task.delay) and 0 <= task.delay <= LONGEST_DELAY):
        raise UsageError(
            f"a delay of {task.delay} s is out of range", hint="give one from 0 s to ten years"
        )
    return structs.replace(
        task,
        source=_text(task.source, "source") or "",
        url=_text(task.url, "url"),
        media_type=_key(task.media_type, "media type"),
        charset=_key(task.charset, "charset"),
        captured=_key(task.captured, "moment of capture"),
        key=_key(task.key, "key"),
    )


def _key(text: str | None, what: str) -> str | None:
    return _text(text, what, LONGEST_KEY)


def _text(text: str | None, what: str, longest: int = LONGEST_TEXT) -> str | None:
    if text is None:
        return None
    if len(text) > longest:
        raise UsageError(
            f"a {what} of {len(text):,} letters is too long", hint=f"give at most {longest:,}"
        )
    return storable(text)
