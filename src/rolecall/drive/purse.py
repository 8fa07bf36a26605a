"""What calls are paid from and where their answers are kept, opened as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager

from rolecall.ask.prompt import VERSION
from rolecall.core import Notice
from rolecall.drive.engines import Purse
from rolecall.errors import DatabaseError
from rolecall.ledger.budget import Budget, Part
from rolecall.ledger.cache import Cache
from rolecall.ledger.money import Caps
from rolecall.ledger.store import Store
from rolecall.settings import Settings


@asynccontextmanager
async def opened_purse(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    paid: bool,
    notices: list[Notice],
    part: Part | None = None,
) -> AsyncIterator[Purse]:
    """The budget where something is paid, and the kept answers where they are wanted.

    Without the database nothing may be paid; that answers are not kept is only noted. ``part`` is
    the part of the budget out of which calls are paid, if not of the whole.
    """
    if not paid and not settings.cache:
        yield Purse()
        return
    from rolecall.ledger.database import Database, open_database, usual_place
    from rolecall.ledger.opening import open_store

    caps = Caps(settings.budget_record, settings.budget_day, settings.budget_month)
    with ExitStack() as stack:
        database: Database | None = None
        cache = budget = None
        if settings.cache or not settings.queue:
            try:
                database = stack.enter_context(
                    open_database(usual_place(settings.data_folder, environ), environ)
                )
            except DatabaseError as error:
                if paid and not settings.queue:
                    raise
                told = f"answers are not kept: {error}"
                notices.append(Notice(code="answers_not_kept", message=told))
        if paid:
            # On a server, so that a cap holds for all machines that share it.
            money: Store | None = database
            if settings.queue:
                server = open_store(settings.queue, settings.data_folder, environ)
                money = stack.enter_context(server)
            assert money is not None
            budget = Budget(money, caps, part=part)
        if settings.cache and database is not None:
            cache = Cache(database, version=VERSION)
            stack.callback(cache.flush)
        yield Purse(budget=budget, cache=cache)
