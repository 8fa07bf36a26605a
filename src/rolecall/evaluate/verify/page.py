"""The findings as a table for a terminal, as data, and as a page of the decision record."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, to_builtins

from rolecall.evaluate.choose.record import requirement_blocks
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.report.document import Document, Items, Part, Prose, to_html

VERSION = 1
TOLD = {"pass": "pass", "fail": "FAIL", "not_run": "not run"}


class Verified(Struct, frozen=True, kw_only=True):
    """When, by what and on which machine the requirements were held against what is there."""

    made: str
    command: str
    rolecall: str
    machine: dict[str, Any]
    findings: tuple[Finding, ...]


def counted(findings: Sequence[Finding]) -> str:
    """How many passed, failed and were not run."""
    counts = Counter(one.verdict for one in findings)
    return f"{counts['pass']} pass, {counts['fail']} fail, {counts['not_run']} not run"


def as_data(one: Verified) -> dict[str, Any]:
    """Plain data for JSON; ``rolecall choose`` reads it."""
    data: dict[str, Any] = to_builtins(one)
    return {"version": VERSION, **data}


def as_text(one: Verified, width: int = 100) -> str:
    """Each requirement with its verdict, figure, goal, reason and command."""
    lines = []
    for finding in one.findings:
        head = f"{TOLD[finding.verdict]:<8}{finding.id:<7}{finding.text}: {finding.goal}"
        lines.append(head)
        for told in (finding.figure, finding.reason):
            if told:
                lines += textwrap.wrap(
                    told, width, initial_indent=" " * 15, subsequent_indent=" " * 15
                )
        if finding.command and finding.verdict != "not_run":
            lines.append(f"{'':15}$ {finding.command}")
    return "\n".join([*lines, "", counted(one.findings)]) + "\n"


def as_html(one: Verified) -> str:
    """A page of the decision record: no script, no network."""
    machine = tuple(f"{name}: {value}" for name, value in one.machine.items())
    parts = (
        Part(
            title="Requirements",
            blocks=(
                Prose(f"{counted(one.findings)}."),
                *requirement_blocks([to_builtins(finding) for finding in one.findings]),
            ),
        ),
        Part(
            title="Made",
            blocks=(
                Prose(f"{one.made}, Rolecall {one.rolecall}, by `{one.command}`, on:"),
                Items(machine),
            ),
        ),
    )
    lead = f"The requirements of ADR-009 on this machine: {counted(one.findings)}."
    return to_html(Document(title="Requirements of ADR-009", lead=lead, parts=parts))
