"""The figures are those of the annotated corpus' own scorer, on the same records."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rolecall.core import Source
from rolecall.evaluate.nouns import SampleSet
from rolecall.evaluate.samples import read_samples
from rolecall.evaluate.score import figures, judgement_of
from rolecall.pipeline import extract_record, prepare

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
PAGES = 24
pytestmark = pytest.mark.skipif(
    not (CORPUS / "score.py").exists(), reason="no annotated pages beside this checkout"
)


@pytest.fixture(scope="module")
def samples() -> SampleSet:
    return read_samples(CORPUS)


@pytest.fixture(scope="module")
def records(samples: SampleSet) -> list[dict[str, Any]]:
    """Records of some pages of all sites; the others are left without one."""
    pipeline = prepare()
    step = len(samples.samples) / PAGES
    chosen = [samples.samples[int(n * step)] for n in range(PAGES)]
    return [
        extract_record(
            Source(body=Path(one.path).read_bytes(), locator=f"{one.id}.html"), seq, pipeline
        )
        for seq, one in enumerate(chosen)
    ]


def spoiled(record: dict[str, Any], others: list[dict[str, Any]], draw: random.Random) -> Any:
    """A record with values dropped, taken from another page, cut or emptied."""
    data = dict(record["data"] or {})
    other = draw.choice(others)["data"] or {}
    for name, value in data.items():
        way = draw.choice(("keep", "none", "other", "cut", "empty"))
        if way == "none":
            data[name] = None
        elif way == "other":
            data[name] = other.get(name)
        elif way == "empty":
            data[name] = [] if isinstance(value, list) else "" if isinstance(value, str) else value
        elif way == "cut" and isinstance(value, str):
            data[name] = " ".join(word for word in value.split() if draw.random() < 0.9)
        elif way == "cut" and isinstance(value, list):
            data[name] = [*value[1:], *(other.get(name) or [])[:1]]
        elif way == "cut" and isinstance(value, int | float):
            data[name] = value * draw.choice((1.005, 1.2))
    return record | {"data": data}


def variants(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    draw = random.Random(5)
    return {
        "as made": records,
        "spoiled": [spoiled(one, records, draw) for one in records],
        "spoiled once more": [spoiled(one, records, draw) for one in records],
        "without data": [one | {"data": {}} for one in records],
        "refused and failed": [
            one | {"outcome": draw.choice(("ok", "partial", "not_a_posting", "failed"))}
            for one in records
        ],
        "some twice": [*records, *records[::3], *records[::6]],
        "few": records[:2],
    }


def test_the_figures_are_the_same(
    samples: SampleSet, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    for name, rows in variants(records).items():
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
        command = [sys.executable, CORPUS / "score.py", path, "--by", "site", "--json"]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        found = figures(judgement_of("reader", path, samples))
        total = told["total"]
        for figure in ("adr009", "macro", "macro_value"):
            assert getattr(found, figure) == pytest.approx(total[figure], abs=1e-12), (name, figure)
        assert {one.replace("locations", "location") for one in found.rare} == set(total["rare"])
        assert found.outcomes.get("missing", 0) == total["without_record"]
        assert len(told["fields"]) == len(found.fields)
        for field, row in told["fields"].items():
            mine = found.fields["locations" if field == "location" else field]
            for key, value in row.items():
                same = pytest.approx(value, abs=1e-12) if value is not None else None
                assert getattr(mine, key) == same, (name, field, key)
        for site, row in total["by_site"].items():
            group = found.sites[site]
            assert group.samples == row["pages"]
            assert group.adr009 == pytest.approx(row["adr009"], abs=1e-12)
            assert group.macro == pytest.approx(row["macro"], abs=1e-12)
