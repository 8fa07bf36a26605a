"""Loads on real servers in this process: what is sent, when, and what is made of the answers."""

import asyncio
import itertools
import json

import pytest
from tests.engines.faults import PROOFS, FaultServer

from rolecall.errors import UsageError
from rolecall.evaluate.load.findings import STOPPED
from rolecall.evaluate.load.gpu import Cards
from rolecall.evaluate.load.loops import GIVE_UP
from rolecall.evaluate.load.measure import Plan
from rolecall.evaluate.load.order import Order, most_requests
from rolecall.evaluate.load.postings import generated
from rolecall.evaluate.load.session import measure
from rolecall.settings import Settings

ANSWER = '{"title":"Nurse","company":"Tern Software"}'
PAGES = tuple(generated(4))


def answer(body):
    """What a server that holds to forms says: the proofs at connect, then always the same."""
    asked = json.dumps(body)
    if "kz7Qx41" in asked:
        return PROOFS["grammar" if "structured_outputs" in body else "json_schema"]
    return "{}" if "response_format" in body else ANSWER


class Quiet:
    """Looks on, and can ask for a stop after so many points."""

    def __init__(self, stop_after=None):
        self.ended, self.stop_after, self.begun = [], stop_after, []

    def begin(self, label, total, seconds):
        self.begun.append((label, total))

    def tick(self, tally):
        pass

    def end(self, found):
        self.ended.append(found)

    def stop(self):
        return self.stop_after is not None and len(self.ended) >= self.stop_after


def no_cards():
    raise ImportError


def bench(server, tmp_path, *, watch=None, table=None, settings=None, **order):
    """What is found when ``order`` is measured at ``server``."""
    watch = watch or Quiet()
    cards = order.pop("cards", None) or Cards(no_cards)
    plan = Plan(**({"levels": (2,), "requests": 8, "warmup": 2} | order.pop("plan", {})))

    async def run():
        async with server:
            engines = {"small": {"kind": "vllm", "url": server.url} | (table or {})}
            told = {"engine": "small", "engines": engines, "data_folder": str(tmp_path)}
            chosen = {
                "kind": "engine", "sources": PAGES, "plan": plan, "every": True,
                "settings": Settings(**(told | (settings or {}))), "mark": "k3",
            } | order  # fmt: skip
            found = await measure(
                Order(**chosen),
                watch=watch,
                stop=watch.stop,
                environ={"XDG_STATE_HOME": str(tmp_path)},
                cards=cards,
            )
            return found.bench

    return asyncio.run(run())


def prompts_of(server):
    """The messages of each real prompt that a server got, in order."""
    return [
        body["messages"]
        for _, body, _ in server.chats
        if body["max_tokens"] > 64  # neither proofs nor single tokens
    ]


def test_a_closed_loop_is_measured_to_the_token(tmp_path):
    server = FaultServer(answer=answer)
    found = bench(server, tmp_path)
    (point,) = found.points
    assert (point.concurrency, point.requests, point.failed) == (2, 8, 0)
    assert point.held["peak"] == 2
    assert point.schema_valid == 1.0
    assert point.truncated == 0.0
    assert point.ttft_ms.mean <= point.e2el_ms.mean
    assert point.itl_ms is not None
    assert point.tpot_ms is not None
    assert point.input_tokens == 800
    assert point.cached_tokens == 512
    assert point.server.running == 3  # as its metrics say
    assert point.postings_per_min == pytest.approx(60 * point.requests_per_s)
    assert found.prompts["form"] == "grounded"
    assert found.prompts["first_token_ms"]["pairs"] == 6
    assert found.prompts["grammar_ms"]["p50"] > 0
    assert found.engine_version == "0.32.0"
    assert len(prompts_of(server)) == 2 + 8


def test_no_prompt_is_sent_twice_and_all_begin_alike(tmp_path):
    server = FaultServer(answer=answer)
    bench(server, tmp_path, plan={"requests": 14})
    sent = prompts_of(server)
    assert len(sent) == 16
    assert len({json.dumps(one) for one in sent}) == 16
    assert len({one[0]["content"] for one in sent}) == 1  # what the prefix cache may hold


def test_prompts_come_again_where_that_is_wanted(tmp_path):
    server = FaultServer(answer=answer)
    bench(server, tmp_path, plan={"requests": 14}, mark="")
    assert len({json.dumps(one) for one in prompts_of(server)}) == len(PAGES)


def test_as_many_requests_are_under_way_as_was_said(tmp_path):
    """Whatever the engine's own concurrency: the server answers once all have come."""
    server = FaultServer(answer=answer)
    real = 0

    async def pause(body, number):
        nonlocal real
        if body["max_tokens"] > 64 and number == 0:
            real += 1
            while real < 20:
                await asyncio.sleep(0.001)

    server.pause = pause
    found = bench(
        server, tmp_path, table={"concurrency": 2},
        plan={"levels": (20,), "requests": 20, "warmup": 0},
    )  # fmt: skip
    assert found.points[0].held["peak"] == 20
    assert [one.verdict for one in found.findings if one.id == "PR-3"] == ["pass"]


def test_an_open_loop_sends_whatever_the_server_does(tmp_path):
    """No request is answered before all have been sent."""
    server = FaultServer(answer=answer)
    real = 0

    async def pause(body, number):
        nonlocal real
        if body["max_tokens"] > 64 and number == 0:
            real += 1
            while real < 9:
                await asyncio.sleep(0.001)

    server.pause = pause
    plan = {"levels": (), "rates": (200.0,), "requests": 9, "warmup": 0, "slo": {"e2el": 1e6}}
    found = bench(server, tmp_path, plan=plan)
    (point,) = found.points
    assert (point.loop, point.rate, point.concurrency) == ("open", 200.0, None)
    assert (point.requests, point.failed) == (9, 0)
    assert point.goodput_per_s == pytest.approx(point.requests_per_s)
    assert point.lag_ms.least >= 0


def test_failures_are_counted_by_kind_and_never_tried_again(tmp_path):
    faults = ["500", "stream_cut", "ok", "stream_error", "401"]
    script = itertools.chain(["ok"] * 17, faults, itertools.repeat("ok"))
    server = FaultServer(script, answer=answer)
    found = bench(server, tmp_path, plan={"levels": (1,), "warmup": 0})
    (point,) = found.points
    assert point.requests == 8
    assert point.failures == {
        "http_500": 1, "truncated_stream": 1, "error_in_answer": 1, "http_401": 1,
        "engine_unavailable": 3,  # whoever refuses the key is not asked again for a while
    }  # fmt: skip
    verdicts = {one.id: one.verdict for one in found.findings}
    assert verdicts["PR-3"] == "not_run"
    assert point.gap_ms is not None


def test_a_server_that_hangs_ends_the_run_soon(tmp_path):
    script = itertools.chain(["ok"] * 4, itertools.repeat("hang"))
    server = FaultServer(script, answer=answer)
    plan = {"levels": (), "sweep_to": 64, "requests": None, "by_level": True}
    found = bench(server, tmp_path, plan=plan, call_seconds=0.1)
    (point,) = found.points
    assert point.failures == {"timeout": 2}
    assert "warm-up" in point.stopped
    assert point.requests_per_s is None


def test_a_server_that_dies_gives_up_the_point(tmp_path):
    script = itertools.chain(["ok"] * 20, itertools.repeat("reset"))
    server = FaultServer(script, answer=answer)
    found = bench(server, tmp_path, plan={"levels": (1,), "requests": 500, "warmup": 1})
    assert found.points[0].requests <= 500
    assert found.points[0].failures["disconnected"] >= GIVE_UP


def test_a_stop_leaves_what_was_measured(tmp_path):
    server, watch = FaultServer(answer=answer), Quiet(stop_after=2)
    found = bench(server, tmp_path, watch=watch, plan={"levels": (1, 2, 4, 8)})
    assert [one.concurrency for one in found.points] == [1, 2]
    assert found.findings


def test_a_stop_amid_a_point_cancels_what_is_under_way(tmp_path):
    class Stopping(Quiet):
        def stop(self):
            return len(prompts_of(server)) >= 6

    async def pause(body, number):
        if len(prompts_of(server)) >= 6:
            await asyncio.sleep(1)

    server = FaultServer(answer=answer)
    server.pause = pause
    found = bench(server, tmp_path, watch=Stopping(), plan={"levels": (1, 2), "requests": 500})
    (point,) = found.points
    assert point.stopped == STOPPED
    assert 0 < point.requests < 6


def test_a_sweep_doubles_and_looks_at_ten(tmp_path):
    """Each answer takes as long whatever else is under way, so that more gives more."""

    async def pause(body, number):
        if body["max_tokens"] > 64 and number == 0:
            await asyncio.sleep(0.02)

    server = FaultServer(answer=answer)
    server.pause = pause
    plan = {"levels": (), "sweep_to": 4, "requests": None, "by_level": True, "warmup": 0}
    found = bench(server, tmp_path, plan=plan)
    assert [one.concurrency for one in found.points][:2] == [1, 2]
    assert found.load["why_ended"]


PRICED = {"kind": "openai", "vendor": "vllm", "price": {"input": 1.0, "output": 2.0}}


def test_nothing_is_sent_to_a_paid_engine_before_a_yes(tmp_path):
    server = FaultServer(answer=answer)
    with pytest.raises(UsageError, match=r"up to 10 requests .* \$0\.\d\d at the most"):
        bench(server, tmp_path, table=PRICED)
    assert server.chats == []
    with pytest.raises(UsageError, match="only time would end"):
        bench(server, tmp_path, table=PRICED, plan={"requests": None, "seconds": 5.0})
    assert server.chats == []


def test_a_paid_engine_is_measured_within_the_budget(tmp_path):
    server = FaultServer(answer=answer)
    found = bench(server, tmp_path, table=PRICED, yes=True)
    (point,) = found.points
    spent = (36 * 1.0 + 64 * 1.0 + 11 * 2.0) / 1e6  # cached tokens cost as others do
    assert point.failed == 0
    assert point.cost_per_1000_usd == pytest.approx(1000 * spent, rel=0.2)
    assert found.prompts["first_token_ms"] is None  # it would cost something


def test_the_budget_ends_a_run(tmp_path):
    server = FaultServer(answer=answer)
    caps = {"budget_day": 0.012}
    found = bench(
        server, tmp_path, table=PRICED, yes=True, settings=caps,
        plan={"levels": (1,), "requests": 400, "warmup": 0},
    )  # fmt: skip
    (point,) = found.points
    assert point.stopped == "the budget is used up"
    assert point.failures == {"budget_exceeded": 1}
    assert point.requests < 400


def test_an_engine_outside_your_machines_is_kept_out(tmp_path):
    server = FaultServer(answer=answer)
    with pytest.raises(UsageError, match="kept out by the policy"):
        bench(server, tmp_path, table={"local": False})
    assert server.chats == []


def test_a_replay_is_measured_without_streams(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"contains": "Answer:", "text": ANSWER}))
    server = FaultServer()
    table = {"kind": "replay", "path": str(path), "model": "m"}
    settings = {"engines": {"small": table}}
    found = bench(server, tmp_path, settings=settings)
    (point,) = found.points
    assert (point.requests, point.failed, point.schema_valid) == (8, 0, 1.0)
    assert point.ttft_ms is None
    assert point.reasons["ttft_ms"] == "the answers were not streamed"
    assert server.chats == []


def test_answers_out_of_shape_and_cut_ones_are_told(tmp_path):
    told = itertools.cycle(["[1]", '{"unknown":1}', ANSWER, "no JSON"])

    def say(body):
        return next(told) if body["max_tokens"] > 64 else answer(body)

    script = itertools.chain(["ok"] * 17, itertools.cycle(["ok", "ok", "ok", "stream_length"]))
    found = bench(FaultServer(script, answer=say), tmp_path, plan={"levels": (1,), "warmup": 0})
    assert found.points[0].schema_valid == 0.25
    assert found.points[0].truncated == 0.25


def test_whole_pages_are_measured_with_an_engine(tmp_path):
    server = FaultServer(answer=answer)
    found = bench(
        server, tmp_path, kind="pipeline", workers=1, every=False,
        settings={"ask_below": 1.0, "ask_null_below": 1.0},
        plan={"levels": (2,), "requests": 6, "warmup": 1},
    )  # fmt: skip
    (point,) = found.points
    assert (point.requests, point.failed) == (6, 0)
    assert point.output_tokens > 0
    assert point.ttft_ms is None
    sent = prompts_of(server)
    assert len({json.dumps(one) for one in sent}) == len(sent) >= 7
    assert {one.id: one.verdict for one in found.findings}["NFR-2"] == "not_run"


def test_whole_pages_are_measured_without_any_engine(tmp_path):
    found = bench(
        FaultServer(), tmp_path, kind="pipeline", workers=1,
        settings={"engine": "none", "engines": {}}, plan={"levels": (1,), "requests": 3},
    )  # fmt: skip
    (point,) = found.points
    assert (point.requests, point.failed) == (3, 0)
    assert point.postings_per_min > 0
    assert point.reasons["tokens"] == "no engine was asked"
    assert {one.id: one.verdict for one in found.findings}["PR-2"] == "pass"


def test_the_most_that_a_plan_sends_is_known_before(tmp_path):
    assert most_requests(Plan(levels=(1, 4), requests=10, warmup=2)) == 24
    assert most_requests(Plan(rates=(2.0,), seconds=10.0, warmup=0)) == 40
    assert most_requests(Plan(levels=(1,), seconds=10.0)) is None
    assert most_requests(Plan(sweep_to=4, by_level=True, warmup=0)) == 32 * 3 + 40


def test_made_pages_are_the_same_for_a_seed_and_differ_in_length():
    one, other = list(generated(40, 3)), list(generated(40, 3))
    assert [page.body for page in one] == [page.body for page in other]
    assert len({page.body for page in one}) == 40
    lengths = sorted(len(page.body) for page in one)
    assert lengths[-1] > 2 * lengths[0]
