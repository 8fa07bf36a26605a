import json

import pytest
from tests.ask.pages import page

from rolecall.ask.compose import Voice
from rolecall.ask.questions import POSTING, extra_questions
from rolecall.ask.tokens import qwen
from rolecall.climb import Help, climb, for_all, questions
from rolecall.core import Attempt, Completion, EngineInfo, Price, Reason, Usage
from rolecall.errors import BudgetError, DatabaseError, EngineError
from rolecall.ladder import Heard, settled
from rolecall.pipeline import prepare
from rolecall.route import Policy
from rolecall.schema.schema import Schema

PAGE = page()


def heard(*, without=()):
    """A page of which all but some units are known for sure."""
    found = [c for c in prepare().producers["reader"](PAGE) if c.unit not in without]
    return Heard(candidates=tuple(found), producers=("reader",))


def voice(name="small", *, form="grounded", local=True, price=None, forms=None, most=8_192):
    info = EngineInfo(
        name=name, kind="replay", model="m", window=32_768, local=local, price=price,
        forms=forms or (form,),
    )  # fmt: skip
    return Voice(info=info, tokens=qwen(), form=form, most=most)


def help_of(*voices, **more):
    policy = Policy(**{"null_doubt": 0.0, "doubt": 0.0} | more.pop("policy", {}))
    return Help(voices={one.info.name: one for one in voices}, policy=policy, **more)


def drive(climbing, *answers):
    """Answer each call in turn, an error by throwing it; return the calls and the result."""
    calls, rest = [], iter(answers)
    try:
        call = next(climbing)
        while True:
            calls.append(call)
            answer = next(rest)
            if isinstance(answer, Exception):
                call = climbing.throw(answer)
            else:
                if not isinstance(answer, Completion):
                    answer = Completion(text=json.dumps(answer), finish_reason="stop")
                call = climbing.send(answer)
    except StopIteration as stop:
        return calls, stop.value


def asked(call):
    return [one.name for one in call.asked.questions]


def test_an_engine_is_asked_for_what_is_missing_only():
    help_ = help_of(voice())
    usage = Completion(
        text='{"company":"Crumb & Sons"}', finish_reason="stop", usage=Usage(output_tokens=3)
    )
    calls, result = drive(climb(PAGE, heard(without=("company",)), help_=help_), usage)
    assert [asked(call) for call in calls] == [["company"]]
    assert result.outcome == "ok"
    assert result.data["company"] == "Crumb & Sons"
    evidence = result.evidence["/company"]
    assert (evidence.origin, evidence.match) == ("small", "exact")
    assert [(a.engine, a.result, a.usage.output_tokens) for a in result.attempts] == [
        ("small", "stop", 3)
    ]
    assert result.route.engine == "small"
    assert result.route.answer_form == "grounded"
    assert result.route.producers == ("reader", "small")
    assert "company" in result.route.reasons[0]


def test_nothing_is_asked_of_a_sure_page_or_of_one_that_is_no_posting():
    calls, result = drive(climb(PAGE, heard(), help_=help_of(voice())))
    assert calls == []
    assert result.route.reasons == ("nothing is missing or in doubt",)
    reason = Reason(code="login_wall", stage="verdict", message="sign in")
    calls, result = drive(
        climb(
            PAGE,
            Heard(candidates=(), producers=("reader",), verdict=reason),
            help_=help_of(voice()),
        )
    )
    assert (calls, result.outcome) == ([], "not_a_posting")


def test_an_engine_alone_is_asked_for_everything_of_a_page_of_which_nothing_was_heard():
    nothing = Heard(candidates=(), producers=())
    help_ = for_all(help_of(voice(), units=frozenset({"company"})))
    calls, result = drive(
        climb(PAGE, nothing, help_=help_), {"title": "Baker", "company": "Crumb & Sons"}
    )
    assert asked(calls[0]) == ["title", "company"]  # by a title a page is told to be a posting
    assert (result.outcome, result.data["title"]) == ("partial", "Baker")
    assert {one.origin for one in result.evidence.values()} <= {"small", "reader"}
    calls, result = drive(climb(PAGE, nothing, help_=for_all(help_of(voice()))), {})
    assert len(asked(calls[0])) == len(POSTING)
    assert result.outcome == "not_a_posting"
    calls, _ = drive(climb(PAGE, nothing, help_=help_of(voice())))
    assert calls == []


def test_the_next_engine_is_asked_for_what_the_first_did_not_find():
    help_ = help_of(voice("small"), voice("large"))
    cut = Completion(text='{"comp', finish_reason="length")
    calls, result = drive(
        climb(PAGE, heard(without=("company",)), help_=help_), cut, {"company": "Crumb & Sons"}
    )
    assert [call.engine for call in calls] == ["small", "large"]
    assert [attempt.result for attempt in result.attempts] == ["length", "stop"]
    assert "truncated" in {problem.kind for problem in result.problems}
    assert result.outcome == "ok"


def test_a_failed_engine_fails_the_page_with_every_attempt():
    failed = Attempt(engine="small", model="m", result="http_503")
    error = EngineError("down", code="rate_limited", retry_at="2026-12-01T00:00:00Z",
                        failed=(failed,))  # fmt: skip
    climbing = climb(PAGE, heard(without=("company",)), help_=help_of(voice()))
    with pytest.raises(EngineError) as told:
        drive(climbing, error)
    assert told.value.attempts == (failed,)
    assert told.value.retry_at == "2026-12-01T00:00:00Z"
    assert "small failed: rate_limited" in told.value.route.reasons


def test_what_was_found_without_an_engine_is_kept_where_the_user_says_so():
    climbing = climb(PAGE, heard(without=("company",)), help_=help_of(voice(), keep=True))
    _, result = drive(climbing, EngineError("down"))
    assert (result.outcome, result.data["title"]) == ("partial", "Baker")
    assert "engine_unavailable" in {notice.code for notice in result.warnings}


def test_the_cloud_stands_in_for_a_failed_engine_only_if_the_policy_lets_it():
    far = voice("far", local=False, price=Price(input=1, cached=1, output=1))
    start = heard(without=("company",))
    with pytest.raises(EngineError):
        drive(climb(PAGE, start, help_=help_of(voice(), far)), EngineError("down"))
    policy = {"privacy": "cloud-over-threshold", "cloud": "far"}
    calls, result = drive(
        climb(PAGE, start, help_=help_of(voice(), far, policy=policy)),
        EngineError("down"),
        {"company": "Crumb & Sons"},
    )
    assert [call.engine for call in calls] == ["small", "far"]
    assert result.outcome == "ok"
    assert any("failed" in reason for reason in result.route.reasons)


def test_a_page_over_the_threshold_goes_to_the_cloud_in_one_piece():
    far = voice("far", local=False, most=30_000)
    policy = {"privacy": "cloud-over-threshold", "cloud": "far", "threshold": 400}
    calls, result = drive(
        climb(
            PAGE, heard(without=("company",)), help_=help_of(voice(most=400), far, policy=policy)
        ),
        {"company": "Crumb & Sons"},
    )
    assert [call.engine for call in calls] == ["far"]
    assert "over the threshold of 400 tokens" in result.route.reasons[0]


def test_a_budget_at_its_cap_is_the_pages_reason():
    climbing = climb(PAGE, heard(without=("company",)), help_=help_of(voice()))
    with pytest.raises(BudgetError):
        drive(climbing, BudgetError("the month's cap is used up"))


def test_quotes_that_the_page_does_not_show_are_asked_for_once_more():
    loose = voice(form="json_schema", forms=("grounded", "json_schema"))
    calls, result = drive(
        climb(PAGE, heard(without=("company", "title")), help_=help_of(loose)),
        {"title": "Baker", "company": "Crumb Incorporated"},
        {"company": "Crumb & Sons"},
    )
    assert [asked(call) for call in calls] == [["title", "company"], ["company"]]
    assert [call.asked.prompt.form for call in calls] == ["json_schema", "grounded"]
    assert result.outcome == "ok"
    assert "ungrounded" not in {problem.kind for problem in result.problems}


def test_a_refusal_gives_nothing():
    refused = Completion(text="I cannot", finish_reason="refusal")
    _, result = drive(climb(PAGE, heard(without=("company",)), help_=help_of(voice())), refused)
    assert result.outcome == "partial"
    assert "small refused to answer" in result.route.reasons


def test_units_that_nobody_wants_are_not_asked_for():
    help_ = help_of(voice(), units=frozenset({"title"}))
    assert questions(settled(PAGE, heard(without=("company",))), help_) == ()


def test_windows_of_a_long_page_meet_in_one_result():
    body = "".join(f"<li>Part {n}: {'many words ' * 40}</li>" for n in range(60))
    one = page(f"<h1>Baker</h1><p>Crumb Ltd, Bath</p><h2>We ask</h2><ul>{body}</ul>")
    found = tuple(prepare().producers["reader"](one))
    help_ = Help(
        voices={"small": voice(most=4_096)},
        policy=Policy(threshold=4_096, doubt=1.0),
        units=frozenset({"title"}),
    )
    climbing = climb(one, Heard(candidates=found, producers=("reader",)), help_=help_)
    calls = [next(climbing)]
    answer = Completion(text='{"title":"Baker"}', finish_reason="stop")
    result = None
    while result is None:
        try:
            calls.append(climbing.send(answer))
        except StopIteration as stop:
            result = stop.value
    assert len(calls) > 1
    assert all(call.asked.whole <= 4_096 for call in calls)
    assert len(result.attempts) == len(calls)
    assert result.data["title"] == "Baker"


def test_a_stand_in_is_not_asked_where_another_engine_has_answered():
    far = voice("far", local=False, price=Price(input=1, cached=1, output=1))
    policy = {"privacy": "cloud-over-threshold", "cloud": "far"}
    calls, result = drive(
        climb(
            PAGE,
            heard(without=("company",)),
            help_=help_of(voice("one"), voice("two"), far, policy=policy),
        ),
        EngineError("down"),
        {},
    )
    assert [call.engine for call in calls] == ["one", "two"]
    assert result.outcome == "partial"


def test_the_same_prompt_is_not_sent_twice_to_one_engine():
    calls, result = drive(
        climb(PAGE, heard(without=("company",)), help_=help_of(voice(form="json_schema"))),
        {"company": "Crumb Incorporated"},
    )
    assert len(calls) == 1
    assert "ungrounded" in {problem.kind for problem in result.problems}


def test_a_long_text_of_ones_own_is_joined_over_windows():
    schema = Schema.from_json(
        {
            "type": "object",
            "properties": {"story": {"type": "string", "x-rolecall": {"long": True}}},
        }
    )
    extras, _ = extra_questions(schema.unlinked)
    lines = "".join(f"<p>Story {n} of {'many words ' * 12}end.</p>" for n in range(60))
    long = page(f"<h1>Baker</h1><p>Crumb Ltd</p>{lines}")
    small = voice(most=1_600)
    found = Heard(candidates=tuple(prepare().producers["reader"](long)), producers=("reader",))
    climbing = climb(long, found, help_=help_of(small, units=frozenset(), extras=extras))
    calls, result = drive(climbing, *[{"story": [[1, 99]]}] * 8)
    assert len(calls) > 1
    (story,) = result.extras
    assert "Story 0 " in story.value
    assert "Story 59 " in story.value
    assert long.text[story.spans[0].start : story.spans[0].end] == story.quotes[0]


def test_a_database_out_of_reach_lets_a_local_engine_stand_in():
    far = voice("far", local=False, most=30_000, price=Price(input=1, cached=1, output=1))
    policy = {"privacy": "cloud-over-threshold", "cloud": "far", "threshold": 400}
    calls, result = drive(
        climb(
            PAGE, heard(without=("company",)), help_=help_of(voice(most=2_000), far, policy=policy)
        ),
        DatabaseError("the database is kept locked"),
        {"company": "Crumb & Sons"},
    )
    assert [call.engine for call in calls] == ["far", "small"]
    assert result.outcome == "ok"
