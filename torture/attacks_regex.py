"""Every regular expression of the package against long hostile strings."""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

import rolecall
from torture.nouns import Case, Class, Figure, Group, Terms

GOAL: Final = 0.1
"""Seconds for a string of a million characters."""

CLEAR: Final = 5
"""In the short form only what takes so many times the goal counts: it runs beside other work."""

PATIENCE: Final = 0.5
"""Seconds after which a string is given up."""
SIZE: Final = 1_000_000
FIRST: Final = 20_000
"""A shorter string is tried first: what is slow on it would not end on the long one."""

PIECES: Final = (
    "a", "A", " ", "0", "1,", "1.", "-", "_", ".", ",", "<", ">", '"', "'", "&", "=", "(", "[", "{",
    "/", "\\", "@", "a@", "a.", "a ", "a-", "Aa ", "é", "ß ", "€", "€1", "1 ", "1-", "\n", "\t",
    "\r\n", "\u200b", "\u00a0", "a\n", " \n", "<a ", "<a b=", '<a b="', "<!--", "</", "&#", "http://",
    "www.", "и", "日", "a,b ", "1/", "x:", "::", "||", "**", "``", "%", "#", "ab\u00ad", ". ",
    "M.A. ",
)  # fmt: skip


def patterns(terms: Terms) -> Group:
    """How long each pattern takes for each string: a pattern is a case."""
    cases: list[Case] = []
    slowest = 0.0
    strings = PIECES if terms.full else PIECES[::9]
    names = sorted(found().items())
    for number, (name, pattern) in enumerate(names):
        if not terms.full and number % 8:
            continue
        worst, piece = max((_seconds(name, pattern, one), one) for one in strings)
        slowest = max(slowest, worst)
        right = worst < GOAL * (1 if terms.full else CLEAR)
        note = "" if right else f"{worst:.2f} s for {piece!r} repeated{_reckoned(worst)}"
        cases.append(Case(name=name, found=Class.RIGHT if right else Class.SHORT, note=note))
    figure = Figure(
        name=f"slowest pattern, a million characters{_reckoned(slowest)}",
        value=slowest * 1e3, unit="ms", goal="at most 100 ms", held=slowest <= GOAL,
    )  # fmt: skip
    said = f"{len(names)} patterns of the package, {len(PIECES)} strings of a million characters"
    return Group(said=said, cases=tuple(cases), figures=(figure,))


def found() -> dict[str, re.Pattern[Any]]:
    """All compiled patterns that modules hold, by where they are; each once."""
    by_look: dict[tuple[Any, int], str] = {}
    held: dict[str, re.Pattern[Any]] = {}
    for module in modules():
        for name, value in sorted(vars(module).items()):
            for place, pattern in _within(value, name, 0):
                key = (pattern.pattern, pattern.flags)
                if key not in by_look:
                    by_look[key] = f"{module.__name__.removeprefix('rolecall.')}.{place}"
                    held[by_look[key]] = pattern
    from rolecall.page.orders_words import RULES

    held |= {f"page.orders_words/{rule.name}": re.compile(rule.pattern) for rule in RULES}
    return held


def modules() -> Iterator[ModuleType]:
    """Every module of the package that can be imported here."""
    for one in pkgutil.walk_packages(rolecall.__path__, "rolecall."):
        if one.name.endswith(("__main__", ".preload")):  # which do things when they are imported
            continue
        with suppress(ImportError):
            yield importlib.import_module(one.name)


def _within(value: Any, place: str, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield place, value
    elif depth < 3 and isinstance(value, dict):
        for number, one in enumerate(value.values()):
            yield from _within(one, f"{place}[{number}]", depth + 1)
    elif depth < 3 and isinstance(value, tuple | list):
        for number, one in enumerate(value):
            yield from _within(one, f"{place}[{number}]", depth + 1)


def _reckoned(seconds: float) -> str:
    """What is not measured is said: such strings are not tried in their full length."""
    if seconds > PATIENCE + GOAL:
        return f", reckoned in proportion from {FIRST:,} characters"
    return ", then given up" if seconds >= PATIENCE else ""


@cache
def _source() -> str:
    """All code of the package."""
    folder = Path(rolecall.__file__).parent
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.py")))


@cache
def _sought(name: str) -> bool:
    """Whether a pattern is looked for anywhere in a text, not only at its start."""
    last = name.rpartition(".")[2]
    uses = r"\.(?:search|finditer|findall|sub|subn|split)\b"
    return "[" in last or "/" in last or bool(re.search(rf"\b{re.escape(last)}{uses}", _source()))


def _seconds(name: str, pattern: re.Pattern[Any], piece: str) -> float:
    """How long it takes, the way it is used; more than is allowed where it does not end."""
    apply = pattern.search if _sought(name) else pattern.match
    short = _run(apply, pattern, piece, FIRST)
    if short > GOAL / 4:
        return max(short * SIZE / FIRST, 2 * GOAL)
    took = _run(apply, pattern, piece, SIZE)
    for _ in range(2):  # what else the machine does only adds to it
        if not GOAL <= took < PATIENCE:
            break
        took = min(took, _run(apply, pattern, piece, SIZE))
    return took


def _run(apply: Callable[[Any], Any], pattern: re.Pattern[Any], piece: str, size: int) -> float:
    text: Any = (piece * (size // len(piece) + 1))[:size] + "\0"
    if isinstance(pattern.pattern, bytes):
        text = text.encode()
    before = signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    begun = time.process_time()
    try:
        apply(text)
    except TimeoutError:
        return max(time.process_time() - begun, PATIENCE)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return time.process_time() - begun


def _late(number: int, frame: FrameType | None) -> None:
    raise TimeoutError
