"""Errors as they are told over HTTP: problem documents (RFC 9457), without what went on inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from rolecall.errors import DatabaseError, Error, SchemaError, UsageError
from rolecall.fetch import FetchError
from rolecall.queue.inbox import KeyReusedError, QueueFullError
from rolecall.worker.nouns import BusyError, StoppedError

MEDIA_TYPE: Final = "application/problem+json"
BUSY_SECONDS: Final = 5
"""When to ask again after the database could not take something."""
LONGEST: Final = 500
"""Characters of a message that are told."""


class ProblemError(Error):
    """A request is answered with ``status`` and a problem document.

    ``code`` is a word for programs, ``errors`` name places in what was sent, ``headers`` go with
    the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status, self.errors, self.headers = status, tuple(errors), dict(headers or {})


def later(status: int, code: str, message: str, seconds: float) -> ProblemError:
    """A refusal that says after how many seconds to ask again."""
    wait = max(1, round(seconds))
    return ProblemError(
        status,
        code,
        message,
        hint=f"ask again in {wait} s",
        headers={"Retry-After": str(wait)},
    )


def fault() -> ProblemError:
    """The answer to a fault of ours."""
    return ProblemError(500, "internal", "something went wrong here; the server's log tells what")


def not_found(what: str = "there is nothing here") -> ProblemError:
    """What is not there, or not the asker's, which looks the same."""
    return ProblemError(404, "not_found", what)


def problem_of(error: Error) -> ProblemError:
    """The answer to an error that was raised on purpose."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, QueueFullError):
        return later(429, "queue_full", str(error), error.seconds)
    if isinstance(error, BusyError):
        return later(429, "busy", str(error), error.seconds)
    if isinstance(error, StoppedError):
        return later(503, "stopped", str(error), BUSY_SECONDS)
    if isinstance(error, FetchError):
        return ProblemError(422, error.kind, str(error), hint=error.hint)
    if isinstance(error, KeyReusedError):
        return ProblemError(422, "key_reused", str(error), hint=error.hint)
    if isinstance(error, SchemaError):
        place = {"pointer": error.pointer, "message": error.reason} if error.pointer else None
        errors = [place] if place else []
        return ProblemError(422, "schema_refused", str(error), hint=error.hint, errors=errors)
    if isinstance(error, DatabaseError):
        # Where the database lies, and what it said, is the operator's business.
        if _full(error):
            return later(507, "storage_full", "there is no room to keep this", BUSY_SECONDS)
        return later(503, "storage_away", "the database cannot be used now", BUSY_SECONDS)
    if isinstance(error, UsageError):
        return ProblemError(422, error.code, str(error), hint=error.hint)
    return fault()


def _full(error: DatabaseError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    state = getattr(error.__cause__, "sqlstate", None)  # PostgreSQL: class 53, out of resources
    # A file that may not grow (quota, RLIMIT_FSIZE) comes out as a failed write.
    no_room = code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_WRITE
    return no_room or state == "53100"


def answer_of(problem: ProblemError) -> Response:
    """The response that tells of a problem."""
    document: dict[str, Any] = {
        "type": f"urn:rolecall:problem:{problem.code}",
        "title": _title(problem.status),
        "status": problem.status,
        "detail": str(problem)[:LONGEST],
        "code": problem.code,
    }
    if problem.hint:
        document["hint"] = problem.hint[:LONGEST]
    if problem.errors:
        document["errors"] = [dict(one) for one in problem.errors[:20]]
    headers = {**problem.headers, "Cache-Control": "no-store"}
    return Response(orjson.dumps(document), problem.status, headers, MEDIA_TYPE)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
