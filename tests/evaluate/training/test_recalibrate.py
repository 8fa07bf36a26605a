"""A curve changes where held-out sites gain by it, and only there."""

from __future__ import annotations

import random

from rolecall.evaluate.training.calibrate import LEAST, Value
from rolecall.evaluate.training.recalibrate import recalibrated

STRAIGHT = {"title": ((0.0, 0.0), (1.0, 1.0))}


def values(count: int, shift: float, sites: int = 6) -> list[Value]:
    """Values that are right as often as their confidence says, less ``shift``."""
    draw = random.Random(5)
    out = []
    for number in range(count):
        sure = draw.uniform(0.3, 0.99)
        right = draw.random() < max(0.0, sure - shift)
        out.append(Value(f"s{number % sites}", sure, float(right)))
    return out


def test_confidences_that_are_too_high_are_lowered() -> None:
    curves, told = recalibrated({"title": values(200, 0.3)}, STRAIGHT)
    title = next(one for one in told if one.unit == "title")
    assert title.changed
    assert title.before is not None
    assert title.after is not None
    assert title.after < title.before
    assert curves["title"] != STRAIGHT["title"]


def test_confidences_that_are_right_are_kept() -> None:
    curves, told = recalibrated({"title": values(200, 0.0)}, STRAIGHT)
    assert curves == STRAIGHT
    assert not any(one.changed for one in told)


def test_few_values_or_sites_change_nothing() -> None:
    assert recalibrated({"title": values(LEAST - 1, 0.5)}, STRAIGHT)[0] == STRAIGHT
    assert recalibrated({"title": values(300, 0.5, sites=2)}, STRAIGHT)[0] == STRAIGHT
