"""All facts of this moment, fetched from the database and from files here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rolecall.drift import Drifting
from rolecall.drive.clouds import cloud_engines
from rolecall.ledger.store import Store
from rolecall.monitor import Series
from rolecall.rules import figures
from rolecall.rules.facts import Better, Facts, Served, Untold
from rolecall.rules.trials import trials
from rolecall.settings import Settings


def gather(
    store: Store,
    settings: Settings,
    environ: Mapping[str, str],
    drifting: Drifting,
    now: float,
    *,
    quick: bool = False,
) -> Facts:
    """The facts of ``now`` (seconds since 1970); may ask servers here for their version. The
    ``quick`` ones are those of the database alone.

    Raises:
        DatabaseError: the database cannot be read.
    """
    series = Series(store, clock=lambda: now)
    cloud = cloud_engines(settings, environ)
    local, long_context = figures.week(series, now, cloud)
    better: Better | Untold = _LATER
    servers: tuple[Served, ...] | Untold = _LATER
    if not quick:
        better, servers = _far(settings, environ, cloud, _used(series, now))
    return Facts(
        local=local,
        long_context=long_context,
        failed=figures.failed(series, now),
        labelled=figures.labelled(store, now),
        better=better,
        trials=trials(store, settings, environ),
        servers=servers,
        drift=figures.drift(drifting),
        money=figures.money(store, settings.budget_month, now),
        audits=figures.audits(series, now, named=bool(settings.audit_engine)),
    )


_LATER: Final = Untold("folders and servers are looked at once a day")


def _far(
    settings: Settings, environ: Mapping[str, str], cloud: frozenset[str], used: frozenset[str]
) -> tuple[Better | Untold, tuple[Served, ...] | Untold]:
    """What folders and servers say."""
    from rolecall.rules import places  # only once a day, and it brings much along

    return places.better(settings, used), places.servers(settings, environ, cloud)


def _used(series: Series, now: float) -> frozenset[str]:
    """The engines that answered pages in the last seven days."""
    routes = series.totals(("routes",), int(now) - 7 * figures.DAY)["routes"]
    return frozenset(name for name in routes if name not in ("none", "embedded"))
