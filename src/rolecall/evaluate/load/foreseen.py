"""What a plan would have said of each measured point: same model, same card, same lengths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import structs

from rolecall.errors import Error
from rolecall.evaluate.load.nouns import Foreseen, Outlook, Point
from rolecall.models.catalogue import shape_named
from rolecall.models.folder import shape_in
from rolecall.models.nouns import Shape
from rolecall.plan.devices import device_named
from rolecall.plan.nouns import Device, Load, Serving
from rolecall.plan.speed import speed_of

HELD: Final = frozenset({"grounded", "grammar", "json_schema"})
"""Forms in which answers are held to a grammar."""

SERVING: Final = Serving(sequences=4_096)
"""A server that lets all run together, its keys and values in 16 bits."""

NO_CARD: Final = "no card is known here; --gpu NAME says which one the engine runs on"


def outlook_of(
    points: Sequence[Point],
    *,
    model: str,
    cards: Sequence[Device],
    gpu: str = "",
    shared: int = 0,
    held: bool = True,
) -> tuple[tuple[Point, ...], Outlook]:
    """``points`` with what a plan says of each, and of which model and card; or why of none.

    ``gpu`` names the card where it is none of ``cards`` of the engine's machine. ``shared`` tokens
    begin every prompt; where the server told how many it had kept, that is taken. ``held`` says
    that answers were held to a grammar.

    Raises:
        UsageError: ``gpu`` names no card.
    """
    device = device_named(gpu) if gpu else next(iter(cards), None)
    if device is None:
        return tuple(points), Outlook(model=model, reason=NO_CARD)
    shape = known_shape(model)
    if shape is None:
        return tuple(points), Outlook(
            model=model, card=device.name, reason=f"the shape of the model {model} is not known"
        )
    notes = [*shape.assumed, "keys and values are taken to have 16 bits"]
    if not gpu and len({one.name for one in cards}) > 1:
        notes.append(f"the engine is taken to run on the first card, {device.name}")
    told = tuple(
        structs.replace(one, foreseen=_foreseen(one, shape, device, shared=shared, held=held))
        for one in points
    )
    return told, Outlook(model=shape.name, card=device.name, notes=tuple(notes))


def known_shape(model: str) -> Shape | None:
    """The shape of the model that an engine names: a folder here, or one of the catalogue."""
    try:
        path = Path(model)
        return shape_in(path) if path.is_dir() else shape_named(model)
    except (Error, OSError, ValueError):
        return None


def _foreseen(
    one: Point, shape: Shape, device: Device, *, shared: int, held: bool
) -> Foreseen | None:
    """What a plan says of a closed loop with the lengths that were measured."""
    if one.concurrency is None or one.input_length is None or one.output_length is None:
        return None
    prompt, answer = round(one.input_length.mean), round(one.output_length.mean)
    answered = one.requests - one.failed
    if prompt < 1 or answered < 1 or not one.requests_per_s or not one.postings_per_min:
        return None
    if one.cached_tokens is not None:
        shared = one.cached_tokens // answered
    load = Load(name="point", requests=((prompt, answer, 1),), shared=shared, postings=1)
    told = speed_of(shape, device, load, SERVING, one.concurrency, held=held)
    each = one.postings_per_min / (60 * one.requests_per_s)
    low, usual, high = (each * figure for figure in told.expected)
    return Foreseen(bound=each * told.bound, low=low, expected=usual, high=high)
