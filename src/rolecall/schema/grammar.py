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


def engine() -> Engine | None:
    """llguidance, or nothing where it is not installed."""
    try:
        from llguidance import LLMatcher
    except ImportError:
        return None

    def ask(form: dict[str, Any]) -> Verdict:
        try:
            grammar = LLMatcher.grammar_from_json_schema(
                json.dumps(form), overrides={"lenient": True}
            )
            refused, messages = LLMatcher.validate_grammar_with_warnings(grammar)
        except ValueError as error:
            return Verdict(True, (str(error),))
        return Verdict(bool(refused), tuple(messages))

    return ask
