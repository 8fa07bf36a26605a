"""What the counts of a trial say."""

from __future__ import annotations

from msgspec import Struct

from rolecall.trial.challenger import Challenger
from rolecall.trial.nouns import Counts


class Verdict(Struct, frozen=True, kw_only=True):
    """``harm`` says in words why the challenger is to be stopped; empty where nothing speaks for
    it."""

    harm: str = ""


def judge(one: Challenger, share: float, counts: Counts) -> Verdict:
    """The verdict of all kinds of harm together."""
    return Verdict()
