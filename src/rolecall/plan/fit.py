"""Whether a model fits a card as it is wanted, and how it is then served.

Nothing is read or measured here: the same words give the same plan.
"""

from __future__ import annotations

from typing import Final

from rolecall.models.nouns import Shape
from rolecall.plan.command import command_of
from rolecall.plan.nouns import Calibration, Device, Load, Plan, Speed
from rolecall.plan.reckon import Reckoned, reckon
from rolecall.plan.remedies import NOTHING, Offers, remedies_of
from rolecall.plan.speed import speed_of
from rolecall.plan.wanted import Wanted
from rolecall.plan.warnings import TEN, about_speed, warnings_of

USUAL: Final = Wanted()


def plan_for(
    shape: Shape,
    device: Device,
    load: Load,
    wanted: Wanted = USUAL,
    *,
    calibration: Calibration | None = None,
    offers: Offers = NOTHING,
) -> Plan:
    """The plan of ``shape`` on ``device`` under ``load``.

    ``calibration`` must be of the same device. ``offers`` are the models and cards among which a
    plan that does not fit looks for one that does. Raises `UsageError` for wishes without sense.
    """
    found = reckon(shape, device, load, wanted, calibration)
    command = command_of(shape, device, found.serving, wanted.place)
    remedies = () if found.fits else remedies_of(shape, device, load, wanted, offers, calibration)
    speeds = _speeds(shape, device, load, found) if found.fits else ()
    return Plan(
        shape=shape,
        device=device,
        load=load,
        serving=found.serving,
        mode=wanted.chosen,
        stated=wanted.exact,
        cap=wanted.most,
        memory=found.memory,
        speed=speeds,
        at_once=found.at_once,
        length=found.length,
        fits=found.fits,
        refused=found.refused,
        short=max(0, found.lacks),
        remedies=remedies,
        warnings=(
            *warnings_of(shape, device, load, wanted, found),
            *about_speed(speeds),
            *command.notices,
        ),
        command=command.words if found.fits else (),
        environment=command.environment if found.fits else {},
    )


def _speeds(shape: Shape, device: Device, load: Load, found: Reckoned) -> tuple[Speed, ...]:
    """The speed at one posting, at PR-3's ten, and at as many as the cache holds."""
    most = found.serving.sequences
    held = found.at_once
    counts = {min(one, most) for one in (1, TEN, held.low, held.expected) if one > 0}
    counts = {one for one in counts if one <= max(1, held.expected)}
    return tuple(speed_of(shape, device, load, found.serving, one) for one in sorted(counts))
