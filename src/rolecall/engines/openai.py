"""The engine for every server that speaks OpenAI's protocol: vLLM, llama.cpp, OpenAI and others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.core import Attempt, Completion, EngineInfo, Form, Notice, Price, Prompt
from rolecall.engines.answers import Answered, read_completion, read_json
from rolecall.engines.calls import ASIDE, Calls, Limits
from rolecall.engines.local import is_local
from rolecall.engines.proof import prove
from rolecall.engines.protocol import EngineSettings, Timing
from rolecall.engines.retry import Clock
from rolecall.engines.stream import StreamReading
from rolecall.engines.tokens import count_tokens, special_tokens
from rolecall.engines.vendors import PRICES, WINDOWS, Vendor, request, vendor
from rolecall.engines.wire import Reply, opened
from rolecall.errors import EngineError, SettingsError

CHAT: Final = "/chat/completions"
CONNECT_TRIES: Final = 3
"""A server that is not there should be known soon: the caller may have another engine."""


class OpenAIEngine:
    """A connected engine; made by `connect`.

    ``info`` is what is known of it. ``connecting`` are the calls that connecting made, for whoever
    keeps the books.
    """

    def __init__(self, info: EngineInfo, row: Vendor, calls: Calls) -> None:
        self.info, self.calls = info, calls
        self.connecting: tuple[Attempt, ...] = ()
        self._row = row

    @property
    def tries(self) -> int:
        """How often a call is tried at most."""
        return self.calls.limits.tries

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of its API."""
        return tuple(one.url for one in self.calls.wire.replicas.all)

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """The tokens of the messages as the server counts them; ``None`` where it cannot.

        Raises:
            EngineError: the server counts, but gave no answer.
        """
        return await count_tokens(self.calls, self._row.tokenize, self.info.model, prompt)

    async def complete(self, prompt: Prompt) -> Completion:
        """Answer ``prompt``; cancelling the task closes its connection.

        Raises:
            EngineError: no answer after the last try.
        """
        return await self.try_complete(prompt, 0)

    async def try_complete(self, prompt: Prompt, tries: int) -> Completion:
        """Answer ``prompt`` in at most ``tries`` tries (0: as many as the settings say)."""
        body = orjson.dumps(request(self._row, self.info.model, prompt))
        done = await self.calls.call(CHAT, body, read_completion, tries)
        return self._completion(done.answer, done.seconds, done.failed)

    async def complete_timed(self, prompt: Prompt) -> tuple[Completion, Timing]:
        """Answer ``prompt`` over a stream, in one try; see `TimedEngine`.

        Raises:
            EngineError: no whole answer came.
        """
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        body = orjson.dumps(request(self._row, self.info.model, prompt) | streamed)
        reading = StreamReading(self.calls.wire.clock.monotonic)
        done = await self.calls.once(CHAT, body, reading.read, reading)
        timed = done.answer
        return self._completion(timed.answer, done.seconds, done.failed), timed.timing

    def _completion(
        self, answer: Answered, seconds: float, failed: tuple[Attempt, ...]
    ) -> Completion:
        return Completion(
            text=answer.text,
            finish_reason=answer.finish,
            usage=answer.usage,
            engine=self.info.name,
            model=answer.model,
            seconds=seconds,
            failed=failed,
        )


@asynccontextmanager
async def connect(
    settings: EngineSettings,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    made: type[OpenAIEngine] | None = None,
) -> AsyncIterator[OpenAIEngine]:
    """Connect to the server of ``settings``, and prove what it enforces; gives a ``made``.

    Raises:
        SettingsError: the settings do not name a server or a model.
        EngineError: the server cannot be reached or used; the hint says what to do.
    """
    row = vendor(settings.vendor)
    urls = settings.urls or ((row.url,) if row.url else ())
    if not urls:
        raise SettingsError(
            f"engines.{settings.name}: no url", hint="say where the server is, or which vendor"
        )
    key, place = read_key(settings, row, environ)
    concurrency = settings.concurrency or row.concurrency
    limits = Limits(
        engine=settings.name,
        call_seconds=settings.call_seconds,
        tries=settings.tries,
        key=place,
    )
    async with opened(urls, key, concurrency + ASIDE, clock or Clock()) as wire:
        calls = Calls(wire, limits, concurrency)
        if settings.key_file:
            calls.key_now = partial(_key_now, settings, row)
        info, listed = await _meet(settings, row, urls, calls, bool(key))
        engine = (made or OpenAIEngine)(info, row, calls)
        await _prove(engine, row, settings, listed)
        yield engine


async def _meet(
    settings: EngineSettings, row: Vendor, urls: tuple[str, ...], calls: Calls, with_key: bool
) -> tuple[EngineInfo, Mapping[str, int]]:
    """What the server says of itself, and the models that it lists."""
    listed = await models(calls)
    model = settings.model or _only_model(settings.name, listed)
    price = settings.price or (PRICES.get(model) if row.name == "openai" else None)
    local = settings.local
    if local is None:
        local = all(is_local(url) for url in urls)
    calls.learn(model, price)
    info = EngineInfo(
        name=settings.name,
        kind=settings.kind,
        model=model,
        window=settings.window or listed.get(model) or await _window(calls, row, model),
        local=local,
        price=price,
        concurrency=settings.concurrency or row.concurrency,
        notices=tuple(_doubts(settings.name, urls, local, price, with_key)),
    )
    return info, listed


async def _prove(
    engine: OpenAIEngine, row: Vendor, settings: EngineSettings, listed: Mapping[str, int]
) -> None:
    """Have the engine show what it enforces, and note it in its ``info``."""
    info = engine.info
    claimed: list[Form] = [one for one in row.forms if not settings.forms or one in settings.forms]
    made: list[Attempt] = []

    async def complete(prompt: Prompt) -> Completion:
        try:
            answer = await engine.try_complete(prompt, CONNECT_TRIES)
        except EngineError as error:
            made.extend(error.failed)
            raise
        made.extend((*answer.failed, _attempt(answer, info.price)))
        return answer

    try:
        proof = await prove(complete, claimed, info.name)
        special = await special_tokens(engine.calls, row.tokenize, info.model, info.name)
    except EngineError as error:
        if listed and any(one.result == "http_404" for one in error.failed):
            error.hint = f"the server has: {', '.join(list(listed)[:8])}"
        raise
    engine.info = replace(
        info, forms=proof.forms, notices=(*info.notices, *proof.notices, *special)
    )
    engine.connecting = tuple(made)


def _attempt(answer: Completion, price: Price | None) -> Attempt:
    return Attempt(
        engine=answer.engine,
        model=answer.model,
        result="proof",
        usage=answer.usage,
        cost_usd=price.cost(answer.usage) if price else 0.0,
        seconds=answer.seconds,
    )


async def models(calls: Calls) -> dict[str, int]:
    """The models that the server lists, with their windows (0 where it does not say).

    Raises:
        EngineError: the server cannot be reached. One that lists no models gives an empty result.
    """
    try:
        done = await calls.aside("/models", None, _read_models)
    except EngineError as error:
        last = error.failed[-1].result if error.failed else ""
        if last in ("http_404", "http_405", "http_501", "wrong_content_type", "bad_answer"):
            return {}
        raise
    return done.answer


def _read_models(reply: Reply) -> dict[str, int]:
    found: dict[str, int] = {}
    data = read_json(reply).get("data")
    for one in data if isinstance(data, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            found[one["id"]] = _length(one.get("max_model_len"))
    return found


async def _window(calls: Calls, row: Vendor, model: str) -> int | None:
    """The window of a model whose server does not list it, if it can be known."""
    if row.tokenize == "llamacpp":
        with suppress(EngineError):
            return (await calls.aside("//props", None, _read_slot)).answer
    return row.window or (WINDOWS.get(model) if row.name == "openai" else None)


def _read_slot(reply: Reply) -> int | None:
    """llama.cpp shares its window among slots; each call has one of them."""
    told = read_json(reply).get("default_generation_settings")
    return _length(told.get("n_ctx")) or None if isinstance(told, dict) else None


def _length(value: Any) -> int:
    return value if type(value) is int and value > 0 else 0


def _only_model(name: str, listed: Mapping[str, int]) -> str:
    if len(listed) == 1:
        return next(iter(listed))
    there = f"there are: {', '.join(list(listed)[:8])}" if listed else "write model = …"
    raise SettingsError(f"engines.{name}: no model is named", hint=there)


def read_key(settings: EngineSettings, row: Vendor, environ: Mapping[str, str]) -> tuple[str, str]:
    """The key, empty where none is needed, and where it stands in words.

    Raises:
        EngineError: a key is needed or named, and is not there.
    """
    if settings.key_file:
        place = f"the file {settings.key_file}"
        try:
            key = Path(settings.key_file).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _no_key(settings.name, place) from error
    else:
        variable = settings.key_env or row.key_env
        place = f"the variable {variable}" if variable else "the variable that key_env names"
        key = environ.get(variable, "").strip() if variable else ""
    if not key and (settings.key_env or settings.key_file or row.needs_key):
        raise _no_key(settings.name, place)
    if not key.isascii() or not key.isprintable():
        raise EngineError(
            f"engine {settings.name}: {place} holds what no key can hold",
            hint="a key is one line of printable ASCII",
            retryable=False,
        )
    return key, place


def _key_now(settings: EngineSettings, row: Vendor) -> str:
    """The key that stands in the file now; empty where none can be read."""
    try:
        return read_key(settings, row, {})[0]
    except EngineError:
        return ""


def _no_key(name: str, place: str) -> EngineError:
    return EngineError(
        f"engine {name}: {place} holds no key", hint=f"put the key into {place}", retryable=False
    )


def _doubts(
    name: str, urls: tuple[str, ...], local: bool, price: Price | None, with_key: bool
) -> list[Notice]:
    """What the user should know before the first call."""
    found = []
    if with_key and any(url.startswith("http:") and not is_local(url) for url in urls):
        message = f"engine {name}: the key goes over http, which anyone on the way can read"
        found.append(Notice(code="key_in_the_clear", message=message))
    if not local and price is None:
        message = f"engine {name}: no price is known, so its cost cannot be counted"
        found.append(Notice(code="price_unknown", message=message))
    return found
