import shutil
from pathlib import Path

import pytest
from tests.outputs.made import CONFIG, line, run, told

from rolecall.errors import UsageError
from rolecall.outputs.nouns import OutputError
from rolecall.outputs.open import open_output
from rolecall.outputs.packed import journal_of

PAGES = dict.fromkeys("abc", "x")


def test_records_wait_in_a_journal_and_the_output_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.gz"
    run(open_output(str(path), "new", CONFIG), PAGES)
    before = path.read_bytes()
    output = open_output(str(path), "resume", CONFIG)
    output.append("d", 3, line("d", 3))
    output.close()
    assert path.read_bytes() == before
    assert Path(journal_of(str(path))).read_bytes().count(b"\n") == 1
    assert run(open_output(str(path), "resume", CONFIG), PAGES | {"d": "x"}) == 0
    assert told(path, "jsonl.gz") == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]


def test_a_kill_between_the_output_and_the_end_of_its_journal_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    output = open_output(str(path), "new", CONFIG)
    for seq, name in enumerate("abc"):
        output.append(name, seq, line(name, seq))
    output.sync()
    journal = Path(journal_of(str(path)))
    shutil.copyfile(journal, tmp_path / "kept")
    output.complete()
    output.close()
    shutil.move(tmp_path / "kept", journal)
    assert run(open_output(str(path), "resume", CONFIG), PAGES) == 0
    assert told(path, "parquet") == [(0, "a"), (1, "b"), (2, "c")]
    assert not journal.exists()


def test_an_unfinished_output_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.zst"
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0))
    output.close()
    with pytest.raises(UsageError, match="begun by a run that did not end"):
        open_output(str(path), "new", CONFIG)
    assert run(open_output(str(path), "force", CONFIG), {"b": "x"}) == 1
    assert told(path, "jsonl.zst") == [(0, "b")]


def test_the_journal_of_the_next_run_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.gz"
    run(open_output(str(path), "new", CONFIG), PAGES)
    output = open_output(str(path), "resume", CONFIG)
    for seq, name in enumerate(PAGES):
        output.keep(name, seq)
    output.complete()  # its journal is gone, and another run may begin
    journal = Path(journal_of(str(path)))
    journal.touch()
    output.close()
    assert journal.exists()


def test_an_output_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl.gz"
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0))
    path.write_text("mine")
    with pytest.raises(OutputError, match="while this run was going on"):
        output.complete()
    output.close()
    assert path.read_text() == "mine"
    path.unlink()
    assert run(open_output(str(path), "resume", CONFIG), {"a": "x"}) == 0


def test_damage_is_told(tmp_path: Path) -> None:
    for form in ("jsonl.gz", "jsonl.zst"):
        path = tmp_path / f"out.{form}"
        run(open_output(str(path), "new", CONFIG), dict.fromkeys(map(str, range(500)), "x"))
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(UsageError, match=r"not whole|not a record"):
            open_output(str(path), "resume", CONFIG)
