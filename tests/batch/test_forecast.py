"""A forecast from a sample, and what is said of it once the run has been."""

from pathlib import Path

import pytest
from msgspec import structs

from rolecall.ask.questions import POSTING
from rolecall.batch.done import Done, Figures, Tally, Use
from rolecall.batch.forecast import Forecast, Rate, Timing, compared, foresee, with_rate
from rolecall.batch.forecast_interval import ENDLESS, Interval, exactly
from rolecall.batch.forecast_kept import MOST, find, folder, keep, key_of
from rolecall.batch.forecast_sample import Drawn, Survey
from rolecall.batch.forecast_trial import Questioned, Tried, Window
from rolecall.batch.summary import Summary, document
from rolecall.core import Price
from rolecall.inputs.nouns import Input

COMPANY = POSTING["company"]
PRICE = Price(input=10.0, cached=5.0, output=100.0)


def tried(number: int, outcome: str = "ok", asked: str = "", then: str = "") -> Tried:
    done = Done(number, f"{number}", outcome, figures=Figures(bytes_in=100, cpu=0.01))
    about = Questioned(asked, (Window(1_000, 64, (COMPANY,)),), {"company": 8}, then)
    return Tried(number, done, 500, about if asked else None)


def made(found: list[Tried], inputs: int, *, prices: dict[str, Price | None]) -> Forecast:
    drawn = tuple(Drawn(Input(one.number, ""), 100) for one in found)
    survey = Survey(drawn=drawn, inputs=inputs, bytes_=100 * inputs)
    ends = tuple((1.0 + 0.01 * number, 0.01) for number in range(len(found)))
    return foresee(survey, found, Timing(startup=1.0, finished=ends, workers=2), prices)


def test_the_whole_is_the_sample_so_many_times() -> None:
    pages = [tried(number, "failed" if number % 4 == 0 else "ok") for number in range(100)]
    told = made(pages, 1_000, prices={})
    figures = told.figures
    assert figures["inputs"] == exactly(1_000)
    assert figures["bytes_in"] == exactly(100_000)
    assert figures["outcomes.failed"].expected == 250
    assert figures["outcomes.failed"].low < 200 < 300 < figures["outcomes.failed"].high
    assert figures["workers.cpu_seconds"].expected == pytest.approx(10)
    assert figures["seconds"].expected == pytest.approx(11)  # one to start, ten at the pace seen
    assert figures["seconds"].low < 10.5
    assert figures["seconds"].high > 11.5
    assert "asked_pages" not in figures


def test_all_pages_read_are_no_sample() -> None:
    figures = made([tried(number) for number in range(40)], 40, prices={}).figures
    assert figures["outcomes.ok"] == exactly(40)
    assert figures["outcomes.failed"] == exactly(0)


def test_engines_are_foreseen_with_tokens_and_cost() -> None:
    pages = [tried(number, "partial", "far" * (number % 2)) for number in range(100)]
    figures = made(pages, 1_000, prices={"far": PRICE}).figures
    assert figures["asked_pages"].expected == pytest.approx(500)
    assert figures["engines.far.calls"].expected == pytest.approx(500)
    assert figures["engines.far.input_tokens"].expected == pytest.approx(500_000)
    assert figures["engines.far.output_tokens"].expected == pytest.approx(500 * 11)
    cost = figures["engines.far.cost_usd"]
    assert cost == figures["asked.cost_usd"]
    assert cost.expected == pytest.approx(500 * (1_000 * 10 + 11 * 100) / 1e6, rel=1e-3)
    assert figures["outcomes.ok"].expected == 500  # what an engine may make whole
    assert figures["outcomes.ok"].low == 0


def test_an_engine_for_what_stays_in_doubt_is_between_nothing_and_every_page() -> None:
    pages = [tried(number, "partial", "near", "far") for number in range(50)]
    told = made(pages, 500, prices={"near": None, "far": PRICE})
    calls = told.figures["engines.far.calls"]
    assert (calls.low, calls.expected) == (0, 0)
    assert calls.high == pytest.approx(500)
    assert any("from no page to every one" in note for note in told.notes)
    assert told.figures["asked.cost_usd"].high > 4


def test_a_slow_engine_is_what_the_run_waits_for() -> None:
    pages = [tried(number, "ok", "near") for number in range(100)]
    told = made(pages, 1_000, prices={"near": None})
    slow = with_rate(told, Rate(engine="near", card="H100", postings=Interval(50, 60, 70)))
    assert slow.figures["seconds"].expected == pytest.approx(1_000 + 1)
    assert slow.figures["gpu_hours.near"].expected == pytest.approx(1_000 / 3_600)
    fast = with_rate(told, Rate(engine="near", postings=Interval(1e6, 1e6, 1e6)))
    assert fast.figures["seconds"] == told.figures["seconds"]
    assert "gpu_hours.near" not in fast.figures


def ended(inputs: int, seconds: float, workers: int = 2, kept: int = 0) -> dict[str, object]:
    tally = Tally()
    use = {"far": Use(calls=1, kept=kept, input_tokens=1_000, output_tokens=11, cost_usd=0.0111)}
    for number in range(inputs):
        told = Figures(bytes_in=100, cpu=0.01, engines=use if number % 2 else {})
        tally.add(Done(number, "", "ok", line=b"x" * 499, figures=told))
    found = document(Summary(tally=tally, seconds=seconds, workers=workers))["run"]
    assert isinstance(found, dict)
    return found


def test_a_run_is_held_against_its_forecast() -> None:
    pages = [tried(number, "ok", "far" * (number % 2)) for number in range(100)]
    told = made(pages, 1_000, prices={"far": PRICE})
    figures = compared(told, ended(1_000, 22.0))
    assert figures["inputs"].inside
    assert figures["seconds"].error == pytest.approx(-0.5)
    assert not figures["seconds"].inside
    assert figures["engines.far.input_tokens"].inside
    assert figures["asked.cost_usd"].error == pytest.approx(0, abs=0.01)
    assert "asked_pages" not in figures


def test_what_cannot_be_compared_is_left_out() -> None:
    pages = [tried(number, "ok", "far" * (number % 2)) for number in range(100)]
    told = made(pages, 1_000, prices={"far": PRICE})
    assert "seconds" not in compared(told, ended(1_000, 11.0, workers=3))
    assert not any(
        name.startswith("engines") for name in compared(told, ended(1_000, 11.0, kept=1))
    )


def test_forecasts_are_kept_and_found_by_inputs_and_configuration(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    key = key_of(["a", "b"], "c0ffee", with_text=False)
    others = [
        key_of(["a"], "c0ffee", with_text=False),
        key_of(["a", "b"], "other", with_text=False),
        key_of(["a", "b"], "c0ffee", with_text=True),
    ]
    assert len({key, *others}) == 4
    told = made([tried(0)], 3, prices={})
    assert told.figures["seconds"].high == ENDLESS
    keep(structs.replace(told, key=key), environ)
    found = find(key, environ)
    assert found is not None
    assert found.sampled == 1
    assert find(others[0], environ) is None
    (folder(environ) / f"{key}.json").write_text("{")
    assert find(key, environ) is None


def test_old_forecasts_go(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    told = made([tried(number) for number in range(40)], 40, prices={})
    for number in range(MOST + 3):
        keep(structs.replace(told, key=f"{number}"), environ)
    assert len(list(folder(environ).iterdir())) == MOST
