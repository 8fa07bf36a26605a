"""Requirements held against engines, benches and labels that are there, and against none."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from tests.engines.faults import PROOFS, FaultServer

from rolecall.ask.tokens import qwen
from rolecall.core import Completion, EngineInfo, Usage
from rolecall.errors import EngineError, UsageError
from rolecall.evaluate.load.benchfile import read_bench
from rolecall.evaluate.requirements import REQUIREMENTS
from rolecall.evaluate.verify.engines import integration
from rolecall.evaluate.verify.labels import read_labelled, validity
from rolecall.evaluate.verify.live import Live, Watch, look
from rolecall.evaluate.verify.load import Measured, by_load, short_load
from rolecall.evaluate.verify.optimised import read_cache
from rolecall.evaluate.verify.page import Verified, as_data, as_html, as_text
from rolecall.evaluate.verify.postings import LENGTHS, posting
from rolecall.evaluate.verify.routing import route_all
from rolecall.evaluate.verify.run import Subject, verify
from rolecall.pipeline import prepare
from rolecall.settings import Settings

BENCHES = Path(__file__).parents[3] / "examples" / "choose" / "bench"
NO_BENCH = Measured(reason="no engine is declared")


class Quiet:
    """Looks on."""

    def begin(self, label, total, seconds):
        pass

    def tick(self, tally):
        pass

    def end(self, found):
        pass


class Model:
    """An engine of one's own: answers at once, or fails."""

    def __init__(self, name, *, forms=("grammar", "text"), fails=False, kind="own"):
        self.info = EngineInfo(name=name, kind=kind, model=name, local=True, forms=forms)
        self.fails = fails

    async def count_tokens(self, prompt):
        return None

    async def complete(self, prompt):
        if self.fails:
            raise EngineError("the model fell over", retryable=False)
        usage = Usage(input_tokens=900, output_tokens=50)
        return Completion(text="{}", finish_reason="stop", usage=usage, engine=self.info.name)


def seen(*models):
    watch = Watch(lengths=(300,))
    return look(Settings(), {}, watch, {one.info.name: one for one in models})


def findings(live, **more):
    # Routing reads long pages, and is looked at where it is the point.
    only = tuple(name for name in REQUIREMENTS if name != "IR-3")
    more = {"measured": NO_BENCH, "only": only, **more}
    subject = Subject(settings=Settings(), live=live, **more)
    return {one.id: one for one in verify(subject)}


@pytest.fixture(scope="module")
def alone():
    return look(Settings(engine="none"), {}, Watch())


@pytest.fixture(scope="module")
def one():
    return seen(Model("one"))


def test_without_anything_every_requirement_has_a_verdict_and_a_reason(alone):
    found = findings(alone, only=())
    assert list(found) == list(REQUIREMENTS)
    assert {name for name, one in found.items() if one.verdict == "pass"} == {
        "FR-2",
        "FR-3",
        "IR-3",
    }
    for finding in found.values():
        assert finding.verdict == "pass" or finding.reason
        assert finding.goal
    assert "the embedded reader alone" in found["FR-3"].figure
    assert found["NFR-2"].reason.startswith("no engine is declared")


def test_the_four_lengths_are_those_of_the_record(alone):
    for reading, wanted in zip(alone.readings, (300, 3_000, 9_000, 30_000), strict=True):
        assert reading.right
        assert abs(reading.written.tokens - wanted) < 0.1 * wanted + 60


def test_an_engine_is_tried_for_real(one):
    found = findings(one)
    assert found["IR-2"].verdict == "pass"
    assert found["NFR-4"].reason == "one engine is connected: swapping needs two"
    assert found["IR-1"].reason == "one is no vLLM engine"
    unheld = findings(seen(Model("loose", forms=("json_object", "text"))))["IR-2"]
    assert unheld.verdict == "fail"
    assert unheld.reason == "loose enforces no grammar and no schema"


def answer(body):
    """The proofs at connect, then always the same."""
    if "kz7Qx41" in json.dumps(body):
        return PROOFS["grammar" if "structured_outputs" in body else "json_schema"]
    return "{}" if "response_format" in body else '{"title":"Nurse"}'


def test_a_short_load_is_put_on_the_first_engine(tmp_path):
    server = FaultServer(answer=answer)
    info = EngineInfo(name="small", kind="vllm", model="m", local=True)

    async def run():
        async with server:
            table = {"kind": "vllm", "url": server.url}
            settings = Settings(engine="small", engines={"small": table}, data_folder=str(tmp_path))
            environ = {"XDG_STATE_HOME": str(tmp_path)}
            return await short_load(settings, environ, Live(engines=(info,)), 0.3, Quiet())

    measured = asyncio.run(run())
    found = by_load(measured, "rolecall verify")
    assert list(found) == ["NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3"]
    for name in ("PR-1", "PR-2", "PR-3"):
        assert found[name].verdict != "not_run", found[name]
        assert found[name].figure.startswith("small: ")
        assert found[name].command == "rolecall verify"
    assert found["NFR-1"].verdict in ("not_run", "pass", "fail")


def test_an_engine_that_went_away_is_the_reason_why_nothing_was_measured():
    info = EngineInfo(name="gone", kind="vllm", model="m", local=True)
    table = {"kind": "vllm", "url": "http://127.0.0.1:9/v1", "tries": 1}
    settings = Settings(engine="gone", engines={"gone": table})
    live = Live(engines=(info,))
    measured = asyncio.run(short_load(settings, {"HOME": "/nowhere"}, live, 0.1, Quiet()))
    assert measured.bench is None
    assert measured.reason.startswith("gone could not be measured")


def test_two_engines_can_be_swapped_and_a_silent_one_is_named():
    assert findings(seen(Model("one"), Model("two")))["NFR-4"].verdict == "pass"
    silent = findings(seen(Model("one"), Model("two", fails=True)))["NFR-4"]
    assert silent.verdict == "fail"
    assert silent.reason == "no answer from two"
    twin = Model("two")
    twin.info = replace(twin.info, model="one")
    assert findings(seen(Model("one"), twin))["NFR-4"].verdict == "not_run"


def test_recorded_answers_prove_nothing():
    live = seen(Model("kept", kind="replay"), Model("other", kind="replay"))
    measured = asyncio.run(short_load(Settings(), {}, live, 0.1, Quiet()))
    found = findings(live, measured=measured)
    for name in ("NFR-1", "NFR-2", "NFR-4", "PR-1", "PR-2", "PR-3", "IR-1", "IR-2"):
        assert found[name].verdict == "not_run", found[name]


def test_an_engine_that_was_named_and_is_not_there_is_an_error():
    with pytest.raises(UsageError):
        look(Settings(engine="nobody"), {"HOME": "/nowhere"}, Watch())


def test_an_engine_that_does_not_answer_is_the_reason():
    table = {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m", "tries": 1}
    settings = Settings(engine="gone", engines={"gone": table})
    live = look(settings, {"HOME": "/nowhere"}, Watch(lengths=(300,)))
    assert live.engines == ()
    assert live.reason
    assert findings(live)["IR-2"].verdict == "not_run"
    assert len(live.readings) == 1


def test_prompts_are_routed_by_the_threshold_and_a_router_that_does_not_is_found():
    settings = Settings(
        engine="none", policy="cloud-over-threshold", cloud_engine="cloud",
        ask_below=1.0, ask_null_below=1.0,
    )  # fmt: skip
    found = route_all(prepare(settings), (300, 4_000, 9_000, 30_000))
    assert [one.engine for one in found] == ["local", "local", "cloud", "cloud"]
    assert [one.over for one in found] == [False, False, True, True]
    kept = route_all(prepare(replace(settings, policy="local-only")), (9_000,))
    assert kept[0].over
    assert kept[0].engine == "local"


def test_what_a_vllm_server_tells_of_its_cache_is_read():
    told = 'vllm:cache_config_info{cache_dtype="fp8_e4m3",enable_prefix_caching="True"} 1.0\n'
    assert read_cache(told) == {"prefix caching": True, "FP8 KV cache": True}
    off = told.replace("True", "False").replace("fp8_e4m3", "auto")
    assert read_cache(off) == {"prefix caching": False, "FP8 KV cache": False}
    hits = 'vllm:prefix_cache_hits_total{engine="0"} 12.0\n'
    assert read_cache(hits) == {"prefix caching": True}
    assert read_cache("") == {}


SERVED = {"structured outputs": True, "prefix caching": True, "FP8 KV cache": True}


@pytest.mark.parametrize(
    ("on", "verdict", "told"),
    [
        (SERVED, "pass", "FP8 weights"),
        (SERVED | {"FP8 KV cache": False}, "fail", "off: FP8 KV cache"),
        ({"structured outputs": True}, "not_run", "does not tell of prefix caching and FP8"),
    ],
)
def test_vllm_passes_with_every_optimisation_that_it_tells_of(one, on, verdict, told):
    info = replace(one.engines[0], kind="vllm", version="0.32")
    found = integration(Live(engines=(info,), optimisations=on), "c")
    assert found.verdict == verdict
    assert told in found.reason


def test_what_a_bench_found_is_told_with_its_command(alone):
    bench = read_bench(BENCHES / "cedar.json")
    found = findings(alone, measured=Measured(bench=bench))
    assert found["NFR-1"].verdict == "fail"
    assert found["NFR-1"].figure == "cedar: 10.8 GiB of made-up GPU"
    assert found["PR-1"].verdict == "pass"
    for name in ("NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3"):
        assert found[name].command == bench.command
    silent = findings(alone, measured=Measured(bench=structs.replace(bench, findings=())))
    assert silent["PR-1"].verdict == "not_run"
    assert silent["PR-1"].reason == "the bench does not tell of it"
    reader = findings(alone, measured=Measured(bench=structs.replace(bench, engine="")))
    assert reader["PR-1"].figure.endswith("by the embedded reader alone")
    assert reader["PR-2"].verdict == "not_run"  # without an engine there are no requests


def run_folder(folder, *, adr009, macro, records, tokens=(400, 900), engines=("a",)):
    told = {name: {"records": f"{name}.jsonl"} for name in engines}
    run = {"version": 1, "made": "m", "command": "rolecall eval run", "engines": told}
    row = {"adr009": adr009, "macro": macro, "pages": len(records)}
    results = {"engines": [{"name": n, **row} for n in engines], "tokens": list(tokens)}
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "results.json").write_text(json.dumps(results))
    lines = "".join(json.dumps(one) + "\n" for one in records)
    for name in engines:
        (folder / f"{name}.jsonl").write_text(lines)
    return folder


def span(low, mid, high):
    return {"low": low, "mid": mid, "high": high, "level": 0.95}


GOOD = {"title": "Cook", "company": "Inn Ltd", "description": "Cooks."}


@pytest.mark.parametrize(
    ("adr009", "macro", "verdict", "told"),
    [
        (span(0.96, 0.97, 0.98), span(0.955, 0.96, 0.97), "pass", "clears the goal with its whole"),
        (span(0.94, 0.97, 0.98), span(0.955, 0.96, 0.97), "pass", "lies on both sides"),
        (span(0.90, 0.94, 0.96), span(0.955, 0.96, 0.97), "fail", "lies on both sides"),
        (span(0.96, 0.97, 0.98), span(0.80, 0.85, 0.90), "fail", "misses the goal with its whole"),
        (None, span(0.80, 0.85, 0.90), "not_run", "are the pages labelled?"),
    ],
)
def test_accuracy_passes_by_the_estimate_and_says_what_the_interval_does(
    adr009, macro, verdict, told, alone, tmp_path
):
    folder = run_folder(tmp_path / "run", adr009=adr009, macro=macro, records=[])
    found = findings(alone, labelled=read_labelled(folder, ""))["FR-1"]
    assert found.verdict == verdict
    assert told in found.reason
    assert found.command == "rolecall eval run"


def test_records_that_break_the_schema_and_long_pages_are_failures(alone, tmp_path):
    records = [
        {"source": "1", "outcome": "ok", "data": GOOD},
        {"source": "2", "outcome": "not_a_posting", "data": None},
        {"source": "3", "outcome": "ok", "data": {**GOOD, "workplace": "on the moon"}},
    ]
    folder = run_folder(
        tmp_path / "run", adr009=1.0, macro=1.0, records=records, tokens=[500] * 9 + [9_000]
    )
    labelled = read_labelled(folder, "")
    assert (validity(labelled).all, validity(labelled).valid) == (2, 1)
    found = findings(alone, labelled=labelled)
    assert found["FR-2"].verdict == "fail"
    assert found["FR-2"].reason == "not valid: 3"
    assert found["FR-3"].verdict == "fail"
    assert "90.0 % of 10 pages" in found["FR-3"].figure
    assert found["FR-1"].reason.startswith("ADR-009's metric has no interval")


def test_a_run_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(UsageError):
        read_labelled(tmp_path / "none", "")
    folder = run_folder(tmp_path / "run", adr009=1.0, macro=1.0, records=[], engines=("a", "b"))
    with pytest.raises(UsageError, match="several engines"):
        read_labelled(folder, "")
    with pytest.raises(UsageError, match="no engine"):
        read_labelled(folder, "c")
    assert read_labelled(folder, "b").engine == "b"
    (folder / "b.jsonl").write_text("{\n")
    with pytest.raises(UsageError, match="this is no JSON"):
        validity(read_labelled(folder, "b"))


def test_a_set_up_is_judged_by_the_time_that_was_measured(alone):
    assert findings(alone, setup_seconds=7_199.0)["NFR-3"].verdict == "pass"
    assert findings(alone, setup_seconds=7_200.0)["NFR-3"].verdict == "fail"


@pytest.mark.parametrize("tokens", [50, *LENGTHS[:2]])
def test_generated_postings_are_of_their_length_and_always_the_same(tokens):
    first = posting(tokens, 7, qwen())
    assert first == posting(tokens, 7, qwen())
    assert first.html != posting(tokens, 8, qwen()).html
    assert first.tokens >= tokens


def test_the_page_the_table_and_the_data_say_the_same(alone):
    told = Verified(
        made="2026-01-01", command="rolecall verify", rolecall="0", machine={"cores": 2},
        findings=tuple(findings(alone).values()),
    )  # fmt: skip
    text, page, data = as_text(told), as_html(told), as_data(told)
    assert "2 pass, 0 fail, 11 not run" in text
    assert "2 pass, 0 fail, 11 not run" in page
    assert "<script" not in page
    for finding in data["findings"]:
        assert finding["id"] in text
        assert finding["id"] in page
    assert json.loads(json.dumps(data))["version"] == 1


def test_what_was_verified_stands_in_a_decision_record(alone, tmp_path):
    from rolecall.evaluate.choose.decide import decide
    from rolecall.evaluate.choose.file import parse_selection
    from rolecall.evaluate.choose.record import Made, markdown_record

    told = Verified(
        made="d", command="c", rolecall="0", machine={},
        findings=tuple(findings(alone).values()),
    )  # fmt: skip
    (tmp_path / "v.json").write_text(json.dumps(as_data(told)))
    body = b"""
[weights]
ease = 1
[[candidate]]
name = "x"
verify = "v.json"
scores.ease = {score = 1, reason = "r"}
"""
    decision = decide(parse_selection(body, "f.toml"), Path(tmp_path))
    text = markdown_record(decision, Made(date="d", command="c", rolecall="0"))
    assert "| FR-3 | pass | postings of about 300" in text
    assert '"FR-1": "not_run"' in text
