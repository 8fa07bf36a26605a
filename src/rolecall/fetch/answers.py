"""What the head of an answer means: a page, a redirect, or one kind of failure."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from rolecall.fetch.faults import FetchError
from rolecall.fetch.wire import Answer

REDIRECTS: Final = (301, 302, 303, 307, 308)
STATUSES: Final = {
    204: "no_content", 205: "no_content", 401: "denied", 402: "denied", 403: "denied",
    404: "not_found", 407: "denied", 410: "not_found", 408: "server_error", 425: "server_error",
    429: "rate_limited", 451: "denied",
}  # fmt: skip
PAGES: Final = (
    "text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/json",
    "application/ld+json",
)  # fmt: skip
CHARSET: Final = re.compile(r"""charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)
LONGEST_WAIT: Final = 7 * 86_400.0
"""Seconds; a server that asks to wait longer is taken to mean this."""


def check_status(answer: Answer, where: str) -> None:
    """That an answer that is no redirect is a page; raises `FetchError`."""
    status = answer.status
    kind = STATUSES.get(status)
    if kind is None:
        if 200 <= status < 300 and status != 206:
            return
        kind = "server_error" if status >= 500 else "bad_status"
    retry_at = None
    if kind in ("rate_limited", "server_error") and (wait := retry_after(answer)) is not None:
        retry_at = moment(wait)
    again = False if status in (501, 505) else None
    raise FetchError(
        kind, f"{where} answers {status}", retryable=again, retry_at=retry_at, status=status
    )


def check_type(answer: Answer, where: str) -> tuple[str | None, str | None]:
    """Media type and charset of a page; raises `FetchError` for what is none."""
    told = answer.field("content-type")
    media = told.partition(";")[0].partition(",")[0].strip().lower()
    if media and media not in PAGES:
        raise FetchError("not_html", f"{where} is {media[:80]!a}, not a page", status=answer.status)
    found = CHARSET.search(told)
    return media or None, found[1].lower() if found else None


def check_length(answer: Answer, most: int, where: str) -> None:
    """That an answer does not announce more than ``most`` bytes; raises `FetchError`."""
    told = answer.field("content-length")
    if told.isascii() and told.isdigit() and (len(told) > 18 or int(told) > most):
        raise FetchError("too_large", f"{where} is larger than {most:,} bytes")


def retry_after(answer: Answer) -> float | None:
    """The seconds that ``Retry-After`` asks to wait (RFC 9110, 10.2.3)."""
    text = answer.field("retry-after").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, wait), LONGEST_WAIT)


def moment(seconds: float = 0.0) -> str:
    """The time ``seconds`` from now, in UTC as ISO 8601, rounded up to a second."""
    at = datetime.fromtimestamp(math.ceil(time.time() + seconds), UTC)
    return at.isoformat().replace("+00:00", "Z")
