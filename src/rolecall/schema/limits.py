"""What a user's schema may cost, at most, before anything compiles it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaLimits:
    """Bounds of a schema; what is beyond one of them is refused with its name and place.

    ``bytes`` of the text, ``depth`` of its brackets, ``subschemas`` in it, steps of a ``chain`` of
    references, values of an ``enum``, characters of a ``pattern``; ``answer_tokens`` is the budget
    that the shortest complete answer must fit. ``seconds`` and ``memory`` (bytes) bound the process
    in which patterns, validator and grammar are compiled; ``check_memory`` is what the compiled
    validator alone may take, which is kept.
    """

    bytes: int = 256_000
    depth: int = 64
    subschemas: int = 2_000
    chain: int = 64
    enum: int = 5_000
    pattern: int = 512
    answer_tokens: int = 4_096
    seconds: float = 2.0
    memory: int = 1 << 30
    check_memory: int = 128 << 20


DEFAULT_LIMITS: Final = SchemaLimits()
CHARS_PER_TOKEN: Final = 4
"""Characters of compact JSON to one token, roughly; used for bounds and estimates only."""
