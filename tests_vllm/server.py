"""A vLLM server spoken to in raw HTTP, and a grammar that can only copy."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx2

MODEL = "tiny-qwen3"


def chat(text: str, max_tokens: int, **more: Any) -> dict[str, Any]:
    """The body of a request with one message of the user."""
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, "max_tokens": max_tokens, **more}


def ask_all(url: str, bodies: list[dict[str, Any]]) -> list[httpx2.Response]:
    """The responses to all ``bodies``, sent at once."""

    async def send() -> list[httpx2.Response]:
        limits = httpx2.Limits(max_connections=len(bodies))
        async with httpx2.AsyncClient(
            base_url=url, timeout=300, limits=limits, trust_env=False
        ) as client:
            return await asyncio.gather(
                *(client.post("/v1/chat/completions", json=one) for one in bodies)
            )

    return asyncio.run(send())


def choices(responses: list[httpx2.Response]) -> list[tuple[str, str]]:
    """The text of each answer and why it ended; fails unless all were answered."""
    assert [one.status_code for one in responses] == [200] * len(responses)
    found = [one.json()["choices"][0] for one in responses]
    return [(one["message"]["content"], one["finish_reason"]) for one in found]


@dataclass
class Server:
    client: httpx2.Client

    def post(self, body: dict[str, Any], path: str = "/v1/chat/completions") -> httpx2.Response:
        return self.client.post(path, json=body)

    def ask(self, text: str, max_tokens: int = 200, **more: Any) -> tuple[str, str]:
        """The text of the answer and why it ended."""
        return choices([self.post(chat(text, max_tokens, **more))])[0]

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; ``name`` without the prefix ``vllm:``."""
        pattern = re.compile(rf"^vllm:{name}(?:\{{.*\}})? (\S+)$", re.MULTILINE)
        found = pattern.findall(self.client.get("/metrics").text)
        assert found, f"no metric {name}"
        return sum(map(float, found))

    def until(self, name: str, wanted: float, seconds: float = 120) -> None:
        """Wait until the metric is as wanted; fails when the time is over."""
        end = time.monotonic() + seconds
        while (value := self.metric(name)) != wanted:
            assert time.monotonic() < end, f"{name} is still {value}, not {wanted}"
            time.sleep(0.05)


def copying_grammar(text: str) -> str:
    """A grammar for ``{"title": quote, "evidence": [quotes], "years": n}``, quotes from ``text``.

    Each chunk is escaped as JSON on its own, so that no quote can end inside an escape.
    """
    chunks = [
        json.dumps(one, ensure_ascii=False)[1:-1] for one in re.findall(r"\w+|\s|[^\w\s]", text)
    ]
    substring = json.dumps({"substring_chunks": chunks}, ensure_ascii=False)
    return "\n".join(
        [
            r'start: "{\"title\":" quote ",\"evidence\":[" quote ("," quote){0,2} "],\"years\":" '
            r'years "}"',
            r'quote: "\"" Q "\""',
            "Q: SUB & /(?s:.{1,80})/",
            f"SUB: %regex {substring}",
            'years: %json {"type": ["integer", "null"], "minimum": 0, "maximum": 50}',
        ]
    )
