"""The command line with the server as its engine, as a user has it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from example_pages import ROOT

SETTINGS = """\
ask_below = 1.0
ask_null_below = 1.0
data_folder = "{data}"
[engines.small]
kind = "vllm"
url = "{url}/v1"
call_seconds = 900
"""


@pytest.fixture(scope="module")
def folder(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings that have everything asked of the server."""
    made = tmp_path_factory.mktemp("run")
    (made / "rolecall.toml").write_text(SETTINGS.format(url=url, data=made / "data"))
    return made


def rolecall(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rolecall", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_doctor_finds_an_engine_that_holds_to_grammars(folder: Path) -> None:
    found = {one["name"]: one for one in json.loads(rolecall(folder, "doctor", "--json"))}
    engine = found["engine small"]
    assert engine["well"]
    assert engine["details"]["forms"][:3] == ["grounded", "grammar", "json_schema"]
    assert engine["details"]["version"] == "0.32.0"


def test_every_value_points_to_the_page_whoever_proposed_it(folder: Path) -> None:
    """A random model proposes nonsense; what is kept of it is still the page's own words."""
    lines = rolecall(
        folder, "extract", str(ROOT / "examples"), "--engine", "small", "--with-text", "--quiet"
    ).splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == len(list((ROOT / "examples").glob("[0-9]*")))
    asked = 0
    for record in records:
        assert record["outcome"] in ("ok", "partial", "not_a_posting")
        asked += sum(one["engine"] == "small" for one in record["attempts"])
        assert all(one["result"] == "stop" for one in record["attempts"]), record["attempts"]
        for evidence in record["evidence"].values():
            if evidence["match"] == "exact":
                assert record["text"][evidence["start"] : evidence["end"]] == evidence["quote"]
    assert asked >= 8
