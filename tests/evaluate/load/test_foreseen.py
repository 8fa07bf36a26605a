"""What a plan would have said, beside what was measured."""

import pytest
from msgspec import structs
from tests.engines.faults import FaultServer
from tests.evaluate.load.test_load import answer, bench
from tests.plan.nvml_stand_in import Nvml
from tests.plan.test_nvml import DESKTOP

from rolecall.errors import UsageError
from rolecall.evaluate.load.benchfile import plain, read_bench, write_bench
from rolecall.evaluate.load.foreseen import NO_CARD, known_shape, outlook_of
from rolecall.evaluate.load.gpu import Cards
from rolecall.evaluate.load.nouns import Point, Spread
from rolecall.evaluate.load.table import text_of
from rolecall.plan.devices import device_named
from rolecall.plan.nouns import Load, Serving
from rolecall.plan.speed import speed_of

MODEL = "Qwen/Qwen3-4B-Instruct-2507-FP8"
LAPTOP = device_named("4090 laptop")


def of(length):
    return Spread(mean=length, p50=length, p95=length, p99=length, least=length, most=length)


def point(concurrency, **more):
    told = {
        "loop": "closed", "concurrency": concurrency, "seconds": 60.0, "requests": 100, "failed": 0,
        "requests_per_s": 2.0, "postings_per_min": 120.0, "input_length": of(900.0),
        "output_length": of(90.0), "cached_tokens": 35_000,
    }  # fmt: skip
    return Point(**(told | more))


def only(one, **told):
    (found,), outlook = outlook_of([one], **({"model": MODEL, "cards": [LAPTOP]} | told))
    return found.foreseen, outlook


def test_a_point_is_planned_for_with_the_lengths_that_were_measured():
    foreseen, outlook = only(point(10))
    load = Load(name="x", requests=((900, 90, 1),), shared=350, postings=1)
    told = speed_of(known_shape(MODEL), LAPTOP, load, Serving(), 10)
    assert foreseen.bound == pytest.approx(told.bound)
    assert (foreseen.low, foreseen.expected, foreseen.high) == pytest.approx(told.expected)
    assert foreseen.bound == pytest.approx(661, rel=0.01)
    assert (outlook.model, outlook.card) == (MODEL, LAPTOP.name)
    assert any("16 bits" in note for note in outlook.notes)
    assert outlook.reason == ""


def test_pages_of_several_windows_are_fewer_postings():
    whole, _ = only(point(10))
    halves, _ = only(point(10, postings_per_min=60.0))
    assert halves.bound == pytest.approx(whole.bound / 2)


def test_what_the_server_does_not_tell_is_the_prompts_shared_beginning():
    told, _ = only(point(10), shared=7)
    untold, _ = only(point(10, cached_tokens=None), shared=350)
    assert told == untold
    less, _ = only(point(10, cached_tokens=None), shared=0)
    assert less.expected < told.expected


@pytest.mark.parametrize(
    "unknown",
    [{"concurrency": None, "rate": 2.0, "loop": "open"}, {"failed": 100}, {"requests_per_s": None},
     {"input_length": None}, {"output_length": None}, {"input_length": of(0.0)}],
)  # fmt: skip
def test_a_point_without_figures_has_none(unknown):
    assert only(structs.replace(point(10), **unknown))[0] is None


def test_without_card_or_model_the_reason_is_told():
    foreseen, outlook = only(point(1), cards=[])
    assert (foreseen, outlook.reason) == (None, NO_CARD)
    foreseen, outlook = only(point(1), model="my-own-thing")
    assert foreseen is None
    assert "my-own-thing is not known" in outlook.reason
    assert known_shape("\0") is None
    assert known_shape("/") is None
    with pytest.raises(UsageError):
        only(point(1), gpu="banana")


def test_the_card_that_is_named_counts_and_of_several_the_first():
    named, outlook = only(point(1), gpu="h200", cards=[])
    assert outlook.card == "H200 SXM 141GB"
    assert named.bound > 5 * only(point(1))[0].bound
    _, outlook = only(point(1), cards=[LAPTOP, device_named("3090")])
    assert any("first card" in note for note in outlook.notes)


def test_a_run_tells_and_keeps_what_was_foreseen(tmp_path):
    server = FaultServer(answer=answer)
    found = bench(server, tmp_path, table={"model": MODEL}, gpu="4090 laptop")
    assert found.outlook.card == LAPTOP.name
    (one,) = found.points
    assert one.foreseen.low < one.foreseen.expected < one.foreseen.high < one.foreseen.bound
    shown = text_of(found)
    assert "a plan expects" in shown
    assert f"{one.foreseen.bound:,.0f}" in shown
    assert f"the plan's figures are those of {MODEL} on {LAPTOP.name}" in shown
    write_bench(found, tmp_path / "bench.json", force=False)
    kept = read_bench(tmp_path / "bench.json")
    assert (kept.points, kept.outlook) == (found.points, found.outlook)
    assert plain(found)["points"][0]["foreseen"]["bound"] == one.foreseen.bound


def test_the_card_of_this_machine_is_read_where_the_engine_is_here(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    cards = Cards(lambda: Nvml(DESKTOP))
    found = bench(FaultServer(answer=answer), tmp_path, table={"model": MODEL}, cards=cards)
    assert found.outlook.card == found.machine.gpus[0].name == "NVIDIA GeForce RTX 4090"
    assert found.points[0].foreseen.bound > 0


def test_without_a_card_a_run_says_so(tmp_path):
    found = bench(FaultServer(answer=answer), tmp_path)
    assert found.points[0].foreseen is None
    assert "no plan is made beside it: no card is known here" in text_of(found)
    assert "a plan expects" not in text_of(found)
