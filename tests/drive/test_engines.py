"""Engines at work: kept answers, budget, breaker, fail-over; on the replay engine."""

import asyncio
import json
import threading

import pytest

import rolecall
from rolecall.ask.compose import Asked
from rolecall.ask.render import Sheet
from rolecall.ask.tokens import count_messages, qwen
from rolecall.climb import NO_HELP, Call
from rolecall.core import Attempt, Completion, EngineInfo, Price, Prompt, Usage
from rolecall.drive.connect import connected, declared_engines, policy_of
from rolecall.drive.engines import FAILURES, PATIENCE, REST, Breaker, Engines, Purse
from rolecall.errors import BudgetError, DatabaseError, EngineError, SettingsError, UsageError
from rolecall.ledger.budget import Budget
from rolecall.ledger.database import open_database, usual_place
from rolecall.ledger.money import Caps
from rolecall.settings import Settings

PAGE = """<html lang=en><head><title>Baker</title></head><body><h1>Baker</h1>
<p>Bath, England. Full time.</p><h2>What you will do</h2><ul>
<li>Mix dough from four in the morning</li><li>Shape loaves for the shop, which opens at 8</li>
<li>Look after the ovens with two others</li></ul><h2>What we ask</h2><ul>
<li>Three years of baking</li><li>Care for rye</li></ul><h2>What we offer</h2><ul><li>Bread</li>
<li>25 days of leave</li></ul><p>Letters go to crumb, the bakery in Bath.</p></body></html>"""
"""A page on which the employer's name is hard to make out without a model."""

ANSWER = json.dumps({"company": "crumb"})
PRICE = Price(input=1_000.0, cached=1_000.0, output=1_000.0)


def engine(answers, name="small", *, local=True, price=None, tries=1):
    info = EngineInfo(
        name=name, kind="replay", model=f"{name}-model", local=local, price=price,
        forms=("grounded",), window=32_768,
    )  # fmt: skip
    made = rolecall.ReplayEngine(answers, info=info)
    made.tries = tries
    return made


def settings(tmp_path, **more):
    return Settings(data_folder=str(tmp_path), **more)


def extract(tmp_path, engines, **more):
    given = {one.info.name: one for one in engines}
    return rolecall.extract(PAGE, settings=settings(tmp_path, **more), engines=given)


def test_an_engine_fills_what_is_missing_with_its_evidence(tmp_path):
    result = extract(tmp_path, [engine(lambda prompt: ANSWER)])
    assert (result.outcome, result.data["company"]) == ("ok", "crumb")
    evidence = result.evidence["/company"]
    assert evidence.origin == "small"
    assert result.page.text[evidence.span.start : evidence.span.end] == evidence.quote == "crumb"


def test_the_same_question_is_asked_once(tmp_path):
    one = engine(lambda prompt: ANSWER)
    first, second = (extract(tmp_path, [one]) for _ in range(2))
    assert one.asked == 1
    assert [a.cached for a in (*first.attempts, *second.attempts)] == [False, True]
    assert first.data == second.data
    assert first.evidence == second.evidence
    extract(tmp_path, [one], cache=False)
    assert one.asked == 2


def test_a_cut_answer_is_not_kept(tmp_path):
    one = engine(lambda prompt: Completion(text='{"comp', finish_reason="length"))
    for _ in range(2):
        extract(tmp_path, [one])
    assert one.asked == 2


def test_a_paid_call_is_settled_at_what_it_cost(tmp_path):
    usage = Usage(input_tokens=100, output_tokens=10)
    answer = Completion(text=ANSWER, finish_reason="stop", usage=usage)
    far = engine(lambda prompt: answer, "far", local=False, price=PRICE)
    result = extract(
        tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far", budget_month=1_000.0
    )
    assert result.attempts[0].cost_usd == pytest.approx(0.11)
    assert spent(tmp_path) == pytest.approx(0.11)


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=100), Usage(output_tokens=9)])
def test_an_answer_whose_tokens_are_not_told_is_paid_at_its_worst(tmp_path, usage):
    answer = Completion(text=ANSWER, finish_reason="stop", usage=usage)
    far = engine(lambda prompt: answer, "far", local=False, price=PRICE)
    result = extract(
        tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far", budget_month=1_000.0
    )
    assert result.outcome == "ok"
    assert spent(tmp_path) > 0.3


def test_failed_tries_of_a_paid_call_count(tmp_path):
    lost = Attempt(engine="far", model="m", result="timeout")
    free = Attempt(engine="far", model="m", result="http_503")
    answer = Completion(text=ANSWER, finish_reason="stop", failed=(lost, free))
    far = engine(lambda prompt: answer, "far", local=False, price=PRICE, tries=3)
    extract(tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far", budget_month=1_000.0)
    assert spent(tmp_path) > 0.3  # the prompt of the try that was lost


def test_at_the_cap_no_call_is_made_and_the_page_says_so(tmp_path):
    far = engine(lambda prompt: ANSWER, "far", local=False, price=PRICE)
    result = extract(
        tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far", budget_month=0.01
    )
    assert far.asked == 0
    assert (result.outcome, result.reason.code) == ("failed", "budget_exceeded")
    assert spent(tmp_path) == 0


def test_a_paid_engine_without_a_price_is_refused(tmp_path):
    far = engine(lambda prompt: ANSWER, "far", local=False)
    with pytest.raises(SettingsError, match="price"):
        extract(tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far")


def spent(tmp_path):
    with open_database(usual_place(str(tmp_path), {}), {}) as database:
        return Budget(database, Caps(None, None, None)).spent().month_usd


def test_an_error_is_the_pages_reason_with_every_try(tmp_path):
    def down(prompt):
        tried = Attempt(engine="small", model="m", result="http_503")
        raise EngineError("down", code="rate_limited", retry_at="2026-12-01T00:00:00Z",
                          failed=(tried,))  # fmt: skip

    result = extract(tmp_path, [engine(down)])
    assert (result.outcome, result.reason.code) == ("failed", "rate_limited")
    assert result.reason.retry_at == "2026-12-01T00:00:00Z"
    assert [one.result for one in result.attempts] == ["http_503"]
    record = rolecall.to_record(result, source=rolecall.Source(body=b""), seq=0, config="")
    assert record["reason"]["retry_at"] == "2026-12-01T00:00:00Z"
    kept = extract(tmp_path, [engine(down)], engine_failure="keep")
    assert (kept.outcome, kept.data["title"]) == ("ok", "Baker")
    assert "rate_limited" in {notice.code for notice in kept.warnings}


def test_the_cloud_stands_in_when_the_policy_lets_it(tmp_path):
    def down(prompt):
        raise EngineError("down")

    far = engine(lambda prompt: ANSWER, "far", local=False, price=PRICE)
    more = {"policy": "cloud-over-threshold", "cloud_engine": "far", "budget_month": 1_000.0}
    result = extract(tmp_path, [engine(down), far], **more)
    assert (result.outcome, result.route.engine) == ("ok", "far")
    local = extract(tmp_path, [engine(down), far])
    assert (local.outcome, far.asked) == ("failed", 1)


def test_a_failing_engine_is_left_alone_for_a_while():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        breaker.check("small")
        breaker.note(failed=True)
    with pytest.raises(EngineError, match="in a row"):
        breaker.check("small")
    now[0] = REST + 1
    breaker.check("small")  # one may try
    with pytest.raises(EngineError):
        breaker.check("small")
    breaker.note(failed=False)
    breaker.check("small")


def test_calls_wait_for_an_engine_that_rests_but_not_for_one_that_has_gone():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        assert breaker.wait() == 0
        breaker.note(failed=True)
    assert breaker.wait() == REST
    now[0] = REST
    assert breaker.wait() == 0
    breaker.check("small")
    assert breaker.wait() == REST  # the others, while one tries
    now[0] = PATIENCE + 1
    breaker.note(failed=True)
    assert breaker.wait() == 0


def test_many_pages_are_under_way_at_once(tmp_path):
    inside, most = [0], [0]

    class Slow(rolecall.ReplayEngine):
        async def complete(self, prompt):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            inside[0] -= 1
            return await super().complete(prompt)

    one = Slow(lambda prompt: ANSWER, info=engine([]).info)

    async def many():
        pages = [PAGE.replace("four", f"{n} o'clock") for n in range(20)]
        chosen = settings(tmp_path, cache=False)
        given = {"small": one}
        return await asyncio.gather(
            *(rolecall.aextract(page, settings=chosen, engines=given) for page in pages)
        )

    assert {result.outcome for result in asyncio.run(many())} == {"ok"}
    assert most[0] > 1


def test_pages_one_after_the_other_use_the_same_engines(tmp_path):
    one = engine(lambda prompt: ANSWER)
    results = rolecall.extract_many(
        [PAGE, PAGE], settings=settings(tmp_path, cache=False), engines={"small": one}
    )
    assert [result.outcome for result in results] == ["ok", "ok"]
    assert one.asked == 2


def test_engines_that_do_not_exist_are_named():
    with pytest.raises(SettingsError, match="'large'"):
        declared_engines(Settings(engine="large"), {})
    assert declared_engines(Settings(), {"HOME": "/nonexistent"}) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": "always"},
        {"policy": "cloud-on-doubt"},
        {"policy": "cloud-for-audits"},
        {"policy": "cloud-for-audits", "cloud_engine": "far"},
        {"policy": "cloud-for-audits", "cloud_engine": "far", "audit_engine": "near"},
        {"engine_failure": "shrug"},
    ],
)
def test_a_policy_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError):
        policy_of(Settings(**wrong))


def test_an_engine_of_which_nothing_is_known_but_its_counts_is_spoken_to_with_care(tmp_path):
    counted = rolecall.ReplayEngine(
        lambda prompt: ANSWER, info=engine([]).info, count=lambda prompt: 500
    )

    async def opened():
        async with connected(settings(tmp_path), {}, given={"small": counted}) as found:
            return found

    found = asyncio.run(opened())
    assert not found.help.voices["small"].tokens.exact
    assert "tokens_estimated" in {notice.code for notice in found.notices}


def test_a_schema_of_ones_own_is_filled_by_the_engine(tmp_path):
    schema = rolecall.Schema.from_json(
        {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "opens_at": {"type": "integer", "description": "hour at which the shop opens"},
            },
            "required": ["title", "opens_at"],
        }
    )
    prompts = []

    def answer(prompt):
        prompts.append(prompt)
        return json.dumps({"opens_at": "8"})

    result = rolecall.extract(
        PAGE, schema=schema, settings=settings(tmp_path), engines={"small": engine(answer)}
    )
    assert prompts[0].messages[1][1].endswith("Answer: opens_at")
    assert (result.outcome, result.data) == ("ok", {"title": "Baker", "opens_at": 8})
    assert result.evidence["/opens_at"].quote == "8"


class Held(Budget):
    """A budget whose next steps wait for a word."""

    def __init__(self, *given):
        super().__init__(*given)
        self.reserving, self.go = threading.Event(), threading.Event()
        self.broken = False

    def reserve(self, *given):
        try:
            return super().reserve(*given)
        finally:
            self.reserving.set()
            assert self.go.wait(10)

    def settle(self, *given):
        if self.broken:
            raise DatabaseError("the disk is full")
        super().settle(*given)


def paying(tmp_path, cap=1_000.0):
    """A paid engine's ``Engines`` over a budget that can be held up, and its database."""
    database = open_database(usual_place(str(tmp_path), {}), {})
    budget = Held(database, Caps(None, None, cap))
    far = engine(lambda prompt: ANSWER, "far", local=False, price=PRICE)
    return Engines({"far": far}, NO_HELP, Purse(budget=budget)), budget


def call():
    asked = Asked(
        prompt=Prompt(messages=(("user", "?"),), max_tokens=100),
        sheet=Sheet(lines=()), questions=(), tokens=100,
    )  # fmt: skip
    return Call(engine="far", asked=asked)


def test_a_call_that_is_cancelled_before_it_is_made_takes_nothing_from_the_budget(tmp_path):
    engines, budget = paying(tmp_path)

    async def cancelled():
        task = asyncio.create_task(engines.complete(call(), "r"))
        await asyncio.to_thread(budget.reserving.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        budget.go.set()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(cancelled())
    assert (budget.spent().open, budget.spent().month_usd) == (0, 0)


def test_a_cost_that_cannot_be_noted_does_not_hold_up_the_other_calls(tmp_path):
    engines, budget = paying(tmp_path, cap=0.5)
    budget.go.set()
    budget.broken = True

    async def both():
        calls = (engines.complete(call(), str(n)) for n in range(2))
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)

    assert {type(one) for one in asyncio.run(both())} == {DatabaseError, BudgetError}


def test_a_call_that_cost_more_than_was_reserved_counts_in_full(tmp_path):
    usage = Usage(input_tokens=1_000_000)
    answer = Completion(text=ANSWER, finish_reason="stop", usage=usage)
    far = engine(lambda prompt: answer, "far", local=False, price=PRICE)
    extract(tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far", budget_month=1_000.0)
    assert spent(tmp_path) == pytest.approx(1_000.0)


def test_what_a_script_without_a_models_name_answers_is_not_kept(tmp_path):
    for name in ("crumb", "the bakery in Bath"):
        one = rolecall.ReplayEngine({"Answer:": json.dumps({"company": name})})
        result = rolecall.extract(PAGE, settings=settings(tmp_path), engines={"script": one})
        assert result.data["company"] == name


def test_a_database_that_cannot_be_used_stops_paid_calls_only(tmp_path):
    (tmp_path / "file").touch()
    chosen = {"data_folder": str(tmp_path / "file"), "policy": "cloud-on-doubt"}
    near = engine(lambda prompt: ANSWER, "near")
    far = engine(lambda prompt: ANSWER, "far", local=False, price=PRICE)

    def found(one):
        chosen_for = Settings(**chosen, cloud_engine=one.info.name)
        return rolecall.extract(PAGE, settings=chosen_for, engines={one.info.name: one})

    assert found(near).data["company"] == "crumb"
    with pytest.raises(DatabaseError):
        found(far)
    assert far.asked == 0


def test_a_cloud_engine_that_is_down_leaves_the_others_at_work(tmp_path):
    (tmp_path / "answers.jsonl").write_text(json.dumps({"contains": "", "text": ANSWER}))
    tables = {
        "near": {"kind": "replay", "path": str(tmp_path / "answers.jsonl")},
        "far": {"kind": "replay", "path": str(tmp_path / "none.jsonl"), "local": False},
    }
    chosen = settings(tmp_path, engines=tables, policy="cloud-on-doubt", cloud_engine="far")
    assert rolecall.extract(PAGE, settings=chosen).data["company"] == "crumb"


def test_a_list_price_is_that_of_the_models_own_vendor(tmp_path):
    info = EngineInfo(name="far", kind="openai", model="gpt-4o-mini", forms=("grounded",))
    far = rolecall.ReplayEngine(lambda prompt: ANSWER, info=info)
    with pytest.raises(SettingsError, match="price"):
        extract(tmp_path, [far], policy="cloud-on-doubt", cloud_engine="far")


def test_pages_that_a_server_refuses_do_not_keep_others_from_it(tmp_path):
    def refused(prompt):
        if "refuse" in prompt.messages[-1][1]:
            tried = Attempt(engine="small", model="m", result="http_400")
            raise EngineError("the server answered 400", retryable=False, failed=(tried,))
        return ANSWER

    pages = [PAGE.replace("four", f"refuse {n}") for n in range(FAILURES + 1)]
    results = list(
        rolecall.extract_many(
            [*pages, PAGE], settings=settings(tmp_path), engines={"small": engine(refused)}
        )
    )
    assert {one.outcome for one in results[:-1]} == {"failed"}
    assert results[-1].outcome == "ok"


def test_addresses_that_the_user_lists_are_local():
    tables = {"gpu": {"kind": "vllm", "model": "m", "url": "http://10.1.2.3:8000/v1"}}
    (plain,) = declared_engines(Settings(engines=tables), {"HOME": "/nonexistent"})
    listed = Settings(engines=tables, local_networks="gpu-box, 10.0.0.0/8")
    (own,) = declared_engines(listed, {"HOME": "/nonexistent"})
    assert (plain.local, own.local) == (False, True)


def test_inside_an_event_loop_the_remedy_is_named(tmp_path):
    async def inside():
        extract(tmp_path, [engine(lambda prompt: ANSWER)])

    with pytest.raises(UsageError, match="event loop"):
        asyncio.run(inside())


def test_without_engines_pages_are_read_inside_an_event_loop_too(tmp_path):
    async def inside():
        chosen = settings(tmp_path, engine="none")
        return [one.outcome for one in rolecall.extract_many([PAGE], settings=chosen)]

    assert asyncio.run(inside()) == ["ok"]


@pytest.mark.parametrize(
    ("table", "connects"),
    [
        ({"kind": "openai", "vendor": "openai", "model": "gpt-4o-mini"}, False),
        ({"kind": "openai", "url": "https://models.example/v1"}, False),
        ({"kind": "openai", "url": "http://127.0.0.1:9/v1"}, True),
        ({"kind": "openai", "url": "https://models.example/v1", "local": True}, True),
    ],
)
def test_an_engine_that_the_policy_keeps_out_is_not_even_connected_to(table, connects):
    from rolecall.drive.connect import allowed_engines

    notices = []
    chosen = Settings(engines={"one": table})
    kept = allowed_engines(declared_engines(chosen, {"HOME": "/nonexistent"}), chosen, notices)
    assert bool(kept) == connects
    assert [notice.code for notice in notices] == ([] if connects else ["engine_kept_out"])


@pytest.mark.parametrize(("tokens", "calls"), [(300, 1), (3_000, 1), (9_000, 2), (30_000, 4)])
def test_pages_of_all_lengths_get_a_title_and_no_prompt_is_over_the_threshold(
    tmp_path, tokens, calls
):
    line = "<li>Look after the oven of number {}, its door, its steam and its stone floor</li>"
    more = "".join(line.format(n) for n in range(tokens // 21))
    page = PAGE.replace("<li>Look after the ovens with two others</li>", more)
    asked = []

    def answer(prompt):
        asked.append(prompt)
        return json.dumps({"title": "Baker", "company": "crumb"})

    result = rolecall.extract(
        page, settings=settings(tmp_path, ask_below=1.0), engines={"small": engine(answer)}
    )
    assert result.data["title"] == "Baker"
    assert len(asked) >= calls
    whole = [count_messages(qwen(), one.messages) + one.max_tokens for one in asked]
    assert max(whole) <= 8_192
    assert sum(whole) >= tokens
