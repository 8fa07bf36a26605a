"""From proposals to the result: which candidate is kept, why it is believed, what is doubtful."""

from rolecall.settle.choose import CUTS, doubtful, settle
from rolecall.settle.rules import DEFAULT_RULES, NULL_THRESHOLDS, Rules
from rolecall.settle.withhold import Least, read_least, withhold

__all__ = [
    "CUTS",
    "DEFAULT_RULES",
    "NULL_THRESHOLDS",
    "Least",
    "Rules",
    "doubtful",
    "read_least",
    "settle",
    "withhold",
]
