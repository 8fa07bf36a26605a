"""What constrained decoding makes of a schema: asked of llguidance, where it is installed.

Only the child process that compiles schemas imports it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine says to a schema: whether it takes it at all, and what it says of it."""

    refused: bool
    messages: tuple[str, ...] = ()


Engine = Callable[[dict[str, Any]], Verdict]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The engine to ask, or the reason why there is none."""

    engine: Engine | None
    lacking: str = ""


def grammar() -> Grammar:
    """llguidance, where it is installed."""
    try:
        from llguidance import LLMatcher
    except ImportError:
        return Grammar(None, "llguidance is not installed")

    def ask(form: dict[str, Any]) -> Verdict:
        try:
            text = LLMatcher.grammar_from_json_schema(json.dumps(form), overrides={"lenient": True})
            refused, messages = LLMatcher.validate_grammar_with_warnings(text)
        except ValueError as error:
            return Verdict(True, (str(error),))
        return Verdict(bool(refused), tuple(messages))

    return Grammar(ask)
