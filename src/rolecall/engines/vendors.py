"""The servers that speak OpenAI's protocol, and how each spells what we ask of it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.core import Form, Price, Prompt
from rolecall.errors import SettingsError


class Vendor(Struct, frozen=True, kw_only=True):
    """One row: what a server takes, as its own documents say; `proof` finds out what it keeps.

    ``forms`` are the forms of answer it has fields for. ``grammar_field`` names the field of the
    request that takes a Lark grammar, dots lead inwards. ``limit_field`` bounds the answer.
    ``tokenize`` is the way it counts tokens, ``window`` what it grants where it does not say.
    """

    name: str
    url: str = ""
    key_env: str = ""
    needs_key: bool = False
    forms: tuple[Form, ...] = ("json_schema", "json_object")
    grammar_field: str = ""
    strict: bool = False
    limit_field: str = "max_tokens"
    tokenize: Literal["", "vllm", "llamacpp"] = ""
    concurrency: int = 8
    window: int | None = None


_GRAMMAR: Final[tuple[Form, ...]] = ("grounded", "grammar", "json_schema", "json_object")

VENDORS: Final[Mapping[str, Vendor]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Vendor(
                name="vllm",
                url="http://127.0.0.1:8000/v1",
                key_env="VLLM_API_KEY",
                forms=_GRAMMAR,
                grammar_field="structured_outputs.grammar",
                tokenize="vllm",
                concurrency=64,
            ),
            # SGLang hands "ebnf" to its grammar back end; only llguidance reads Lark there.
            Vendor(
                name="sglang",
                url="http://127.0.0.1:30000/v1",
                key_env="SGLANG_API_KEY",
                forms=_GRAMMAR,
                grammar_field="ebnf",
                concurrency=64,
            ),
            # llama.cpp takes GBNF, which has no substrings of the page; we write Lark only.
            Vendor(
                name="llamacpp",
                url="http://127.0.0.1:8080/v1",
                key_env="LLAMA_API_KEY",
                tokenize="llamacpp",
                concurrency=4,
            ),
            # Ollama cuts longer prompts without a word; its default grants this much.
            Vendor(name="ollama", url="http://127.0.0.1:11434/v1", concurrency=4, window=4_096),
            Vendor(
                name="lmstudio",
                url="http://127.0.0.1:1234/v1",
                forms=("json_schema",),
                concurrency=4,
            ),
            Vendor(
                name="openai",
                url="https://api.openai.com/v1",
                key_env="OPENAI_API_KEY",
                needs_key=True,
                strict=True,
                limit_field="max_completion_tokens",
                concurrency=16,
            ),
            Vendor(name="generic"),
        )
    }
)
"""The vendors by name. The user says which one it is; a model's name never decides it."""

WINDOWS: Final[Mapping[str, int]] = MappingProxyType(
    {"gpt-4o-mini": 128_000, "gpt-4o": 128_000, "gpt-4.1-mini": 1_047_576, "gpt-4.1": 1_047_576}
)
"""Tokens of prompt and answer, of models whose server does not tell (OpenAI's model pages)."""

PRICES: Final[Mapping[str, Price]] = MappingProxyType(
    {"gpt-4o-mini": Price(input=0.15, cached=0.075, output=0.60, since="2024-07-18")}
)
"""US dollars per million tokens at OpenAI, from the day named on (its price list)."""


def vendor(name: str) -> Vendor:
    """The row of ``name``; an empty name is ``generic``.

    Raises:
        SettingsError: there is no such vendor.
    """
    found = VENDORS.get(name or "generic")
    if found is None:
        near = difflib.get_close_matches(name, VENDORS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(VENDORS)}"
        raise SettingsError(f"vendor {name!r} is not known", hint=hint)
    return found


def request(row: Vendor, model: str, prompt: Prompt) -> dict[str, Any]:
    """The body of a chat completion: greedy, one answer, no tools, held to ``prompt.form``."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": role, "content": text} for role, text in prompt.messages],
        "temperature": 0,
        "seed": SEED,
        "n": 1,
        row.limit_field: prompt.max_tokens,
    }
    if prompt.form in ("grounded", "grammar"):
        if not row.grammar_field:
            raise SettingsError(
                f"vendor {row.name} takes no grammar", hint="ask in one of the engine's forms"
            )
        place, _, last = row.grammar_field.rpartition(".")
        inner = body.setdefault(place, {}) if place else body
        inner[last] = prompt.grammar
    elif prompt.form == "json_schema":
        schema: dict[str, Any] = {"name": "answer", "schema": prompt.json_schema}
        if row.strict:
            schema["strict"] = True
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif prompt.form == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


SEED: Final = 7
"""The seed of every call: any number would do, but it must be the same one."""
