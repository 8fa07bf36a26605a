"""How long the prompts and answers of one's own pages are: a measured load, without any engine."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.ask.compose import Asked
from rolecall.ask.prompt import Style, messages
from rolecall.ask.questions import Kind, Question
from rolecall.ask.render import Sheet, sheet_of
from rolecall.ask.tokens import PER_ANSWER, Tokens, count_messages, qwen
from rolecall.core import Candidate, EngineInfo, Source
from rolecall.drive.connect import help_of, policy_of, voice_of
from rolecall.errors import SourceError, UsageError
from rolecall.evaluate.load.postings import generated
from rolecall.evaluate.load.prompts import OPENING, Heard, hear_pages
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load
from rolecall.inputs.stream import STDIN, count, expand, stream
from rolecall.pipeline import prepare
from rolecall.plan.nouns import Load
from rolecall.settings import Settings

MOST_PAGES: Final = 300
"""Pages that are read, evenly from all there are."""

MADE: Final = 200
"""Pages that are made where none is named."""

BLOCK: Final = 16
"""Tokens that vLLM's prefix cache keeps together; what does not fill the last block is computed."""

FRAME: Final = 3
"""Tokens around the members of an answer: two braces and the end."""

TYPICAL: Final[dict[Kind, int]] = {
    "quote": 12, "quotes": 30, "choice": 16, "choices": 18, "ranges": 14
}  # fmt: skip
"""Tokens of an answer to a question of this kind that no page of the sample gives."""

ENOUGH: Final = 3
"""Pages on which the reader must know a field before their mean stands for the others."""

SHORT: Final = EngineInfo(name="plan", kind="plan", model="", local=True, forms=("text",))
"""A local engine of no kind: its prompts are those of all, and no grammar is written for them."""

Told = Callable[[int, int], None]


class Sample(Struct, frozen=True, kw_only=True):
    """Pages read for a load; ``whole`` is how many there are, ``None`` where nobody knows."""

    sources: tuple[Source, ...]
    whole: int | None
    unreadable: int = 0
    made: bool = False


def load_of(
    paths: Sequence[str],
    settings: Settings,
    *,
    most: int = MOST_PAGES,
    every: bool = False,
    tokens: Tokens | None = None,
    told: Told | None = None,
) -> Load:
    """The load that the pages ``paths`` name make; without any, that of made pages.

    What is asked is what a run would ask: fields that the page's own data and the embedded reader
    leave missing or in doubt, or all of them with ``every``. A posting of which nothing is asked is
    no load, and not counted. ``tokens`` counts (Qwen's vocabulary). ``told`` hears how many pages
    are done, of how many. How answers are estimated, ``source`` says.

    Raises:
        UsageError: there is nothing to read, or nothing would be asked.
    """
    if most < 1:
        raise UsageError(f"a sample of {most} pages is none", hint="at least 1")
    tokens = tokens if tokens is not None else qwen()
    sample = read_sample(paths, most=most, limit=settings.max_bytes)
    pipeline = prepare(settings)
    help_ = help_of(settings, pipeline.schema)
    voice = voice_of(SHORT, tokens, policy_of(settings), help_.extras)
    known, asked = _Known(tokens), []
    for number, source in enumerate(sample.sources, 1):
        for heard in hear_pages([source], pipeline, help_, every=every):
            answers = {one.name: known.learn(one, heard) for one in heard.questions}
            asked.append((voice.compose(heard.page, heard.questions).asked, answers))
        if told is not None:
            told(number, len(sample.sources))
    postings = sum(bool(windows) for windows, _ in asked)
    if not postings:
        raise UsageError(
            f"of {len(sample.sources):,} pages none leaves anything to ask an engine",
            hint="nothing has to be planned for them; or ask for every field",
        )
    lengths = Counter(
        (one.tokens, known.answer(one, answers, len(windows)))
        for windows, answers in asked
        for one in windows
    )
    return Load(
        name="sample" if not sample.made else "made postings",
        requests=tuple((prompt, answer, n) for (prompt, answer), n in sorted(lengths.items())),
        shared=shared_tokens(voice.style, tokens),
        postings=postings,
        source=_source(sample, postings, sum(lengths.values()), tokens),
    )


def read_sample(paths: Sequence[str], *, most: int, limit: int) -> Sample:
    """At most ``most`` pages, evenly from those that ``paths`` name; of stdin the first ones.

    What cannot be read is left out and counted.
    """
    if not paths:
        pages = tuple(generated(min(most, MADE)))
        return Sample(sources=pages, whole=len(pages), made=True)
    found = expand(paths)
    whole = count(found) if STDIN not in found else None
    sources: list[Source] = []
    unreadable = seen = 0
    for entry in stream(found, limit=limit):
        if entry is None:
            continue
        seen += 1
        if not _chosen(entry, whole, most):
            continue
        try:
            sources.append(load(entry, limit=limit)[0])
        except SourceError:
            unreadable += 1
        if len(sources) >= most:
            break
    if not sources:
        raise UsageError(
            f"no page that can be read in {', '.join(paths)}",
            hint=f"{unreadable:,} of {seen:,} cannot be read" if seen else "the folder has none",
        )
    return Sample(sources=tuple(sources), whole=whole, unreadable=unreadable)


def _chosen(entry: Input, whole: int | None, most: int) -> bool:
    """Whether this one is among ``most`` that are spread evenly over ``whole``."""
    if whole is None or whole <= most:
        return True
    return entry.seq * most // whole != (entry.seq - 1) * most // whole


def shared_tokens(style: Style, tokens: Tokens) -> int:
    """Tokens at the start of every prompt that are the same, in whole blocks of the cache."""
    (system,) = (
        one for one in messages(style, Sheet(lines=()), style.questions) if one[0] != "user"
    )
    same = count_messages(tokens, (system,)) - PER_ANSWER + tokens.count(OPENING)
    return same // BLOCK * BLOCK


class _Known:
    """How many tokens answers take: counted where the reader knows the answer, else their mean."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._counts: dict[str, list[int]] = defaultdict(list)

    def learn(self, one: Question, heard: Heard) -> int | None:
        """The tokens of the answer to ``one``, where the page itself or the reader knows it."""
        for unit in heard.candidates:
            if unit.unit == one.unit and (said := _answer(one, unit, heard)) is not None:
                text = (
                    f'"{one.name}":{json.dumps(said, ensure_ascii=False, separators=(",", ":"))},'
                )
                counted = self._tokens.count(text)
                self._counts[one.name].append(counted)
                return min(counted, one.budget)
        return None

    def answer(self, asked: Asked, known: dict[str, int | None], windows: int) -> int:
        """The tokens of an answer to ``asked``, one of so many ``windows`` of its page."""
        whole = sum(
            told if (told := known[one.name]) is not None else self._usual(one)
            for one in asked.questions
        )
        return min(FRAME + -(-whole // windows), asked.prompt.max_tokens)

    def _usual(self, one: Question) -> int:
        """What an answer to ``one`` takes on other pages."""
        counts = self._counts[one.name]
        if len(counts) < ENOUGH:
            return min(TYPICAL[one.kind] + len(one.name) // 3, one.budget)
        return min(round(sum(counts) / len(counts)), one.budget)


def _answer(one: Question, found: Candidate, heard: Heard) -> Any:
    """The answer to ``one`` that says ``found``; ``None`` where it cannot be said so."""
    quotes = [quote for quote in found.quotes if quote]
    if not quotes:
        return None
    if one.kind == "ranges":
        return _ranges(one, found, heard)
    if one.kind == "quote":
        return quotes[0]
    if one.kind == "quotes":
        return quotes[: one.most]
    options = found.value if isinstance(found.value, list) else [found.value]
    pairs = [[str(option), quote] for option, quote in zip(options, quotes, strict=False)]
    return pairs[0] if one.kind == "choice" else pairs[: one.most]


def _ranges(one: Question, found: Candidate, heard: Heard) -> list[list[int]] | None:
    """The lines that hold ``found``, as ranges."""
    spans = [span for span in found.spans if span is not None]
    lines = sorted(
        {
            line.number
            for line in sheet_of(heard.page).lines
            if any(line.span.start < span.end and span.start < line.span.end for span in spans)
        }
    )
    out: list[list[int]] = []
    for number in lines:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return out[: one.most] or None


def _source(sample: Sample, postings: int, prompts: int, tokens: Tokens) -> str:
    pages = len(sample.sources)
    told = f"{pages:,} made pages" if sample.made else f"{pages:,} pages"
    if sample.whole is None:
        told += ", the first of standard input"
    elif sample.whole > pages + sample.unreadable:
        told += f", evenly from about {sample.whole:,}"
    if sample.unreadable:
        told += f" ({sample.unreadable:,} more cannot be read)"
    counted = "counted" if tokens.exact else "estimated"
    return (
        f"{told}: {postings:,} leave something to ask, in {prompts:,} prompts; prompts are "
        f"{counted} by {tokens.name}, answers as if the page said all that is asked for: those "
        "that the embedded reader knows as they would be written, others as their mean"
    )
