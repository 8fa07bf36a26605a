"""How each challenger stands: its state, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rolecall.trial.challenger import Challenger
from rolecall.trial.judge import Verdict, judge
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.nouns import Trial


class Standing(Struct, frozen=True, kw_only=True):
    """A challenger as it is declared, its ``trial`` in the database (``None`` until a worker has
    begun it), and what its counts say."""

    challenger: Challenger
    trial: Trial | None
    verdict: Verdict

    @property
    def state(self) -> str:
        """In one word: waiting (for a worker), running, stopped, withdrawn, promoted; changed where
        workers still go by other settings."""
        if self.trial is None:
            return "waiting"
        if self.trial.state == "running" and self.trial.design != self.challenger.design:
            return "changed"
        return self.trial.state


def standings(challengers: Sequence[Challenger], ledger: TrialLedger) -> list[Standing]:
    """How each of them stands, in the order of the settings.

    Raises:
        DatabaseError: the database cannot be read.
    """
    trials = ledger.trials()
    found = []
    for one in challengers:
        trial = trials.get(one.name)
        days = ledger.days(one.name, trial.run) if trial is not None else []
        verdict = judge(one, days)
        found.append(Standing(challenger=one, trial=trial, verdict=verdict))
    return found
