"""The ladder of producers: the page's own data, the reader, then engines for what is in doubt.

``climb`` is a generator and does no I/O: it yields a ``Call`` for each prompt that an engine has
to complete, receives the ``Completion``, and returns the ``Extraction``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace

from msgspec import Struct, field

from rolecall.core import (
    Attempt,
    Candidate,
    Completion,
    Extraction,
    Page,
    Problem,
    Prompt,
    Reason,
    Route,
)
from rolecall.schema.posting import REQUIRED, UNITS
from rolecall.settle import DEFAULT_RULES, Rules, doubtful, settle

Producer = Callable[[Page], Sequence[Candidate]]
Verdict = Callable[[Page, Sequence[Candidate]], Reason | None]


class Call(Struct, frozen=True, kw_only=True):
    """A prompt that ``engine`` is asked to complete."""

    engine: str
    prompt: Prompt


class Rung(Struct, frozen=True, kw_only=True):
    """An engine as the ladder sees it: how it is asked for units, and what its answer proposes."""

    engine: str
    ask: Callable[[Page, tuple[str, ...]], Prompt]
    answer: Callable[[Page, Completion], Sequence[Candidate]]


class Policy(Struct, frozen=True, kw_only=True):
    """When an engine is asked: for a value less sure than ``doubt`` and for the units ``missing``.

    ``rules`` are the tables of settling.
    """

    doubt: float = 0.5
    missing: frozenset[str] = frozenset(REQUIRED)
    rules: Rules = field(default_factory=lambda: DEFAULT_RULES)


DEFAULT_POLICY = Policy()


def climb(
    page: Page,
    *,
    producers: Mapping[str, Producer],
    engines: Sequence[Rung] = (),
    policy: Policy = DEFAULT_POLICY,
    verdict: Verdict | None = None,
) -> Generator[Call, Completion, Extraction]:
    """Climb from the cheapest producer as far as the page needs it.

    All ``producers`` are heard, in order. If ``verdict`` then names a reason, the page is not a
    posting and no engine is asked. Each engine is asked once, only for what ``wanted`` names.
    """
    candidates: list[Candidate] = []
    for produce in producers.values():
        candidates += produce(page)
    taken, reasons, attempts = list(producers), [], list[Attempt]()
    spoken = verdict(page, candidates) if verdict is not None else None
    result = settle(page, candidates, verdict=spoken, rules=policy.rules)
    if spoken is not None:
        return replace(result, route=Route(producers=tuple(taken), reasons=(spoken.code,)))
    cut: list[Problem] = []
    last = None
    for rung in engines:
        units = wanted(result, policy)
        if not units:
            break
        completion = yield Call(engine=rung.engine, prompt=rung.ask(page, units))
        candidates += rung.answer(page, completion)
        taken.append(rung.engine)
        reasons.append(f"{rung.engine} was asked for {', '.join(units)}")
        last = rung.engine
        attempts.append(_attempt(rung.engine, completion))
        if completion.finish_reason == "length":
            message = f"the answer of {rung.engine} was cut at its budget"
            cut.append(Problem(pointer="", kind="truncated", message=message))
        result = settle(page, candidates, rules=policy.rules)
    return replace(
        result,
        problems=(*result.problems, *cut),
        attempts=tuple(attempts),
        route=Route(producers=tuple(taken), engine=last, reasons=tuple(reasons)),
    )


def wanted(extraction: Extraction, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
    """The units an engine should be asked for, in the order of the schema."""
    data = extraction.data or {}
    empty = {
        unit
        for unit, names in UNITS.items()
        if unit in policy.missing and all(data.get(name) is None for name in names)
    }
    unsure = set(doubtful(extraction, below=policy.doubt))
    return tuple(unit for unit in UNITS if unit in empty or unit in unsure)


def finish(climbing: Generator[Call, Completion, Extraction]) -> Extraction:
    """Run a ladder that has no engines to its end."""
    try:
        next(climbing)
    except StopIteration as stop:
        result: Extraction = stop.value
        return result
    raise RuntimeError("the ladder asks an engine; drive it with a pipeline that has engines")


def _attempt(engine: str, completion: Completion) -> Attempt:
    return Attempt(
        engine=engine,
        model=completion.model,
        result=completion.finish_reason,
        usage=completion.usage,
        seconds=completion.seconds,
    )
