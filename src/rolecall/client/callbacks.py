"""Callbacks of a server: is a message really the server's? By the rules of Standard Webhooks 1.0.

A message carries ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and
``webhook-signature``: one or more signatures with blanks between them, each ``v1,`` and the Base64
of HMAC-SHA256 over ``id.timestamp.body``. https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rolecall.errors import CallbackError, UsageError

TOLERANCE: Final = 300.0
"""Seconds by which a message's time may differ from ours: what is older may be a recording."""
_PREFIX: Final = "whsec_"
_LARGEST: Final = 1_000_000


def verify_callback(
    headers: Mapping[str, str],
    body: bytes,
    secret: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> dict[str, Any]:
    """The message of a callback, once its signature has been found to be right.

    ``body`` are the bytes as they came, not parsed and written again. ``secret`` is what the
    submission named, or several while it is being changed. ``now`` is in seconds since 1970.
    A message may come more than once: remember its ``webhook-id`` where that matters.

    Raises:
        CallbackError: no signature, none that fits, a time that is too far from ours, or a
            message that is no JSON object.
        UsageError: no secret, or one that cannot be read.
    """
    told = {name.lower(): value for name, value in headers.items()}
    found = [told.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")]
    if not all(found):
        raise CallbackError("the message is not signed", hint="it does not come from the server")
    number, moment, signatures = found
    if not (moment.isascii() and moment.isdigit() and len(moment) < 16):
        raise CallbackError("the message's time is no number of seconds")
    if abs((time.time() if now is None else now) - int(moment)) > tolerance:
        raise CallbackError(
            f"the message's time is more than {tolerance:.0f} s from ours",
            hint="it may be a recording; if not, set the clocks of both machines",
        )
    secrets = [secret] if isinstance(secret, str) else list(secret)
    wanted = [signature(one, number, moment, body) for one in secrets]
    if not wanted:
        raise UsageError("no secret", hint="give the one that the submission named")
    given = [one for one in signatures.split(" ") if one.startswith("v1,")]
    # Each pair is compared, whatever the others say: time tells nothing.
    if not sum(_same(ours, theirs) for ours in wanted for theirs in given[:16]):
        raise CallbackError("the signature is not made with this secret")
    return _read(body)


def signature(secret: str, number: str, moment: str, body: bytes) -> str:
    """``v1,…``: the signature of the message ``number`` at ``moment``.

    A secret that begins with ``whsec_`` is Base64 behind it; any other is taken as it is, as the
    server does.

    Raises:
        UsageError: an empty secret.
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        with contextlib.suppress(binascii.Error, ValueError):
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    if not key:
        raise UsageError("the secret is empty", hint="give the one that the submission named")
    told = hmac.new(key, _bytes(f"{number}.{moment}.") + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(told).decode()}"


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(_bytes(ours), _bytes(theirs))


def _bytes(header: str) -> bytes:
    """Some servers hand on bytes that are no UTF-8 as halves of surrogate pairs."""
    return header.encode("utf-8", "surrogatepass")


def _read(body: bytes) -> dict[str, Any]:
    import orjson

    if len(body) > _LARGEST:
        raise CallbackError(f"the message is larger than {_LARGEST:,} bytes")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise CallbackError("the message is no JSON object")
    return told
