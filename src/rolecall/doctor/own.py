"""What Rolecall itself needs: settings, reader, tokens, schema, database and budget."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rolecall import __version__
from rolecall.doctor.nouns import Finding, failed, finding
from rolecall.errors import Error
from rolecall.settings import NONE, Settings, declared


def own_findings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """All that needs no server and no card."""
    from rolecall.ask.tokens import qwen
    from rolecall.pipeline import prepare

    where = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield finding("rolecall", "ok", f"{__version__} on {where}")
    yield settings_finding(settings)
    for notice in settings.warnings:
        yield finding("settings", "note", notice.message)
    try:
        pipeline = prepare(settings)
        yield finding("reader", "ok", f"loaded, configuration {pipeline.config}")
        if pipeline.schema is not None:
            links = f"{len(pipeline.schema.links)} fields are filled by our own"
            yield finding("schema", "ok", f"{settings.schema}: {links}")
    except Error as error:
        yield failed("schema" if settings.schema and "schema" in error.code else "reader", error)
    tokens = qwen()
    if tokens.exact:
        yield finding("tokens", "ok", "counted exactly, with the vocabulary of Qwen")
    else:
        remedy = "pip install 'rolecall[engines]' counts them exactly"
        yield finding("tokens", "note", "estimated", remedy)
    yield from ledger_findings(settings, environ)


def settings_finding(settings: Settings) -> Finding:
    """The settings that are not at their defaults, with where they come from."""
    from rolecall.ledger.opening import shown_url

    changed: dict[str, Any] = {}
    for one in declared():
        if one.name in settings.origins:
            value = getattr(settings, one.name)
            if one.name == "queue":
                value = shown_url(value)
            changed[one.name] = {
                "value": NONE if value is None else value,
                "origin": settings.origin(one.name),
            }
    if not changed:
        return finding("settings", "ok", "all at their defaults")
    told = "; ".join(
        f"{name} = {one['value']!r} ({one['origin']})" for name, one in changed.items()
    )
    return finding("settings", "ok", told, "", **changed)


def ledger_findings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The database, and what is left of the budget."""
    from rolecall.ledger.clock import utc_now
    from rolecall.ledger.database import open_database, usual_place
    from rolecall.ledger.money import Caps
    from rolecall.ledger.opening import open_store, shown_url
    from rolecall.ledger.spending import read_spending, summarise

    caps = Caps(settings.budget_record, settings.budget_day, settings.budget_month)
    now = utc_now()
    try:
        path = usual_place(settings.data_folder, environ)
        if path.exists():
            with open_database(path, environ) as database:
                spending = read_spending(database, caps, now)
            yield finding("database", "ok", f"{path}, {_size(path)}")
        else:
            spending = summarise([], caps, now)
            yield finding("database", "ok", f"not made yet: {path}")
        if settings.queue:
            with open_store(settings.queue, settings.data_folder, environ) as server:
                spending = read_spending(server, caps, now)
            yield finding("queue", "ok", f"{shown_url(settings.queue)} answers")
    except Error as error:
        yield failed("database", error)
        return
    parts = [
        f"{_usd(spending.month_usd)} spent this month, {_cap('month', caps.month)}",
        f"{_usd(spending.today_usd)} today, {_cap('day', caps.day)}",
        _cap("record", caps.record),
    ]
    left = [one for one in (spending.left_month_usd, spending.left_today_usd) if one is not None]
    used_up = any(one <= 0 for one in left) and spending.month_usd > 0
    remedy = "raise budget_month or budget_day, or wait: see rolecall budget" if used_up else ""
    yield finding(
        "budget", "note" if used_up else "ok", "; ".join(parts), remedy,
        month_usd=spending.month_usd, today_usd=spending.today_usd,
    )  # fmt: skip


def _usd(amount: float) -> str:
    return f"${amount:,.2f}"


def _cap(span: str, amount: float | None) -> str:
    return f"no cap for the {span}" if amount is None else f"cap {_usd(amount)} for the {span}"


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.1f} MB"
