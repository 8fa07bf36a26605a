"""One candidate a unit from the windows of a page: lists are joined, else the first says it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rolecall.core import Candidate, Extra, Page, Span
from rolecall.schema.posting import LIST_UNITS


def merge(page: Page, found: Sequence[Candidate]) -> list[Candidate]:
    """Join the candidates of one engine over all windows of ``page``.

    Items that stand in two windows count once. A description goes from its first line to its last.
    """
    groups: dict[str, list[Candidate]] = {}
    for one in found:
        groups.setdefault(one.unit, []).append(one)
    return [_joined(page, group) for group in groups.values()]


def merge_extras(page: Page, found: Sequence[Extra], long: Collection[str] = ()) -> list[Extra]:
    """The same for fields of the user's schema; ``long`` are pointers of texts of whole lines."""
    out: dict[str, Extra] = {}
    for one in found:
        known = out.get(one.pointer)
        if known is None:
            out[one.pointer] = one
        elif isinstance(known.value, list) and isinstance(one.value, list):
            fresh = [n for n, item in enumerate(one.value) if item not in known.value]
            out[one.pointer] = Extra(
                pointer=one.pointer,
                value=[*known.value, *(one.value[n] for n in fresh)],
                quotes=(*known.quotes, *(one.quotes[n] for n in fresh)),
                spans=(*known.spans, *(one.spans[n] for n in fresh)),
                origin=one.origin,
            )
        elif one.pointer in long:
            whole, text = _whole(known.spans + one.spans), f"{known.value}\n{one.value}"
            out[one.pointer] = Extra(
                pointer=one.pointer, value=_once(text), quotes=(whole.of(page.text),),
                spans=(whole,), origin=one.origin,
            )  # fmt: skip
    return list(out.values())


def _whole(spans: Sequence[Span]) -> Span:
    return Span(min(s.start for s in spans), max(s.end for s in spans))


def _once(text: str) -> str:
    """``text`` with each line once: windows share the headings above them."""
    return "\n".join(dict.fromkeys(text.split("\n")))


def _joined(page: Page, group: list[Candidate]) -> Candidate:
    first = group[0]
    if len(group) == 1 or not (first.unit in LIST_UNITS or first.unit == "description"):
        return first
    if first.unit == "description":
        spans = [span for one in group for span in one.spans if span is not None]
        whole = _whole(spans)
        text = _once("\n".join(str(one.value) for one in group))
        return Candidate(
            unit=first.unit, value=text, quotes=(whole.of(page.text),),
            spans=(whole,), origin=first.origin, problems=first.problems,
        )  # fmt: skip
    items: list[object] = []
    quotes: list[str] = []
    found: list[Span | None] = []
    for one in group:
        for value, quote, span in zip(one.value, one.quotes, one.spans, strict=True):
            if value not in items:
                items.append(value)
                quotes.append(quote)
                found.append(span)
    return Candidate(
        unit=first.unit, value=items, quotes=tuple(quotes), spans=tuple(found),
        origin=first.origin, problems=tuple(p for one in group for p in one.problems),
    )  # fmt: skip
