"""How many postings a minute the engines of a forecast take: as said, or as a plan has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rolecall.ask.compose import Voice
from rolecall.batch.forecast import Forecast, Rate
from rolecall.batch.forecast_interval import NOTHING, Interval
from rolecall.cli.estimate_words import Wish
from rolecall.errors import Error
from rolecall.plan.nouns import Device, Load

SHOWN: Final = ("4090 laptop", "4090", "l4", "h100 sxm")
"""Cards for which figures are told where nobody says which one it is."""

AS_SAID: Final = 0.1
"""The doubt of a rate that the user has measured, as a share of it."""


class Row(Struct, frozen=True, kw_only=True):
    """What one card would take: postings a minute, and hours of it."""

    engine: str
    card: str
    postings: Interval
    gpu_hours: Interval


class Cards(Struct, frozen=True, kw_only=True):
    """Rates to reckon with; or, where no card is known, a ``table`` of what some would take."""

    rates: tuple[Rate, ...] = ()
    table: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def rates_of(forecast: Forecast, voices: Mapping[str, Voice], wish: Wish) -> Cards:
    """How fast the engines are that will be asked.

    Raises:
        UsageError: the card that is named is none.
    """
    rates: list[Rate] = []
    table: list[Row] = []
    notes: list[str] = []
    asked = {name: voice for name, voice in voices.items() if forecast.loads.get(name)}
    if not asked:
        return Cards()
    device = _device(wish)
    for name, voice in asked.items():
        if wish.rate is not None:
            said = Interval(wish.rate, wish.rate, wish.rate).wider(AS_SAID)
            rates.append(Rate(engine=name, postings=said))
        elif not voice.info.local:
            notes.append(
                f"the time holds nothing of {name}, whose speed is not known: --engine-rate says it"
            )
        elif device is not None:
            rate, told = _planned(forecast, name, voice, device)
            rates += [rate] if rate is not None else []
            notes += told
        else:
            notes.append(
                f"the time holds nothing of {name}, whose card is not known: --gpu names it"
            )
            rows, told = _table(forecast, name, voice)
            table += rows
            notes += told
    return Cards(rates=tuple(rates), table=tuple(table), notes=tuple(notes))


def _device(wish: Wish) -> Device | None:
    """The card that is named, else one that is here."""
    from rolecall.plan.devices import device_named
    from rolecall.plan.nvml import cards_here

    if wish.gpu is not None:
        return device_named(wish.gpu)
    found, _ = cards_here()
    return found[0] if found else None


def _table(forecast: Forecast, name: str, voice: Voice) -> tuple[list[Row], list[str]]:
    """The hours of some cards, and what is to be said of the model."""
    from rolecall.plan.devices import device_named

    rows, notes = [], []
    asked = forecast.figures.get("asked_pages", NOTHING)
    for card in SHOWN:
        rate, told = _planned(forecast, name, voice, device_named(card))
        notes += [one for one in told if one not in notes]
        if rate is not None:
            each = rate.postings
            hours = Interval(
                asked.low / each.high, asked.expected / each.expected, asked.high / each.low
            ).times(1 / 60)
            rows.append(Row(engine=name, card=rate.card, postings=each, gpu_hours=hours))
    return rows, notes


def _planned(
    forecast: Forecast, name: str, voice: Voice, device: Device
) -> tuple[Rate | None, list[str]]:
    """What a plan says of the engine's model on a card, under the load of the sample."""
    from rolecall.cli.planned import MODEL, planned
    from rolecall.evaluate.load.foreseen import known_shape
    from rolecall.evaluate.load.lengths import shared_tokens
    from rolecall.plan.speed import speed_of
    from rolecall.plan.wanted import Wanted

    model, notes = voice.info.model, []
    if not model or known_shape(model) is None:
        notes.append(f"the model of {name} is not known here: its speed is that of {MODEL}")
        model = MODEL
    calls = sum(count for _, _, count in forecast.loads[name])
    figures = forecast.figures
    each = figures["asked_pages"].expected / max(1.0, figures[f"engines.{name}.calls"].expected)
    load = Load(
        name="sample",
        requests=forecast.loads[name],
        shared=shared_tokens(voice.style, voice.tokens),
        postings=max(1, round(calls * each)),
    )
    try:
        plan = planned(model, device, load, Wanted(), os.environ)
    except Error as error:
        return None, [f"no plan of {model} on {device.name}: {error}"]
    if not plan.fits:
        return None, [f"{model} does not fit {device.name}: see rolecall plan"]
    at_once = max(1, min(voice.info.concurrency, plan.at_once.expected))
    low, usual, high = speed_of(plan.shape, device, load, plan.serving, at_once).expected
    rate = Rate(
        engine=name, postings=Interval(low, usual, high), card=device.name, model=plan.shape.name
    )
    return rate, notes
