"""Which optimisations a vLLM server tells of itself: its metrics name how its cache is set up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rolecall.engines.protocol import Engine
from rolecall.engines.vllm import FollowingVLLM, VLLMEngine, read_metrics
from rolecall.engines.wire import Reply
from rolecall.errors import EngineError

STRUCTURED, PREFIXES, FP8_CACHE = "structured outputs", "prefix caching", "FP8 KV cache"
_CONFIG: Final = re.compile(r"^vllm:cache_config_info\{([^}\n]*)\}", re.M)
_LABEL: Final = re.compile(r'(\w+)="([^"\n]*)"')


async def optimisations(engine: Engine) -> dict[str, bool]:
    """Each optimisation that can be looked for -> whether it is on; nothing for other engines.

    Answers held to grammars were proved when the engine was connected. Whether weights are FP8 and
    prompts are read in chunks, no server tells.
    """
    if isinstance(engine, FollowingVLLM):
        engine = engine.server
    if not isinstance(engine, VLLMEngine):
        return {}
    found = {STRUCTURED: "grammar" in engine.info.forms}
    try:
        text = (await engine.calls.aside("//metrics", None, _text)).answer
    except EngineError:
        return found
    return {**found, **read_cache(text)}


def read_cache(text: str) -> Mapping[str, bool]:
    """What a page of metrics tells of the cache; a prefix that was found also shows that it is on.

    Nothing is told of what the page does not name.
    """
    config = _CONFIG.search(text)
    labels = dict(_LABEL.findall(config[1])) if config else {}
    hits = read_metrics(text).prefix_hits > 0
    found = {}
    if hits or "enable_prefix_caching" in labels:
        found[PREFIXES] = hits or labels["enable_prefix_caching"] == "True"
    if "cache_dtype" in labels:
        found[FP8_CACHE] = labels["cache_dtype"].startswith("fp8")
    return found


def _text(reply: Reply) -> str:
    return reply.body.decode("utf-8", "replace")
