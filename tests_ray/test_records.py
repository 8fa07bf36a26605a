"""A run over Ray writes what a local run writes, whatever happens to its processes."""

from __future__ import annotations

import gzip
import json
import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from made import (
    DEADLY,
    ENDLESS,
    Trapped,
    actors,
    folder,
    locally,
    model_server,
    page,
    plain,
    rows,
)
from rolecall.batch.ray_run import Wanted, extract_on_ray, results_on
from rolecall.batch.run import PageWork
from rolecall.outputs.open import open_output
from rolecall.settings import Settings

pytestmark = pytest.mark.usefixtures("ray")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the run is started in, so that names may be relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pages_folders_and_shards_give_the_records_of_a_local_run_and_are_resumed(
    work: Path,
) -> None:
    folder(work / "pages", 90)
    folder(work / "named", 3, first=200)
    (work / "b.jsonl").write_bytes(rows(70, 300) + b"broken\n")
    (work / "c.jsonl.gz").write_bytes(gzip.compress(rows(70, 400)))
    inputs = ["pages", "named/*.html", "b.jsonl", "missing.html", "c.jsonl.gz"]
    settings = Settings(workers=2, engine="none")
    wanted = plain(locally(inputs, work / "local.jsonl", settings))

    out = work / "out.jsonl"
    tally = extract_on_ray(inputs, str(out), settings=settings)
    whole = out.read_bytes()
    assert plain(whole) == wanted
    assert [record["seq"] for record in wanted] == list(range(235))
    assert tally.outcomes == {"ok": 233, "failed": 2}

    lines = whole.splitlines(keepends=True)
    done = lines[::2]  # also some that another run would have done later
    out.write_bytes(b"".join(done) + lines[1][:40])
    (work / "pages" / "p00004.html").write_text(page(4, "<p>Apply by post.</p>"))
    tally = extract_on_ray(inputs, str(out), settings=settings, mode="resume")
    readable = [line for line in done if b'"source_id":null' not in line]
    assert tally.outcomes["kept"] == len(readable) - 1
    again = plain(out.read_bytes())
    assert again[4].pop("source_id") != wanted[4].pop("source_id")
    assert again[:4] + again[5:] == wanted[:4] + wanted[5:]


def test_an_actor_that_is_killed_loses_nothing_and_doubles_nothing(work: Path, ray: Any) -> None:
    folder(work / "pages", 700)
    settings = Settings(workers=2, engine="none")
    wanted = plain(locally(["pages"], work / "local.jsonl", settings))
    page_work = PageWork(settings)
    output = open_output(str(work / "out.jsonl"), "new", page_work.pipeline.config)
    killed = 0
    with closing(output):
        order = Wanted(paths=["pages"], page_work=page_work, output=output)
        with closing(results_on(ray, order, alone=True)) as results:
            for number, done in enumerate(results):
                if number in (100, 350):
                    os.kill(actors()[0], signal.SIGKILL)
                    killed += 1
                assert done.line is not None
                output.append(done.locator, done.seq, done.line)
        output.complete()
    assert killed == 2
    assert plain((work / "out.jsonl").read_bytes()) == wanted


def test_a_page_that_ends_processes_or_hangs_costs_that_page(work: Path, ray: Any) -> None:
    folder(work / "pages", 40)
    (work / "pages" / "p00005.html").write_text(page(5, DEADLY))
    (work / "pages" / "p00030.html").write_text(page(30, ENDLESS))
    page_work = Trapped(Settings(workers=1, engine="none", page_timeout_seconds=1.5))
    output = open_output(str(work / "out.jsonl"), "new", page_work.pipeline.config)
    with closing(output):
        order = Wanted(paths=["pages"], page_work=page_work, output=output)
        for done in results_on(ray, order, alone=True):
            assert done.line is not None
            output.append(done.locator, done.seq, done.line)
        output.complete()
    records = plain((work / "out.jsonl").read_bytes())
    assert [record["seq"] for record in records] == list(range(40))
    failed = {one["seq"]: one["reason"]["code"] for one in records if one["outcome"] == "failed"}
    assert failed == {5: "poison", 30: "timeout"}


def test_actors_ask_the_replicas_of_an_engine(work: Path, ray: Any) -> None:
    folder(work / "pages", 40)
    for path in (work / "pages").iterdir():
        path.write_text(path.read_text().replace("<p>Company: Harbour Bakery Ltd</p>", ""))
    with model_server() as one, model_server() as other:
        table = {
            "kind": "openai",
            "urls": [f"http://127.0.0.1:{server.server_port}/v1" for server in (one, other)],
            "model": "small",
            "forms": ["text"],
            "window": 8_192,
        }
        settings = Settings(workers=2, cache=False, engine="small", engines={"small": table})
        extract_on_ray(["pages"], "out.jsonl", settings=settings)
        assert min(one.asked, other.asked) > 10  # type: ignore[attr-defined]
    records = plain((work / "out.jsonl").read_bytes())
    assert [record["seq"] for record in records] == list(range(40))
    assert {record["attempts"][0]["engine"] for record in records} == {"small"}
    assert {record["outcome"] for record in records} <= {"ok", "partial"}


def test_replayed_answers_give_the_records_of_a_local_run(work: Path, ray: Any) -> None:
    from rolecall.cli import main

    folder(work / "pages", 12)
    (work / "answers.jsonl").write_text(
        json.dumps({"contains": "Answer:", "text": json.dumps({"company": "Harbour"})})
    )
    (work / "rolecall.toml").write_text(
        'data_folder = "data"\ncache = false\nworkers = 1\n'
        '[engines.small]\nkind = "replay"\npath = "answers.jsonl"\nlocal = true\n'
    )
    assert main(["extract", "pages", "--out", "local.jsonl", "--quiet"]) == 0
    assert main(["extract", "pages", "--out", "out.jsonl", "--quiet", "--ray", "local"]) == 0
    wanted = plain((work / "local.jsonl").read_bytes())
    assert any(record["attempts"] for record in wanted)
    assert plain((work / "out.jsonl").read_bytes()) == wanted
