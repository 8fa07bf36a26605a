"""How the inputs of a Ray run are split and put together again; nothing here needs Ray."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.shell import inside

from rolecall.batch import ray_parts
from rolecall.batch.done import Done
from rolecall.batch.ray_known import Known
from rolecall.batch.ray_parts import CHUNK_ITEMS, Answered, Place, chunks_of, parts_of
from rolecall.batch.ray_run import _Books
from rolecall.errors import Error, UsageError
from rolecall.inputs.nouns import Left
from rolecall.inputs.stream import stream
from rolecall.outputs.nouns import identity
from rolecall.outputs.open import open_output


def place(folder: Path) -> Place:
    return Place(folder=str(folder), limit=10_000)


@given(st.lists(st.tuples(st.sampled_from(["page", "folder", "lines", "gone"]), st.integers(0, 9))))
def test_the_order_of_parts_and_places_is_that_of_a_local_run(kinds: list[Any]) -> None:
    with TemporaryDirectory() as name:
        paths = []
        for number, (kind, size) in enumerate(kinds):
            path = Path(name) / f"i{number}"
            if kind == "page":
                path = path.with_suffix(".html")
                path.write_text("<p>")
            elif kind == "folder":
                path.mkdir()
                for page in range(size):
                    (path / f"{page}.txt").write_text("text")
                (path / "other.css").write_text("")
            elif kind == "lines":
                path = path.with_suffix(".jsonl.gz")
                path.write_bytes(gzip.compress(b'{"text": "a"}\n' * size * 20))
            paths.append(str(path))
        left = Left()
        whole = [one for one in stream(paths, limit=10_000, left=left) if one is not None]
        chunks = [
            chunk
            for number, part in enumerate(parts_of(paths))
            for chunk in chunks_of(number, part, place(Path(name)))
        ]
    entries = [entry for chunk in chunks for entry in chunk.entries]
    assert [entry.locator for entry in entries] == [entry.locator for entry in whole]
    assert [entry.line for entry in entries] == [entry.line for entry in whole]
    seqs = [entry.seq for entry in entries]
    assert seqs == sorted(set(seqs))
    assert sum(chunk.left.ignored for chunk in chunks if chunk.left is not None) == left.ignored
    assert all(len(chunk.entries) <= CHUNK_ITEMS for chunk in chunks)


def test_what_lies_in_another_path_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "p.html").write_text("<p>")
    folder, page = str(tmp_path / "a"), str(tmp_path / "a" / "p.html")
    assert parts_of([folder, page, "b.jsonl"]) == [(folder, page, "b.jsonl")]
    assert parts_of([page, page]) == [(page, page)]
    assert len(parts_of([folder, str(tmp_path / "ab"), "b.jsonl"])) == 3


def test_many_page_files_are_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_parts, "PAGES_IN_PART", 3)
    names = [f"p{number}.html" for number in range(7)]
    assert [len(part) for part in parts_of([*names, "a.jsonl", "z.html"])] == [3, 3, 1, 1, 1]


def test_a_chunk_is_bounded_in_bytes(tmp_path: Path) -> None:
    row = json.dumps({"text": "a" * 3_000_000}).encode() + b"\n"
    (tmp_path / "a.jsonl").write_bytes(row * 3)
    told = Place(folder=str(tmp_path), limit=4_000_000)
    chunks = list(chunks_of(0, (str(tmp_path / "a.jsonl"),), told))
    assert [len(chunk.entries) for chunk in chunks] == [1, 1, 1]
    assert [chunk.first for chunk in chunks] == [0, 1, 2]
    assert [chunk.left is not None for chunk in chunks] == [False, False, True]


@given(st.dictionaries(st.text(max_size=20), st.binary(min_size=32, max_size=32), max_size=60))
def test_what_is_known_is_found_again(records: dict[str, bytes]) -> None:
    known = Known.of((identity(name), source) for name, source in records.items())
    assert (known is None) == (not records)
    for name, source in records.items():
        assert known is not None
        assert known.get(name) == source.hex()
        assert known.get(name + "?") is None or name + "?" in records


def test_an_output_tells_all_that_it_knows(tmp_path: Path) -> None:
    line = json.dumps(
        {"schema_version": "1", "seq": 0, "source": "a", "source_id": "ab" * 32, "config": "c"}
    ).encode()
    path = str(tmp_path / "out.jsonl")
    output = open_output(path, "new", "c")
    output.append("a", 7 << 32, line.replace(b'"seq": 0', b'"seq": %d' % (7 << 32)))
    output.append("b", 5, line.replace(b'"source": "a"', b'"source": "b"'))
    assert list(output.all_known()) == []
    output.complete()
    output.close()
    seqs = [json.loads(row)["seq"] for row in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert seqs == [0, 1]
    again = open_output(path, "resume", "c")
    wanted = {(identity(name), b"\xab" * 32) for name in "ab"}
    assert set(again.all_known()) == wanted
    again.close()


def answered(part: int, first: int, size: int, *, last: bool = False) -> Answered:
    results = tuple(Done(part << 32 | first + number, "a", "ok") for number in range(size))
    return Answered(part=part, first=first, results=results, left=Left() if last else None)


def books() -> _Books:
    return _Books(parts=2, left=Left(), say=lambda message: None)


def test_a_chunk_that_comes_twice_counts_once_and_one_that_is_missing_is_told() -> None:
    found = books()
    came = [answered(1, 0, 3, last=True), answered(0, 2, 2, last=True), answered(0, 0, 2)]
    assert sum(len(list(found.enter(one))) for one in [*came, came[0], came[2]]) == 7
    found.close()
    for gap in range(3):
        found = books()
        for one in came[:gap] + came[gap + 1 :]:
            list(found.enter(one))
        with pytest.raises(Error, match="Ray has lost inputs"):
            found.close()


def test_the_fault_of_a_machine_ends_the_run() -> None:
    fault = UsageError("other version")
    with pytest.raises(UsageError, match="other version"):
        list(books().enter(Answered(part=0, first=0, results=(), fault=fault)))


def test_the_command_says_what_ray_needs(tmp_path: Path) -> None:
    done = inside("extract", "a.html", "--ray", "local", cwd=tmp_path)
    assert (done.returncode, b"--ray needs --out" in done.stderr) == (2, True)
    done = inside("extract", "-", "--ray", "local", "--out", "o.jsonl", cwd=tmp_path)
    assert (done.returncode, b"standard input cannot be read" in done.stderr) == (2, True)
    try:
        import ray  # noqa: F401
    except ImportError:
        done = inside("extract", "a.html", "--ray", "local", "--out", "o.jsonl", cwd=tmp_path)
        assert (done.returncode, b"pip install 'rolecall[ray]'" in done.stderr) == (2, True)
        assert not (tmp_path / "o.jsonl").exists()


def test_what_runs_on_ray_is_imported_without_it() -> None:
    code = "import rolecall.batch.ray_run, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"ray", "pyarrow", "numpy", "asyncio"} & set(done.stdout.split())
