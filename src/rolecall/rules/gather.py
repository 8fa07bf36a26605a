"""All facts of this moment, fetched from the database and from files here."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.drift import Drifting
from rolecall.drive.clouds import cloud_engines
from rolecall.ledger.store import Store
from rolecall.monitor import Series
from rolecall.rules import figures, places
from rolecall.rules.facts import Facts
from rolecall.rules.trials import trials
from rolecall.settings import Settings


def gather(
    store: Store, settings: Settings, environ: Mapping[str, str], drifting: Drifting, now: float
) -> Facts:
    """The facts of ``now`` (seconds since 1970); may ask servers here for their version.

    Raises:
        DatabaseError: the database cannot be read.
    """
    series = Series(store, clock=lambda: now)
    cloud = cloud_engines(settings, environ)
    local, long_context = figures.week(series, now, cloud)
    return Facts(
        local=local,
        long_context=long_context,
        failed=figures.failed(series, now),
        labelled=figures.labelled(store, now),
        better=places.better(settings, _used(series, now)),
        trials=trials(store, settings, environ),
        servers=places.servers(settings, environ, cloud),
        drift=figures.drift(drifting),
        money=figures.money(store, settings.budget_month, now),
        audits=figures.audits(series, now),
    )


def _used(series: Series, now: float) -> frozenset[str]:
    """The engines that answered pages in the last seven days."""
    routes = series.totals(("routes",), int(now) - 7 * figures.DAY)["routes"]
    return frozenset(name for name in routes if name not in ("none", "embedded"))
