"""Variables of the decision record's ``.env``: what they mean here, or why they mean nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from rolecall.core import Notice

ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "MODEL_QUANTIZATION": "a checkpoint carries its own",
        "KV_CACHE_DTYPE": "only rolecall plan and rolecall up heed it",
        "GPU_MEMORY_UTILIZATION": "only rolecall plan and rolecall up heed it",
        "SWAP_SPACE": "vLLM has dropped the option swap_space",
        "REQUIRED_VLLM_VERSION": "servers are judged by what they prove to do",
        "REQUIRED_CUDA_VERSION": "nothing here needs CUDA",
        "REQUIRED_HARDWARE": "nothing here needs a GPU",
        "VLLM_ENABLE_PREFIX_CACHING": "vLLM caches prefixes by itself",
        "VLLM_TRUST_REMOTE_CODE": "code from a model's repository is never run",
    }
)
"""Variables of the decision record's ``.env`` that have no effect -> why."""

SERVER_VARIABLES: Final = ("MODEL_NAME", "MAX_MODEL_LENGTH", "MAX_NUM_SEQS")
"""Those that say more of the server that ``VLLM_HOST`` and ``VLLM_PORT`` name."""

CLIENT_VARIABLES: Final = ("ROLECALL_URL", "ROLECALL_TOKEN")
"""Those that `rolecall.Client` reads: a server's address and a token; they are no settings."""


def engine_of_environment(environ: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """The engine that the decision record's variables speak of, if its server is named."""
    host, port = environ.get("VLLM_HOST", ""), environ.get("VLLM_PORT", "")
    if not host and not port.isdecimal():
        return {}
    # A server that listens everywhere is reached at the loopback address.
    host = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host
    host = f"[{host}]" if ":" in host and "/" not in host and host[0] != "[" else host
    table: dict[str, Any] = {
        "kind": "vllm",
        "url": f"http://{host}:{port if port.isdecimal() else 8000}/v1",
    }
    if environ.get("MODEL_NAME", "").strip():  # else the only one that the server has
        table["model"] = environ["MODEL_NAME"]
    for name, key in (("MAX_MODEL_LENGTH", "window"), ("MAX_NUM_SEQS", "concurrency")):
        if environ.get(name, "").isdecimal() and int(environ[name]):
            table[key] = int(environ[name])
    return {"vllm": MappingProxyType(table)}


def without_effect(environ: Mapping[str, str]) -> Iterator[Notice]:
    """A notice for each variable that is set and changes nothing."""
    for name, why in ALIASES.items():
        if name in environ:
            yield Notice(code="setting_without_effect", message=f"{name} has no effect: {why}")
    if not engine_of_environment(environ):
        for name in (*SERVER_VARIABLES, "VLLM_PORT"):
            if name in environ:
                told = f"{name} has no effect: VLLM_HOST and VLLM_PORT name no server"
                yield Notice(code="setting_without_effect", message=told)
