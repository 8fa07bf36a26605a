"""Two engines on the same samples: which is better, by how much, and whether that can be told."""

import rolecall.evaluate.statistics  # noqa: F401 - says what to install where numpy is missing
from rolecall.evaluate.compare.align import in_common, that_were_read, with_fields
from rolecall.evaluate.compare.paired import compare
from rolecall.evaluate.compare.result import Compared, Comparison, Spent, Verdict
from rolecall.evaluate.compare.words import headline, verdict_words

__all__ = [
    "Compared",
    "Comparison",
    "Spent",
    "Verdict",
    "compare",
    "headline",
    "in_common",
    "that_were_read",
    "verdict_words",
    "with_fields",
]
