"""A call and its reply as plain data; which failed tries are made again, and when. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson
from msgspec import Struct, field

from rolecall.errors import ServerError

LARGEST_REPLY: Final = 256_000_000
"""Bytes; a longer reply to one call is given up before it fills the memory."""

_HINTS: Final[Mapping[int, str]] = {
    401: "give token=, or set ROLECALL_TOKEN; rolecall tokens add makes one",
    403: "the token does not have the scope for this",
    404: "check the number, and that url names a Rolecall server",
    413: "the page is larger than the server takes",
    421: "the server does not know this host name: add it to its allowed hosts",
    429: "try again later: the server has as much to do as it takes",
    503: "try again later, and look at the server's log",
}


class Patience(Struct, frozen=True, kw_only=True):
    """How often and how long a client tries: ``tries`` in all, for each call.

    Between two tries it waits ``first * 2**(n-1)`` seconds, at most ``longest``, half of it by
    chance; or as long as the server asked for. One that asks for more than ``most`` is not waited
    for: the error says how long it would be.
    """

    tries: int = 6
    first: float = 0.25
    longest: float = 10.0
    most: float = 120.0


class Ask(Struct, frozen=True, kw_only=True):
    """What is sent. ``repeat`` says that it may arrive twice without harm, ``once`` that it is not
    tried again at all. ``seconds`` is how long its answer may be silent.
    """

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: bool = True
    once: bool = False
    seconds: float | None = None


class Reply(Struct, frozen=True):
    """What came back; the names of ``headers`` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def pause(patience: Patience, tried: int, chance: float, asked: float | None = None) -> float:
    """Seconds between try number ``tried`` and the next; ``chance`` is in [0, 1).

    Who waits as the server asked waits a little longer by chance, so that not all come at once.
    """
    own = min(patience.longest, patience.first * 2.0 ** min(tried - 1, 30))
    if asked is not None:
        return float(asked + chance * min(1.0, own))
    return float(own * (0.5 + chance / 2))


def wait_after(
    error: ServerError, ask: Ask, patience: Patience, tried: int, chance: float
) -> float:
    """Seconds to wait before ``ask`` is sent again.

    Raises:
        ServerError: it is not sent again: ``error`` itself.
    """
    again = error.status in (429, 503) or not error.sent
    if error.status in (
        None,
        502,
        504,
    ):  # those are a proxy's: whether the call arrived is not known
        again = error.retryable and (ask.repeat or not error.sent)
    if not again or ask.once or tried >= patience.tries:
        raise error
    if error.retry_after is not None and error.retry_after > patience.most:
        raise error
    return pause(patience, tried, chance, error.retry_after)


def refusal(reply: Reply, url: str, now: float) -> ServerError:
    """The error that a reply with another status than 2xx is; ``now`` in seconds since 1970."""
    if 300 <= reply.status < 400:
        return ServerError(
            f"{url} answered {reply.status}: it sends elsewhere, and redirects are not followed",
            status=reply.status,
            hint="give the address that the server really has; the token goes nowhere else",
        )
    problem = _problem(reply)
    title, detail = str(problem.get("title") or ""), str(problem.get("detail") or "")
    said = ": ".join(_line(one) for one in (title, detail) if one)
    hint = problem.get("hint")
    error = ServerError(
        f"the server answered {reply.status}{': ' if said else ''}{said}",
        status=reply.status,
        problem=problem,
        retry_after=_asked(reply.headers.get("retry-after", ""), now),
        hint=_line(hint) if isinstance(hint, str) and hint else _HINTS.get(reply.status),
    )
    if isinstance(code := problem.get("code"), str) and code:
        error.code = code
    return error


def unreachable(url: str, error: Exception, *, sent: bool) -> ServerError:
    """The error of a try without an answer; ``sent`` says that the call may have arrived."""
    what = "the connection broke" if sent else "no connection"
    return ServerError(
        f"{what} to {url} ({type(error).__name__})",
        sent=sent,
        hint="is the server running? rolecall serve starts one",
    )


def silent(url: str, seconds: float) -> ServerError:
    """The error of a try whose answer did not come in time."""
    return ServerError(f"no answer from {url} within {seconds:.3g} s", hint="give a longer timeout")


def too_large(url: str) -> ServerError:
    """The error of a reply that does not end; trying again would not help."""
    error = ServerError(f"the answer of {url} is larger than {LARGEST_REPLY:,} bytes")
    error.retryable = False
    return error


def _problem(reply: Reply) -> dict[str, Any]:
    if "json" not in reply.headers.get("content-type", ""):
        return {}
    try:
        told = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _asked(text: str, now: float) -> float | None:
    """The seconds of ``Retry-After`` (RFC 9110, 10.2.3): a number, or a date."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - datetime.fromtimestamp(now, UTC).timestamp()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _line(text: str, most: int = 500) -> str:
    """``text`` on one line, without control characters."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: most * 2]).split())
    return text if len(text) <= most else text[: most - 1] + "…"
