import pytest

from rolecall.core import Candidate, Completion, Page, Prompt, Reason, Span, Usage
from rolecall.ladder import Call, Policy, Rung, climb, finish, wanted

TEXT = "Baker\nCrumb\nWe bake bread.\nRye"
PAGE = Page(source_id="0", url=None, text=TEXT, blocks=())


def read(unit, quote, confidence=0.9, origin="reader"):
    start = TEXT.index(quote)
    return Candidate(
        unit=unit,
        value=quote,
        quotes=(quote,),
        spans=(Span(start, start + len(quote)),),
        origin=origin,
        confidence=confidence,
    )


TITLE, COMPANY, BODY = (
    read("title", "Baker"),
    read("company", "Crumb"),
    read("description", "We bake bread."),
)


def scripted(name, *candidates):
    """An engine that is asked in words and answers with fixed candidates."""
    return Rung(
        engine=name,
        ask=lambda page, units: Prompt(messages=(("user", ", ".join(units)),)),
        answer=lambda page, completion: candidates,
    )


def drive(climbing, *completions):
    """Answer each call in turn; return the calls and the result."""
    calls, answers = [], iter(completions)
    try:
        call = next(climbing)
        while True:
            calls.append(call)
            call = climbing.send(next(answers))
    except StopIteration as stop:
        return calls, stop.value


def test_producers_are_heard_in_order_and_no_engine_is_needed():
    producers = {"stated": lambda page: (COMPANY,), "reader": lambda page: (TITLE, BODY)}
    result = finish(climb(PAGE, producers=producers))
    assert result.outcome == "ok"
    assert result.route.producers == ("stated", "reader")
    assert result.attempts == ()


def test_a_verdict_ends_the_climb():
    reason = Reason(code="list_page", stage="verdict", message="many")
    heard = []
    result = finish(
        climb(
            PAGE,
            producers={"reader": lambda page: (TITLE, BODY)},
            engines=[scripted("small")],
            verdict=lambda page, candidates: heard.append(len(candidates)) or reason,
        )
    )
    assert (result.outcome, result.reason, heard) == ("not_a_posting", reason, [2])
    assert result.route.reasons == ("list_page",)


def test_an_engine_is_asked_for_what_is_missing_only():
    climbing = climb(
        PAGE,
        producers={"reader": lambda page: (TITLE, BODY)},
        engines=[scripted("small", read("company", "Crumb", origin="small")), scripted("large")],
    )
    answer = Completion(text="{}", finish_reason="stop", model="m", usage=Usage(output_tokens=3))
    calls, result = drive(climbing, answer)
    assert calls == [Call(engine="small", prompt=Prompt(messages=(("user", "company"),)))]
    assert result.outcome == "ok"
    assert result.evidence["/company"].origin == "small"
    assert [(a.engine, a.model, a.usage.output_tokens) for a in result.attempts] == [
        ("small", "m", 3)
    ]
    assert result.route.producers == ("reader", "small")
    assert result.route.engine == "small"


def test_the_next_engine_is_asked_when_the_first_did_not_help():
    climbing = climb(
        PAGE,
        producers={"reader": lambda page: (TITLE, BODY)},
        engines=[scripted("small"), scripted("large", COMPANY)],
    )
    cut = Completion(text="{", finish_reason="length")
    calls, result = drive(climbing, cut, Completion(text="{}", finish_reason="stop"))
    assert [call.engine for call in calls] == ["small", "large"]
    assert [attempt.result for attempt in result.attempts] == ["length", "stop"]
    assert [problem.kind for problem in result.problems] == ["truncated"]


def test_doubtful_values_are_asked_for_again():
    unsure = read("company", "Crumb", confidence=0.4)
    result = finish(climb(PAGE, producers={"reader": lambda page: (TITLE, unsure, BODY)}))
    assert wanted(result) == ("company",)
    assert wanted(result, Policy(doubt=0.3)) == ()
    assert wanted(result, Policy(doubt=0.3, missing=frozenset({"skills"}))) == ("skills",)


def test_contradicted_values_are_asked_for_again():
    other = Candidate(
        unit="company", value="Loaf Ltd", quotes=("Loaf Ltd",), origin="stated", pointer="j#/x"
    )
    result = finish(climb(PAGE, producers={"all": lambda page: (TITLE, COMPANY, BODY, other)}))
    assert wanted(result) == ("company",)


def test_a_ladder_with_engines_cannot_be_finished_without_them():
    with pytest.raises(RuntimeError, match="asks an engine"):
        finish(climb(PAGE, producers={}, engines=[scripted("small")]))
