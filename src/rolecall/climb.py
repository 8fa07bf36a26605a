"""The ladder with engines: after the page's own data and the reader, models for what is in doubt.

``climb`` is a generator and does no I/O: it yields a ``Call`` for each prompt that an engine has
to complete, receives the ``Completion`` (or has the error thrown in), and returns the
``Extraction``.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct, field, structs

from rolecall.ask.answer import Answers
from rolecall.ask.compose import Asked, Voice
from rolecall.ask.merge import merge, merge_extras
from rolecall.ask.questions import POSTING, Question
from rolecall.ask.render import sheet_of
from rolecall.core import (
    Attempt,
    Candidate,
    Completion,
    EngineInfo,
    Extra,
    Extraction,
    Notice,
    Page,
    Problem,
    Route,
)
from rolecall.errors import BudgetError, DatabaseError, EngineError
from rolecall.ladder import Heard, settled
from rolecall.route import DEFAULT_POLICY, Policy, route, wanted
from rolecall.settle import DEFAULT_RULES, Rules, settle


class Call(Struct, frozen=True, kw_only=True):
    """A prompt that ``engine`` is asked to complete. ``tokens`` are those of its messages."""

    engine: str
    asked: Asked

    @property
    def tokens(self) -> int:
        """Tokens of the messages."""
        return self.asked.tokens


class Help(Struct, frozen=True, kw_only=True):
    """The engines that may be asked, when and for what.

    ``units`` are those that somebody wants; ``extras`` are questions for fields of the user's
    schema that no unit fills. With ``keep``, a page of which the engines have failed keeps what was
    found without them. Where engines are ``alone``, nobody has said anything before, and that
    nothing was heard of a page does not say that it is no posting. A page ``waits`` for an engine
    that is gone and comes back, where no other one can stand in.
    """

    voices: Mapping[str, Voice] = field(default_factory=dict)
    policy: Policy = DEFAULT_POLICY
    units: frozenset[str] = frozenset(POSTING)
    extras: tuple[Question, ...] = ()
    keep: bool = False
    alone: bool = False
    waits: bool = True


Failure = EngineError | BudgetError | DatabaseError
"""What ends the asking of one engine; a database out of reach stops only what is paid."""

EVERYTHING = 2.0
"""A doubt by which every unit is asked for."""
NO_HELP = Help()
NOTHING_TO_ASK = "nothing is missing or in doubt"


def for_all(help_: Help) -> Help:
    """The help of engines that are asked for everything, alone."""
    policy = structs.replace(help_.policy, doubt=EVERYTHING, null_doubt=EVERYTHING)
    return structs.replace(help_, policy=policy, units=help_.units | {"title"}, alone=True)


def climb(
    page: Page, heard: Heard, *, help_: Help = NO_HELP, rules: Rules = DEFAULT_RULES
) -> Generator[Call, Completion, Extraction]:
    """Settle what was heard, and ask engines for what is missing or in doubt, as far as needed.

    A page that is no posting is not sent to any engine. When every engine that was asked has
    failed, the last error is raised with all attempts, unless ``help_.keep``.
    """
    result = settled(page, heard, rules)
    if not _worth_asking(result, help_) or not help_.voices:
        return result
    climbing = _Climb(page, heard, help_, rules, result)
    yield from climbing.run()
    return climbing.extraction()


def questions(result: Extraction, help_: Help, known: Collection[str] = ()) -> tuple[Question, ...]:
    """What engines should be asked about a page: units, then the user's own fields.

    ``known`` are pointers of fields that were answered. A page that is no posting is not asked
    about.
    """
    if not _worth_asking(result, help_):
        return ()
    units = [unit for unit in wanted(result, help_.policy) if unit in help_.units]
    extras = (one for one in help_.extras if one.field and one.field.pointer not in known)
    return (*(POSTING[unit] for unit in units), *extras)


def _worth_asking(result: Extraction, help_: Help) -> bool:
    return result.outcome != "not_a_posting" or help_.alone


class _Climb:
    """The state of one page on its way up."""

    def __init__(
        self, page: Page, heard: Heard, help_: Help, rules: Rules, result: Extraction
    ) -> None:
        self.page, self.help, self.rules, self.result = page, help_, rules, result
        self.sheet = sheet_of(page)
        self.candidates = list(heard.candidates)
        self.taken = list(heard.producers)
        self.extras: list[Extra] = []
        self.problems: list[Problem] = []
        self.notices: list[Notice] = []
        self.attempts: list[Attempt] = []
        self.reasons: list[str] = []
        self.failure: Failure | None = None
        self.answered = False
        self.engine: str | None = None
        self.form: str | None = None
        self.tokens: int | None = None

    def questions(self) -> tuple[Question, ...]:
        """What is still to be asked."""
        return questions(self.result, self.help, {one.pointer for one in self.extras})

    def run(self) -> Generator[Call, Completion, None]:
        """Ask engine after engine, until nothing is left to ask."""
        asked = self.questions()
        if not asked:
            self.reasons.append(NOTHING_TO_ASK)
            return
        voices = self.help.voices
        first = next(iter(voices.values()))
        over = first.over(self.sheet, asked, self.help.policy.threshold)
        infos = [voice.info for voice in voices.values()]
        choices, left = route(infos, self.help.policy, over=over)
        self.reasons += left
        for choice in choices:
            if choice.after_failure and (self.failure is None or self.answered):
                continue
            asked = self.questions()
            if not asked:
                break
            names = ", ".join(one.name for one in asked)
            self.reasons.append(f"{choice.engine} was asked for {names}: {choice.why}")
            try:
                yield from self.ask(voices[choice.engine], asked)
                self.answered = True
            except (EngineError, BudgetError, DatabaseError) as error:
                self.attempts += getattr(error, "failed", ())
                self.reasons.append(f"{choice.engine} failed: {error.code}")
                self.failure = error

    def ask(self, voice: Voice, asked: Sequence[Question]) -> Generator[Call, Completion, None]:
        """Ask one engine, window by window, and settle anew."""
        composed = voice.compose(self.page, asked, self.sheet)
        self.notices += composed.notices
        found: list[Candidate] = []
        extras: list[Extra] = []
        try:
            for one in composed.asked:
                answers, completion = yield from self.complete(voice, one)
                found += answers.candidates
                extras += answers.extras
                problems = answers.problems
                if answers.again and self.may_ask_again(one, completion):
                    once_more = voice.again(self.page, one, answers.again)
                    if once_more.prompt == one.prompt:  # the same answer would come again
                        self.problems += problems
                        continue
                    answers, _ = yield from self.complete(voice, once_more)
                    found += answers.candidates
                    extras += answers.extras
                    problems = (*(p for p in problems if p.kind != "ungrounded"), *answers.problems)
                self.problems += problems
        finally:
            self.candidates += merge(self.page, found)
            long = {one.field.pointer for one in asked if one.field and one.kind == "ranges"}
            self.extras += merge_extras(self.page, extras, long)
            self.result = settle(self.page, self.candidates, rules=self.rules)

    def complete(
        self, voice: Voice, asked: Asked
    ) -> Generator[Call, Completion, tuple[Answers, Completion]]:
        """One call: what came back, read and booked."""
        completion = yield Call(engine=voice.info.name, asked=asked)
        self.attempts += [*completion.failed, attempt_of(voice.info, completion)]
        self.engine, self.form = voice.info.name, asked.prompt.form
        self.tokens = max(self.tokens or 0, asked.whole)
        if voice.info.name not in self.taken:
            self.taken.append(voice.info.name)
        if completion.finish_reason == "length":
            message = f"the answer of {voice.info.name} was cut at its budget"
            self.problems.append(Problem(pointer="", kind="truncated", message=message))
        if completion.finish_reason == "refusal":
            self.reasons.append(f"{voice.info.name} refused to answer")
            return Answers(), completion
        named = replace(completion, engine=voice.info.name)
        return asked.read(self.page, named), completion

    def may_ask_again(self, asked: Asked, completion: Completion) -> bool:
        """Whether a second try could give more: not where quotes were held to the page already."""
        return completion.finish_reason == "stop" and asked.prompt.form != "grounded"

    def extraction(self) -> Extraction:
        """The result, with everything that was tried."""
        if self.failure is not None and not self.answered:
            if not self.help.keep:
                raise self.raised(self.failure)
            told = f"went on without an engine: {self.failure}"
            self.notices.append(Notice(code=self.failure.code, message=told))
        return replace(
            self.result,
            problems=tuple(dict.fromkeys((*self.result.problems, *self.problems))),
            warnings=(*self.result.warnings, *self.notices),
            attempts=tuple(self.attempts),
            extras=tuple(self.extras),
            route=self.route(),
        )

    def route(self) -> Route:
        """The way that was taken."""
        return Route(
            producers=tuple(self.taken),
            engine=self.engine,
            answer_form=self.form,
            tokens=self.tokens,
            reasons=tuple(self.reasons),
        )

    def raised(self, error: Failure) -> Failure:
        """The error with the whole way on it, for the record of the failed page."""
        error.attempts, error.route = tuple(self.attempts), self.route()
        return error


def attempt_of(info: EngineInfo, completion: Completion) -> Attempt:
    """What a record says of a call that was answered by the engine of ``info``."""
    price = info.price
    paid = price.cost(completion.usage) if price is not None and not completion.cached else 0.0
    return Attempt(
        engine=info.name,
        model=completion.model or info.model,
        result=completion.finish_reason,
        usage=completion.usage,
        cost_usd=round(paid, 9),
        seconds=completion.seconds,
        cached=completion.cached,
    )
