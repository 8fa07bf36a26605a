"""Statistics of measuring: intervals, paired tests, how many more labels, calibration.

Pure functions on counts and arrays; randomness comes from a ``seed``. Every method is named with
its source where it is written. Needs numpy (``pip install 'rolecall[eval]'``).
"""

from __future__ import annotations

from rolecall.evaluate.extra import no_numpy

try:
    import numpy as _numpy  # noqa: F401 - said here once, for all files of this room
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise no_numpy() from error

from rolecall.evaluate.statistics.calibration import (
    Bin,
    Calibration,
    CoveragePoint,
    Threshold,
    calibration,
    coverage_curve,
    threshold_for,
)
from rolecall.evaluate.statistics.effects import (
    cohens_h,
    holm,
    standardised_difference,
)
from rolecall.evaluate.statistics.planning import design_effect, more_samples
from rolecall.evaluate.statistics.proportions import all_alike, mcnemar_midp, wilson
from rolecall.evaluate.statistics.quantiles import (
    normal_cdf,
    normal_quantile,
    student_cdf,
    student_quantile,
)
from rolecall.evaluate.statistics.resampling import Bootstrap, bca, sign_flip

__all__ = [
    "Bin",
    "Bootstrap",
    "Calibration",
    "CoveragePoint",
    "Threshold",
    "all_alike",
    "bca",
    "calibration",
    "cohens_h",
    "coverage_curve",
    "design_effect",
    "holm",
    "mcnemar_midp",
    "more_samples",
    "normal_cdf",
    "normal_quantile",
    "sign_flip",
    "standardised_difference",
    "student_cdf",
    "student_quantile",
    "threshold_for",
    "wilson",
]
