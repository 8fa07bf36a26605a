"""`rolecall bench` on a real server: what it says of itself must agree with what is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rolecall.evaluate.load.benchfile import read_bench
from rolecall.evaluate.load.nouns import Bench
from test_command import SETTINGS, rolecall


@pytest.fixture(scope="module")
def measured(url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Path]:
    """A short run on made pages: one at a time, and twelve at once."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "rolecall.toml").write_text(SETTINGS.format(url=url, data=folder / "data"))
    words = "--engine small --made 12 --concurrency 1,12 --requests 12 --warmup 1 --quiet"
    rolecall(folder, "bench", *words.split(), "--out", "bench.json", "--export-vllm", "load.jsonl")
    return read_bench(folder / "bench.json"), folder


def test_answers_come_in_chunks_and_are_counted(measured: tuple[Bench, Path]) -> None:
    for point in measured[0].points:
        assert (point.requests, point.failed) == (12, 0)
        assert point.schema_valid == 1.0  # the grammar holds whatever the weights are
        assert point.truncated == 0.0
        assert point.ttft_ms is not None
        assert point.tpot_ms is not None
        assert point.itl_ms is not None
        assert point.e2el_ms is not None
        assert point.ttft_ms.p50 < point.e2el_ms.p50
        assert point.output_length is not None
        assert point.output_length.least > 1
        assert point.cached_tokens  # the instructions are the same in all prompts


def test_the_server_saw_as_many_at_once_as_were_sent(measured: tuple[Bench, Path]) -> None:
    point = measured[0].points[1]
    assert point.held["peak"] == 12
    assert point.server is not None
    assert point.server.running + point.server.waiting >= 10
    verdicts = {one.id: one.verdict for one in measured[0].findings}
    assert verdicts["PR-3"] == "pass"
    assert verdicts["PR-2"] == "pass"


def test_the_first_token_is_known_with_and_without_a_grammar(
    measured: tuple[Bench, Path],
) -> None:
    first = measured[0].prompts["first_token_ms"]
    assert first["held"] > 0
    assert first["free"] > 0


def test_the_export_holds_the_same_prompts(measured: tuple[Bench, Path]) -> None:
    rows = [json.loads(line) for line in (measured[1] / "load.jsonl").read_bytes().splitlines()]
    assert len(rows) == 12
    assert all("<page>" in row["prompt"] and row["output_tokens"] >= 1 for row in rows)
