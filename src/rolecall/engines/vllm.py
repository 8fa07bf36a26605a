"""The engine for vLLM: the one that is named, or the one that ``rolecall up`` keeps running."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

import msgspec
from msgspec import Struct

from rolecall.core import EngineInfo, Notice
from rolecall.engines import openai
from rolecall.engines.answers import read_json
from rolecall.engines.calls import Calls
from rolecall.engines.follow import Following
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.retry import Clock, no_answer, plain
from rolecall.engines.state import running, state_file
from rolecall.engines.whereabouts import Whereabouts, running_name
from rolecall.engines.wire import Reply
from rolecall.errors import EngineError

OLDEST: Final = (0, 24)
"""Older servers could be stopped by a user's schema or a page's text."""


class Metrics(Struct, frozen=True, kw_only=True):
    """The load of a server, summed over its engines: requests, share of the KV cache, tokens."""

    running: int = 0
    waiting: int = 0
    kv_usage: float = 0.0
    prefix_queries: int = 0
    prefix_hits: int = 0


class VLLMEngine(openai.OpenAIEngine):
    """An `OpenAIEngine` that also tells its load."""

    async def metrics(self) -> Metrics:
        """The server's load now.

        Raises:
            EngineError: the server gave no metrics.
        """
        return (await self.calls.aside("//metrics", None, _read_metrics)).answer


@asynccontextmanager
async def connect(
    settings: EngineSettings, environ: Mapping[str, str], *, clock: Clock | None = None
) -> AsyncIterator[VLLMEngine | FollowingVLLM]:
    """Attach to a vLLM server.

    Without an address it is the running server that the state file names, and the engine goes
    where that one goes; without such a server it is the one at vLLM's own port.

    Raises:
        SettingsError: the settings or the state file cannot be used.
        EngineError: the server cannot be reached or used.
    """
    name = "" if settings.urls else running_name(settings, running(environ))
    if not name:
        async with _attached(settings, environ, clock or Clock()) as engine:
            yield engine
        return
    clock = clock or Clock()

    def opened(place: EngineSettings) -> AbstractAsyncContextManager[VLLMEngine]:
        return _attached(place, environ, clock)

    whereabouts = Whereabouts(settings, name, state_file(environ), clock.now)
    async with AsyncExitStack() as stack:
        following = FollowingVLLM(whereabouts, opened, clock)
        stack.push_async_callback(following.close)
        await following.open()
        yield following


@asynccontextmanager
async def _attached(
    settings: EngineSettings, environ: Mapping[str, str], clock: Clock
) -> AsyncIterator[VLLMEngine]:
    """The engine at the address that ``settings`` hold, or at vLLM's own."""
    settings = msgspec.structs.replace(settings, vendor="vllm")
    async with openai.connect(settings, environ, clock=clock, made=VLLMEngine) as engine:
        assert isinstance(engine, VLLMEngine)
        engine.info = await _with_version(engine.info, engine.calls)
        yield engine


class FollowingVLLM(Following[VLLMEngine]):
    """A `VLLMEngine` of ``rolecall up``, wherever its server is."""

    async def metrics(self) -> Metrics:
        """The load now of the server that new calls are made to.

        Raises:
            EngineError: the server gave no metrics.
        """
        return await self.server.metrics()


async def _with_version(info: EngineInfo, calls: Calls) -> EngineInfo:
    """``info`` with the server's version, and a notice about one that is too old or unknown."""
    try:
        version = (await calls.aside("//version", None, _read_version)).answer
    except EngineError:
        version = ""
    message = ""
    if not version:
        message = f"engine {info.name}: the server does not tell its version; is it vLLM?"
    elif is_old(version):
        oldest = ".".join(map(str, OLDEST))
        message = f"engine {info.name}: vLLM {version} is older than {oldest}: renew it"
    notices = (Notice(code="engine_version", message=message),) if message else ()
    return replace(info, version=version, notices=(*info.notices, *notices))


def is_old(version: str) -> bool:
    """Whether ``version`` is below `OLDEST`; one that is no number (a build of today) is not."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return bool(found) and (int(found[1]), int(found[2])) < OLDEST if found else False


def _read_version(reply: Reply) -> str:
    version = read_json(reply).get("version")
    return plain(version, 40) if isinstance(version, str) else ""


_GAUGES: Final[Mapping[str, str]] = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:kv_cache_usage_perc": "kv_usage",
    "vllm:gpu_cache_usage_perc": "kv_usage",  # its name before 0.10
    "vllm:prefix_cache_queries_total": "prefix_queries",
    "vllm:prefix_cache_hits_total": "prefix_hits",
}
_LINE: Final = re.compile(r"^(vllm:\w+)(?:\{[^}\n]*\})? ([0-9.eE+-]+)", re.M)


def read_metrics(text: str) -> Metrics:
    """The load that a page in Prometheus' text format tells."""
    sums = dict.fromkeys(_GAUGES.values(), 0.0)
    seen = 0
    for name, number in _LINE.findall(text):
        if name in _GAUGES:
            sums[_GAUGES[name]] += float(number)
            seen += _GAUGES[name] == "kv_usage"
    return Metrics(
        running=int(sums["running"]),
        waiting=int(sums["waiting"]),
        kv_usage=sums["kv_usage"] / max(1, seen),
        prefix_queries=int(sums["prefix_queries"]),
        prefix_hits=int(sums["prefix_hits"]),
    )


def _read_metrics(reply: Reply) -> Metrics:
    text = reply.body.decode("utf-8", "replace")
    if "vllm:" not in text:
        raise no_answer("bad_answer", "the answer holds no metrics of vLLM")
    return read_metrics(text)
