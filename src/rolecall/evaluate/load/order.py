"""What a user wants measured: which engine, how much is sent, and whether it may cost something."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct

from rolecall.ask.tokens import tokens_named
from rolecall.climb import Help
from rolecall.core import EngineInfo, Source
from rolecall.drive.connect import allowed_engines, declared_engines, priced_engines, voice_of
from rolecall.drive.running import with_running
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import UsageError
from rolecall.evaluate.load.measure import Plan
from rolecall.evaluate.load.nouns import Target as Kind
from rolecall.evaluate.load.prompts import Heard, compose
from rolecall.ledger.prices import worst_cost
from rolecall.settings import Settings


class Order(Struct, frozen=True, kw_only=True):
    """What is to be measured.

    ``every`` asks for all fields of each page. ``mark`` is of this run alone and makes its prompts
    new to any cache; without it prompts are sent as they are, also again. ``yes`` agrees to pay.
    ``call_seconds`` is how long one call may take; ``None`` leaves that to the engine's table.
    ``workers`` read pages. ``gpu`` names the card that the engine runs on, if that is none of this
    machine's. ``command`` is what the user wrote.
    """

    kind: Kind
    sources: tuple[Source, ...]
    plan: Plan
    settings: Settings
    every: bool = False
    mark: str = ""
    yes: bool = False
    call_seconds: float | None = None
    workers: int = 1
    gpu: str = ""
    command: str = "rolecall bench"


class Estimate(Struct, frozen=True, kw_only=True):
    """What would be sent: requests at the most, tokens of their prompts, and what they may cost.

    ``requests`` is ``None`` where only time ends the run, ``most_usd`` where no price is known.
    """

    engine: str
    requests: int | None
    input_tokens: float
    most_usd: float | None


def the_engine(settings: Settings, environ: Mapping[str, str]) -> EngineSettings:
    """The one engine that the settings name; raises `UsageError`."""
    tables = declared_engines(settings, environ)
    if not tables:
        raise UsageError(
            "no engine is declared",
            hint="write [engines.NAME] into rolecall.toml, or measure with --pipeline",
        )
    if len(tables) > 1:
        names = ", ".join(one.name for one in tables)
        raise UsageError(f"several engines are declared: {names}", hint="choose one with --engine")
    return tables[0]


def paid_engine(settings: Settings, environ: Mapping[str, str]) -> EngineSettings | None:
    """The first engine that may be asked and costs something, if any."""
    tables = declared_engines(settings, environ)
    kept = priced_engines(allowed_engines(tables, settings, []), settings)
    return next((one for one in kept if one.price is not None), None)


def estimate(order: Order, heard: Sequence[Heard], help_: Help, table: EngineSettings) -> Estimate:
    """What would be sent to the engine of ``table``, reckoned without asking it."""
    info = EngineInfo(
        name=table.name, kind=table.kind, model=table.model, window=table.window,
        forms=("json_schema",),
    )  # fmt: skip
    voice = voice_of(info, tokens_named(table.tokenizer), help_.policy, help_.extras)
    items = compose(heard, voice, pages=len(order.sources)).items
    requests = most_requests(order.plan)
    if not items:
        return Estimate(engine=table.name, requests=0, input_tokens=0, most_usd=0.0)
    usd = None
    if table.price is not None and requests is not None:
        price = table.price
        usd = requests * statistics.fmean(
            worst_cost(price, one.tokens, one.prompt.max_tokens, 1) for one in items
        )
    return Estimate(
        engine=table.name,
        requests=requests,
        input_tokens=statistics.fmean(one.tokens for one in items) * (requests or 0),
        most_usd=usd,
    )


def most_requests(plan: Plan) -> int | None:
    """The most requests that ``plan`` sends; ``None`` where only time ends it."""
    levels = list(plan.levels)
    level = 1
    while plan.sweep_to and level < plan.sweep_to:
        levels.append(level)
        level *= 2
    levels += [plan.sweep_to, 10] if plan.sweep_to else []
    counts = [plan.requests_at(one) for one in levels]
    for rate in plan.rates:
        by_time = None if plan.seconds is None else round(2 * rate * plan.seconds)
        counts.append(plan.requests if plan.requests is not None else by_time)
    known = [one for one in counts if one is not None]
    if len(known) < len(counts):
        return None
    return sum(known) + plan.warmup * len(counts)


def agree(
    order: Order,
    heard: Sequence[Heard],
    help_: Help,
    environ: Mapping[str, str],
) -> None:
    """Demand a yes where something would be paid; raises `UsageError` that says how much."""
    table = paid_engine(order.settings, environ)
    if table is None or order.yes:
        return
    found = estimate(order, heard, help_, table)
    if found.requests is None:
        raise UsageError(
            f"{found.engine} is paid by the token, and only time would end this run",
            hint="say how many with --requests, and agree with --yes",
        )
    usd = f"${found.most_usd:,.2f}" if found.most_usd is not None else "an unknown sum"
    raise UsageError(
        f"up to {found.requests:,} requests would go to {found.engine}, which is paid by the "
        f"token: about {found.input_tokens:,.0f} tokens of prompts, {usd} at the most",
        hint="agree with --yes; the caps of rolecall budget hold all the same",
    )


def widest(plan: Plan) -> int:
    """The most requests that may be under way: in an open loop all of them."""
    most = [*plan.levels, plan.sweep_to, plan.warmup, 10]
    for rate in plan.rates:
        by_time = round(2 * rate * plan.seconds) + 10 if plan.seconds is not None else 0
        most.append(plan.requests or by_time)
    return max(most)


def widened(
    settings: Settings,
    tables: Sequence[EngineSettings],
    order: Order,
    environ: Mapping[str, str],
) -> Settings:
    """``settings`` in which the engines may have as many calls open as the load wants."""
    wide: dict[str, Any] = {"concurrency": widest(order.plan)}
    if order.call_seconds is not None:
        wide["call_seconds"] = order.call_seconds
    known = with_running(settings, environ).engines
    return replace(
        settings,
        engine=",".join(one.name for one in tables),
        engines={**settings.engines, **{one.name: {**known[one.name], **wide} for one in tables}},
    )
