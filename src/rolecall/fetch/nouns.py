"""The nouns of fetching: the rules, what came back from an address, what a callback was told."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from rolecall.core import Notice
from rolecall.errors import SettingsError
from rolecall.fetch.networks import Network, network

PRODUCT: Final = "Rolecall"
"""The name that a ``robots.txt`` knows us by."""

CONTACT: Final = re.compile(
    r"[\x21-\x27\x2a-\x7e](?:[\x20-\x27\x2a-\x7e]{0,198}[\x21-\x27\x2a-\x7e])?"
)
"""What may stand in the comment of a User-Agent: printable ASCII without brackets."""


class Rules(Struct, frozen=True, kw_only=True):
    """How addresses are fetched. ``Rules()`` reaches public addresses only.

    ``timeout`` is the wall clock of one address in seconds: names, connections, all redirects and
    the body, but not the wait for the host's turn. ``max_bytes`` bounds a page, both as it is sent
    and unpacked. ``hops`` is how many redirects are followed. ``delay`` is the time in seconds
    between two requests to a host; a ``Crawl-delay`` or ``Retry-After`` lengthens it up to
    ``longest_delay``. ``at_once`` bounds the requests that run at the same time over all hosts.
    ``robots`` asks each host's ``robots.txt``. ``contact`` goes into the User-Agent. ``allow``
    lists addresses and networks that may be reached although they are not public.
    """

    timeout: float = 30.0
    max_bytes: int = 10_000_000
    hops: int = 5
    delay: float = 1.0
    longest_delay: float = 30.0
    at_once: int = 16
    robots: bool = True
    contact: str = ""
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.contact and not CONTACT.fullmatch(self.contact):
            raise SettingsError(
                f"a contact is printable ASCII without brackets, not {self.contact[:80]!a}",
                hint="give an e-mail address or the address of a page about you",
            )
        for one in self.allow:
            network(one)

    @property
    def agent(self) -> str:
        """The User-Agent: product, version and the contact, if there is one."""
        from rolecall import __version__

        told = f"{PRODUCT}/{__version__}"
        return f"{told} (+{self.contact})" if self.contact else told

    @property
    def networks(self) -> tuple[Network, ...]:
        """``allow``, read."""
        return tuple(network(one) for one in self.allow)


class Fetched(Struct, frozen=True, kw_only=True):
    """A page as its server sent it, unpacked.

    ``url`` is where it came from after all redirects, without the fragment; ``asked`` the address
    that was asked for, as it was given. ``media_type`` and ``charset`` are what the server says, in
    lower case. ``warnings`` name redirects. ``retrieved`` is the time (ISO 8601, UTC) of the answer
    and ``seconds`` how long the address took without waiting for its turn.
    """

    asked: str
    url: str
    status: int
    media_type: str | None
    charset: str | None
    body: bytes
    warnings: tuple[Notice, ...] = ()
    retrieved: str = ""
    seconds: float = 0.0


class Posted(Struct, frozen=True, kw_only=True):
    """The answer to a callback: its status (2xx) and how long it took in seconds."""

    url: str
    status: int
    seconds: float
