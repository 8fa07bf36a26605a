"""Whose engines a page is asked of: the champion's, or a challenger's that is on trial."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from msgspec import structs

from rolecall.audit.agreement import agreement
from rolecall.batch.run import may_ask
from rolecall.drive.connect import USUAL, Terms, policy_of
from rolecall.drive.running import with_running
from rolecall.errors import SettingsError
from rolecall.pipeline import Pipeline, Waiting
from rolecall.settings import Settings
from rolecall.trial import Challenger, Trials, read_challengers
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.nouns import seen
from rolecall.worker.asking import ASK_SECONDS, MISSING, Asking, no_room

ROOM_SECONDS: Final = 10.0
"""A page that waits for a challenger for so long has failed with it."""

KEPT: Final = 32
"""Pipelines of challengers that are kept."""

SHADOWS: Final = 64
"""Pages that wait for challengers in the shadow, at most; further ones are skipped, and counted."""

_log = logging.getLogger(__name__)


def trials_of(settings: Settings, environ: Mapping[str, str], ledger: TrialLedger | None) -> Trials:
    """The trials that the settings declare.

    Raises:
        SettingsError: a challenger cannot be tried; one that is no machine of the user's and that
            the policy does not name is refused here.
    """
    known = with_running(settings, environ)
    challengers = read_challengers(known)
    for one in challengers:
        _demand_allowed(one, known)
    return Trials(challengers, ledger)


def challenged(settings: Settings, one: Challenger) -> Settings:
    """The settings by which a challenger's pages are done."""
    origins = {**settings.origins, "engine": f"the challenger {one.name}"}
    # Where it fails the champion stands in, and not what was found without engines.
    return replace(
        settings, engine=one.engine, challengers=(), origins=origins, engine_failure="fail"
    )


def _demand_allowed(one: Challenger, settings: Settings) -> None:
    from rolecall.drive.connect import allowed_engines, declared_engines, is_local_engine

    tried = challenged(settings, one)
    policy_of(tried)
    if one.engine == "none":
        return
    tables = declared_engines(tried, {})
    kept = allowed_engines(tables, tried, [])
    if tried.policy == "cloud-over-threshold" and not all(map(is_local_engine, tables)):
        raise SettingsError(
            f"the challenger {one.name}: the policy {tried.policy} lets only long pages leave your"
            " machines, and a challenger gets its share of all",
            hint="set the policy cloud-on-doubt, or try an engine of your own",
        )
    if len(kept) < len(tables):
        away = next(table.name for table in tables if table not in kept)
        raise SettingsError(
            f"the challenger {one.name}: {away} is not on your machines, and the policy"
            f" {settings.policy} does not let pages go there",
            hint=f"set policy and cloud_engine = {away!a}, or try an engine of your own",
        )


class Sides:
    """The engines of champion and challengers, each opened when they are first needed. An async
    context manager in one event loop."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        trials: Trials,
        missing: float = MISSING,
        ask_seconds: float = ASK_SECONDS,
        terms: Terms = USUAL,
    ) -> None:
        self.trials = trials
        self._champion = Asking(settings, environ, missing, ask_seconds, terms)
        self._champion_asks = bool(may_ask(settings, environ))
        self._settings = {one.name: challenged(settings, one) for one in trials.challengers}
        # The champion stands in for a challenger that gives no answer.
        self._tried = {
            name: Asking(one, environ, missing, ask_seconds, Terms(waits=False))
            for name, one in self._settings.items()
        }
        self._seconds = {one.name: one.seconds for one in trials.challengers}
        self._pipelines: OrderedDict[tuple[str, str], tuple[Pipeline, Pipeline]] = OrderedDict()
        self._shadows: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Sides:
        """Nothing is opened yet."""
        for one in self.all():
            await self._stack.enter_async_context(one)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave what is done in the shadow, and close the engines."""
        for task in self._shadows:
            task.cancel()
        await asyncio.gather(*self._shadows, return_exceptions=True)
        await self._stack.aclose()

    def all(self) -> list[Asking]:
        """The champion's engines and those of each challenger."""
        return [self._champion, *self._tried.values()]

    @property
    def main(self) -> Asking:
        """The engines that most pages are asked of."""
        return self._tried.get(self.trials.promoted, self._champion)

    @property
    def limit(self) -> int:
        """How many pages engines may be asked about at once: those of challengers on trial are
        not waited for in the champion's place."""
        trials = sum(self._tried[name].room.limit for name in self.trials.active)
        return self.main.room.limit + trials

    @asynccontextmanager
    async def record(
        self, waiting: Waiting, pipeline: Pipeline, schema: str | None
    ) -> AsyncIterator[dict[str, Any]]:
        """The record of a page that waits for engines; its place among the pages that these are
        asked about is its own until the block ends.

        Where a challenger gives no answer, the champion is asked in its place.
        """
        page = waiting.source.id
        arm = self.trials.arm(page)
        begun = self.trials.begin(arm, page)
        tried: dict[str, Any] | None = None
        if arm:
            async with AsyncExitStack() as room:
                if await self._room(arm, room):
                    tried = await self._finish(arm, waiting, pipeline, schema)
                elif arm == self.trials.arm(page):
                    tried = no_room(waiting, pipeline)
                if tried is not None:
                    self.trials.saw(arm, page, seen(tried, self._asks(arm)), begun)
                    if tried["outcome"] != "failed" or arm == self.trials.promoted:
                        yield tried
                        return
        async with self._champion.room.one():
            found = await self._champion.finish(waiting, pipeline, schema)
            if arm:
                yield _instead(arm, tried, found) if tried is not None else found
                return
            self.trials.saw("", page, seen(found, self._champion_asks), begun)
            self._shadow(waiting, pipeline, schema, found)
            yield found

    async def _room(self, arm: str, stack: AsyncExitStack) -> bool:
        """A place for one page with a challenger, until ``stack`` ends; not one for which a page
        would wait for long, nor with one that has no pages any more."""
        if arm == self.trials.promoted:
            await stack.enter_async_context(self._tried[arm].room.one())
            return True
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                await stack.enter_async_context(self._tried[arm].room.one())
        except TimeoutError:
            return False
        return arm in self.trials.active

    def _asks(self, arm: str) -> bool:
        """Whether a challenger has engines to ask."""
        return self._settings[arm].engine != "none"

    async def _finish(
        self, arm: str, waiting: Waiting, pipeline: Pipeline, schema: str | None
    ) -> dict[str, Any]:
        most = self._seconds[arm] if arm != self.trials.promoted else None
        told = waiting, self._pipeline(arm, pipeline), schema
        record = await self._tried[arm].finish(*told, seconds=most)
        return _told(record, f"the challenger {arm}")

    def _pipeline(self, arm: str, pipeline: Pipeline) -> Pipeline:
        """The pipeline as it is with a challenger's engines; the same one for the same."""
        key = arm, pipeline.config
        known = self._pipelines.get(key)
        if known is None or known[0] is not pipeline:
            settings = self._settings[arm]
            config = pipeline.config_for(settings)
            known = pipeline, structs.replace(pipeline, settings=settings, config=config)
            self._pipelines[key] = known
            while len(self._pipelines) > KEPT:
                self._pipelines.popitem(last=False)
        self._pipelines.move_to_end(key)
        return known[1]

    def _shadow(
        self, waiting: Waiting, pipeline: Pipeline, schema: str | None, found: dict[str, Any]
    ) -> None:
        """Have the challengers in the shadow do the page too, when they have room."""
        for name in self.trials.shadows(waiting.source.id):
            if len(self._shadows) >= SHADOWS:
                self.trials.skipped(name)
                continue
            step = self._compare(name, waiting, pipeline, schema, found)
            task = asyncio.ensure_future(step)
            self._shadows.add(task)
            task.add_done_callback(self._shadows.discard)

    async def _compare(
        self,
        name: str,
        waiting: Waiting,
        pipeline: Pipeline,
        schema: str | None,
        found: Mapping[str, Any],
    ) -> None:
        try:
            async with self._tried[name].room.one():
                if name not in self.trials.shadows(waiting.source.id):
                    return  # it was stopped while the page waited
                record = await self._finish(name, waiting, pipeline, schema)
            tried = seen(record, self._asks(name))
            usual = seen(found, self._champion_asks)
            if tried is None or usual is None:
                self.trials.skipped(name)
            else:
                same = agreement(found, record) if record["outcome"] != "failed" else {}
                self.trials.saw_both(name, waiting.source.id, tried, usual, same)
        except Exception:
            _log.exception("a page could not be done by the challenger %s", name)


def _told(record: dict[str, Any], reason: str) -> dict[str, Any]:
    record["route"]["reasons"] = [*record["route"]["reasons"], reason]
    return record


def _instead(arm: str, tried: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The champion's record of a page of a challenger's that failed; nothing that was tried is
    left out."""
    reason = (tried.get("reason") or {}).get("message", "")
    found["attempts"] = [*tried["attempts"], *found["attempts"]]
    warning = {"code": "challenger_failed", "message": f"{arm} failed: {reason}"[:500]}
    found["warnings"] = [*found["warnings"], warning]
    return _told(found, f"instead of the challenger {arm}")
