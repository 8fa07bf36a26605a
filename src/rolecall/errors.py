"""Every error Rolecall raises on purpose.

::

    Error                    .hint (the remedy)   .code   .retryable
    ├── UsageError           a wrong call, a file that exists, a setting that does not (exit code 2)
    │   ├── SettingsError    names the key, the value and where it came from
    │   └── SchemaError      a schema that is refused, with its JSON pointer
    ├── SourceError          an input that cannot be read, is too large or cannot be decoded
    ├── ModelFileError       the shipped reader model is missing or was changed
    ├── EngineError          an engine cannot be used, or gave nothing usable after all tries
    ├── BudgetError          a call would cost more than a cap leaves
    ├── DatabaseError        the user's database is damaged, too new, locked or out of reach
    ├── ServerError          a Rolecall server refused, is overloaded or cannot be reached
    └── CallbackError        a message that says it comes from a server, and cannot be trusted

A page that is not a posting, and a bad answer of a model, are results and not errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROOT = "(the whole schema)"
"""How messages call the place whose pointer is empty."""


class Error(Exception):
    """Base of all: ``hint`` names the remedy, ``code`` is the record's reason code."""

    code = "internal"
    retryable = False
    attempts: tuple[Any, ...] = ()
    """Calls of engines that were made for a page before the error, if any."""
    route: Any = None
    """The way that was taken for a page before the error, if any."""

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(Error):
    """The call cannot be carried out as it was made."""

    code = "usage"


class SettingsError(UsageError):
    """A setting is unknown or has a value that it cannot have."""


class SchemaError(UsageError):
    """A schema is refused.

    ``pointer`` is the JSON pointer of the fault, where it has a place, and ``reason`` the message
    without it.
    """

    def __init__(
        self, message: str, *, pointer: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message if pointer is None else f"{pointer or ROOT}: {message}", hint=hint)
        self.pointer, self.reason = pointer, message


class SourceError(Error):
    """An input cannot be used: ``code`` is ``unreadable``, ``too_large`` or ``decode_error``.

    One that was fetched may also be a ``timeout`` or ``rate_limited``; ``retry_at`` is the time
    (ISO 8601, UTC) at which its server asked to be asked again.
    """

    code = "unreadable"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        retryable: bool = False,
        retry_at: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retryable, self.retry_at = retryable, retry_at


class ModelFileError(Error):
    """A file of the embedded reader is missing or does not have the recorded hash."""


class EngineError(Error):
    """An engine gave no answer.

    ``code`` is ``engine_unavailable``, ``rate_limited``, ``context_overflow``, or ``poison`` where
    servers died of being asked. ``retry_at`` is the time (ISO 8601, UTC) before which the engine
    asked not to be called. ``failed`` holds an ``Attempt`` for each try, paid or not.
    """

    code = "engine_unavailable"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        retryable: bool = True,
        retry_at: str | None = None,
        failed: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retryable, self.retry_at, self.failed = retryable, retry_at, failed


class BudgetError(Error):
    """A call was not made because the worst it may cost is more than a cap leaves."""

    code = "budget_exceeded"


class DatabaseError(Error):
    """The database of the user's data folder cannot be used; ``retryable`` if only busy."""

    def __init__(self, message: str, *, hint: str | None = None, retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class ServerError(Error):
    """A Rolecall server did not do what the client asked of it.

    ``status`` is the answer's, or ``None`` where there was none. ``code`` is the server's word for
    it, ``title`` and ``detail`` are what it says to people (RFC 9457), ``problem`` is all of it.
    ``retry_after`` are the seconds for which it asked to be left alone; ``retryable`` says that the
    same may succeed later. ``sent`` is false where the call has certainly not arrived.
    """

    code = "server"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        sent: bool = True,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent
        self.status = status
        self.problem: Mapping[str, Any] = dict(problem or {})
        self.title = str(self.problem.get("title") or "")
        self.detail = str(self.problem.get("detail") or "")
        self.retry_after = retry_after
        self.retryable = status is None or status in (408, 425, 429) or status >= 500


class CallbackError(Error):
    """A callback's signature is missing, too old or not made with the secret: do not believe it."""

    code = "callback"
