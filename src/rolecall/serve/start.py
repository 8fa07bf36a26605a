"""A server put together from the settings, and run."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import get_args

from rolecall.errors import SettingsError
from rolecall.ledger.database import open_database, usual_place
from rolecall.queue.queue import Queue
from rolecall.serve.access import Auth, Entry
from rolecall.serve.alone import Alone
from rolecall.serve.app import make_app
from rolecall.serve.hosts import is_loopback, names_of
from rolecall.serve.run import Serving, address_of, bind, check_entry, say
from rolecall.serve.state import State
from rolecall.settings import Settings


async def serve(
    settings: Settings, environ: Mapping[str, str], url: str | None, *, works: bool
) -> int:
    """Serve until a signal, and return the exit code; ``url`` names the queue's database.

    Raises:
        UsageError: a setting, the address or the lack of tokens does not allow it.
        DatabaseError: the database cannot be used.
    """
    state = state_for(settings, environ, url, works=works)
    host = settings.serve_host
    try:
        check_entry(state, host)
        bound = bind(host, settings.serve_port)
        gc.enable()
        serving = Serving(make_app(state), state, bound)
        with serving.watching(say):
            await serving.run(lambda: _greet(state, address_of(bound, host)))
        say("ended")
    finally:
        state.queue.store.close()
    return 128 + serving.signal if serving.signal else 0


def state_for(
    settings: Settings, environ: Mapping[str, str], url: str | None, *, works: bool
) -> State:
    """The state of a server with these settings; its database is open then."""
    auth = settings.serve_auth
    if auth not in get_args(Auth):
        raise SettingsError(
            f"serve_auth cannot be {auth!a}", hint=f"there are: {', '.join(get_args(Auth))}"
        )
    more = tuple(settings.serve_host_names.split(","))
    names = names_of(settings.serve_host, more)
    store = open_database(usual_place(settings.data_folder, environ), environ)
    # Whoever gives the server a name of its own means it to be reached from elsewhere.
    near = is_loopback(settings.serve_host) and all(map(is_loopback, filter(None, more)))
    return State(
        settings=settings,
        queue=Queue(store),
        entry=Entry(store, auth, loopback=near),  # type: ignore[arg-type]
        extractor=Alone(settings),
        names=names,
        works=works,
    )


def _greet(state: State, address: str) -> None:
    say(f"serving on {address}")
    say(f"the API is described at {address}/docs")
    if not state.entry.loopback:
        say("everybody needs a token: rolecall tokens list shows who has one")
