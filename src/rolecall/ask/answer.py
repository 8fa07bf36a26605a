"""An engine's answer as candidates: quotes are looked up, and values read out of their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.ask.locate import Finder
from rolecall.ask.questions import LONGEST_QUOTE, Question
from rolecall.ask.reading import AnswerError, read_object
from rolecall.ask.render import Line, Sheet
from rolecall.ask.values import DIRECT, read_value
from rolecall.core import Candidate, Completion, Extra, Page, Problem, Span
from rolecall.reader.lexicon import lexicon
from rolecall.reader.sections import LONG_WORDS, MOST, SENTENCE
from rolecall.schema.posting import FIELDS, UNITS

NAMED: Final = frozenset({"title", "company"})
"""Units that nothing but a line of their own names, where the page labels its lines."""

LONGEST_LABEL: Final = 40

MACHINE_NAMES: Final = frozenset(FIELDS) | {one.rpartition("_")[2] for one in FIELDS}
"""Names of fields as programs write them, and their last words (`currency`)."""

NOT_ITEMS: Final = frozenset({"heading", "title"})


class Answers(Struct, frozen=True, kw_only=True):
    """What one completion says. ``again`` are the questions whose quotes the page does not hold."""

    candidates: tuple[Candidate, ...] = ()
    extras: tuple[Extra, ...] = ()
    problems: tuple[Problem, ...] = ()
    again: tuple[Question, ...] = ()


def read_answer(
    page: Page, sheet: Sheet, asked: Sequence[Question], completion: Completion, *, loose: bool
) -> Answers:
    """Read ``completion`` as the answers to ``asked`` about ``sheet``; never raises.

    What is no JSON object gives a problem and no candidates. A quote that the page does not show,
    a line that does not exist and an option that was not offered are left out, with a problem.
    """
    cut = completion.finish_reason == "length"
    try:
        found = read_object(completion.text, cut=cut, loose=loose)
    except AnswerError as error:
        told = f"{completion.engine} gave no usable answer: {error}"
        problem = Problem(pointer="", kind="syntax", message=told)
        return Answers(problems=(problem,), again=tuple(asked))
    reader = _Reader(page, sheet, asked, completion.engine or "engine")
    for one in asked:
        value = found.get(one.name)
        if value is not None:
            reader.read(one, value)
    for name in sorted(found.keys() - {one.name for one in asked}):
        reader.doubt(name[:80], "schema", f"answered {name[:80]!r}, which was not asked")
    return Answers(
        candidates=tuple(reader.candidates),
        extras=tuple(reader.extras),
        problems=tuple(reader.problems),
        again=tuple(reader.again),
    )


class _Reader:
    """Reads the answers to the questions of one prompt."""

    def __init__(self, page: Page, sheet: Sheet, asked: Sequence[Question], engine: str) -> None:
        self.page, self.engine = page, engine
        self.own = {one.name: one.field.pointer for one in asked if one.field is not None}
        self.finder = Finder(page, sheet)
        # A line that no window can hold comes in parts, which share its number.
        self.lines: dict[int, list[Line]] = {}
        for line in sheet.lines:
            self.lines.setdefault(line.number, []).append(line)
        self.candidates: list[Candidate] = []
        self.extras: list[Extra] = []
        self.problems: list[Problem] = []
        self.again: list[Question] = []

    def read(self, one: Question, value: Any) -> None:
        """Add what ``value`` says."""
        if one.kind == "ranges":
            self.ranges(one, value)
            return
        rows = value if one.kind in ("quotes", "choices") else [value]
        if not isinstance(rows, list):
            self.doubt(one.name, "schema", f"answered {one.name} with no list")
            return
        values: list[Any] = []
        quotes: list[str] = []
        spans: list[Span] = []
        for row in rows[: one.most]:
            option, quote = self.pair(one, row)
            if quote is None:
                continue
            span = self.finder.find(quote)
            if span is None:
                told = f"quoted {quote[:80]!r} for {one.name}, which the page does not show there"
                self.doubt(one.name, "ungrounded", told)
                self.again += [one] if one not in self.again else []
                continue
            other = self.other_label(one, span)
            if other:
                told = f"quoted {quote[:80]!r} for {one.name}, which stands there as {other}"
                self.doubt(one.name, "ungrounded", told)
                continue
            said = span.of(self.page.text)
            values.append(option if option is not None else said)
            quotes.append(said)
            spans.append(span)
        if values:
            self.keep(one, values, quotes, spans)

    def other_label(self, one: Question, span: Span) -> str | None:
        """The field that the page itself says a quote is, where it is another than was asked for.

        "Location: Bath" holds no title and no employer. Of other fields a labelled line may hold
        several ("Salary: € 30,000, full time").
        """
        if one.unit not in NAMED or one.field is not None:
            return None
        if "://" in span.of(self.page.text):
            return "an address"
        start = self.page.text.rfind("\n", 0, span.start) + 1
        head, colon, _ = self.page.text[start : span.start].partition(":")
        if not colon or len(head) > LONGEST_LABEL:
            return None
        name = head.strip(" \"'-•*").lower()
        if name in MACHINE_NAMES:
            return None if one.unit in name.split("_") else name
        fields = lexicon().label(name.replace("_", " "))
        return fields[0] if fields and one.unit not in fields else None

    def pair(self, one: Question, row: Any) -> tuple[str | None, str | None]:
        """The option and the quote of one answer; no quote where the answer is out of shape."""
        option: Any = None
        if one.options:
            if not isinstance(row, list) or len(row) != 2:
                self.doubt(one.name, "schema", f"answered {one.name} with no option and quote")
                return None, None
            option, row = row
            if option not in one.options:
                self.doubt(one.name, "schema", f"chose {str(option)[:80]!r} for {one.name}")
                return None, None
        if not isinstance(row, str) or not row.strip():
            self.doubt(one.name, "schema", f"quoted nothing for {one.name}")
            return None, None
        if len(row) > 2 * LONGEST_QUOTE:
            self.doubt(one.name, "schema", f"quoted {len(row):,} characters for {one.name}")
            return None, None
        return option, row

    def keep(self, one: Question, values: list[Any], quotes: list[str], spans: list[Span]) -> None:
        """Turn what was said into the unit's value."""
        captured, language = self.page.captured, self.page.language
        if one.field is not None:
            self.extra(one, values, quotes, spans)
            return
        unit = one.unit or one.name
        if one.options or unit in DIRECT:
            read: list[Any] = values
        else:
            read = [read_value(unit, said, language=language, captured=captured) for said in quotes]
            for said, value in zip(quotes, read, strict=True):
                if value is None:
                    self.doubt(unit, "ambiguous", f"{said[:80]!r} says no {unit} that can be read")
        kept = [n for n, value in enumerate(read) if value is not None]
        if not kept:
            return
        several = one.kind in ("quotes", "choices")
        self.candidates.append(
            Candidate(
                unit=unit,
                value=[read[n] for n in kept] if several else read[kept[0]],
                quotes=tuple(quotes[n] for n in kept),
                spans=tuple(spans[n] for n in kept),
                origin=self.engine,
            )
        )

    def extra(self, one: Question, values: list[Any], quotes: list[str], spans: list[Span]) -> None:
        """A value of the user's own field, read by the field's kind."""
        field = one.field
        assert field is not None
        if one.kind in ("quote", "choice"):
            value = read_extra(field.kind, values[0], language=self.page.language)
            if value is None:
                told = f"{quotes[0][:80]!r} says no {field.kind} that can be read"
                self.problems.append(Problem(pointer=field.pointer, kind="ambiguous", message=told))
                return
        else:
            fresh = [n for n, one_value in enumerate(values) if one_value not in values[:n]]
            value = [values[n] for n in fresh]
            quotes, spans = [quotes[n] for n in fresh], [spans[n] for n in fresh]
        self.extras.append(
            Extra(
                pointer=field.pointer, value=value, quotes=tuple(quotes), spans=tuple(spans),
                origin=self.engine,
            )
        )  # fmt: skip

    def ranges(self, one: Question, value: Any) -> None:
        """Lines by their numbers, as the whole body or as items."""
        if not isinstance(value, list):
            self.doubt(one.name, "schema", f"answered {one.name} with no list")
            return
        lines: dict[int, list[Line]] = {}
        for row in value[: one.most]:
            first, last = row if isinstance(row, list) and len(row) == 2 else (None, None)
            if type(first) is not int or type(last) is not int:
                self.doubt(one.name, "schema", f"answered {one.name} with no numbers of lines")
                continue
            inside = [n for n in self.lines if first <= n <= last]
            if not inside:
                self.doubt(one.name, "ungrounded", f"there are no lines {first} to {last}")
            lines |= {n: self.lines[n] for n in inside}
        found = [line for n in sorted(lines) for line in lines[n]]
        if found:
            self.long(one, found)

    def long(self, one: Question, lines: list[Line]) -> None:
        """The value that whole ``lines`` make."""
        text = self.page.text
        if one.unit == "description" or (one.field is not None and one.field.kind == "text"):
            lines = [line for line in lines if line.kind != "title"]
            if not lines:
                return
            span = Span(lines[0].span.start, lines[-1].span.end)
            value: Any = "\n".join(line.text for line in lines)
            spans = [span]
        else:
            items = [line for line in lines if line.kind not in NOT_ITEMS]
            spans = [span for line in items for span in _items(line)]
            most = MOST.get(one.unit or "", 40)
            if len(spans) > most:
                told = f"{len(spans)} items stand on the page, the first {most} are kept"
                self.doubt(one.name, "truncated", told)
                spans = spans[:most]
            value = [span.of(text) for span in spans]
        if not spans:
            return
        quotes = tuple(span.of(text) for span in spans)
        if one.field is not None:
            self.extras.append(
                Extra(
                    pointer=one.field.pointer, value=value, quotes=quotes, spans=tuple(spans),
                    origin=self.engine,
                )
            )  # fmt: skip
            return
        self.candidates.append(
            Candidate(
                unit=one.unit or one.name, value=value, quotes=quotes, spans=tuple(spans),
                origin=self.engine,
            )
        )  # fmt: skip

    def doubt(self, name: str, kind: Any, message: str) -> None:
        """Note a problem with the answer for ``name``."""
        pointer = self.own.get(name) or _pointer(UNITS.get(name, (name,))[-1])
        told = f"{self.engine} {message}" if kind != "truncated" else message
        self.problems.append(Problem(pointer=pointer, kind=kind, message=told))


def _pointer(name: str) -> str:
    """The JSON pointer of a name that a model made up, which may hold half a character."""
    plain = name.encode("utf-8", "replace").decode()
    return f"/{plain.replace('~', '~0').replace('/', '~1')}"


def _items(line: Line) -> list[Span]:
    """A line as items: whole, or by sentences where it is long prose."""
    if line.kind == "item" or len(line.text.split()) < LONG_WORDS:
        return [line.span]
    start, at, out = line.span.start, 0, []
    for found in SENTENCE.finditer(line.text):
        out.append(Span(start + at, start + found.start()))
        at = found.end()
    return [*out, Span(start + at, line.span.end)]


def read_extra(kind: str, said: str, *, language: str | None) -> Any:
    """The value of a user's field that ``said`` (a quote, or an option) gives; else ``None``."""
    if kind == "boolean":
        return said == "true"
    if kind in ("number", "integer"):
        from rolecall.normalise.numbers import NUMBER, read_number

        found = NUMBER.search(said)
        number = read_number(found.group(), language=language) if found else None
        value = number.value if number is not None else None
        if value is None or (kind == "integer" and value != int(value)):
            return None
        return int(value) if value == int(value) else value
    return said
