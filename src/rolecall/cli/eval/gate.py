"""``rolecall eval gate``: scores against pinned floors."""

from __future__ import annotations

from rolecall.evaluate import gate


def run(words: list[str]) -> int:
    """Measure, compare with the floors, and return the exit code."""
    return gate.main(words)
