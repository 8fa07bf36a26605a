"""What one failed try was, whether another can help, and how long to wait before it."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.core import Usage

LONGEST_WAIT: Final = 120.0
"""Seconds: a server that asks for more is left alone, and the record says until when."""
LONGEST_ASKED: Final = 30 * 86_400.0
"""Seconds: nobody means more than this, and far more is no date at all."""
MOST_TRIES: Final[Mapping[str, int]] = {"answer": 5, "connection": 4}
"""Tries that one call may lose to something that is no answer, and to a server that is not there.

The first may be paid, the second will not pass in seconds; both bounds are below ``tries``.
"""
FIRST_DELAY: Final = 0.25
LONGEST_DELAY: Final = 8.0


NOTHING: Final = Usage()
"""No tokens."""


class Clock(Struct, frozen=True, kw_only=True):
    """Time and chance, so that tests can hold them: ``now`` is in seconds since 1970."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def at(self, seconds: float) -> str:
        """The moment ``seconds`` from now, in UTC as ISO 8601, rounded up to a second."""
        moment = datetime.fromtimestamp(math.ceil(self.now() + seconds), UTC)
        return moment.isoformat().replace("+00:00", "Z")


class Fault(Exception):  # noqa: N818 - it never leaves the room; what does is an EngineError
    """One try that gave no answer.

    ``result`` is the short code of the `Attempt`. ``retried`` says whether another try can help,
    ``kind`` which bound of `MOST_TRIES` it counts towards, ``weak`` that the replica is to blame.
    ``wait`` is how many seconds the server asked to be left alone, if it did. ``account`` says that
    the key or the account is to blame, so that any call would meet the same.
    """

    def __init__(
        self,
        result: str,
        message: str,
        *,
        retried: bool = True,
        hint: str | None = None,
        code: str = "engine_unavailable",
    ) -> None:
        super().__init__(message)
        self.result, self.message, self.retried = result, message, retried
        self.hint, self.code = hint, code
        self.kind, self.weak = result, retried
        self.wait: float | None = None
        self.account = False
        self.usage = NOTHING


def no_answer(result: str, message: str, usage: Usage = NOTHING) -> Fault:
    """A reply with status 200 that holds no answer; ``usage`` is what it is charged with."""
    fault = Fault(result, message, hint="look at what stands at this url, and at its log")
    fault.kind, fault.usage = "answer", usage
    return fault


class Rule(Struct, frozen=True):
    """What to do about an HTTP status: try again or not, and the remedy."""

    retried: bool
    hint: str
    weak: bool = False


RULES: Final[Mapping[str, Rule]] = {
    "300": Rule(False, "set url to the address that the server really has"),
    "400": Rule(False, "the server does not take this request: check vendor and model"),
    "401": Rule(False, "put a valid key into {key}"),
    "402": Rule(False, "the account behind {key} has nothing left: top it up or raise its limit"),
    "403": Rule(False, "the key in {key} may not use this model: check its rights"),
    "404": Rule(False, "check url (most end in /v1) and model"),
    "408": Rule(True, "the server is slow: lower concurrency"),
    "409": Rule(True, "try again later"),
    "413": Rule(False, "the request is larger than the server takes"),
    "422": Rule(False, "the server does not take this request: check vendor and model"),
    "425": Rule(True, "try again later"),
    "429": Rule(True, "lower concurrency, or raise the limit of the account"),
    "4xx": Rule(False, "check url, vendor and model"),
    "5xx": Rule(True, "look at the log of the server", weak=True),
}
"""By HTTP status; ``{key}`` stands for the place of the key. 429 for an empty account is 402."""

ACCOUNT: Final = frozenset(("quota", "http_401", "http_402"))
"""Results of tries that lie with the key or the account. A 403 may be about one page: what guards
a server may not like its words."""

_QUOTA: Final = re.compile(r"insufficient_quota|billing|exceeded your current quota", re.I)
_TOO_LONG: Final = re.compile(
    r"maximum context length|context_length_exceeded|exceed_context_size"
    r"|exceeds? the (available )?context|longer than the model's context",
    re.I,
)


def refusal(status: int, headers: Mapping[str, str], body: bytes, key: str, now: float) -> Fault:
    """The fault that a reply with another status than 200 is.

    ``key`` names the place of the key for the hint; ``now`` are seconds since 1970.
    """
    if 200 < status < 300:
        return no_answer("empty_body", f"the server answered {status}, which holds no answer")
    said, kind = _said(body)
    rule = _rule(status)
    result = "redirect" if status < 400 else f"http_{status}"
    code = "engine_unavailable"
    if status == 429:
        code = "rate_limited"
        if _QUOTA.search(f"{kind} {said}"):
            rule, result, code = RULES["402"], "quota", "engine_unavailable"
    elif status in (400, 413, 422) and _TOO_LONG.search(f"{kind} {said}"):
        code, result = "context_overflow", "context_overflow"
        rule = Rule(False, "set window to what the server takes, so that pages are cut before")
    # What refuses a key often repeats it.
    about = f": {said}" if said and status not in (401, 403, 407) else ""
    fault = Fault(
        result,
        f"the server answered {status}{about}",
        retried=rule.retried,
        hint=rule.hint.format(key=key),
        code=code,
    )
    fault.weak, fault.account = rule.weak, result in ACCOUNT
    fault.wait = asked_wait(headers, now) if rule.retried else None
    return fault


def _rule(status: int) -> Rule:
    if status < 400:
        return RULES["300"]
    return RULES.get(str(status)) or RULES["4xx" if status < 500 else "5xx"]


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds a reply asks to wait: ``retry-after-ms``, or ``Retry-After`` (RFC 9110, 10.2.3).

    ``headers`` has small letters. ``None`` where nothing usable is said; `LONGEST_ASKED` at most.
    """
    if (wait := _number(headers.get("retry-after-ms", ""))) is not None:
        return min(LONGEST_ASKED, wait / 1000)
    text = headers.get("retry-after", "")
    if (wait := _number(text)) is not None:
        return min(LONGEST_ASKED, wait)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST_ASKED, max(0.0, moment.timestamp() - now))


def backoff(tried: int, chance: float) -> float:
    """Seconds before the next try after ``tried`` ones: doubled each time, half of it by chance."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (tried - 1)) * (0.5 + chance / 2))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _said(body: bytes) -> tuple[str, str]:
    """The message of an error's body, cut to a line, and its type and code."""
    try:
        data: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, str):
        return plain(error), ""
    if not isinstance(error, dict):
        return "", ""
    message = error.get("message") or error.get("detail") or ""
    return plain(str(message)), f"{error.get('type')} {error.get('code')}"


def plain(text: str, most: int = 200) -> str:
    """``text`` on one line, without control characters and without what looks like a key."""
    text = re.sub(r"\b(sk|key|tok|hf|gsk|xai)[-_][\w*.-]{6,}", "***", text[: most * 4])
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
