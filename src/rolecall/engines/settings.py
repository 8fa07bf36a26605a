"""One ``[engines.NAME]`` table of the settings: checked, and made into `EngineSettings`."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from rolecall.core import Form, Price
from rolecall.engines.local import is_local
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.vendors import VENDORS
from rolecall.errors import SettingsError

TAKEN: Final = frozenset({"auto", "none", "stated", "reader", "cache"})
"""Names that mean something else where an engine is named."""

_NAME: Final = re.compile(r"[a-z0-9_-]+")
_PRICE: Final = ("input", "cached", "output", "since")


def read_engine(
    name: str, table: Mapping[str, Any], where: str = "", local_networks: Sequence[str] = ()
) -> EngineSettings:
    """Check the table ``[engines.name]`` that stands in ``where``.

    Unless the table says ``local`` itself, it is local if all its addresses are; see `is_local`
    for what ``local_networks`` lists.

    Raises:
        SettingsError: a name that cannot be used, an unknown key, or a value that a key cannot
            have; the message names the place.
    """
    place = f"engines.{name}" + (f" in {where}" if where else "")
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{place}: an engine cannot be called {name!r}",
            hint="take small letters, digits, - and _",
        )
    if name in TAKEN:
        raise SettingsError(
            f"{place}: the name {name} means something else", hint="call the engine differently"
        )
    if not isinstance(table, Mapping):
        raise SettingsError(f"{place}: a table is needed", hint=f"write it as [engines.{name}]")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise SettingsError(f"{place}: there is no key {key}", hint=nearest(key, _KEYS))
        values["urls" if key == "url" else key] = _KEYS[key](f"{place}, {key}", value)
    if "url" in table and "urls" in table:
        raise SettingsError(f"{place}: url and urls are both given", hint="keep one of them")
    if "local" not in values and values.get("urls"):
        values["local"] = all(is_local(url, local_networks) for url in values["urls"])
    return EngineSettings(name=name, **values)


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint that names the nearest of ``words``, or all of them."""
    words = list(words)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(words)}"


def _wrong(place: str, needed: str) -> SettingsError:
    return SettingsError(f"{place}: {needed} is needed", hint="see docs/engines.md for the keys")


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(place, "a text")
    return value.strip()


def _truth(place: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(place, "true or false")
    return value


def _count(place: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise _wrong(place, "a whole number from 1 on")
    return value


def _number(place: str, value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or value < 0:
        raise _wrong(place, "a number from 0 on")
    return float(value)


def _seconds(place: str, value: Any) -> float:
    if not (seconds := _number(place, value)):
        raise _wrong(place, "a number above 0")
    return seconds


def _url(place: str, value: Any) -> str:
    url = _text(place, value).rstrip("/")
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise _wrong(place, "an address like http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            f"{place}: a key does not belong into an address",
            hint="name the variable that holds it in key_env, or its file in key_file",
        )
    if parts.query or parts.fragment:
        raise _wrong(place, "an address without ? and #")
    return url


def _urls(place: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _wrong(place, "a list of addresses")
    return tuple(dict.fromkeys(_url(place, one) for one in value))


def _vendor(place: str, value: Any) -> str:
    if (name := _text(place, value)) not in VENDORS:
        raise SettingsError(f"{place}: {name} is not known", hint=nearest(name, VENDORS))
    return name


def _forms(place: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _wrong(place, "a list of forms")
    known = get_args(Form)
    for one in value:
        if one not in known:
            hint = nearest(str(one), known)
            raise SettingsError(f"{place}: {one!r} is no form of answer", hint=hint)
    return tuple(value)


def _price(place: str, value: Any) -> Price:
    if not isinstance(value, Mapping):
        raise _wrong(place, "a table like { input = 0.15, output = 0.6 }")
    for key in value:
        if key not in _PRICE:
            raise SettingsError(f"{place}: there is no key {key}", hint=nearest(key, _PRICE))
    if "input" not in value or "output" not in value:
        raise _wrong(place, "input and output, in US dollars per million tokens,")
    since = value.get("since", "")
    if not isinstance(since, str | date):
        raise _wrong(f"{place}.since", "a date")
    return Price(
        input=_number(f"{place}.input", value["input"]),
        # Without a price of their own, cached tokens cost what others do.
        cached=_number(f"{place}.cached", value.get("cached", value["input"])),
        output=_number(f"{place}.output", value["output"]),
        since=since if isinstance(since, str) else since.isoformat(),
    )


_KEYS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "kind": _text,
    "url": lambda place, value: (_url(place, value),),
    "urls": _urls,
    "vendor": _vendor,
    "model": _text,
    "local": _truth,
    "key_env": _text,
    "key_file": _text,
    "window": _count,
    "concurrency": _count,
    "call_seconds": _seconds,
    "tries": _count,
    "forms": _forms,
    "price": _price,
    "path": _text,
    "tokenizer": _text,
    "running": _text,
}


def known_keys() -> frozenset[str]:
    """The names that the table of an engine may have."""
    return frozenset(_KEYS)
