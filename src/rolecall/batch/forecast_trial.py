"""A page as a run would read it, with what engines would be asked, and nobody is asked.

The work of a worker is the real one. Of a page about which an engine would be asked, prompts are
composed and counted, and what is written for it is its record without the engine's answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import process_time
from typing import Any

from msgspec import Struct

from rolecall.ask.compose import Voice
from rolecall.ask.lengths import known_tokens
from rolecall.ask.questions import Question
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import tokens_named
from rolecall.batch.done import Done
from rolecall.batch.run import PageWork
from rolecall.batch.workers import Loss
from rolecall.climb import questions
from rolecall.core import EngineInfo, Notice
from rolecall.drive.connect import (
    allowed_engines,
    declared_engines,
    help_of,
    policy_of,
    priced_engines,
    voice_of,
)
from rolecall.engines.vendors import vendor
from rolecall.inputs.nouns import Input
from rolecall.ladder import settled
from rolecall.pipeline import Stages, Waiting, conclude, record_of
from rolecall.route import route
from rolecall.settings import Settings


class Window(Struct, frozen=True):
    """One prompt: its tokens, the most that its answer may take, and what it asks."""

    tokens: int
    most: int
    questions: tuple[Question, ...]


class Questioned(Struct, frozen=True):
    """A page that ``engine`` would be asked about. ``known`` are the tokens of answers that the
    page itself or the reader knows. ``then`` may be asked after it, for what is still in doubt."""

    engine: str
    windows: tuple[Window, ...]
    known: Mapping[str, int | None]
    then: str = ""


class Tried(Struct, frozen=True):
    """What came of one page of the sample, at ``number`` in it; ``size`` is that of its record,
    ``asking`` the processor's seconds of what a run does beside its workers: prompts."""

    number: int
    done: Done
    size: int
    asked: Questioned | None = None
    asking: float = 0.0

    @property
    def work(self) -> float:
        """The processor's seconds of all that a run does for the page."""
        return self.done.figures.cpu + self.asking


class Trial(PageWork):
    """What a worker does with one page of a sample: all that a run does, but for engines."""

    def __init__(self, work: PageWork) -> None:
        super().__init__(work.settings, captured=work.captured, form=work.form, asks=work.asks)
        self._voices: dict[str, Voice] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_voices": None}

    @property
    def voices(self) -> dict[str, Voice]:
        """The engines that may be asked, none of them connected to."""
        if self._voices is None:
            self._voices = voices_of(self.settings, self.pipeline.schema)
        return self._voices

    def load_all(self) -> None:
        """Load what the first page would wait for."""
        super().load_all()
        if self.asks:
            for voice in self.voices.values():
                voice.tokens.count("Load the vocabulary.")

    def tried(self, entry: Input) -> Tried:
        """One page; ``entry.seq`` is its number in the sample."""
        begun = process_time()
        size, done = self.read(entry)
        spent, asking = process_time() - begun, 0.0
        asked: Questioned | None = None
        if done.waiting is not None:
            asked = self._asked(done.waiting)
            asking = process_time() - begun - spent
            done = self._without_engine(done, done.waiting)
        written = len(done.line) + 1 if done.line is not None else 0
        told = Done(done.seq, done.locator, done.outcome, done.code, figures=done.figures)
        return Tried(entry.seq, told.read_in(size, spent), written, asked, asking)

    def lost_one(self, entry: Input, loss: Loss) -> Tried:
        """A page whose worker was killed or died."""
        done = self.lost(entry, loss)
        return Tried(entry.seq, done, len(done.line or b"") + 1)

    def _asked(self, waiting: Waiting) -> Questioned | None:
        """What would be asked about a page, of the engine that comes first."""
        page, policy = waiting.page, self.help.policy
        result = settled(page, waiting.heard, self.pipeline.rules)
        wanted = questions(result, self.help)
        voices, sheet = self.voices, sheet_of(page)
        if not voices:
            return None
        first = next(iter(voices.values()))
        over = first.over(sheet, wanted, policy.threshold)
        choices, _ = route([one.info for one in voices.values()], policy, over=over)
        names = [one.engine for one in choices if not one.after_failure]
        if not names:
            return None
        voice = voices[names[0]]
        composed = voice.compose(page, wanted, sheet)
        windows = tuple(
            Window(one.tokens, one.prompt.max_tokens, one.questions) for one in composed.asked
        )
        known = {
            one.name: known_tokens(one, page, waiting.heard.candidates, voice.tokens)
            for window in windows[:1]
            for one in window.questions
        }
        return Questioned(names[0], windows, known, names[1] if len(names) > 1 else "")

    def _without_engine(self, done: Done, waiting: Waiting) -> Done:
        """The record of a page as it is before any engine has answered."""
        stages = Stages(seconds=dict(waiting.seconds))
        result = settled(waiting.page, waiting.heard, self.pipeline.rules)
        result = conclude(result, waiting.page, self.pipeline, stages)
        record = record_of(result, waiting.source, waiting.seq, self.pipeline, stages)
        return self.done(done.seq, done.locator, record)


def voices_of(settings: Settings, schema: Any) -> dict[str, Voice]:
    """How the engines that may be asked are spoken to, in the form that such engines mostly prove;
    another one changes no count of tokens."""
    notices: list[Notice] = []
    tables = allowed_engines(declared_engines(settings, os.environ), settings, notices)
    help_, policy = help_of(settings, schema), policy_of(settings)
    voices = {}
    for one in priced_engines(tables, settings):
        info = EngineInfo(
            name=one.name,
            kind=one.kind,
            model=one.model,
            window=one.window,
            forms=("grounded",) if one.kind in ("vllm", "replay") else ("json_schema",),
            local=one.name != policy.cloud or bool(one.local),
            price=one.price,
            concurrency=one.concurrency or vendor(one.vendor).concurrency,
        )
        voices[one.name] = voice_of(info, tokens_named(one.tokenizer), policy, help_.extras)
    return voices


class Try:
    """`Trial.tried` as what a worker applies to each input."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def load_all(self) -> None:
        """Load what the first page would wait for."""
        self.trial.load_all()

    def __call__(self, entry: Input) -> Tried:
        """One page of the sample."""
        return self.trial.tried(entry)
