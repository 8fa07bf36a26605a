"""A reader is fitted to labels, measured on sites it has not seen, installed if it is better."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.label.postings import TOWNS, TRADES, html

from rolecall.cli import main
from rolecall.cli.eval.train_reader import install, report
from rolecall.evaluate.nouns import Sample, SampleSet
from rolecall.evaluate.samples import fingerprint_of
from rolecall.evaluate.training.adapt import Trials, lessons
from rolecall.evaluate.training.choice import fit_choice
from rolecall.evaluate.training.own_labels import annotated_of
from rolecall.evaluate.training.refit import Refit, refit
from rolecall.page.limits import DEFAULT
from rolecall.pipeline import extract
from rolecall.reader.linear import Linear
from rolecall.reader.model import FOLDER, RANKERS, load_model, write_manifest
from rolecall.settings import Settings

SITES = 4


def label(number: int) -> dict[str, Any]:
    town = TOWNS[number % len(TOWNS)]
    return {
        "title": TRADES[number % len(TRADES)],
        "company": f"{town} Works Ltd",
        "locations": [{"text": f"{town}, United Kingdom"}],
        "workplace": "hybrid",
        "salary_min": 28000,
        "salary_max": 32000,
    }


def samples(count: int) -> SampleSet:
    rows = tuple(
        Sample(id=f"p{n}", site=f"s{n % SITES}", body=html(n).encode(), expected=label(n))
        for n in range(count)
    )
    return SampleSet(rows, fingerprint_of(rows))


@cache
def found() -> Refit:
    said: list[str] = []
    result = refit(samples(8), FOLDER, corpus=None, parts=4, say=said.append)
    assert any("part 4 of 4" in one for one in said)
    return result


def test_every_page_is_compared_and_too_few_are_refused() -> None:
    result = found()
    assert (result.pages, result.sites) == (8, SITES)
    assert result.comparison.n == 8
    assert {"title", "company", "workplace"} <= {one.field for one in result.comparison.fields}
    told = " ".join(result.reasons)
    assert "label 22 more" in told
    assert "label pages of 1 more" in told
    text = report(result)
    assert "not be installed" in text
    assert "the same before and after" in text


def test_what_no_held_out_site_gains_by_stays_as_it_is() -> None:
    assert all(one.strength is None for one in found().fitted)
    assert "nothing was learnt" in " ".join(found().reasons)


def test_a_ranker_that_is_wrong_is_put_right() -> None:
    """The company's ranker is turned round; labels of other sites turn it back in part."""
    good = load_model()
    bad = {name: -weight for name, weight in good.rankers["company"].weights.items()}
    model = replace_ranker(good, Linear(bad))
    pages = [page for page, _ in annotated_of(samples(24).samples, DEFAULT)]
    groups = {f"s{n}": n for n in range(SITES)}
    trials = Trials(model, lessons(model, pages, groups), SITES)
    best = trials.best("company")
    assert best.strength is not None
    assert best.gain > 0.5
    assert trials.best("title").strength is None


def replace_ranker(model: Any, ranker: Linear) -> Any:
    from msgspec import structs

    return structs.replace(model, rankers={**model.rankers, "company": ranker})


def test_a_better_reader_is_written_whole(tmp_path: Path) -> None:
    better = replace(found(), reasons=())
    folder = install(better, tmp_path / "readers", named=False)
    assert folder.parent == tmp_path / "readers"
    assert load_model(folder).hash == folder.name
    again = install(better, tmp_path / "mine", named=True)
    assert install(better, tmp_path / "mine", named=True) == again == tmp_path / "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine", "readers"]


def test_the_command_refuses_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.jsonl"
    rows = [{"html": html(n), "site": f"s{n % 2}", "expected": label(n)} for n in range(4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    words = ["eval", "train-reader", str(path), "--out", str(tmp_path / "new"), "--json"]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["pages"] == 4
    assert "not installed" in err
    assert not (tmp_path / "new").exists()


def test_a_reader_that_is_wrong_is_put_right_and_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(FOLDER, base)
    rankers = json.loads((base / RANKERS).read_text("utf-8"))
    rankers["company"] = {name: -weight for name, weight in rankers["company"].items()}
    (base / RANKERS).write_text(json.dumps(rankers), "utf-8")
    write_manifest(base)
    path = tmp_path / "labels.jsonl"
    rows = [{"html": html(n), "site": f"s{n % 6}", "expected": label(n)} for n in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    words = ["eval", "train-reader", str(path), "--base", str(base), "--parts", "3"]
    assert main([*words, "--out", str(tmp_path / "new")]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"company +30 +0\.0 +[78]\d\.\d", out), out
    assert f'reader_model = "{tmp_path / "new"}"' in err
    told = extract(html(30), settings=Settings(reader_model=str(tmp_path / "new")))
    assert told.data is not None
    assert str(told.data["company"]).startswith("Leeds")
    before = extract(html(30), settings=Settings(reader_model=str(base)))
    assert not str((before.data or {}).get("company")).startswith("Leeds")


@pytest.mark.parametrize(
    ("more", "told"),
    [((), "of one site"), (("--parts", "1"), "--parts"), (("--with", "."), "no annotated corpus")],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"html": html(0), "expected": label(0)}) + "\n", "utf-8")
    assert main(["eval", "train-reader", str(path), *more]) == 2
    assert told in capsys.readouterr().err


def test_a_prior_that_is_right_is_kept_by_fitting() -> None:
    model = load_model()
    pages = [page for page, _ in annotated_of(samples(8).samples, DEFAULT)]
    rows = [one.rows for one in lessons(model, pages, {f"s{n}": 0 for n in range(SITES)})["title"]]
    old = model.rankers["title"].weights
    new = fit_choice(rows, prior=old, epochs=2, l2=20.0).weights
    assert max(abs(new.get(name, 0.0) - old[name]) for name in old) < 0.5
