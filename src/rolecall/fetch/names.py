"""Names -> addresses, asked of the system once for each connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

from rolecall.fetch.faults import FetchError
from rolecall.fetch.networks import Address, parsed

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host as text; raises `OSError` where it knows none."""

LOOKUPS = 32  # threads that wait for the system's resolver at the same time, in all
UNKNOWN = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
"""What the system says of a name that does not exist, or has no address."""

_room = threading.BoundedSemaphore(LOOKUPS)


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """All addresses the system knows for ``host``: IPv4 and IPv6, hosts file and DNS.

    Each look-up has a thread of its own, which nobody waits for when the program ends: the system's
    resolver can neither be stopped nor hurried, and must not hold up what else needs threads.
    """
    while not _room.acquire(blocking=False):
        await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def settle(found: Sequence[str] | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def look_up() -> None:
        found: Sequence[str] | OSError
        try:
            found = _addresses(host, port)
        except OSError as error:
            found = error
        except Exception as error:  # a codec of the system refuses the name
            found = OSError(str(error))
        finally:
            _room.release()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=look_up, name="name-look-up", daemon=True).start()
    return await answer


def _addresses(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


async def addresses_of(host: str, port: int, resolver: Resolver) -> tuple[Address, ...]:
    """The addresses of ``host``, each once; raises `FetchError` (``no_such_host``)."""
    try:
        told = await resolver(host, port)
    except (OSError, UnicodeError) as error:
        again = getattr(error, "errno", None) not in UNKNOWN
        message = f"{host} has no address: {getattr(error, 'strerror', None) or error}"
        raise FetchError("no_such_host", message, retryable=again) from error
    found: dict[Address, None] = {}
    for text in told:
        address = parsed(text)
        if address is None:
            raise FetchError("no_such_host", f"{host} has no usable address: {text[:60]!a}")
        found[address] = None
    if not found:
        raise FetchError("no_such_host", f"{host} has no address", retryable=False)
    return tuple(found)
