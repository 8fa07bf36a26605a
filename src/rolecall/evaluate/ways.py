"""Ways of reading that are measured: an engine by name, or settings of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.settings import Settings

ALONE: Final[Mapping[str, Mapping[str, Any]]] = {
    "reader": {"engine": "none"},
    "stated": {"engine": "none", "reader": False},
}
"""Names that are no engine's: the embedded reader with the page's own data, and that data alone."""

NAME: Final = re.compile(r"[\w][\w.+-]{0,63}\Z")
ITEM: Final = re.compile(r",(?=\w+=)")


class Way(Struct, frozen=True):
    """One way of reading: its name, which is also that of its records, and its settings."""

    name: str
    settings: Settings


def ways_of(
    engines: Sequence[str],
    variants: Sequence[str],
    load: Callable[[Mapping[str, Any]], Settings],
) -> tuple[Way, ...]:
    """The ways that were asked for, in order; ``load`` puts settings together with flags on top.

    Each of ``engines`` is ``reader``, ``stated`` or the name of a declared engine; each of
    ``variants`` reads ``NAME:KEY=VALUE,KEY=VALUE``.

    Raises:
        UsageError: a name that cannot be or comes twice, or a variant that is none.
        SettingsError: a setting that does not exist, or a value that it cannot have.
    """
    made: list[Way] = []
    for name in engines:
        flags = ALONE.get(name, {"engine": name})
        made.append(Way(_named(name), load(flags)))
    for words in variants:
        name, colon, told = words.partition(":")
        pairs = [item.partition("=") for item in ITEM.split(told)] if told else []
        if not colon or not pairs or not all(equals for _, equals, _ in pairs):
            raise UsageError(
                f"{words!r} is no variant",
                hint="write NAME:KEY=VALUE,KEY=VALUE, as in alone:engine=small,reader=false",
            )
        flags = {key.strip(): value.strip() for key, _, value in pairs}
        made.append(Way(_named(name), load(flags)))
    names = [one.name for one in made]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{name!r} is there twice", hint="give each variant a name of its own")
    return tuple(made)


def _named(name: str) -> str:
    if not NAME.match(name) or name in ("run", "results"):
        raise UsageError(
            f"{name!r} cannot name a file of records",
            hint="use letters, digits, hyphen and underscore; not run or results",
        )
    return name
