"""The file of labels and its journal: whole after every end, and nobody else's file is touched."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from rolecall.errors import UsageError
from rolecall.evaluate.label.desk import settle_reopened
from rolecall.evaluate.label.ledger import Journal, Labels, Unfinished, key_of

WHOLE = json.dumps({"source": "p0.html", "expected": {"title": "Baker"}})


def test_a_torn_line_is_cut_and_said(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(f'{WHOLE}\n{{"source":"pages/p01.h', "utf-8")
    with closing(Labels(path)) as labels:
        assert len(labels) == 1
        assert "cut a torn last line of 22 bytes" in labels.notices[0]
        labels.append({"source": "p1.html", "expected": {}})
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_a_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(WHOLE, "utf-8")
    with closing(Labels(path)) as labels:
        labels.append({"id": "x", "html": "", "expected": {}})
        assert "id:x" in labels
    assert len(path.read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize("content", ['[["a", "b"]]', "notes of mine", WHOLE + "\n{}\n"])
def test_another_file_is_not_touched(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes"
    path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match="is no label"):
        Labels(path)
    assert path.read_text("utf-8") == content


def test_lines_of_other_makers_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_text(f'\n{{"html": "", "posting": false}}\n\n{WHOLE}\n', "utf-8")
    with closing(Labels(path)) as labels:
        assert len(labels) == 2
        last = labels.last()
        assert last is not None
        assert last["source"] == "p0.html"


def test_a_file_for_nothing_is_not_left(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    Labels(path).close()
    assert not path.exists()


def test_keys_of_unfinished_pages_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(Journal(path)) as journal:
        for name in "abc":
            journal.open(Unfinished(page=name, text="", rows=()))
            journal.add("n")
        journal.open(journal.pages["a"])
        journal.add("s")
        journal.drop("b")
    with path.open("ab") as file:
        file.write(b'"torn')
    with closing(Journal(path)) as journal:
        assert {name: one.keys for name, one in journal.pages.items()} == {
            "a": ["n", "s"], "c": ["n"],
        }  # fmt: skip
        journal.drop("a")
        journal.drop("c")
    assert not path.exists()


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text("{}\n", "utf-8")
    with pytest.raises(UsageError, match="no journal"):
        Journal(path)


def test_a_label_that_is_corrected_is_in_one_place(tmp_path: Path) -> None:
    """Killed between the journal and the file, the page is unfinished and no longer labelled."""
    with (
        closing(Labels(tmp_path / "l.jsonl")) as labels,
        closing(Journal(tmp_path / "j")) as journal,
    ):
        line = {"source": "p0.html", "expected": {}}
        labels.append(line)
        key = key_of(line, labels.folder)
        journal.open(Unfinished(page=key, text="", rows=(), reopens=True))
        settle_reopened(labels, journal)
        assert key not in labels
        assert key in journal.pages
        labels.append(line)
        journal.pages[key].reopens = False
        settle_reopened(labels, journal)
        assert key in labels
        assert key not in journal.pages
