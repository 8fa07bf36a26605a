"""Requirements held against engines, benches and labels that are there, and against none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.ask.tokens import qwen
from rolecall.core import Completion, EngineInfo, Usage
from rolecall.errors import EngineError, UsageError
from rolecall.evaluate.choose.bench_file import BenchFile
from rolecall.evaluate.verify.gpu import Gpu, Gpus, parse
from rolecall.evaluate.verify.labels import read_labelled, validity
from rolecall.evaluate.verify.live import Load, Watch, look
from rolecall.evaluate.verify.load import of_bench
from rolecall.evaluate.verify.page import Verified, as_data, as_html, as_text
from rolecall.evaluate.verify.postings import LENGTHS, posting
from rolecall.evaluate.verify.requirements import REQUIREMENTS
from rolecall.evaluate.verify.routing import route_all
from rolecall.evaluate.verify.run import Subject, verify
from rolecall.pipeline import prepare
from rolecall.settings import Settings

NO_GPU = Gpus(reason="no GPU is seen: none here")


class Model:
    """An engine of one's own: answers at once, of ``tokens`` tokens; or fails."""

    def __init__(self, name, *, tokens=50, forms=("grammar", "text"), fails=False, kind="own"):
        self.info = EngineInfo(name=name, kind=kind, model=name, local=True, forms=forms)
        self.tokens, self.fails = tokens, fails

    async def count_tokens(self, prompt):
        return None

    async def complete(self, prompt):
        if self.fails:
            raise EngineError("the model fell over", retryable=False)
        usage = Usage(input_tokens=900, output_tokens=self.tokens)
        return Completion(text="{}", finish_reason="stop", usage=usage, engine=self.info.name)


def ticking(step):
    """A clock that goes on by ``step`` seconds with every look at it."""
    now = 0.0

    def clock():
        nonlocal now
        now += step
        return now

    return clock


def seen(*models, step=0.001, seconds=0.05):
    watch = Watch(seconds=seconds, clock=ticking(step), lengths=(300,))
    return look(Settings(), {}, watch, {one.info.name: one for one in models})


def findings(live, **more):
    # Routing reads long pages, and is looked at where it is the point.
    only = tuple(name for name in REQUIREMENTS if name != "IR-3")
    more = {"gpus": NO_GPU, "only": only, **more}
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


def test_an_engine_is_measured_for_real(one):
    found = findings(one, gpus=Gpus(gpus=(Gpu(name="g", used=5 * 2**30, total=16 * 2**30),)))
    for name in ("NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3", "IR-2"):
        assert found[name].verdict == "pass", found[name]
        assert found[name].figure
    assert found["NFR-4"].reason == "one engine is connected: swapping needs two"
    assert found["IR-1"].reason == "one is no vLLM engine"
    assert "5.00 GiB" in found["NFR-1"].figure


def test_too_slow_too_big_and_unheld_are_failures():
    slow = seen(Model("slow", tokens=10, forms=("text",)), step=2.0, seconds=30.0)
    found = findings(slow, gpus=Gpus(gpus=(Gpu(name="g", used=9 * 2**30, total=16 * 2**30),)))
    for name in ("NFR-1", "NFR-2", "PR-2", "IR-2"):
        assert found[name].verdict == "fail", found[name]


def test_an_engine_that_fails_fails_the_load_with_its_reason():
    found = findings(seen(Model("bad", fails=True)))
    assert found["PR-3"].verdict == "fail"
    assert "fell over" in found["PR-3"].reason
    assert found["NFR-2"].verdict == "not_run"
    assert "fell over" in found["NFR-2"].reason


def test_two_engines_can_be_swapped_and_a_silent_one_is_named():
    assert findings(seen(Model("one"), Model("two")))["NFR-4"].verdict == "pass"
    silent = findings(seen(Model("one"), Model("two", fails=True)))["NFR-4"]
    assert silent.verdict == "fail"
    assert silent.reason == "no answer from two"


def test_recorded_answers_prove_nothing():
    found = findings(seen(Model("kept", kind="replay"), Model("other", kind="replay")))
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


def bench(**more):
    value = {"version": 1, "command": "rolecall bench", "points": [], "machine": {}, **more}
    return BenchFile(value, "f", "b.json")


def test_a_bench_is_held_against_the_goals():
    point = {"concurrency": 1, "tpot_ms": {"mean": 40.0}, "postings_per_min": 20.0}
    many = {"concurrency": 12, "postings_per_min": 49.9, "requests": 100, "failed": 1}
    found = of_bench(bench(points=[point, many], machine={"gpus": [{"used_bytes": 9 * 2**30}]}))
    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(
        ("NFR-1", "NFR-2", "PR-1", "PR-3"), "fail"
    )
    assert "25.0 tokens/s" in found["NFR-2"].figure
    assert all(one.command == "rolecall bench" for one in found.values())
    assert of_bench(bench(points=[{"concurrency": 4, "requests": 9, "failed": 0}])) == {}


def test_what_a_bench_found_itself_goes_first():
    rows = [
        {"id": "PR-2", "verdict": "fail", "figure": "120 ms", "reason": "slow"},
        {"id": "PR-1", "verdict": "not_run", "figure": ""},
        {"id": "FR-1", "verdict": "pass", "figure": "not its to say"},
    ]
    found = of_bench(bench(findings=rows))
    assert list(found) == ["PR-2"]
    assert (found["PR-2"].verdict, found["PR-2"].reason) == ("fail", "slow")


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
    with pytest.raises(UsageError, match="is no record"):
        validity(read_labelled(folder, "b"))


def test_a_set_up_is_judged_by_the_time_that_was_measured(alone):
    assert findings(alone, setup_seconds=7_199.0)["NFR-3"].verdict == "pass"
    assert findings(alone, setup_seconds=7_200.0)["NFR-3"].verdict == "fail"


def test_too_few_postings_at_a_time_show_nothing(one):
    few = replace_load(one.many, postings=9)
    live = type(one)(engines=one.engines, readings=one.readings, alone=one.alone, many=few)
    assert findings(live)["PR-3"].verdict == "not_run"


def replace_load(load, **changes):
    names = Load.__struct_fields__
    return Load(**{name: changes.get(name, getattr(load, name)) for name in names})


@pytest.mark.parametrize("tokens", [50, *LENGTHS[:2]])
def test_generated_postings_are_of_their_length_and_always_the_same(tokens):
    first = posting(tokens, 7, qwen())
    assert first == posting(tokens, 7, qwen())
    assert first.html != posting(tokens, 8, qwen()).html
    assert first.tokens >= tokens


def test_gpus_are_read_from_the_tool_and_garbage_is_left_out():
    text = "NVIDIA RTX 4090, 5000, 16376\nodd, name, 10, 20\nGPU, [N/A], 5\n\nnonsense\n"
    assert [(one.name, one.used // 2**20) for one in parse(text)] == [
        ("NVIDIA RTX 4090", 5000),
        ("odd, name", 10),
    ]


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
    assert "| FR-3 | postings of about 300" in text
    assert '"FR-1": "not_run"' in text
