"""Pages of tasks that came without one: fetched, where that is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

from rolecall.core import Notice, Source
from rolecall.errors import SourceError
from rolecall.fetch import Posted, Rules
from rolecall.queue.nouns import Claim
from rolecall.worker.nouns import source_of

if TYPE_CHECKING:
    from rolecall.fetch import Fetcher

AT_ONCE: Final = 64
"""Tasks that wait for their page, at most: hosts are asked slowly, and more would only be held."""


class Fetching:
    """Fetches pages by ``rules``, in one event loop; without rules nothing is fetched.

    ``calls`` are the rules of callbacks, which go to public addresses only unless they say so.
    """

    def __init__(self, rules: Rules | None, calls: Rules | None = None) -> None:
        self._rules, self._calls = rules, calls if calls is not None else Rules(timeout=15.0)
        self._fetcher: Fetcher | None = None
        self._caller: Fetcher | None = None

    async def page(self, claim: Claim) -> tuple[Source, tuple[Notice, ...]]:
        """The page of a claim without a body, and what was odd about fetching it.

        Raises:
            SourceError: there is nothing to fetch, or nothing may be fetched.
            FetchError: it cannot be fetched.
        """
        if claim.url is None:
            raise SourceError("its page is not kept any more", hint="submit it once more")
        if self._rules is None:
            raise SourceError(
                "pages are not fetched here", hint="let the worker fetch, or submit the page itself"
            )
        if self._fetcher is None:
            from rolecall.fetch import Fetcher

            self._fetcher = Fetcher(self._rules)
        found = await self._fetcher.fetch(claim.url)
        source = replace(
            source_of(claim),
            body=found.body,
            url=found.url,
            media_type=found.media_type,
            charset=found.charset,
        )
        if source.captured is None and found.retrieved:
            source = replace(source, captured=date.fromisoformat(found.retrieved[:10]))
        return source, found.warnings

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Send a callback; raises `FetchError`."""
        if self._caller is None:
            from rolecall.fetch import Fetcher

            self._caller = Fetcher(self._calls)
        return await self._caller.post(url, body, headers)
