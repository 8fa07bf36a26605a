"""Evidence of harm that may be looked at after every page.

All tests here are one: *hits* come with at most a known chance, or they do not.

=============  =====================================  ====================  ==============
what           hits                                   misses                chance
=============  =====================================  ====================  ==============
``harm``       bad pages of the challenger            those of the champion  ``share``
``slow``       pairs in which the challenger is slow  the other pairs        1/2
``below``      pages on which the two differ          those that agree       ``1 - floor``
in shadow      bad pages of the challenger alone      of the champion alone  1/2
=============  =====================================  ====================  ==============

**The process.** For a ratio ``r`` of odds, and ``k`` hits among ``n``::

    M_r = r^k / (1 + chance (r - 1))^n

is the likelihood ratio of hits with ``r`` times the odds of ``chance`` against hits with
``chance``. ``M`` is the mean of ``M_r`` over ``RATIOS``: a mixture (Robbins 1970), so that nobody
must say beforehand how bad it will be.

**Why it may be looked at.** Let a page come whose answer of the challenger would be bad with
probability ``c``, and of the champion with ``d``, given all before. The split knows nothing of the
page, so it goes to the challenger with probability ``share`` whatever it is, and on average

    E[M_r after / M_r before] = 1 + (r - 1) share (1 - share) / (1 + share (r - 1)) · (c - d)

which is at most 1 if ``c <= d``: a supermartingale that begins at 1, for each ``r > 1`` and so for
the mean of them. For a plain hit of probability ``q`` it is, likewise,

    1 + (r - 1) / (1 + chance (r - 1)) · (q - chance)

By Ville's inequality (1939) a supermartingale that is not negative ever reaches ``1 / alpha`` with
probability at most ``alpha``, however often it is looked at; see
Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of Statistics 49:1055, and Ramdas, Grünwald,
Vovk and Shafer (2023), Statistical Science 38:576.

Pages need not be alike, nor drawn from anything: they may drift. Nor must ``c <= d`` hold on each
page: ``M_r`` over the product of these means is a martingale, and by ``1 + x <= exp(x)`` that
product is at most 1 as long as the *sum* of ``c - d`` so far is at most 0. So the probability of an
alarm at a moment at which the challenger would have made no more bad pages than the champion of
the very pages that came, is at most ``alpha``.

**Stretches.** A sequence is told as stretches in the order of time. A new one begins where the
share changes, and by a rule that looks at no outcome (each day) so that a challenger that breaks
after a good month is found fast: of the stake ``FROM_START`` is on the whole sequence, the rest on
its ends, from each stretch on. What begins later counts 1 until then, so the whole is still a mean
of supermartingales; what is said above then holds for sums from the begin of every stretch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rolecall.errors import UsageError

RATIOS: Final = tuple(math.exp(0.15 * (2.5 / 0.15) ** (step / 6)) for step in range(7))
"""From 1.16 to 12.2, their logarithms 1.6 times as large each: the pages that it takes to find
a ratio go with the square of its logarithm, so that each costs about the same beyond them."""

FROM_START: Final = 0.75
"""The part of the stake on the whole sequence; the rest is on its ends."""

MOST_ENDS: Final = 8
"""So many of the last stretches are looked at as begins; leaving out others only lowers a mean."""

_LOGS: Final = tuple(math.log(one) for one in RATIOS)
_EACH: Final = -math.log(len(RATIOS))


class Stretch(NamedTuple):
    """What was counted while ``chance`` held: it is the chance of a hit if nothing is wrong.

    Counts below 0 or without end, and a chance not between 0 and 1, tell nothing: such a stretch
    counts as if it were empty.
    """

    hits: int
    misses: int
    chance: float

    @property
    def usable(self) -> bool:
        """Whether the counts can be."""
        hits, misses, chance = self
        return 0 <= hits < math.inf and 0 <= misses < math.inf and 0.0 < chance < 1.0


def limit(alpha: float) -> float:
    """The logarithm of an e-value at which there is an alarm, for a share ``alpha`` of false ones.

    Raises ``UsageError`` unless ``alpha`` lies between 0 and 1.
    """
    return -math.log(checked(alpha))


def checked(alpha: float) -> float:
    """``alpha``, or ``UsageError`` if it is none."""
    if not 0.0 < alpha < 1.0:
        hint = "a share of false alarms lies between 0 and 1: 0.05"
        raise UsageError(f"alpha is {alpha}", hint=hint)
    return alpha


def evidence(stretches: Sequence[Stretch], *, ratio: float = 1.0, anew: bool = True) -> float:
    """The logarithm of the e-value that hits have more than ``ratio`` times the odds of chance.

    ``stretches`` are in the order of time. 0 says nothing, less speaks for no harm; an alarm is
    ``limit`` or more at any look. Without ``anew`` all of the stake is on the whole sequence: a
    little faster for harm from the first page on, slow for harm that comes late. Say it once for
    a trial. Ratios that are less than 1.08 times ``ratio`` are never found.

    Raises ``UsageError`` for a ratio that is not above 0.
    """
    if not 0.0 < ratio < math.inf:
        raise UsageError(f"a ratio of {ratio}", hint="a ratio of rates is above 0: 1.25")
    if not stretches:
        return 0.0
    ended, rest = _ended(tuple(stretches[:-1]), ratio, anew)
    hits, misses, chance = last = stretches[-1]
    if last.usable:
        n, costs = hits + misses, _costs(chance, ratio)
        moved = [hits * gain - n * cost for gain, cost in zip(_LOGS, costs, strict=True)]
        moved *= len(ended) // len(moved)
        return _log_sum([rest, *(value + by for value, by in zip(ended, moved, strict=True))])
    return _log_sum([rest, *ended])


def harm(bad: int, other_bad: int, share: float, *, ratio: float = 1.0) -> float:
    """Log e-value that the challenger's rate of bad pages is over ``ratio`` times the champion's.

    ``bad`` are bad pages of the challenger, which gets ``share`` of all pages, ``other_bad`` those
    of the champion. For a share that changes, see ``evidence``.
    """
    return evidence([Stretch(bad, other_bad, share)], ratio=ratio, anew=False)


def slow(wins: int, pairs: int) -> float:
    """Log e-value that the challenger is the slow one in more than half of the ``pairs``.

    ``wins`` are the pairs in which it is (``pairs.is_slow``).
    """
    return evidence([Stretch(wins, pairs - wins, 0.5)], anew=False)


def below(agreed: int, n: int, floor: float) -> float:
    """Log e-value that the rate of which ``agreed`` of ``n`` were seen is below ``floor``."""
    return evidence([Stretch(n - agreed, agreed, 1.0 - floor)], anew=False)


def harmless(stretches: Iterable[Stretch], margin: float = 1.25) -> float:
    """Log e-value that the challenger's rate of bad pages is *below* ``margin`` times the other.

    It is the same test with the two exchanged, on the whole sequence. An alarm here is what a
    promotion may rest on: the probability to ever see one while the challenger would have made
    ``margin`` times the bad pages of the champion, of the pages that came, is at most ``alpha``.
    """
    turned = [Stretch(one.misses, one.hits, 1.0 - one.chance) for one in stretches]
    if not 0.0 < margin < math.inf:
        raise UsageError(f"a margin of {margin}", hint="a margin is above 0: 1.25")
    return evidence(turned, ratio=1.0 / margin, anew=False)


def together(logs: Mapping[str, float], weights: Mapping[str, float] | None = None) -> float:
    """The log e-value that *any* of several kinds of harm is there: the weighted mean of them.

    Kinds may depend on one another in every way. It is never below the Bonferroni split of
    ``alpha``: where one of K kinds reaches ``K / alpha``, the mean of all reaches ``1 / alpha``.
    ``weights`` (1 each if not given) are fixed before the first page, and so are the kinds; one
    without data counts as 0.0. A value that is not a number counts as no evidence at all.
    """
    parts, total = [], 0.0
    for name, value in logs.items():
        weight = 1.0 if weights is None else weights.get(name, 0.0)
        if weight > 0.0:
            total += weight
            parts.append(-math.inf if math.isnan(value) else math.log(weight) + value)
    return _log_sum(parts) - math.log(total) if parts else 0.0


@lru_cache(maxsize=256)
def _ended(
    stretches: tuple[Stretch, ...], ratio: float, anew: bool
) -> tuple[tuple[float, ...], float]:
    """What the stretches before the last one make of the stakes: they are the same for many looks.

    The logarithms of ``M_r`` times their stake, those of one begin after those of another; and of
    what is still to begin.
    """
    if not anew:
        return _add((_EACH,) * len(_LOGS), stretches, ratio), -math.inf
    parts: list[float] = []
    sums = (_EACH,) * len(_LOGS)
    earliest = max(1, len(stretches) + 1 - MOST_ENDS)
    for place in range(len(stretches), earliest - 1, -1):
        stake = math.log((1.0 - FROM_START) / (place * (place + 1)))
        parts += [stake + value for value in sums]
        if place > earliest:
            sums = _add(sums, stretches[place - 1 : place], ratio)
    sums = _add(sums, stretches[:earliest], ratio)
    parts += [math.log(FROM_START) + value for value in sums]
    return tuple(parts), math.log((1.0 - FROM_START) / (len(stretches) + 1))


def _add(sums: tuple[float, ...], stretches: Sequence[Stretch], ratio: float) -> tuple[float, ...]:
    """The logarithms of ``M_r`` with some more stretches."""
    for hits, misses, chance in merged(stretches):
        n, moved = hits + misses, zip(sums, _LOGS, _costs(chance, ratio), strict=True)
        sums = tuple([value + hits * gain - n * cost for value, gain, cost in moved])
    return sums


def merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The stretches that tell something, those in a row with one chance as one."""
    if len(stretches) == 1:
        return [one for one in stretches if one.usable]
    found: list[Stretch] = []
    hits = misses = 0
    chance = 0.0
    for one in stretches:
        if not one.usable:
            continue
        if one.chance != chance:
            if chance:
                found.append(Stretch(hits, misses, chance))
            hits, misses, chance = 0, 0, one.chance
        hits += one.hits
        misses += one.misses
    if chance:
        found.append(Stretch(hits, misses, chance))
    return found


@lru_cache(maxsize=512)
def _costs(chance: float, ratio: float) -> tuple[float, ...]:
    """What each page costs, for each of ``RATIOS``, where hits have ``ratio`` times the odds."""
    # odds of chance, times ratio, as a probability again
    chance = chance * ratio / (1.0 + chance * (ratio - 1.0))
    return tuple(math.log1p(chance * (one - 1.0)) for one in RATIOS)


def _log_sum(logs: Sequence[float]) -> float:
    """The logarithm of the sum of ``exp``, without overflow."""
    top = max(logs)
    if math.isinf(top):
        return top
    return top + math.log(sum([math.exp(one - top) for one in logs]))
