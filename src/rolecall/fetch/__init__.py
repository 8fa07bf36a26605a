"""Pages fetched from the open internet, and callbacks posted to it; never into the own network.

::

    from rolecall.fetch import FetchError, Fetched, Fetcher, Posted, Rules, check_url, fetch, post

    async def fetch(url: str, rules: Rules | None = None) -> Fetched
    async def post(url: str, body: bytes, headers: Mapping[str, str], rules: Rules | None = None)
        -> Posted
    def check_url(url: str, rules: Rules | None = None) -> str
    class Fetcher(rules=None, *, resolver=..., trust=None, backend=None, gate=None):
        .fetch(url), .post(url, body, headers)

What fetches more than one page, or serves several, keeps one `Fetcher` for its event loop: turns at
hosts and their ``robots.txt`` are remembered there. All raise `FetchError` (``kind``, ``code`` of
a record, ``retryable``, ``retry_at``, ``status``, ``hint``). See ``docs/fetching.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rolecall.fetch.address import read_url
from rolecall.fetch.faults import FetchError
from rolecall.fetch.nouns import Fetched, Posted, Rules

if TYPE_CHECKING:
    from rolecall.fetch.fetcher import Fetcher

__all__ = ["FetchError", "Fetched", "Fetcher", "Posted", "Rules", "check_url", "fetch", "post"]


async def fetch(url: str, rules: Rules | None = None) -> Fetched:
    """The page at ``url``, once, without a memory of hosts; raises `FetchError`."""
    from rolecall.fetch.fetcher import Fetcher

    return await Fetcher(rules).fetch(url)


async def post(
    url: str, body: bytes, headers: Mapping[str, str], rules: Rules | None = None
) -> Posted:
    """Tell ``url`` something (a callback); raises `FetchError` unless the answer is 2xx."""
    from rolecall.fetch.fetcher import Fetcher

    return await Fetcher(rules).post(url, body, headers)


def check_url(url: str, rules: Rules | None = None) -> str:
    """``url`` written in one way, if it may be fetched or called as far as can be seen from it.

    Nothing is looked up: what a name leads to is checked when it is connected to. Raises
    `FetchError` (``bad_address``, ``blocked_address``).
    """
    return read_url(url, (rules or Rules()).networks).url


def __getattr__(name: str) -> object:
    """Load `Fetcher`, and the HTTP library with it, when it is first asked for."""
    if name == "Fetcher":
        from rolecall.fetch.fetcher import Fetcher

        return Fetcher
    raise AttributeError(name)
