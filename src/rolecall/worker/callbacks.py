"""Telling those who asked for it that their batch has ended.

A message is small JSON, signed as Standard Webhooks has it (standardwebhooks.com): the header
``webhook-signature`` holds ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``. It is
sent until it arrives, over two days; a receiver tells a repeated one by its ``webhook-id``.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson

from rolecall.errors import DatabaseError, Error
from rolecall.queue.callbacks import Callbacks, Message
from rolecall.queue.nouns import Batch
from rolecall.queue.view import View
from rolecall.worker.ending import InThread

WAITS: Final = (5.0, 30.0, 120.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
"""Seconds after each try that failed; after the last one the message is given up."""

EVERY: Final = 2.0
"""Seconds between looks for batches that have ended."""

NEVER: Final = frozenset(("bad_address", "blocked_address"))
"""Kinds of failures that no later try can change."""

GONE: Final = 410
"""The status by which a receiver says that it wants no more (Standard Webhooks)."""

_log = logging.getLogger(__name__)


class Post(Protocol):
    """How a message is sent; see `rolecall.fetch.Fetcher.post`."""

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Awaitable[object]:
        """Send it; raises `Error` unless the receiver says that it has it."""


def body_of(batch: Batch, ended: datetime) -> bytes:
    """What the message about a batch says."""
    said = {
        "type": "batch.ended",
        "timestamp": ended.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "id": f"b{batch.id}",
        "size": batch.size,
        "states": batch.states,
        "outcomes": batch.outcomes,
    }
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def headers_of(batch: int, body: bytes, secret: str, now: float) -> dict[str, str]:
    """The headers of a message that is sent ``now`` (seconds since 1970)."""
    name, moment = f"batch-ended-b{batch}", str(int(now))
    signed = b".".join((name.encode(), moment.encode(), body))
    mac = hmac.digest(key_of(secret), signed, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def key_of(secret: str) -> bytes:
    """The bytes of a secret: base64 after ``whsec_`` (Standard Webhooks), else its text."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            pass
    return secret.encode()


class Deliveries:
    """Sends the messages of a queue, in one event loop; ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        callbacks: Callbacks,
        view: View,
        post: Post,
        in_thread: InThread,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._callbacks, self._view, self._post = callbacks, view, post
        self._in_thread, self._clock = in_thread, clock

    async def run(self) -> None:
        """Send what is due, again and again, until this is cancelled."""
        while True:
            try:
                sent = await self.send()
            except DatabaseError as error:
                _log.debug("no messages can be sent: %s", error)
                sent = 0
            if not sent:
                await asyncio.sleep(EVERY)

    async def send(self) -> int:
        """Send what is due now; says how many messages that were."""
        messages = await self._in_thread(self._callbacks.claim)
        await asyncio.gather(*(self._send(one) for one in messages))
        return len(messages)

    async def _send(self, message: Message) -> None:
        batch = await self._in_thread(self._view.batch, message.batch)
        if batch is None:
            return  # it was forgotten meanwhile, and its message with it
        now = self._clock()
        body = body_of(batch, datetime.fromtimestamp(now, UTC))
        headers = headers_of(message.batch, body, message.secret, now)
        try:
            await self._post(message.url, body, headers)
        except Exception as error:  # also of a fault of ours, or it would be sent for ever
            if not isinstance(error, Error):
                _log.exception("the message about b%d", message.batch)
            final = getattr(error, "kind", "") in NEVER or getattr(error, "status", None) == GONE
            tried = message.attempts
            wait = None if final or tried > len(WAITS) else WAITS[tried - 1]
            # Not the error itself: it names the address, which often is a secret of its own.
            kind = getattr(error, "kind", None) or getattr(error, "code", "internal")
            _log.warning("the message about b%d has not arrived: %s", message.batch, kind)
            await self._in_thread(self._callbacks.failed, message, str(error)[:500], wait)
        else:
            await self._in_thread(self._callbacks.delivered, message)
