"""A record for people: each value with its quote in context, where it came from, how sure it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rolecall.schema.tour import step

LONGEST_VALUE: Final = 160
LONGEST_QUOTE: Final = 100
CONTEXT: Final = 32
NAME_WIDTH: Final = 22

_BOLD, _DIM, _YELLOW, _RED, _GREEN = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[31m", "\x1b[32m"
_RESET = "\x1b[0m"
_OUTCOMES = {"ok": _GREEN, "partial": _YELLOW, "not_a_posting": _YELLOW, "failed": _RED}
_SPACES = re.compile(r"\s+")
# Cc and Cf hold escape sequences and marks that turn the reading direction; Cs are lone surrogates.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def render(record: Mapping[str, Any], text: str | None = None, *, colours: bool = False) -> str:
    """Write ``record`` as lines of text; quotes are shown in their context where ``text`` is given.

    ``text`` is the page's visible text, the one that spans count in. Characters of a page that
    could steer a terminal are shown as their code. ``colours`` adds ANSI colours.
    """
    paint = _painted if colours else _plain
    lines = list(_head(record, paint))
    data = record.get("data") or {}
    evidence = record.get("evidence") or {}
    for path, value in _leaves(data):
        lines += _field(path, value, evidence, text, paint)
    for title, entries in (("problems", _problems(record)), ("warnings", _warnings(record))):
        if entries:
            lines += ["", paint(title, _BOLD), *(f"  {paint(entry, _YELLOW)}" for entry in entries)]
    return "\n".join(lines) + "\n"


def neutral(text: str) -> str:
    """``text`` on one line, with characters that could steer a terminal written as their code."""
    text = _SPACES.sub(" ", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in _UNSAFE else c for c in text)


def _head(record: Mapping[str, Any], paint: Any) -> Iterator[str]:
    outcome = str(record.get("outcome"))
    title = f"{neutral(str(record.get('source')))}: {paint(outcome, _OUTCOMES.get(outcome, ''))}"
    reason = record.get("reason")
    if reason:
        title += f" ({neutral(reason['code'])}: {neutral(reason['message'])})"
    yield title
    if record.get("url"):
        yield paint(neutral(record["url"]), _DIM)
    yield ""


def _leaves(
    data: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of the data with the names that lead to it; lists stay whole."""
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _field(
    path: tuple[str, ...],
    value: Any,
    evidence: Mapping[str, Any],
    text: str | None,
    paint: Any,
) -> Iterator[str]:
    name = neutral(".".join(path))
    pointer = step("", *path)
    label = paint(name.ljust(NAME_WIDTH if len(name) < NAME_WIDTH else len(name) + 2), _BOLD)
    blank = " " * NAME_WIDTH
    if value is None:
        yield f"{label}{paint('-', _DIM)}"
        return
    if not isinstance(value, list):
        yield f"{label}{_value(value)}"
        yield from _because(evidence.get(pointer), text, blank, paint)
        return
    for number, item in enumerate(value):
        yield f"{label if number == 0 else blank}{_value(item)}"
        yield from _because(evidence.get(f"{pointer}/{number}"), text, blank, paint)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        known = ", ".join(f"{key} {item}" for key, item in value.items() if item and key != "text")
        said = value.get("text")
        value = known if said is None else f"{said} ({known})" if known else said
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _short(neutral(str(value)), LONGEST_VALUE)


def _because(
    one: Mapping[str, Any] | None, text: str | None, indent: str, paint: Any
) -> Iterator[str]:
    """The quote in its context, and how it was found."""
    if one is None:
        return
    sure = one.get("confidence")
    words = [str(one["origin"]), str(one["match"])]
    words.append("confidence unknown" if sure is None else f"{sure:.0%} sure")
    if one.get("pointer"):
        words.append(f"from {neutral(one['pointer'])}")
    quote = _quoted(one, text, paint)
    yield f"{indent}  {quote}{paint(' · ' + ', '.join(words), _DIM)}"


def _quoted(one: Mapping[str, Any], text: str | None, paint: Any) -> str:
    quote, start, end = one.get("quote"), one.get("start"), one.get("end")
    before = after = ""
    if text is not None and start is not None and end is not None:
        quote = text[start:end]
        before = _words(text[max(0, start - CONTEXT) : start], start > CONTEXT, last=True)
        after = _words(text[end : end + CONTEXT], end + CONTEXT < len(text), last=False)
    if not quote:
        return "(no words of its own)"
    shown = paint(f"[{_short(neutral(quote), LONGEST_QUOTE)}]", _GREEN)
    return f"{before}{shown}{after}"


def _words(part: str, cut: bool, *, last: bool) -> str:
    """The whole words of a context, on the line of the quote."""
    if last:
        part = (
            part.rpartition("\n")[2] if "\n" in part else (part.partition(" ")[2] if cut else part)
        )
    else:
        part = (
            part.partition("\n")[0] if "\n" in part else (part.rpartition(" ")[0] if cut else part)
        )
    return neutral(part)


def _problems(record: Mapping[str, Any]) -> list[str]:
    return [
        f"{neutral(one['pointer'] or '/')} {one['kind']}: {_short(neutral(one['message']), 240)}"
        for one in record.get("problems") or ()
    ]


def _warnings(record: Mapping[str, Any]) -> list[str]:
    return [
        f"{neutral(one['code'])}: {_short(neutral(one['message']), 240)}"
        for one in record.get("warnings") or ()
    ]


def _short(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half].rstrip()} ... {text[-half:].lstrip()}"


def _painted(text: str, colour: str) -> str:
    return f"{colour}{text}{_RESET}" if colour else text


def _plain(text: str, colour: str) -> str:
    return text
