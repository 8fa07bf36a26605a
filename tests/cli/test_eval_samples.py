"""rolecall eval import, split and gate, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluate.samples.pages import DATA, lines, page

from rolecall.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    for number in range(6):
        folder = tmp_path / "pages" / f"s{number}.example"
        folder.mkdir(parents=True)
        (folder / "a.html").write_text(page(f"Baker {number}", head=DATA), "utf-8")
    return tmp_path


def test_pages_are_imported_split_and_gated(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "import", "pages", "--out", "labels.jsonl", "--strip", "bare"]) == 0
    out, err = capsys.readouterr()
    assert "labels.jsonl: 6 samples of 6 sites, fingerprint " in out
    assert "right or wrong" in err
    assert "measured against itself" not in err
    assert main(["extract", "bare", "--out", "records.jsonl", "--with-text"]) == 0
    gate = ["eval", "gate", "labels.jsonl", "records.jsonl", "--floors", "floors.json"]
    capsys.readouterr()
    assert main(gate) == 2
    assert "--update pins them" in capsys.readouterr().err
    assert main([*gate, "--update"]) == 0
    assert main(gate) == 0
    assert "floors hold" in capsys.readouterr().out
    worse = [json.loads(line) for line in Path("records.jsonl").read_text("utf-8").splitlines()]
    for record in worse:
        record["data"]["company"] = "Mill Lane Dairy"
    lines(Path("records.jsonl"), *worse)
    assert main(gate) == 1
    assert "adr009: " in capsys.readouterr().out
    assert main([*gate, "--update"]) == 2
    assert "--reason" in capsys.readouterr().err
    assert main([*gate, "--update", "--allow-regression"]) == 2
    assert main([*gate, "--allow-regression", "--reason", "cooks now"]) == 2
    assert main([*gate, "--update", "--allow-regression", "--reason", "cooks now"]) == 0
    assert "cooks now" in Path("floors.json").read_text("utf-8")
    assert main(gate) == 0
    with Path("labels.jsonl").open("a") as file:
        file.write('{"html": "<p>a", "expected": {}}\n')
    assert main(gate) == 2
    assert "other samples" in capsys.readouterr().err


def test_a_reader_of_the_data_is_warned_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "import", "pages", "--out", "labels.jsonl"]) == 0
    assert "measured against itself" in capsys.readouterr().err
    assert main(["eval", "import", "pages", "--out", "labels.jsonl"]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["eval", "import", "pages", "--out", "labels.jsonl", "--force"]) == 0


def test_pages_that_state_nothing_make_no_samples(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bare.html").write_text(page(), "utf-8")
    assert main(["eval", "import", "bare.html", "--out", "labels.jsonl"]) == 2
    assert "1 page states no posting" in capsys.readouterr().err
    assert not Path("labels.jsonl").exists()


def test_a_table_is_imported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "file,Job Title,company\npages/s0.example/a.html,Baker,null\n"
    Path("labels.csv").write_text(text, "utf-8")
    words = ["eval", "import", "labels.csv", "--out", "deep/er/labels.jsonl"]
    assert main(words) == 0
    assert "column 'Job Title' was left out" in capsys.readouterr().err
    assert main([*words, "--force", "--column", "Job Title=title"]) == 0
    told = json.loads(Path("deep/er/labels.jsonl").read_text("utf-8"))
    assert told["expected"] == {"title": "Baker", "company": None}
    assert told["source"] == "../../pages/s0.example/a.html"
    assert main([*words, "--force", "--column", "title"]) == 2
    assert "names no field" in capsys.readouterr().err
    Path("labels.csv").write_text("file,seniority\npages/s0.example/a.html,boss\n", "utf-8")
    assert main([*words, "--force"]) == 2
    assert "labels.csv:2" in capsys.readouterr().err
    assert json.loads(Path("deep/er/labels.jsonl").read_text("utf-8")) == told


def test_samples_are_split(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"source": f"pages/s{n}.example/a.html", "site": f"s{n}", "expected": {}} for n in range(6)
    ]
    lines(Path("labels.jsonl"), *rows)
    words = ["eval", "split", "labels.jsonl", "--out", "parts", "--test", "0.5"]
    assert main(words) == 2
    assert "one group" in capsys.readouterr().err  # the pages are copies but for their titles
    for number in range(6):
        body = " ".join(f"word{number}{n}" for n in range(60))
        path = Path(f"pages/s{number}.example/a.html")
        path.write_text(page(f"Baker {number}", body=body), "utf-8")
    assert main(words) == 0
    assert "6 samples of 6 sites, in 6 groups" in capsys.readouterr().out
    found = [Path(f"parts/{name}.jsonl").read_text("utf-8") for name in ("train", "test")]
    assert [len(text.splitlines()) for text in found] == [3, 3]
    assert main(words) == 2
    assert main([*words, "--force"]) == 0
    again = [Path(f"parts/{name}.jsonl").read_text("utf-8") for name in ("train", "test")]
    assert again == found
    assert main([*words, "--force", "--test", "3"]) == 2


def test_a_run_of_several_engines_needs_a_name(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines(Path("labels.jsonl"), {"source": "pages/s0.example/a.html", "expected": {"title": "B"}})
    run = ["eval", "run", "labels.jsonl", "--engine", "reader", "--engine", "stated"]
    assert main([*run, "--out", "run"]) == 0
    gate = ["eval", "gate", "labels.jsonl", "run", "--floors", "floors.json", "--update"]
    capsys.readouterr()
    assert main(gate) == 2
    assert "--engine out of: reader, stated" in capsys.readouterr().err
    assert main([*gate, "--engine", "reader"]) == 0


def test_without_labels_and_corpus_there_is_no_gate(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "gate"]) == 2
    assert "SAMPLES RECORDS" in capsys.readouterr().err
    assert main(["eval", "gate", "labels.jsonl"]) == 2
