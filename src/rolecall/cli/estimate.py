"""``rolecall extract --estimate``: what a run will take, from a sample of its inputs."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import structs

from rolecall.batch.forecast import UNKNOWN_NOISE, Forecast, Timing, foresee, with_rate
from rolecall.batch.forecast_kept import keep, key_of
from rolecall.batch.forecast_sample import Survey, survey
from rolecall.batch.forecast_trial import Trial, Tried, Try
from rolecall.batch.run import PageWork, crew_of, may_ask
from rolecall.batch.summary import machine_load
from rolecall.batch.workers import work
from rolecall.cli import OK
from rolecall.cli.estimate_rates import Cards, rates_of
from rolecall.cli.estimate_shown import text_of
from rolecall.cli.estimate_words import Wish
from rolecall.cli.extract_words import Order
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Input
from rolecall.inputs.stream import PAGE_SUFFIXES
from rolecall.pipeline import warm

SECONDS: Final = 60.0
"""How long the sample is read, at most; then the forecast is made of what there is."""

FEW: Final = 8


def estimate(order: Order, wish: Wish) -> int:
    """Forecast the run of ``order``, print it, keep it, and return the exit code."""
    asks = may_ask(order.settings, os.environ)
    page_work = PageWork(order.settings, captured=order.captured, asks=asks)
    trial = Trial(page_work)
    stop = Stop()
    with stop.watching():
        found = survey(
            order.paths,
            wish.pages,
            limit=order.settings.max_bytes,
            leave_out=order.out,
            columns=page_work.columns,
            stop=stop,
        )
        if not found.drawn:
            raise UsageError(
                "nothing to read in " + ", ".join(map(shown, order.paths)),
                hint=f"a folder yields its {' '.join(PAGE_SUFFIXES)} files",
            )
        tried, timing = _tried(found, trial, order, stop)
    if stop():
        return stop.exit_code
    voices = trial.voices if asks else {}
    prices = {name: voice.info.price for name, voice in voices.items()}
    forecast = foresee(found, tried, timing, prices)
    cards = rates_of(forecast, voices, wish)
    for rate in cards.rates:
        forecast = with_rate(forecast, rate)
    config = trial.pipeline.config
    forecast = structs.replace(
        forecast,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        machine_load=machine_load(),
        key=key_of(order.paths, config, with_text=order.settings.with_text),
        notes=(*forecast.notes, *_notes(order, forecast, timing, found), *cards.notes),
    )
    try:
        keep(forecast, os.environ)
    except OSError as error:
        told = f"not kept, so that the run cannot be held against it: {error.strerror}"
        forecast = structs.replace(forecast, notes=(*forecast.notes, told))
    _print(order, wish, forecast, cards, prices=prices)
    return OK


def _tried(found: Survey, trial: Trial, order: Order, stop: Stop) -> tuple[list[Tried], Timing]:
    """The pages of the sample through real workers, as many as there is time for.

    They are read in a shuffled order, so that those that were read in time are spread too.
    """
    many = found.inputs > FEW or found.apart > 0
    crew = crew_of(order.settings, many=many, asks=trial.asks, ordered=False)
    warm(trial.pipeline)
    begun = time.monotonic()
    finished: list[tuple[float, float]] = []
    tried: list[Tried] = []
    results = work(
        _shuffled(found),
        Try(trial),
        trial.lost_one,
        crew=crew,
        stop=lambda: stop() or time.monotonic() - begun > SECONDS,
    )
    tell = _teller(order, len(found.drawn))
    with contextlib.closing(results):
        for one in results:
            if one is not None:
                tried.append(one)
                finished.append((time.monotonic() - begun, one.work))
                tell(len(tried))
    startup = finished[0][0] if finished else time.monotonic() - begun
    return tried, Timing(startup=startup, finished=tuple(finished), workers=crew.workers)


def _shuffled(found: Survey) -> Iterator[Input]:
    """The inputs of the sample, each numbered by its place in it, in a fixed odd order."""
    count = len(found.drawn)
    step = next(one for one in range(round(count * 0.618) or 1, count + 1) if _coprime(one, count))
    for at in range(count):
        number = at * step % count
        yield structs.replace(found.drawn[number].entry, seq=number)


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def _teller(order: Order, total: int) -> Callable[[int], None]:
    """Says on a terminal how far the sample is."""
    told = sys.stderr.isatty() and not order.quiet

    def tell(done: int) -> None:
        if told and (done % 16 == 0 or done == total):
            sys.stderr.write(f"\r\x1b[K{done:,} of {total:,} sampled")
            if done == total:
                sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    return tell


def _notes(order: Order, forecast: Forecast, timing: Timing, found: Survey) -> list[str]:
    """What a reader of the forecast should know of it."""
    notes = []
    if forecast.sampled < len(found.drawn):
        notes.append(f"after {SECONDS:.0f} s the sample was ended at {forecast.sampled:,} pages")
    if forecast.sampled < min(30, found.inputs) or (found.apart and forecast.sampled < 30):
        notes.append(f"a sample of {forecast.sampled:,} pages shows nothing that is rare")
    if forecast.noise > UNKNOWN_NOISE:
        notes.append(
            f"the machine's speed changed by {forecast.noise:.0%} during the sample: other things "
            "run on it"
        )
    if order.mode == "resume":
        notes.append("--resume: what the output has already is foreseen as if it were not there")
    if order.ray is not None:
        notes.append("--ray: the time is that of the workers of this machine alone")
    if order.settings.dedup != "off":
        notes.append("pages that will share an extraction are not foreseen: this is the most")
    return notes


def _print(
    order: Order, wish: Wish, forecast: Forecast, cards: Cards, *, prices: dict[str, Any]
) -> None:
    if wish.json:
        told = msgspec.to_builtins(forecast) | {"cards": msgspec.to_builtins(cards.table)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
    else:
        budget = _left(order) if any(prices.values()) else None
        sys.stdout.write(text_of(forecast, cards, budget))
    sys.stdout.flush()


def _left(order: Order) -> tuple[float, float] | None:
    """The month's cap, and what it leaves; ``None`` without a cap."""
    from rolecall.ledger.database import usual_place

    settings = order.settings
    cap = settings.budget_month
    if cap is None:
        return None
    if not settings.queue and not usual_place(settings.data_folder, os.environ).exists():
        return cap, cap
    from rolecall.ledger.budget import Budget
    from rolecall.ledger.money import Caps
    from rolecall.ledger.opening import open_store

    database = open_store(settings.queue, settings.data_folder, os.environ)
    try:
        spent = Budget(database, Caps(None, None, cap)).spent()
    finally:
        database.close()
    return cap, max(0.0, spent.left_month_usd or 0.0)
