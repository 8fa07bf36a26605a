"""How figures of candidates that were measured on the same samples move together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rolecall.evaluate.choose.nouns import Figure

Matrix = list[list[float]]
FEWEST_SITES = 5


def correlation(a: Figure, b: Figure) -> float:
    """The correlation of two figures over samples drawn anew, site by site.

    A mean changes with the drawn sites as the sum of each site's number of samples times its
    distance from the mean; over the same sites, two such sums have this correlation (that of the
    cluster-robust covariance). 0 where the samples differ, or fewer than five sites are known.
    """
    same = a.measure == b.measure and a.trace.samples and a.trace.samples == b.trace.samples
    if not same or a.sites.keys() != b.sites.keys() or len(a.sites) < FEWEST_SITES:
        return 0.0
    one, two = _distances(a), _distances(b)
    product = sum(one[site] * two[site] for site in one)
    sizes = sum(x * x for x in one.values()) * sum(x * x for x in two.values())
    return max(-1.0, min(1.0, product / math.sqrt(sizes))) if sizes > 0 else 0.0


def _distances(figure: Figure) -> dict[str, float]:
    whole = sum(n for _, n in figure.sites.values())
    mean = sum(value * n for value, n in figure.sites.values()) / whole
    return {site: n * (value - mean) for site, (value, n) in figure.sites.items()}


def correlations(figures: Sequence[Figure]) -> Matrix:
    """The correlations of all with all; 1 on the diagonal."""
    return [
        [1.0 if i == j else correlation(a, b) for j, b in enumerate(figures)]
        for i, a in enumerate(figures)
    ]


def root(matrix: Matrix) -> Matrix:
    """The lower triangular root (Cholesky 1910) of a correlation matrix, singular ones too.

    A direction in which nothing is left to vary gets no share of its own.
    """
    size = len(matrix)
    out = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(out[i][k] * out[j][k] for k in range(j))
            if i == j:
                out[i][i] = math.sqrt(max(0.0, rest))
            elif out[j][j] > 1e-7:
                out[i][j] = rest / out[j][j]
    return out


def mixed(lower: Matrix, normals: Sequence[float]) -> list[float]:
    """Normals that are independent, made to move together as the matrix behind ``lower`` says."""
    return [sum(a * z for a, z in zip(row, normals, strict=True)) for row in lower]
