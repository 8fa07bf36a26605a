"""The tables ``[[challenger]]`` of the settings: checked, and which pages each of them gets."""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from msgspec import Struct, structs

from rolecall.errors import SettingsError
from rolecall.settings import Settings

Mode = Literal["shadow", "live"]

LEAST_SHARE: Final = 0.001
FALSE_STOPS: Final = 0.05
"""How often a challenger that is no worse is stopped, at most; over all looks and kinds of harm."""
SLOWER: Final = 1.2
"""A challenger's page counts as slow where it takes so many times the champion's time."""
SECONDS: Final = 60.0
"""A page that a challenger takes longer for has failed with it."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_SHAPE: Final = "see docs/trials.md for the keys"


class Challenger(Struct, frozen=True, kw_only=True):
    """What is tried against the champion, which is how pages are done otherwise.

    ``engine`` are the names of the engines that are asked in the champion's place, with commas
    between. A ``live`` challenger does a ``share`` of the pages alone; one in the ``shadow`` does a
    share of them once more, and its answers are only counted. ``alpha`` bounds how often one that
    does no harm is stopped. ``floor`` is the share of values in which a shadow must agree with the
    champion (0 sets none), ``slower`` the factor of time that is put up with, ``seconds`` what a
    page may take before it is the champion's. ``chance`` is the challenger's part of the pages that
    either of the two may do, or goes wrong with if one of them alone does. Where not both ``asks``
    engines, only what is missing in the end can be compared.
    """

    name: str
    engine: str
    share: float
    mode: Mode = "shadow"
    alpha: float = FALSE_STOPS
    floor: float = 0.0
    slower: float = SLOWER
    seconds: float = SECONDS
    chance: float = 0.5
    asks: bool = True

    @property
    def design(self) -> str:
        """What makes counts comparable: where it differs, counting begins anew."""
        told = f"{self.engine} {self.share!r} {self.mode} {self.floor!r} {self.slower!r}"
        return f"{told} {self.alpha!r} {self.seconds!r} {self.chance!r} {self.asks}"


def read_challengers(settings: Settings) -> tuple[Challenger, ...]:
    """The challengers that the settings declare, in their order.

    Raises:
        SettingsError: a key that does not exist or a value that it cannot have; an engine that is
            not declared; shares of live challengers that leave the champion nothing.
    """
    found = tuple(_read(one, settings) for one in settings.challengers)
    champion = _champion(settings) if found else True
    live = sum(one.share for one in found if one.mode == "live")
    if live >= 1.0:
        raise SettingsError(
            f"the live challengers get {live:.0%} of the pages, and the champion none",
            hint="let their shares sum to less than 1; rolecall trials promote gives one all pages",
        )
    return tuple(
        structs.replace(
            one,
            chance=0.5 if one.mode == "shadow" else one.share / (one.share + 1.0 - live),
            asks=champion and one.engine != "none",
        )
        for one in found
    )


def _champion(settings: Settings) -> bool:
    """Whether the champion asks any engine.

    Raises:
        SettingsError: ``auto`` would leave it none, which nobody may have meant.
    """
    if settings.engine.strip() == "none":
        return False
    if settings.engine.strip() != "auto" or not settings.engines:
        return bool(settings.engines)
    if all(one in settings.set_aside() for one in settings.engines):
        raise SettingsError(
            "engine = auto leaves the champion no engine: challengers name all that are declared",
            hint='name the champion\'s engines in engine, or write engine = "none"',
        )
    return True


def lot(page: str, salt: str = "") -> float:
    """A page's place between 0 and 1 by its content (``page`` is its hash), the same everywhere and
    for ever. Another ``salt`` gives a place that has nothing to do with it."""
    told = hashlib.sha256(f"trial {salt} {page}".encode()).digest()
    return int.from_bytes(told[:8]) / 2.0**64


def live_one(page: str, challengers: Sequence[Challenger]) -> Challenger | None:
    """The live challenger that does this page; ``None`` is the champion."""
    place, bound = lot(page), 0.0
    for one in challengers:
        if one.mode == "live":
            bound += one.share
            if place < bound:
                return one
    return None


def shadows(page: str, challengers: Sequence[Challenger]) -> list[Challenger]:
    """The challengers in the shadow that do this page once more."""
    return [one for one in challengers if one.mode == "shadow" and lot(page, one.name) < one.share]


def _read(table: Mapping[str, Any], settings: Settings) -> Challenger:
    name = str(table.get("name", ""))
    place = f"challenger {name!a}"
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{place}: a name is needed", hint="take small letters, digits, - and _, at most 40"
        )
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(_KEYS)}"
            raise SettingsError(f"{place}: there is no key {key!a}", hint=hint)
    mode = table.get("mode", "shadow")
    if mode not in get_args(Mode):
        raise SettingsError(f"{place}: mode is shadow or live", hint=_SHAPE)
    if mode == "live" and table.get("floor"):
        raise SettingsError(
            f"{place}: floor is for mode = 'shadow', where both do the same page", hint=_SHAPE
        )
    return Challenger(
        name=name,
        engine=_engine(place, table.get("engine"), settings),
        share=_number(place, table, "share", None, (LEAST_SHARE, 1.0 if mode == "shadow" else 0.9)),
        mode=mode,
        alpha=_number(place, table, "alpha", FALSE_STOPS, (1e-6, 0.5)),
        floor=_number(place, table, "floor", 0.0, (0.0, 0.999)),
        slower=_number(place, table, "slower", SLOWER, (1.0, 100.0)),
        seconds=_number(place, table, "seconds", SECONDS, (1.0, 1_800.0)),
    )


_KEYS: Final = ("name", "engine", "share", "mode", "alpha", "floor", "slower", "seconds")


def _engine(place: str, value: Any, settings: Settings) -> str:
    names = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    if not names or not all(names):
        raise SettingsError(
            f"{place}: engine is needed, the name of a declared one, or none",
            hint=f'write engine = "NAME" below [[challenger]]; {_SHAPE}',
        )
    if names == ["none"]:
        return "none"
    for one in names:
        if one not in settings.engines:
            known = ", ".join(settings.engines) or "none"
            raise SettingsError(
                f"{place}: there is no engine {one!a}; declared are: {known}",
                hint=f"write [engines.{one}] into rolecall.toml, with kind and url",
            )
    return ",".join(names)


def _number(
    place: str,
    table: Mapping[str, Any],
    key: str,
    usual: float | None,
    bounds: tuple[float, float],
) -> float:
    value = table.get(key, usual)
    low, high = bounds
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(f"{place}: {key} is a number from {low:g} to {high:g}", hint=_SHAPE)
    return float(value)
