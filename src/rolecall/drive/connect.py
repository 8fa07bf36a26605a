"""Opening the engines that the settings name, and saying how each is spoken to."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final, get_args
from urllib.parse import urlsplit

from msgspec import Struct, structs

from rolecall.ask.compose import Voice
from rolecall.ask.prompt import Style
from rolecall.ask.questions import POSTING, Question, extra_questions
from rolecall.ask.tokens import Scaled, Tokens, count_messages, tokens_named
from rolecall.climb import NO_HELP, Help, for_all
from rolecall.core import EngineInfo, Notice, Prompt
from rolecall.drive.engines import Engines, Purse, Stopped, lost
from rolecall.drive.purse import opened_purse
from rolecall.engines.protocol import Engine, EngineSettings
from rolecall.errors import BudgetError, EngineError, SettingsError
from rolecall.ledger.budget import Budget, Part
from rolecall.ledger.prices import price_of, worst_cost
from rolecall.route import PAGES_TO_CLOUD, Policy, Privacy
from rolecall.schema.posting import UNITS
from rolecall.schema.schema import Schema
from rolecall.settings import Settings

SAMPLE = "Die Stelle: Köchin (m/w/d), 40 h/week – pay €2,850.50; naïve café №7 仕事"
"""Text by which an engine's count of tokens is compared with ours."""

PROOF_TOKENS, PROOF_ANSWERS = 1_000, 200
"""More than the tokens of all prompts and answers by which an engine proves its forms."""


class Terms(Struct, frozen=True, kw_only=True):
    """How engines are used where it is not the usual way.

    ``alone`` asks them about pages of which nobody else has said anything, for everything.
    ``part`` is the part of the budget out of which they are paid. Where somebody else stands in for
    an engine that is gone, nobody ``waits`` for it.
    """

    alone: bool = False
    waits: bool = True
    part: Part | None = None


USUAL: Final = Terms()


@asynccontextmanager
async def connected(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    schema: Schema | None = None,
    given: Mapping[str, Engine] | None = None,
    terms: Terms = USUAL,
) -> AsyncIterator[Engines]:
    """Open the engines that ``settings`` name, and close them at the end.

    ``given`` are engines of the caller's own, used instead. There may be none: where none is
    declared, or the settings say so. With ``auto``, an engine that does not answer is left
    out with a notice; one that was named must answer, unless another stands in.
    """
    async with AsyncExitStack() as stack:
        engines: dict[str, Engine] = dict(given or {})
        tables: Mapping[str, EngineSettings] = {}
        notices: list[Notice] = []
        if given is None:
            tables = {one.name: one for one in declared_engines(settings, environ)}
            kept = priced_engines(
                allowed_engines(tuple(tables.values()), settings, notices), settings
            )
        else:
            kept = []
        paid = [one.price for one in kept] + [engine.info.price for engine in engines.values()]
        if kept or engines:
            purse = await stack.enter_async_context(
                opened_purse(settings, environ, paid=any(paid), notices=notices, part=terms.part)
            )
            engines |= await _open(stack, kept, settings, environ, purse, notices)
        if not engines:
            yield Engines({}, NO_HELP, Purse(), notices=tuple(notices))
            return
        found = Engines(engines, Help(alone=terms.alone, waits=terms.waits), purse)
        yield await _speaking(found, settings, tables, schema, notices)


async def for_schema(
    engines: Engines, settings: Settings, environ: Mapping[str, str], schema: Schema | None
) -> Engines:
    """``engines`` that are open, asked for what another ``schema`` needs; they stay the same
    engines, with their connections and the budget, and whoever opened them closes them."""
    if not engines.engines:
        return engines
    tables = {one.name: one for one in declared_engines(settings, environ)}
    return await _speaking(engines, settings, tables, schema, list(engines.notices))


async def _speaking(
    opened: Engines,
    settings: Settings,
    tables: Mapping[str, EngineSettings],
    schema: Schema | None,
    notices: list[Notice],
) -> Engines:
    """How each of the engines is spoken to about ``schema``."""
    help_ = help_of(settings, schema, notices, alone=opened.help.alone)
    # One that is declared and does not answer now is left out, and no fault of the settings.
    policy, asked = policy_of(settings, (*opened.engines, *tables)), help_.extras

    async def voiced(name: str, engine: Engine, told: list[Notice]) -> Voice:
        info, table = engine.info, tables.get(name)
        tokens = await _counter(engine, table.tokenizer if table else "", told)
        told += info.notices
        return voice_of(replace(info, name=name), tokens, policy, asked)

    voices = {}
    for name, engine in opened.engines.items():
        _demand_price(name, engine.info, policy)
        voices[name] = await voiced(name, engine, notices)
    help_ = structs.replace(help_, voices=voices, waits=opened.help.waits)
    return Engines(opened.engines, help_, opened.purse, notices=tuple(notices), renew=voiced)


def help_of(
    settings: Settings,
    schema: Schema | None,
    notices: list[Notice] | None = None,
    *,
    alone: bool = False,
) -> Help:
    """What engines are asked for, and when; no engine is opened yet."""
    asked, left = extra_questions(schema.unlinked) if schema is not None else ((), ())
    if notices is not None:
        notices += [
            Notice(code="field_not_asked", message=f"{one.pointer} is not asked of an engine")
            for one in left
        ]
    found = Help(
        policy=policy_of(settings),
        units=units_of(schema),
        extras=asked,
        keep=settings.engine_failure == "keep",
    )
    return for_all(found) if alone else found


def units_of(schema: Schema | None) -> frozenset[str]:
    """The units that fill fields of ``schema``; all of them for the default posting."""
    if schema is None or schema.is_posting:
        return frozenset(POSTING)
    return frozenset(POSTING) & {unit_of(link.source) for link in schema.links}


def unit_of(source: str) -> str:
    """The unit that the source of a link is of."""
    parts = {"city": "places", "region": "places", "country": "places", "remote": "workplace"}
    home = {name: unit for unit, names in UNITS.items() for name in names}
    return home.get(source, parts.get(source, source))


def declared_engines(settings: Settings, environ: Mapping[str, str]) -> tuple[EngineSettings, ...]:
    """The engines that the settings choose, in order; raises ``SettingsError``."""
    from rolecall.drive.running import with_running
    from rolecall.engines.settings import read_engine

    choice = [word.strip() for word in settings.engine.split(",") if word.strip()]
    if choice == ["none"]:
        return ()
    tables = with_running(settings, environ).engines
    if choice == ["auto"]:
        aside = settings.set_aside()
        choice = [name for name in tables if name not in aside]
    for name in choice:
        if name not in tables:
            known = f"declared are: {', '.join(tables)}" if tables else "none is declared"
            raise SettingsError(
                f"there is no engine {name!r} ({settings.origin('engine')}); {known}",
                hint=f"write [engines.{name}] into rolecall.toml, with kind and url",
            )
    own = [word.strip() for word in settings.local_networks.split(",") if word.strip()]
    return tuple(read_engine(name, tables[name], local_networks=own) for name in choice)


def policy_of(settings: Settings, engines: Collection[str] = ()) -> Policy:
    """The policy that the settings say; raises ``SettingsError`` for one that cannot be.

    ``engines`` are the names of those that are declared, where that is known.
    """
    known = get_args(Privacy)
    if settings.policy not in known:
        raise SettingsError(
            f"there is no policy {settings.policy!r} ({settings.origin('policy')})",
            hint=f"there are: {', '.join(known)}",
        )
    if settings.engine_failure not in ("fail", "keep"):
        raise SettingsError("engine_failure is fail or keep")
    cloud = settings.cloud_engine
    missing = settings.policy in PAGES_TO_CLOUD and engines and cloud not in engines
    if settings.policy != "local-only" and (not cloud or missing):
        raise SettingsError(
            f"the policy {settings.policy} needs the name of a declared engine in cloud_engine",
            hint="set cloud_engine, or the policy local-only",
        )
    if settings.policy == "cloud-for-audits" and cloud != settings.audit_engine:
        raise SettingsError(
            f"under the policy cloud-for-audits cloud_engine ({cloud}) must be the audit_engine"
            f" ({settings.audit_engine or 'none is set'})",
            hint=f'set audit_engine = "{cloud}", or the policy local-only',
        )
    return Policy(
        privacy=settings.policy,  # type: ignore[arg-type]
        cloud=cloud,
        threshold=settings.threshold_tokens,
        doubt=settings.ask_below,
        null_doubt=settings.ask_null_below,
    )


def style_of(extras: Sequence[Question]) -> Style:
    """The static part of the prompts of a run."""
    return Style(questions=(*POSTING.values(), *extras))


def voice_of(info: EngineInfo, tokens: Tokens, policy: Policy, extras: Sequence[Question]) -> Voice:
    """How an engine is spoken to: in the strictest form that it has proved to hold to."""
    # A cloud engine takes a long page in one piece; a local one in windows of the threshold.
    most = policy.threshold if info.local or info.window is None else info.window
    return Voice(
        info=info,
        tokens=tokens,
        form=info.forms[0],
        most=most,
        style=style_of(extras),
    )


def _demand_price(name: str, info: EngineInfo, policy: Policy) -> None:
    """An engine that is paid by the token must have a price, or no budget could hold."""
    if info.price is None and not info.local and name == policy.cloud:
        raise SettingsError(
            f"the engine {name} is not on your machines and has no price",
            hint=f"add to [engines.{name}]: price = {{input = 0.15, cached = 0.075, "
            "output = 0.60}, in US dollars for a million tokens; or local = true",
        )


def priced_engines(tables: Sequence[EngineSettings], settings: Settings) -> list[EngineSettings]:
    """The tables with their prices, known before any call is made.

    One that the user has not named is the vendor's list price, where it is known: the same model
    at another vendor has another price.
    """
    policy = policy_of(settings)
    out = []
    for one in tables:
        if one.price is None and not is_local_engine(one) and _of_openai(one):
            one = structs.replace(one, price=price_of(one.model))
        if one.kind == "openai":
            info = EngineInfo(
                name=one.name,
                kind=one.kind,
                model=one.model,
                local=is_local_engine(one),
                price=one.price,
            )
            _demand_price(one.name, info, policy)
        out.append(one)
    return out


def allowed_engines(
    tables: Sequence[EngineSettings], settings: Settings, notices: list[Notice]
) -> list[EngineSettings]:
    """The engines that the policy may use; no others are even connected to."""
    policy = policy_of(settings)
    cloud = policy.cloud if policy.privacy in PAGES_TO_CLOUD else None
    kept = []
    for one in tables:
        if is_local_engine(one) or one.name == cloud:
            kept.append(one)
            continue
        told = f"{one.name} is kept out by the policy {policy.privacy}: it is not on your machines"
        notices.append(Notice(code="engine_kept_out", message=told))
    return kept


def is_local_engine(one: EngineSettings) -> bool:
    """Whether an engine is on the user's machines, as far as its table tells.

    One without an address has its vendor's; a kind of another package says it once it is connected.
    """
    from rolecall.engines.local import is_local
    from rolecall.engines.vendors import vendor

    if one.local is not None:
        return one.local
    return one.kind != "openai" or is_local(vendor(one.vendor).url or "")


def _of_openai(table: EngineSettings) -> bool:
    """Whether the table's server is the vendor whose list prices are known."""
    hosts = {urlsplit(url).hostname for url in table.urls}
    return table.vendor == "openai" or hosts == {"api.openai.com"}


async def _open(
    stack: AsyncExitStack,
    tables: Sequence[EngineSettings],
    settings: Settings,
    environ: Mapping[str, str],
    purse: Purse,
    notices: list[Notice],
) -> dict[str, Engine]:
    """Connect all, at the same time; those that do not answer become notices."""
    opened = await asyncio.gather(
        *(_opened(stack, one, environ, purse.budget) for one in tables), return_exceptions=True
    )
    engines: dict[str, Engine] = {}
    failures: list[BaseException] = []
    for one, found in zip(tables, opened, strict=True):
        if isinstance(found, BaseException):
            failures.append(found)
            told = f"{one.name} is not used: {found}"
            notices.append(Notice(code="engine_unavailable", message=told))
        else:
            engines[one.name] = found
    for failure in failures:
        if not isinstance(failure, EngineError):
            raise failure
        if not engines and settings.engine != "auto":
            raise failure
    return engines


async def _opened(
    stack: AsyncExitStack,
    one: EngineSettings,
    environ: Mapping[str, str],
    budget: Budget | None,
) -> Engine:
    """One engine, connected; what the small calls cost by which it proves its forms is booked.

    At a cap no call is made at all: the engine is there, and says so to every page.
    """
    from rolecall.engines.connect import connect

    context = connect(one, environ)
    if one.price is None or budget is None:
        engine = await context.__aenter__()
        stack.push_async_exit(context)
        return engine
    worst = worst_cost(one.price, PROOF_TOKENS, PROOF_ANSWERS, one.tries)
    try:
        # Each connecting is a record of its own: the cap of a record is not one for all time.
        held = budget.reserve(f"connecting {secrets.token_hex(8)}", worst, one.name)
    except BudgetError as error:
        info = EngineInfo(
            name=one.name,
            kind=one.kind,
            model=one.model,
            local=is_local_engine(one),
            price=one.price,
        )
        return Stopped(info, error)
    spent = worst
    try:
        engine = await context.__aenter__()
        spent = sum(each.cost_usd for each in getattr(engine, "connecting", ()))
    except EngineError as error:
        spent = lost(error.failed, worst)
        raise
    finally:
        budget.settle(held, min(spent, worst))
    stack.push_async_exit(context)
    return engine


async def _counter(engine: Engine, named: str, notices: list[Notice]) -> Tokens:
    """A way of counting that is not below the engine's own."""
    tokens = tokens_named(named)
    messages = (("system", "Count."), ("user", SAMPLE))
    try:
        theirs = await engine.count_tokens(Prompt(messages=messages))
    except EngineError:
        theirs = None
    ours = count_messages(tokens, messages)
    if theirs is None and engine.info.kind != "replay" and not named:
        return Scaled(tokens, 1.0)  # nobody says that the model counts as Qwen does
    if theirs is None or theirs <= ours:
        return tokens
    told = f"{engine.info.name} counts {theirs} tokens where {tokens.name} counts {ours}"
    notices.append(Notice(code="tokens_estimated", message=f"{told}: its counts are estimated"))
    return Scaled(tokens, max(1.0, theirs / ours))
