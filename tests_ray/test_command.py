"""``rolecall extract --ray``: what it refuses, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import rolecall
from made import folder, plain
from rolecall.batch.ray_actor import Terms
from rolecall.batch.ray_cluster import demand
from rolecall.batch.ray_parts import Place
from rolecall.batch.ray_run import Wanted, check, results_on
from rolecall.batch.run import PageWork
from rolecall.batch.workers import Crew
from rolecall.errors import UsageError
from rolecall.outputs.open import open_output
from rolecall.settings import Settings

COMMAND = (sys.executable, "-m", "rolecall", "extract")


@pytest.fixture
def unused() -> int:
    """A port on which nobody answers."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def test_an_address_that_does_not_answer_is_told_soon(unused: int) -> None:
    start = time.monotonic()
    with pytest.raises(UsageError, match="no Ray answers at 127"):
        demand(f"127.0.0.1:{unused}")
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:port", "http://head:80"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is no address of a Ray cluster"):
        demand(address)


def test_standard_input_is_refused() -> None:
    with pytest.raises(UsageError, match="standard input cannot be read with --ray"):
        check(["-"], Settings(), alone=True)


def test_copies_are_not_looked_for_on_many_machines() -> None:
    with pytest.raises(UsageError, match="--ray needs dedup = off"):
        check(["a.html"], Settings(dedup="exact"), alone=True)


def test_paid_engines_are_asked_from_one_machine_only() -> None:
    price = {"input": 0.15, "cached": 0.075, "output": 0.6}
    cloud = {"kind": "openai", "url": "https://api.example/v1", "model": "m", "price": price}
    settings = Settings(policy="cloud-on-doubt", cloud_engine="cloud", engines={"cloud": cloud})
    check(["a.html"], settings, alone=True)
    with pytest.raises(UsageError, match="several machines: cloud"):
        check(["a.html"], settings, alone=False)


def terms(**other: Any) -> Terms:
    page_work = PageWork(Settings(engine="none"))
    told: dict[str, Any] = {
        "page_work": page_work,
        "crew": Crew(),
        "place": Place(folder=os.getcwd(), limit=1_000),
        "config": page_work.pipeline.config,
        "version": rolecall.__version__,
    }
    return Terms(**told | other)


def test_a_machine_that_would_write_other_records_is_told_with_both_versions(ray: Any) -> None:
    from rolecall.batch.ray_cluster import on_every_node

    on_every_node(ray, Terms.agree, terms())
    with pytest.raises(UsageError, match=rf"has rolecall {rolecall.__version__}.*driver has 0.0.1"):
        on_every_node(ray, Terms.agree, terms(version="0.0.1"))
    with pytest.raises(UsageError, match=r"would have config .* those of the driver 0123"):
        on_every_node(ray, Terms.agree, terms(config="0123"))
    gone = Place(folder="/nonexistent/here", limit=1_000)
    with pytest.raises(UsageError, match="there is no folder /nonexistent/here on"):
        on_every_node(ray, Terms.agree, terms(place=gone))


def test_an_error_of_an_actor_ends_the_run_as_what_it_is(ray: Any, tmp_path: Path) -> None:
    folder(tmp_path / "pages", 3)
    page_work = PageWork(Settings(engine="none"))
    page_work.pipeline  # noqa: B018
    output = open_output(str(tmp_path / "out.jsonl"), "new", "config")
    page_work.settings = Settings(engine="none", schema="gone.json")
    order = Wanted(paths=[str(tmp_path / "pages")], page_work=page_work, output=output)
    with pytest.raises(UsageError, match="cannot read the schema gone"):
        list(results_on(ray, order, alone=True))
    output.close()


def test_a_signal_ends_the_run_in_order_and_the_output_is_gone_on_with(tmp_path: Path) -> None:
    folder(tmp_path / "pages", 2_000)
    words = ["pages", "--out", "out.jsonl", "--workers", "2"]
    out = tmp_path / "out.jsonl"
    running = subprocess.Popen(
        [*COMMAND, *words, "--ray", "local"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # deaf if in background
    )
    end = time.monotonic() + 300
    while not (out.exists() and out.stat().st_size) and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert b"go on with: rolecall extract --resume" in told
    done = len(plain(out.read_bytes()))
    assert 0 < done < 2_000
    (tmp_path / "pages" / "p01999.html").write_text("<h1>Baker</h1>")
    again = subprocess.run(
        [*COMMAND, *words, "--resume"], cwd=tmp_path, capture_output=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert f"{done:,} kept".encode() in again.stderr
    assert [record["seq"] for record in plain(out.read_bytes())] == list(range(2_000))
