"""How right records are: named scorers, field by field, and findings about whole records."""

from __future__ import annotations

from rolecall.evaluate.score.figures import Figures, figures
from rolecall.evaluate.score.judge import judge, judgement_of
from rolecall.same.scorers import SCORERS

__all__ = ["SCORERS", "Figures", "figures", "judge", "judgement_of"]
