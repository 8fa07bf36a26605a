"""Results on their way into the database: in groups, and kept while it cannot take them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.errors import DatabaseError
from rolecall.queue.leases import Leases
from rolecall.queue.nouns import Claim, Result, State

Kind = Literal["finish", "fail", "die", "defer", "back"]

AWAY: Final = frozenset(("engine_unavailable", "rate_limited", "budget_exceeded"))
"""Reasons that lie with an engine and not with the page."""

AT_ONCE: Final = 200
"""Results that one transaction takes."""

LONGEST_WAIT: Final = 5.0
"""Seconds between tries to reach a database that does not take anything, at most."""

_log = logging.getLogger(__name__)

InThread = Callable[..., Awaitable[Any]]


class End(Struct, frozen=True, kw_only=True):
    """What is to become of a claim; ``seconds`` is the wait of one that is deferred."""

    claim: Claim
    kind: Kind
    record: Mapping[str, Any] | None = None
    state: State = "done"
    trouble: str = ""
    seconds: float | None = None
    worked_on: bool = True


def end_of(claim: Claim, record: Mapping[str, Any], now: datetime | None = None) -> End:
    """What becomes of a claim with this record: it ends, or is tried again later.

    A page that failed for a reason that may pass is tried again, and so is one at which processes
    ended; one whose engine is away waits, until the engine asked to be called where it said that.
    One that was being answered when its engine died may be what it died of.
    """
    reason = record["reason"] or {}
    code = str(reason.get("code") or "")
    if record["outcome"] != "failed":
        return End(claim=claim, kind="finish", record=record)
    trouble = f"{code}: {reason.get('message') or ''}"[:500]
    if code == "poison":
        return End(claim=claim, kind="die", record=record, trouble=trouble)
    if code in AWAY and (engine := _died_on(record)):
        told = f"{engine} ended while it was asked about the page"
        poison = {**reason, "code": "poison", "message": told, "retryable": False, "retry_at": None}
        died = {**record, "reason": {key: poison[key] for key in poison if key in reason}}
        return End(claim=claim, kind="die", record=died, trouble=f"poison: {told}")
    retry_at = reason.get("retry_at")
    if code in AWAY and (reason.get("retryable") or retry_at):
        seconds = _seconds_until(str(retry_at), now) if retry_at else None
        return End(claim=claim, kind="defer", record=record, trouble=trouble, seconds=seconds)
    if reason.get("retryable"):
        return End(claim=claim, kind="fail", record=record, trouble=trouble)
    return End(claim=claim, kind="finish", record=record)


def _died_on(record: Mapping[str, Any]) -> str:
    """The engine that ended amid a call about the page, so that then nobody was there any more;
    empty if none did."""
    last: dict[str, str] = {}
    for one in record.get("attempts") or ():
        if one["result"] == "connection" and last.get(one["engine"]) == "disconnected":
            return str(one["engine"])
        last[one["engine"]] = one["result"]
    return ""


def _seconds_until(moment: str, now: datetime | None) -> float | None:
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.1, (at - (now or datetime.now(UTC))).total_seconds())


class Ending:
    """Writes ends down, as many at a time as have gathered, in the order in which they came.

    While the database does not take them they stay here, and ``trouble`` says why. ``in_thread``
    runs a function in a thread.
    """

    def __init__(self, leases: Leases, in_thread: InThread) -> None:
        self._leases, self._in_thread = leases, in_thread
        self._line: list[tuple[End, asyncio.Future[bool]]] = []
        self._more = asyncio.Event()
        self.trouble = ""

    @property
    def unsaved(self) -> int:
        """How many wait."""
        return len(self._line)

    async def put(self, end: End) -> bool:
        """Returns once it is written down: whether it counted."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append((end, done))
        self._more.set()
        return await done

    async def run(self) -> None:
        """Write until this is cancelled; what is being written then is still written."""
        wait = 0.05
        while True:
            await self._more.wait()
            self._more.clear()
            while self._line:
                group = self._group()
                try:
                    counted = await self._in_thread(self._write, [end for end, _ in group])
                except DatabaseError as error:
                    if not self.trouble:
                        _log.error("results are kept until the database takes them: %s", error)
                    self.trouble = str(error)
                    await asyncio.sleep(wait)
                    wait = min(LONGEST_WAIT, wait * 2)
                    continue
                except Exception:
                    counted = await self._one_by_one(group)
                if self.trouble:
                    _log.warning("the database takes results again")
                self.trouble, wait = "", 0.05
                del self._line[: len(group)]
                for (_, done), one in zip(group, counted, strict=True):
                    if not done.done():
                        done.set_result(one)

    def _group(self) -> list[tuple[End, asyncio.Future[bool]]]:
        """The results at the front of the line, or the one other thing that is there."""
        found: list[tuple[End, asyncio.Future[bool]]] = []
        for one in self._line[:AT_ONCE]:
            if one[0].kind != "finish":
                return found or [one]
            found.append(one)
        return found

    async def _one_by_one(self, group: list[tuple[End, asyncio.Future[bool]]]) -> list[bool]:
        """One of a group cannot be written, by a fault of ours; the others shall be."""
        counted = []
        for end, _ in group:
            try:
                counted += await self._in_thread(self._write, [end])
            except DatabaseError:
                counted.append(False)  # its lease runs out, and it is done once more
            except Exception:
                _log.exception("the result of task %d cannot be kept", end.claim.task)
                counted.append(False)
        return counted

    def _write(self, ends: list[End]) -> list[bool]:
        first = ends[0]
        if first.kind == "back":
            return [self._leases.put_back(first.claim, worked_on=first.worked_on)]
        assert first.record is not None
        if first.kind == "fail":
            return [self._leases.fail(first.claim, first.trouble, first.record)]
        if first.kind == "die":
            return [self._leases.die(first.claim, first.trouble, first.record)]
        if first.kind == "defer":
            told = first.trouble
            return [self._leases.defer(first.claim, told, first.record, first.seconds)]
        return self._leases.finish(
            [
                Result(claim=end.claim, record=end.record, state=end.state)
                for end in ends
                if end.record is not None
            ]
        )
