"""A server put together from the settings, and run."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from typing import get_args

from rolecall.drift import Windows
from rolecall.errors import SettingsError
from rolecall.inputs.fetched import rules_of
from rolecall.monitor import Series, Watch
from rolecall.queue.open import open_queue
from rolecall.queue.queue import Queue
from rolecall.rules.ruling import Ruling
from rolecall.serve.access import Auth, Entry
from rolecall.serve.app import make_app
from rolecall.serve.at_work import AtWork
from rolecall.serve.hosts import is_loopback, names_of
from rolecall.serve.metrics import Metrics
from rolecall.serve.run import Serving, address_of, bind, check_entry, say
from rolecall.serve.state import Extractor, State
from rolecall.settings import Settings
from rolecall.trial.ledger import TrialLedger
from rolecall.worker.crewed import Crewed
from rolecall.worker.nouns import Drained
from rolecall.worker.sides import trials_of
from rolecall.worker.sinks import sinks_of
from rolecall.worker.work import Worker


async def serve(settings: Settings, environ: Mapping[str, str], *, works: bool = True) -> int:
    """Serve until a signal, and return the exit code; it ``works`` on the tasks of the queue too,
    unless that is left to others.

    Raises:
        UsageError: a setting, the address or the lack of tokens does not allow it.
        DatabaseError: the database cannot be used.
    """
    queue, watch = open_queue(settings, environ), Watch()
    try:
        metrics = Metrics()
        ruling = Ruling(queue.store, settings, environ)
        windows = Windows(queue.store, ruling.drifting.sites, reroutes=ruling.reroutes)
        sinks = sinks_of(settings, environ, metrics.registry)
        watch = Watch(sinks, Series(queue.store), keeps=[windows])
        crewed = Crewed(
            takes_tasks=works,
            fetches=rules_of(settings) if settings.fetch else None,
            watch=watch,
            trials=trials_of(settings, environ, TrialLedger(queue.store, queue.clock_ms)),
            beside=(ruling.run,),
        )
        work = AtWork(Worker(queue, settings, environ, crewed))
        state = state_for(queue, settings, environ, work, metrics)
        check_entry(state, settings.serve_host)
        bound = bind(settings.serve_host, settings.serve_port)
        gc.enable()
        serving = Serving(make_app(state), state, bound)
        with serving.watching(say):
            await _run(serving, state, work, address_of(bound, settings.serve_host))
    finally:
        await asyncio.to_thread(watch.close)
        queue.store.close()
    return 128 + serving.signal if serving.signal else 0


async def _run(serving: Serving, state: State, work: AtWork, address: str) -> None:
    """Serve, with the worker beside; both end together."""
    grace = state.settings.serve_grace_seconds

    async def started() -> None:
        await work.start()
        _greet(state, address)

    async def drained() -> Drained:
        await state.ending.wait()
        return await work.stop(grace)

    ending = asyncio.create_task(drained())
    try:
        await serving.run(started)
    finally:
        state.end()
        found = await ending
    say(
        f"ended: {found.finished:,} finished, {found.put_back:,} back in the queue"
        + (f", {found.unsaved:,} to be done anew" if found.unsaved else "")
    )


def state_for(
    queue: Queue,
    settings: Settings,
    environ: Mapping[str, str],
    extractor: Extractor,
    metrics: Metrics | None = None,
) -> State:
    """The state of a server with these settings over a queue that is open."""
    auth = settings.serve_auth
    if auth not in get_args(Auth):
        raise SettingsError(
            f"serve_auth cannot be {auth!a}", hint=f"there are: {', '.join(get_args(Auth))}"
        )
    more = tuple(settings.serve_host_names.split(","))
    # Whoever gives the server a name of its own means it to be reached from elsewhere.
    near = is_loopback(settings.serve_host) and all(map(is_loopback, filter(None, more)))
    return State(
        settings=settings,
        queue=queue,
        entry=Entry(queue.store, auth, loopback=near),  # type: ignore[arg-type]
        extractor=extractor,
        names=names_of(settings.serve_host, more),
        environ=environ,
        fetches=settings.fetch,
        metrics=metrics if metrics is not None else Metrics(),
    )


def _greet(state: State, address: str) -> None:
    say(f"serving on {address}")
    say(f"the API is described at {address}/docs")
    if not state.entry.loopback:
        say("everybody needs a token: rolecall tokens list shows who has one")
