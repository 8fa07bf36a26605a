"""Trials: a share of the pages goes to a challenger, until what comes of it says enough.

Which pages are the challenger's is told by their content alone. What is counted may be looked at
as often as one likes, see docs/trials.md.
"""

from __future__ import annotations

from rolecall.trial.challenger import Challenger, read_challengers
from rolecall.trial.trials import Trials

__all__ = ["Challenger", "Trials", "read_challengers"]
