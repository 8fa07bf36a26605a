"""What a run will ask of engines, from a sample of pages that nobody was asked about.

Prompts are composed and counted. Answers are guessed: those that the embedded reader knows as they
would be written, others as long as on other pages (see `rolecall.ask.lengths`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from rolecall.ask.lengths import Usual
from rolecall.batch.forecast_interval import NOTHING, Interval
from rolecall.batch.forecast_trial import Tried
from rolecall.batch.forecast_whole import Whole
from rolecall.core import Price, Usage

UNSURE_ANSWERS: Final = (0.4, 1.3)
"""How much shorter and longer answers may be, all together, than they are reckoned."""

USUAL_PROMPT: Final = 1_200.0
"""Tokens that are asked about a page where no page of the sample tells."""

USUAL_ANSWER: Final = 35.0
"""The same for an answer."""

WRITTEN: Final = Interval(0.0, 350.0, 1_000.0)
"""Bytes by which a call makes a record longer: that it was made, and what it found."""

Load = tuple[tuple[int, int, int], ...]
"""Prompt and answer tokens of requests, and how often they come."""


class Asking(Struct, frozen=True, kw_only=True):
    """What engines will be asked: figures as a forecast names them, the load of each engine in the
    sample, the bytes that it adds to the output, and what is to be said of them."""

    figures: dict[str, Interval] = {}
    loads: dict[str, Load] = {}
    written: Interval = NOTHING
    notes: tuple[str, ...] = ()


def asking_of(whole: Whole, prices: Mapping[str, Price | None]) -> Asking:
    """What the engines of ``prices`` will be asked, and what it costs."""
    if not prices:
        return Asking()
    pages = whole.total(lambda one: float(one.asked is not None), 1.0)
    figures = {"asked_pages": pages.within(0.0, whole.inputs.high)}
    loads: dict[str, Load] = {}
    notes: list[str] = []
    costs, answers = NOTHING, _answers(whole.tried)
    for name, price in prices.items():
        mine = {one.number for one in whole.tried if one.asked and one.asked.engine == name}
        later = {one.number for one in whole.tried if one.asked and one.asked.then == name}
        if not mine and not later and len(prices) > 1:
            continue  # it stands in where another fails
        calls, prompt, answer = _of_engine(whole, answers, mine, later)
        if later:
            notes.append(f"{name} is asked for what is still in doubt: from no page to every one")
        figures[f"engines.{name}.calls"] = calls
        figures[f"engines.{name}.input_tokens"] = prompt
        figures[f"engines.{name}.output_tokens"] = answer
        if price is not None:
            cost = _cost(price, prompt, answer)
            figures[f"engines.{name}.cost_usd"] = cost
            costs = costs + cost
        loads[name] = _load(whole.tried, mine, answers)
    if any(price is not None for price in prices.values()):
        figures["asked.cost_usd"] = costs
    return Asking(figures=figures, loads=loads, written=_longer(figures), notes=tuple(notes))


def _longer(figures: Mapping[str, Interval]) -> Interval:
    """Bytes that all calls add to the records."""
    calls = [told for name, told in figures.items() if name.endswith(".calls")]
    return Interval(
        sum(one.low for one in calls) * WRITTEN.low,
        sum(one.expected for one in calls) * WRITTEN.expected,
        sum(one.high for one in calls) * WRITTEN.high,
    )


def _of_engine(
    whole: Whole, answers: Mapping[int, list[int]], mine: set[int], later: set[int]
) -> tuple[Interval, Interval, Interval]:
    """Calls, prompt and answer tokens of one engine, which is asked about the pages ``mine`` and
    maybe about those of ``later``."""

    def answer_tokens(one: Tried) -> float:
        return sum(answers[one.number])

    found = []
    for value, usual in (
        (_calls, 1.0), (_prompt_tokens, USUAL_PROMPT), (answer_tokens, USUAL_ANSWER)
    ):  # fmt: skip
        told = whole.total(_only(value, mine), usual) if mine or not later else NOTHING
        if later:  # nobody knows which pages the first engine leaves in doubt
            more = whole.total(_only(value, later), 0.0)
            told = Interval(0.0, told.expected, told.high + more.high)
        found.append(told)
    calls, prompt, answer = found
    short, long = UNSURE_ANSWERS
    return calls, prompt, Interval(answer.low * short, answer.expected, answer.high * long)


def _only(value: Callable[[Tried], float], numbers: set[int]) -> Callable[[Tried], float]:
    """``value`` of these pages, and 0 of all others."""
    return lambda one: value(one) if one.number in numbers else 0.0


def _calls(one: Tried) -> float:
    return len(one.asked.windows) if one.asked else 0


def _prompt_tokens(one: Tried) -> float:
    return sum(window.tokens for window in one.asked.windows) if one.asked else 0


def _answers(tried: Sequence[Tried]) -> dict[int, list[int]]:
    """The tokens of each answer, of each page that is asked about."""
    usual = Usual()
    for one in tried:
        for name, counted in one.asked.known.items() if one.asked else ():
            if counted is not None:
                usual.learn(name, counted)
    return {
        one.number: [
            usual.answer(
                window.questions,
                one.asked.known,
                windows=len(one.asked.windows),
                most=window.most,
            )
            for window in one.asked.windows
        ]
        for one in tried
        if one.asked
    }


def _cost(price: Price, prompt: Interval, answer: Interval) -> Interval:
    """What tokens cost, none of them cached."""
    ends = (
        price.cost(Usage(input_tokens=round(asked), output_tokens=round(told)))
        for asked, told in zip(structs.astuple(prompt), structs.astuple(answer), strict=True)
    )
    return Interval(*ends)


def _load(
    tried: Sequence[Tried], mine: set[int], answers: Mapping[int, list[int]]
) -> tuple[tuple[int, int, int], ...]:
    """Prompt and answer tokens of the sample's requests, and how often they come."""
    found: dict[tuple[int, int], int] = defaultdict(int)
    for one in tried:
        if one.asked is not None and one.number in mine:
            for window, answer in zip(one.asked.windows, answers[one.number], strict=True):
                found[window.tokens, answer] += 1
    return tuple((prompt, answer, n) for (prompt, answer), n in sorted(found.items()))
