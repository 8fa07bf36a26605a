"""What can go wrong on the way to an address, with a kind for programs and a code for records."""

from __future__ import annotations

from typing import Final

from rolecall.errors import Error

KINDS: Final[dict[str, tuple[str, bool]]] = {
    "bad_address": ("unreadable", False),
    "blocked_address": ("blocked_address", False),
    "no_such_host": ("unreadable", True),
    "unreachable": ("unreadable", True),
    "tls": ("unreadable", False),
    "broken": ("unreadable", True),
    "bad_answer": ("unreadable", False),
    "too_many_redirects": ("unreadable", False),
    "robots": ("unreadable", False),
    "robots_unknown": ("unreadable", True),
    "denied": ("unreadable", False),
    "not_found": ("unreadable", False),
    "bad_status": ("unreadable", False),
    "server_error": ("unreadable", True),
    "rate_limited": ("rate_limited", True),
    "no_content": ("unreadable", False),
    "not_html": ("unreadable", False),
    "too_large": ("too_large", False),
    "decode_error": ("decode_error", False),
    "timeout": ("timeout", True),
}
"""Each kind of failure: its reason code in a record, and whether trying later may help."""


class FetchError(Error):
    """An address was not fetched, or may not be.

    ``kind`` is one of ``KINDS``, with which the message starts, and ``reason`` the rest of it.
    ``code`` is the reason code of a record that goes with it, and ``retryable`` says whether trying
    later may help. ``retry_at`` (ISO 8601, UTC) is when the server asked to be asked again,
    ``status`` its answer, if there was one.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        hint: str | None = None,
        retryable: bool | None = None,
        retry_at: str | None = None,
        status: int | None = None,
    ) -> None:
        code, again = KINDS[kind]
        super().__init__(f"{kind}: {message}", hint=hint, code=code)
        self.kind, self.reason = kind, message
        self.retry_at, self.status = retry_at, status
        self.retryable = again if retryable is None else retryable
        self.url: str | None = None
        """The address that failed, where it is another than the one that was asked for."""
