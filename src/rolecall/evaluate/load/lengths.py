"""How long the prompts and answers of one's own pages are: a measured load, without any engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from rolecall.ask.lengths import Usual, known_tokens
from rolecall.ask.prompt import Style, messages
from rolecall.ask.render import Sheet
from rolecall.ask.tokens import PER_ANSWER, Tokens, count_messages, qwen
from rolecall.core import EngineInfo, Source
from rolecall.drive.connect import help_of, policy_of, voice_of
from rolecall.errors import SourceError, UsageError
from rolecall.evaluate.load.postings import generated
from rolecall.evaluate.load.prompts import OPENING, hear_pages
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
    usual, asked = Usual(), []
    for number, source in enumerate(sample.sources, 1):
        for heard in hear_pages([source], pipeline, help_, every=every):
            answers = {
                one.name: known_tokens(one, heard.page, heard.candidates, tokens)
                for one in heard.questions
            }
            for name, counted in answers.items():
                if counted is not None:
                    usual.learn(name, counted)
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
        (
            one.tokens,
            usual.answer(one.questions, answers, windows=len(windows), most=one.prompt.max_tokens),
        )
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
