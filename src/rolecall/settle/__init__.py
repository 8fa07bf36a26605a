"""From proposals to the result: which candidate is kept, why it is believed, what is doubtful."""

from rolecall.settle.choose import CUTS, doubtful, settle
from rolecall.settle.rules import DEFAULT_RULES, NULL_THRESHOLDS, Rules

__all__ = ["CUTS", "DEFAULT_RULES", "NULL_THRESHOLDS", "Rules", "doubtful", "settle"]
