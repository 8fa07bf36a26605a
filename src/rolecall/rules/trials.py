"""What trials of challengers say to the rules."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.drive.running import with_running
from rolecall.errors import Error, SettingsError
from rolecall.ledger.store import Store
from rolecall.rules.facts import Trials, Untold
from rolecall.settings import Settings
from rolecall.trial.challenger import read_challengers
from rolecall.trial.judge import Verdict
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.standing import standings


def trials(store: Store, settings: Settings, environ: Mapping[str, str]) -> Trials | Untold:
    """Trials that were stopped, and those whose challenger is better.

    Raises:
        DatabaseError: the database cannot be read.
    """
    try:
        challengers = read_challengers(with_running(settings, environ))
    except SettingsError as error:
        return Untold(str(error), "mend [[challenger]] in the settings")
    if not challengers:
        return Untold(
            "no challenger is on trial here", "try one on a share of the pages: [[challenger]]"
        )
    found = standings(challengers, TrialLedger(store, lambda: 0))
    return Trials(
        stopped=tuple(
            f"{one.challenger.name}: {one.trial.why}"
            for one in found
            if one.trial is not None and one.state == "stopped"
        ),
        better=tuple(
            f"{one.challenger.name} goes wrong less often"
            for one in found
            if one.state == "running" and _better(one.verdict)
        ),
    )


def reroutes(store: Store, settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether pages go to a challenger's engines in the champion's place: a live one that was not
    stopped is declared, or one is promoted.

    Raises:
        DatabaseError: the database cannot be read.
    """
    if not settings.challengers:
        return False
    try:
        challengers = read_challengers(with_running(settings, environ))
    except Error:
        return False  # no worker starts with them
    states = {name: one.state for name, one in TrialLedger(store, lambda: 0).trials().items()}
    goes = {"live": ("running", "promoted"), "shadow": ("promoted",)}
    return any(states.get(one.name, "running") in goes[one.mode] for one in challengers)


def _better(verdict: Verdict) -> bool:
    """Whether something goes wrong less often beyond chance, and nothing more often."""
    less = [one for one in verdict.findings if one.ratio is not None and one.ratio[1] < 1.0]
    return bool(less) and verdict.no_worse
