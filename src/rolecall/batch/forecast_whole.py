"""A sample as what is known of all inputs: sums and counts over the whole."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

from rolecall.batch.forecast_interval import NOTHING, Interval, exactly, ratio, regression, share
from rolecall.batch.forecast_sample import Drawn, Survey
from rolecall.batch.forecast_trial import Tried


class Whole:
    """The sample as what is known of all inputs."""

    def __init__(self, survey: Survey, tried: Sequence[Tried]) -> None:
        self.tried = sorted(tried, key=lambda one: one.number)
        drawn: Sequence[Drawn] = survey.drawn
        self.survey = survey
        self.listed = [one for one in self.tried if drawn[one.number].place < 0]
        self.sizes = [drawn[one.number].size for one in self.listed]
        self.places: dict[int, list[Tried]] = defaultdict(list)
        self.place_sizes: dict[int, int] = defaultdict(int)
        for one in self.tried:
            if (place := drawn[one.number].place) >= 0:
                self.places[place].append(one)
                self.place_sizes[place] += drawn[one.number].size
        self.inputs = exactly(survey.inputs) + self._apart(lambda one: 1.0)

    def total(self, value: Callable[[Tried], float], usual: float = 0.0) -> Interval:
        """The sum of a figure over all inputs."""
        found = NOTHING
        if self.survey.inputs:
            values = [float(value(one)) for one in self.listed]
            found = regression(values, self.sizes, self.survey.inputs, self.survey.bytes_, usual)
        return (found + self._apart(value)).within(0.0)

    def count(self, holds: Callable[[Tried], bool]) -> Interval:
        """How many inputs are so."""
        hits = sum(map(holds, self.listed))
        found = share(hits, len(self.listed), self.survey.inputs)
        if not self.survey.apart:
            return found
        apart = [one for place in self.places.values() for one in place]
        many = self._apart(lambda one: 1.0).expected
        plain = share(sum(map(holds, apart)), len(apart), max(many, len(apart)))
        grouped = self._apart(lambda one: float(holds(one)))
        wide = Interval(min(plain.low, grouped.low), plain.expected, max(plain.high, grouped.high))
        return (found + wide).within(0.0)

    def _apart(self, value: Callable[[Tried], float]) -> Interval:
        if not self.survey.apart:
            return NOTHING
        order = sorted(self.places)
        values = [math.fsum(map(value, self.places[place])) for place in order]
        sizes = [float(self.place_sizes[place]) for place in order]
        return ratio(values, sizes, float(self.survey.apart))
