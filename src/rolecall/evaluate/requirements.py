"""The requirements of ADR-009 that are held against what is there, and how a finding is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from rolecall.evaluate.nouns import Finding


class Requirement(Struct, frozen=True, kw_only=True):
    """One requirement: its name in the record, what it asks for in a few words, and the goal."""

    id: str
    text: str
    goal: str


_ALL = (
    Requirement(id="FR-1", text="accuracy on standard postings", goal="at least 95 %"),
    Requirement(id="FR-2", text="structured output, valid under the schema", goal="all records"),
    Requirement(
        id="FR-3",
        text="postings of about 300, 3,000, 9,000 and 30,000 tokens give a title",
        goal="all four; 98 % of pages within 8,192 tokens",
    ),
    Requirement(id="FR-4", text="concurrent processing with a queue", goal="a queue that is shown"),
    Requirement(id="NFR-1", text="GPU memory of primary operations", goal="at most 8 GiB"),
    Requirement(id="NFR-2", text="inference speed", goal="at least 30 tokens/s"),
    Requirement(id="NFR-3", text="set-up with the model's download", goal="under 2 hours"),
    Requirement(id="NFR-4", text="models can be swapped", goal="two engines answer in turn"),
    Requirement(id="PR-1", text="postings under normal load", goal="at least 50 a minute"),
    Requirement(id="PR-2", text="time between sequential requests", goal="under 100 ms"),
    Requirement(id="PR-3", text="10 or more postings at a time", goal="none fails"),
    Requirement(id="IR-1", text="vLLM with its optimisations", goal="connected, each one shown"),
    Requirement(id="IR-2", text="output held to its shape by the engine", goal="proved"),
    Requirement(id="IR-3", text="routing by the threshold", goal="every prompt to its side"),
)

REQUIREMENTS: Final[Mapping[str, Requirement]] = {one.id: one for one in _ALL}

Verdict = Literal["pass", "fail", "not_run"]


def found(
    name: str, verdict: Verdict, figure: str = "", *, command: str = "", reason: str = ""
) -> Finding:
    """A finding about the requirement ``name``."""
    one = REQUIREMENTS[name]
    return Finding(
        id=name,
        text=one.text,
        goal=one.goal,
        verdict=verdict,
        figure=figure,
        command=command,
        reason=reason,
    )


def judged(name: str, held: bool, figure: str, *, command: str = "", reason: str = "") -> Finding:
    """A finding that is pass or fail."""
    return found(name, "pass" if held else "fail", figure, command=command, reason=reason)


def not_run(name: str, reason: str, *, figure: str = "", command: str = "") -> Finding:
    """A finding about something that was not run, and why."""
    return found(name, "not_run", figure, command=command, reason=reason)
