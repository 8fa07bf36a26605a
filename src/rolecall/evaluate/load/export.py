"""The same prompts as a data set for ``vllm bench serve``, and the command that sends them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import orjson

from rolecall.core import Prompt

LEFT_OUT = (
    "vLLM's data sets have one message for each request and no grammar: instructions and page are "
    "joined, and the length of each answer is fixed instead (--ignore-eos)"
)
"""In what that load differs from ours."""


def lines(prompts: Sequence[Prompt], written: Mapping[int, int]) -> bytes:
    """A prompt and the tokens of its answer a line, as JSON.

    ``written`` has the tokens that the engine answered with, by the place of the prompt; others get
    the most that they may have.
    """
    out = []
    for index, prompt in enumerate(prompts):
        text = "\n\n".join(text for _, text in prompt.messages)
        tokens = max(1, written.get(index, prompt.max_tokens))
        out.append(orjson.dumps({"prompt": text, "output_tokens": tokens}))
    return b"".join(line + b"\n" for line in out)


def command(
    path: str,
    *,
    url: str,
    model: str,
    count: int,
    level: int | None = None,
    rate: float | None = None,
    warmup: int = 0,
) -> str:
    """The command for a server whose API is at ``url``; flags are those of vLLM 0.32."""
    words = [
        "vllm", "bench", "serve",
        "--backend", "openai-chat",
        "--base-url", url.removesuffix("/v1"),
        "--endpoint", "/v1/chat/completions",
        "--model", model,
        "--dataset-name", "custom",
        "--dataset-path", path,
        "--skip-chat-template",
        "--custom-output-len", "-1",
        "--disable-shuffle",
        "--ignore-eos",
        "--temperature", "0",
        "--num-prompts", str(count),
        "--num-warmups", str(warmup),
        "--request-rate", "inf" if rate is None else f"{rate:g}",
        *(["--max-concurrency", str(level)] if level is not None else []),
        "--percentile-metrics", "ttft,tpot,itl,e2el",
        "--metric-percentiles", "50,95,99",
        "--save-result",
    ]  # fmt: skip
    return shlex.join(words)
