"""Asking a running server how it is: health, models, load, and what it can be held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import httpx2
from msgspec import Struct

from rolecall.engines.settings import read_engine
from rolecall.engines.vllm import Metrics, connect, read_metrics
from rolecall.errors import Error
from rolecall.launch.failures import LaunchError

SECONDS: Final = 20.0
"""An answer may take this long: compiling a long grammar holds up vLLM's API for seconds."""


class Load(Struct, frozen=True, kw_only=True):
    """The load of a server, and all tokens that it has read or written so far."""

    metrics: Metrics
    tokens: int


class Probe:
    """Speaks to the server at ``port``; an async context manager."""

    def __init__(self, port: int, key: str) -> None:
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {key}"},
            timeout=SECONDS,
            trust_env=False,
            verify=False,  # nothing here is encrypted, and certificates take long to load
        )

    async def __aenter__(self) -> Probe:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def healthy(self) -> bool:
        """Whether ``/health`` says yes, in time."""
        try:
            return (await self._client.get("/health")).status_code == 200
        except (httpx2.HTTPError, OSError):
            return False

    async def serves(self, model: str) -> bool:
        """Whether the server takes our key and has ``model``: whether it is the one we started."""
        try:
            reply = await self._client.get("/v1/models")
            listed: Any = reply.json() if reply.status_code == 200 else {}
            return any(one.get("id") == model for one in listed.get("data", ()))
        except (httpx2.HTTPError, OSError, ValueError, AttributeError, TypeError):
            return False

    async def answers(self, model: str, seconds: float) -> Literal["yes", "no", "late"]:
        """Whether one token comes of a request that is held to a choice, within ``seconds``.

        ``/health`` may say yes long after the engine behind it has died.
        """
        asked = {
            "model": model,
            "messages": [{"role": "user", "content": "yes or no?"}],
            "max_tokens": 1,
            "temperature": 0,
            "structured_outputs": {"choice": ["yes", "no"]},
        }
        try:
            reply = await self._client.post("/v1/chat/completions", json=asked, timeout=seconds)
        except httpx2.TimeoutException:
            return "late"
        except (httpx2.HTTPError, OSError):
            return "no"
        return "no" if reply.status_code >= 500 else "yes"

    async def load(self) -> Load | None:
        """The server's load; `None` if it gives none, in time."""
        try:
            reply = await self._client.get("/metrics")
        except (httpx2.HTTPError, OSError):
            return None
        if reply.status_code != 200 or "vllm:" not in reply.text:
            return None
        return Load(metrics=read_metrics(reply.text), tokens=_tokens(reply.text))


def _tokens(text: str) -> int:
    total = 0.0
    for line in text.splitlines():
        if line.startswith(("vllm:prompt_tokens_total", "vllm:generation_tokens_total")):
            try:
                total += float(line.rpartition(" ")[2])
            except ValueError:
                continue
    return int(total)


def engine_table(
    port: int, model: str, key_file: str, context: int, sequences: int
) -> dict[str, Any]:
    """The ``[engines.NAME]`` table by which the pipeline finds the server."""
    return {
        "kind": "vllm",
        "url": f"http://127.0.0.1:{port}/v1",
        "model": model,
        "key_file": key_file,
        "window": context,
        "concurrency": sequences,
    }


async def proved(
    name: str, table: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[str, ...]:
    """The forms that the server was proved to hold to, by asking it.

    Raises:
        LaunchError: ``not_proved``: it gives no answers, or holds to nothing.
    """
    try:
        async with connect(read_engine(name, table), environ) as engine:
            forms = tuple(engine.info.forms)
    except Error as error:
        raise LaunchError(
            "not_proved", f"the server runs but does not answer: {error}", hint=error.hint or ""
        ) from error
    if not {"grounded", "grammar", "json_schema"} & set(forms):
        raise LaunchError(
            "not_proved",
            f"the server holds its answers to no grammar and no schema, only: {', '.join(forms)}",
            hint="renew vLLM, and leave --structured-outputs-config as it is",
        )
    return forms
