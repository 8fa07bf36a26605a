"""The words of ``rolecall extract --estimate``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError

PAGES: Final = 500
"""Pages of a sample whose number nobody says."""

MOST: Final = 100_000


class Wish(Struct, frozen=True, kw_only=True):
    """What is asked of a forecast: the pages of its sample, the card on which engines run, or how
    many postings a minute they take, and whether it is printed as JSON."""

    pages: int
    gpu: str | None = None
    rate: float | None = None
    json: bool = False


def add_estimate(add: Callable[..., Any]) -> None:
    """The words about forecasts."""
    add(
        "--estimate",
        metavar="N",
        nargs="?",
        type=int,
        const=PAGES,
        help=f"read a sample of N inputs ({PAGES}), write nothing, and say what the run will take",
    )
    add("--gpu", metavar="NAME", help="with --estimate: the card of local engines, as 4090, h100")
    add(
        "--engine-rate",
        metavar="N",
        type=float,
        help="with --estimate: postings a minute that engines take, as rolecall bench tells",
    )
    add("--json", action="store_true", help="with --estimate: one JSON object")


def spelled(words: Sequence[str]) -> list[str]:
    """The words, with ``--estimate`` never taking an input's name for its number."""
    found = list(words)
    end = found.index("--") if "--" in found else len(found)
    for at in range(end):
        after = found[at + 1] if at + 1 < end else ""
        if found[at] == "--estimate" and not after.isdecimal():
            found[at] = f"--estimate={PAGES}"
    return found


def read_wish(told: argparse.Namespace) -> Wish | None:
    """What is asked of a forecast, if one is; raises `UsageError`."""
    if told.estimate is None:
        for name in ("gpu", "engine_rate", "json"):
            if getattr(told, name):
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} goes with --estimate", hint="add --estimate")
        return None
    if not 2 <= told.estimate <= MOST:
        raise UsageError(f"a sample has 2 to {MOST:,} pages, not {told.estimate:,}")
    if told.engine_rate is not None and not 0 < told.engine_rate < 1e9:
        raise UsageError("--engine-rate is postings a minute, above 0")
    if told.engine_rate is not None and told.gpu is not None:
        raise UsageError(
            "--gpu and --engine-rate both say how fast engines are", hint="keep one of them"
        )
    if told.explain or told.schema_org:
        raise UsageError("--estimate is about records", hint="leave out --explain, --schema-org")
    if told.summary is not None:
        raise UsageError(
            "--estimate writes no summary", hint="leave out --summary; --json prints the forecast"
        )
    return Wish(pages=told.estimate, gpu=told.gpu, rate=told.engine_rate, json=told.json)
