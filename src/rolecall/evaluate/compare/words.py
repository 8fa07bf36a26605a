"""A comparison in words: one line that can be acted on, and the verdict of each field."""

from __future__ import annotations

from rolecall.evaluate.compare.result import Compared, Comparison
from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.plural import plural


def headline(found: Comparison) -> str:
    """What to make of it all, in a few plain sentences."""
    total, a, b = found.macro, found.a, found.b
    pages = f"{plural(found.n, 'page')} of {plural(found.sites, 'site')}"
    if total.a is None or total.b is None:
        return f"{a} and {b} cannot be compared: none of the {pages} has a label for a field."
    one, other, first, second, span = a, b, total.a, total.b, total.difference
    if total.verdict == "b":  # the better one is named first, and so are its figures
        one, other, first, second = b, a, total.b, total.a
        span = span and Interval(-span.high, -span.mid, -span.low, span.level)
    scores = f"macro {first:.3f} against {second:.3f}, {points(span, found.level)}"
    match total.verdict:
        case "a" | "b":
            text = f"{one} is better than {other} overall"
        case "equivalent":
            text = f"No difference worth naming between {a} and {b} overall"
        case _:
            text = f"Which of {a} and {b} is better overall is not resolved"
    text += f" ({scores}; {pages})."
    if total.verdict == "unresolved":
        text += f" {_advice(total)}"
    return text + " " + _by_field(found)


def verdict_words(one: Compared, found: Comparison) -> str:
    """The verdict of one field or total."""
    match one.verdict:
        case "a":
            return f"{found.a} better"
        case "b":
            return f"{found.b} better"
        case "equivalent":
            return "no difference worth naming"
        case _:
            pass
    if one.more is None:
        return f"not resolved: {one.reason}"
    return f"not resolved: label about {rounded(one.more):,} more"


def points(interval: Interval | None, level: float) -> str:
    """A difference of scores in points (hundredths), with its interval."""
    if interval is None:
        return "its interval not available"
    return (
        f"{100 * interval.mid:+.1f} points, {100 * level:g} % interval"
        f" {100 * interval.low:+.1f} to {100 * interval.high:+.1f}"
    )


def rounded(count: int) -> int:
    """A number of labels to two digits, upward: more is not known."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _advice(total: Compared) -> str:
    if total.more is None:
        return f"{total.reason[:1].upper()}{total.reason[1:]}."
    where = ""
    if total.more_sites is not None and total.sites > 1:
        where = f", from about {plural(rounded(total.more_sites), 'new site')}"
    return f"Label about {plural(rounded(total.more), 'more page')}{where}, to settle it."


def _by_field(found: Comparison) -> str:
    counts = dict.fromkeys(("a", "b", "equivalent", "unresolved"), 0)
    for one in found.fields:
        counts[one.verdict] += 1
    parts = [
        f"{found.a} better in {counts['a']}",
        f"{found.b} in {counts['b']}",
        f"no difference worth naming in {counts['equivalent']}",
        f"{counts['unresolved']} not resolved",
    ]
    return f"Of {plural(len(found.fields), 'field')}: {', '.join(parts)}."
