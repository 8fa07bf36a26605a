"""Trials as a person reads them, and as a program does."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rolecall.audit.agreement import OUTCOME
from rolecall.audit.shown import OUTCOME_MEANING
from rolecall.table import aligned, one_line
from rolecall.trial.judge import Finding
from rolecall.trial.standing import Standing

WORDS = {
    "failed": "failed",
    "truncated": "cut off",
    "invalid": "not as asked",
    "incomplete": "incomplete",
    "slow": "slow",
}
"""The kinds of harm as columns are called."""
WIDTH = 88
MEANING = (
    "times: how many times as often as with the champion, within bounds that hold at every look"
    " (those of slow pages are not told; up to a half of the pairs is no harm). evidence: that the"
    " challenger does harm; 100 % of one kind, or less of several, stops it."
)


def as_json(found: Sequence[Standing]) -> str:
    """A line of JSON for each."""
    return "".join(msgspec.json.encode(row).decode() + "\n" for row in as_rows(found))


def as_rows(found: Sequence[Standing]) -> list[dict[str, Any]]:
    """The same as plain values."""
    return [{"state": one.state, **msgspec.to_builtins(one)} for one in found]


def table(found: Sequence[Standing]) -> str:
    """A row for each, and a sentence for each that is not just running."""
    if not found:
        return "no challenger is declared: rolecall trials --help shows how\n"
    rows = [
        (
            one_line(one.challenger.name),
            one.state,
            one.challenger.mode,
            f"{one.challenger.share:.1%}",
            f"{one.verdict.tried:,}",
            *(_count(each) for each in one.verdict.findings),
            _agreement(one),
        )
        for one in found
    ]
    head = ("challenger", "state", "mode", "share", "pages", *WORDS.values(), "agrees")
    return aligned(head, *rows) + "".join(f"\n{_said(one)}" for one in found)


def whole(one: Standing) -> str:
    """All that is known of one."""
    challenger, verdict = one.challenger, one.verdict
    text = aligned(
        ("challenger", one_line(challenger.name)),
        ("engine", challenger.engine),
        ("state", one.state),
        *((("because", one_line(one.trial.why)),) if one.trial and one.trial.why else ()),
        *((("since", _at(one.trial.changed)), ("counts since", _at(one.trial.began)))
          if one.trial else ()),
        ("share", f"{challenger.share:.1%} of the pages, {challenger.mode}"),
        ("pages", f"{verdict.tried:,} and {verdict.usual:,} of the champion"),
        *((("skipped", f"{verdict.skipped:,} for want of room"),) if verdict.skipped else ()),
        worded=True,
    )  # fmt: skip
    rows = [
        (WORDS[each.kind], _count(each), _usual(each), _ratio(each), _evidence(each))
        for each in verdict.findings
    ]
    text += "\n" + aligned(("went wrong", "challenger", "champion", "times", "evidence"), *rows)
    text += textwrap.fill(MEANING, WIDTH) + "\n"
    if verdict.agreement is not None:
        fields = sorted(verdict.agreement.fields.items(), key=lambda row: row[1])
        text += "\n" + aligned(
            ("agrees with the champion", _agreement(one)),
            *((one_line(name), f"{share:.1%}") for name, share in fields),
        )
        text += f"{OUTCOME_MEANING}\n" if OUTCOME in verdict.agreement.fields else ""
        text += "agreement is not accuracy: who of the two is right is not told\n"
    return text + "\n" + _said(one)


def said(one: Standing) -> str:
    """What it comes to, and what to do, in a sentence."""
    name = one_line(one.challenger.name)
    if one.trial is None:
        told = f"{name}: begins with the next worker that has these settings"
    elif one.state == "changed":
        told = f"{name}: the settings here differ from those of the workers; restart them"
    elif one.state == "stopped":
        why = one_line(one.trial.why)
        told = f"{name}: STOPPED, {why}; to try it again: rolecall trials restart {name}"
    elif one.state == "withdrawn":
        why = one_line(one.trial.why)
        told = f"{name}: has no pages, {why}; to try it again: rolecall trials restart {name}"
    elif one.state == "promoted":
        told = f"{name}: has all pages; to undo it: rolecall trials rollback {name}"
    elif one.verdict.no_worse:
        told = f"{name}: goes wrong no more often; to go on: rolecall trials promote {name}"
    else:
        told = f"{name}: no harm is shown; more pages are needed to say that there is none"
    return told


def _said(one: Standing) -> str:
    told = textwrap.fill(said(one), WIDTH, subsequent_indent="  ", break_long_words=False)
    return f"{told}\n"


def _count(found: Finding) -> str:
    return (
        f"{found.tried:,}" if found.pairs is None else f"{found.tried:,} of {found.pairs:,} pairs"
    )


def _usual(found: Finding) -> str:
    return f"{found.usual:,}" if found.pairs is None else ""


def _ratio(found: Finding) -> str:
    if found.ratio is None:
        return ""
    low, high = found.ratio
    return f"{low:.2f} to {high:.2f}" if high < 100 else f"{low:.2f} or more"


def _evidence(found: Finding) -> str:
    """How far it is from what stops a challenger; under 100 % where it is not there."""
    return f"{min(found.evidence, 0.99):.0%}" if found.evidence < 1 else "100%, HARM"


def _agreement(one: Standing) -> str:
    found = one.verdict.agreement
    if found is None:
        return ""
    return f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%})"


def _at(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
