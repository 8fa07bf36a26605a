"""One page that has its record, in figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

MOST_FIELDS: Final = 40
"""Fields of a record that are told of: a user's schema may have any number."""


class CallEvent(Struct, frozen=True, kw_only=True):
    """One call of an engine.

    ``result`` is how its answer ended (``stop``, ``length``, an error's code); tokens are those of
    OpenTelemetry's GenAI conventions; ``nano`` is the cost in billionths of a US dollar, ``micros``
    the time it took in microseconds. ``kept`` says that a kept answer stood in for the call.
    """

    engine: str
    model: str
    result: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    nano: int
    micros: int
    kept: bool


class PageEvent(Struct, frozen=True, kw_only=True):
    """A page that has its record.

    ``moment`` is in milliseconds since 1970, ``stages`` are microseconds by stage. ``fields`` are
    those of the record that have a value, with the confidence of the least sure part of each in
    thousandths (-1 where none is told). ``route`` says who had the last word: the name of an
    engine, ``embedded``, or ``none``. ``copied`` says that the values are those of an earlier copy.
    ``size`` is the page's bytes (0 where that is not known), ``language`` the posting's, ``site``
    the host of its address; both may be empty. ``kinds`` are the problems by their kind.
    """

    moment: int
    page: str
    outcome: str
    reason: str
    route: str
    config: str
    fields: Mapping[str, int]
    problems: int
    stages: Mapping[str, int]
    calls: tuple[CallEvent, ...]
    copied: bool
    size: int = 0
    language: str = ""
    site: str = ""
    kinds: Mapping[str, int] = {}


KINDS: Final = frozenset("conflict ungrounded ambiguous schema syntax truncated".split())
"""Kinds of problems; any other one is told as `OTHER`."""
OTHER: Final = "other"
MOST_AMOUNT: Final = 10**12
"""Tokens, microseconds and billionths of a dollar of one call."""

LONGEST_LANGUAGE: Final = 12
"""Letters of the code of a language; a user's schema may put anything there."""

EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})

Sink = Callable[[PageEvent], None]
"""Takes an event; it must be quick, and may be called from any thread."""


def page_event(record: Mapping[str, Any], moment: int, size: int = 0) -> PageEvent:
    """The event of a record, whose page has ``size`` bytes. Of its text there is nothing in it."""
    calls = tuple(_calls(record))
    reason = record.get("reason") or {}
    answered = [one.engine for one in calls if one.result == "stop"]
    told = record.get("data") is not None
    return PageEvent(
        moment=moment,
        page=str(record.get("source_id") or ""),
        outcome=str(record["outcome"]),
        reason=str(reason.get("code") or ""),
        route=answered[-1] if answered else "embedded" if told else "none",
        config=str(record.get("config") or ""),
        fields=_fields(record) if told else {},
        problems=len(record.get("problems") or ()),
        stages={name: int(1e6 * took) for name, took in (record.get("seconds") or {}).items()},
        calls=calls,
        copied="copy_of" in record,
        size=size,
        language=_language(record),
        site=site_of(record),
        kinds=_kinds(record),
    )


def site_of(record: Mapping[str, Any]) -> str:
    """The host of a record's page, without ``www.``; empty where no address is known."""
    for one in (record.get("url"), record.get("source")):
        if isinstance(one, str) and "://" in one[:12]:
            try:
                return (urlsplit(one).hostname or "").removeprefix("www.")[:200]
            except ValueError:
                continue
    return ""


def _language(record: Mapping[str, Any]) -> str:
    data = record.get("data")
    told = data.get("posting_language") if isinstance(data, Mapping) else None
    return told[:LONGEST_LANGUAGE] if isinstance(told, str) else ""


def _kinds(record: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in record.get("problems") or ():
        kind = one.get("kind")
        kind = kind if kind in KINDS else OTHER
        found[kind] = found.get(kind, 0) + 1
    return found


def _calls(record: Mapping[str, Any]) -> Iterator[CallEvent]:
    for one in record.get("attempts") or ():
        usage = one.get("usage") or {}
        yield CallEvent(
            engine=str(one["engine"]),
            model=str(one.get("model") or ""),
            result=str(one["result"]),
            input_tokens=_bounded(usage.get("input_tokens") or 0),
            cached_tokens=_bounded(usage.get("cached_tokens") or 0),
            output_tokens=_bounded(usage.get("output_tokens") or 0),
            nano=_bounded(1e9 * (one.get("cost_usd") or 0.0)),
            micros=_bounded(1e6 * (one.get("seconds") or 0.0)),
            kept=bool(one.get("cached")),
        )


def _bounded(amount: float) -> int:
    """A figure that every sink takes, whatever a server has told."""
    return round(min(max(amount, 0), MOST_AMOUNT))


def _fields(record: Mapping[str, Any]) -> dict[str, int]:
    """Fields with a value, and how sure the least sure part of each is."""
    data = record["data"]
    if not isinstance(data, Mapping):
        return {}
    found = {name: -1 for name, value in data.items() if value not in EMPTY}
    least: dict[str, float] = {}
    for pointer, one in (record.get("evidence") or {}).items():
        sure = one.get("confidence")
        if sure is None:
            continue
        end = pointer.find("/", 1)
        name = pointer[1:end] if end > 0 else pointer[1:]
        if sure < least.get(name, 2.0):
            least[name] = sure
    for name, sure in least.items():
        if name in found:
            found[name] = round(1_000 * sure)
    return found if len(found) <= MOST_FIELDS else dict(sorted(found.items())[:MOST_FIELDS])
