"""From proposals to the result: which candidate is kept, why it is believed, what is doubtful."""

from rolecall.settle.rules import NULL_THRESHOLDS, Rules
from rolecall.settle.settle import settle

__all__ = ["NULL_THRESHOLDS", "Rules", "settle"]
