import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.outputs.json_lines import Ledger, open_ledger
from rolecall.outputs.nouns import OutputError

CONFIG = "c0ffee"


def line(name: str, seq: int, body: str = "x", **more: Any) -> bytes:
    told = {
        "schema_version": "1",
        "seq": seq,
        "source": name,
        "source_id": sha256(body.encode()).hexdigest(),
        "reason": None,
        "config": CONFIG,
    }
    return json.dumps(told | more, separators=(",", ":")).encode()


def read(path: Path) -> list[tuple[int, str]]:
    rows = [json.loads(row) for row in path.read_bytes().splitlines()]
    return [(row["seq"], row["source"]) for row in rows]


def record(ledger: Ledger, inputs: dict[str, str], order: list[str] | None = None) -> int:
    """What a run does: keep what is there, append the rest, put in order."""
    numbers = {name: seq for seq, name in enumerate(inputs)}
    fresh = 0
    for name in order or list(inputs):
        if ledger.known(name) == sha256(inputs[name].encode()).hexdigest():
            ledger.keep(name, numbers[name])
        else:
            ledger.append(name, numbers[name], line(name, numbers[name], inputs[name]))
            fresh += 1
    ledger.complete()
    ledger.close()
    return fresh


def test_a_completed_file_is_in_the_order_of_the_inputs(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    names = [f"p{number}" for number in range(50)]
    record(open_ledger(str(path), "new", CONFIG), dict.fromkeys(names, "x"), names[::-1])
    assert read(path) == list(enumerate(names))
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_an_existing_file_is_refused_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("mine\n")
    with pytest.raises(UsageError, match=r"out\.jsonl exists"):
        open_ledger(str(path), "new", CONFIG)
    path.write_text("mine\nand more\n")
    with pytest.raises(UsageError, match=r"line 1 of .*out\.jsonl is not a record"):
        open_ledger(str(path), "resume", CONFIG)
    assert path.read_text() == "mine\nand more\n"
    record(open_ledger(str(path), "force", CONFIG), {"a": "x"})
    assert read(path) == [(0, "a")]


@pytest.mark.parametrize("place", ["missing/out.jsonl", "."])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        open_ledger(str(tmp_path / place), "force", CONFIG)


def test_a_pipe_is_no_output(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        open_ledger(str(tmp_path / "pipe"), "force", CONFIG)


def test_resuming_without_a_file_starts_one(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert record(open_ledger(str(path), "resume", CONFIG), {"a": "x", "b": "x"}) == 2
    assert record(open_ledger(str(path), "resume", CONFIG), {"a": "x", "b": "x"}) == 0


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    record(open_ledger(str(path), "new", CONFIG), {"a": "x"})
    with pytest.raises(UsageError, match="other settings"):
        open_ledger(str(path), "resume", "other")
    with pytest.raises(UsageError, match="with-text"):
        open_ledger(str(path), "resume", CONFIG, with_text=True)


def test_what_is_refused_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    torn = line("a", 0) + b"\n" + line("b", 1)[:40]
    path.write_bytes(torn)
    with pytest.raises(UsageError, match="other settings"):
        open_ledger(str(path), "resume", "other")
    assert path.read_bytes() == torn


@pytest.mark.parametrize("damaged", [b"c0ffee", b"a.html"])
def test_bytes_that_are_no_text_are_refused_in_words(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "out.jsonl"
    rows = line("a.html", 0) + b"\n" + line("b.html", 1) + b"\n"
    path.write_bytes(rows.replace(damaged, damaged[:-1] + b"\xff", 1))
    with pytest.raises(UsageError, match=r"line 1 of .* is not a record"):
        open_ledger(str(path), "resume", CONFIG)


def test_what_another_model_answered_in_the_same_run_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    rows = [line("a", 0, config="old"), line("b", 1), line("c", 2, config="old")]
    path.write_bytes(b"".join(row + b"\n" for row in rows))
    assert record(open_ledger(str(path), "resume", CONFIG), dict.fromkeys("abc", "x")) == 2
    configs = {json.loads(row)["config"] for row in path.read_bytes().splitlines()}
    assert (configs, read(path)) == ({CONFIG}, [(0, "a"), (1, "b"), (2, "c")])


def test_what_changed_is_done_again_and_what_moved_is_numbered_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    record(open_ledger(str(path), "new", CONFIG), {"a": "x", "c": "x", "d": "x"})
    fresh = record(open_ledger(str(path), "resume", CONFIG), {"a": "y", "b": "x", "c": "x"})
    assert fresh == 2
    assert read(path) == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]


def test_equal_files_are_two_records(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    record(open_ledger(str(path), "new", CONFIG), {"a": "same", "b": "same"})
    assert read(path) == [(0, "a"), (1, "b")]


def test_inputs_that_failed_for_now_are_done_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    later = {"code": "timeout", "retryable": True}
    path.write_bytes(
        line("a", 0, reason=later) + b"\n" + line("b", 1, source_id=None) + b"\n" + line("c", 2)
    )
    ledger = open_ledger(str(path), "resume", CONFIG)
    assert [ledger.known(name) for name in "abcd"] == ["", "", None, None]
    ledger.close()


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 800), st.integers(0, 5))
def test_a_file_that_was_cut_anywhere_is_completed(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int, gone: int
) -> None:
    path = tmp_path_factory.mktemp("out") / "out.jsonl"
    inputs = {f"p{number}": f"x{number}" for number in range(6)}
    ledger = open_ledger(str(path), "new", CONFIG)
    for number in order:
        ledger.append(f"p{number}", number, line(f"p{number}", number, f"x{number}"))
    ledger.close()
    os.truncate(path, min(cut, path.stat().st_size))
    whole = path.read_bytes().count(b"\n")
    assert record(open_ledger(str(path), "resume", CONFIG), inputs) == 6 - whole
    assert read(path) == [(number, f"p{number}") for number in range(6)]


def test_what_a_killed_ordering_left_is_cleared(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    (tmp_path / ".out.jsonl.ordering").write_text("half")
    record(open_ledger(str(path), "new", CONFIG), {"a": "x"})
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_a_linked_output_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    ledger = open_ledger(str(tmp_path / "link.jsonl"), "resume", CONFIG)
    record(ledger, {"a": "x", "b": "x"}, ["b", "a"])
    assert (tmp_path / "link.jsonl").is_symlink()
    assert read(tmp_path / "real.jsonl") == [(0, "a"), (1, "b")]


def test_names_with_odd_bytes_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(line("bad\\xff.html", 0) + b"\n")
    ledger = open_ledger(str(path), "resume", CONFIG)
    assert ledger.known(os.fsdecode(b"bad\xff.html")) == sha256(b"x").hexdigest()
    ledger.close()


def test_a_write_that_fails_leaves_whole_records(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "out.jsonl"
    ledger = open_ledger(str(path), "new", CONFIG)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match="file too large") as caught:
            append_all(ledger, 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.hint is not None
    assert "--resume" in caught.value.hint
    ledger.close()
    assert read(path) == [(number, f"p{number}") for number in range(ledger.written)]


def append_all(ledger: Ledger, count: int) -> None:
    for number in range(count):
        ledger.append(f"p{number}", number, line(f"p{number}", number))
