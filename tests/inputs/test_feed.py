"""The process apart, and files of which only the bytes say what they are."""

import contextlib
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.inputs import made

from rolecall.inputs.feed import Feed
from rolecall.inputs.kinds import by_content, by_name
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.order import Order
from rolecall.inputs.stream import count, stream


def listed(*paths: object) -> list[Input]:
    found = stream([str(path) for path in paths], limit=made.LIMIT)
    return [entry for entry in found if entry is not None]


def test_a_process_that_dies_costs_one_input_and_the_next_file_is_read(tmp_path: Path) -> None:
    rows = [{"html": "<p>" + "x" * 9000} for _ in range(2000)]
    path = made.sqlite(tmp_path / "a.sqlite", rows)
    feed = Feed()
    order = Order(path=str(path), kind="sqlite", limit=made.LIMIT)
    found = []
    with contextlib.closing(feed.inputs(order, Left())) as entries:  # type: ignore[type-var]
        for entry in entries:
            if entry is not None:
                found.append(entry)
            if len(found) == 10:
                assert feed._process is not None
                os.kill(feed._process.pid, signal.SIGKILL)
    assert 10 <= len(found) < 2000
    assert made.codes(found) == [None] * (len(found) - 1) + ["decode_error"]
    assert found[-1].locator == f"{path}#pages:{len(found)}"
    assert "SIGKILL" in (found[-1].fault or ("", ""))[1]
    assert sum(entry is not None for entry in feed.inputs(order, Left())) == 2000
    feed.end()


def children() -> set[str]:
    """The processes that this one has started and not waited for."""
    return {
        one
        for task in Path("/proc/self/task").glob("*/children")
        for one in task.read_text().split()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_stream_that_is_left_ends_its_process(tmp_path: Path) -> None:
    path = made.sqlite(tmp_path / "a.sqlite", [{"html": "<p>" + "x" * 9000}] * 2000)
    before = children()
    entries = stream([str(path)], limit=made.LIMIT)
    assert next(entry for entry in entries if entry is not None).seq == 0
    assert len(children() - before) == 1
    entries.close()  # type: ignore[attr-defined]
    assert children() == before


def test_what_is_no_file_is_one_failed_input_without_waiting(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.sqlite", "a.warc.gz", "a.wacz", "a"):
        os.mkfifo(tmp_path / name)
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / name).mkdir()
    (tmp_path / "a.html").write_text("<p>")
    names = ["a.parquet", "a.sqlite", "a.warc.gz", "a.wacz"]
    paths = [tmp_path / name for name in names]
    paths += [tmp_path / "folder" / name for name in names]
    found = listed(*paths, tmp_path / "a\0.parquet", tmp_path / "none.sqlite", tmp_path / "a.html")
    assert made.codes(found) == ["unreadable"] * 10 + [None]
    assert [entry.seq for entry in found] == list(range(11))
    assert count([str(tmp_path / "a.sqlite"), str(tmp_path / "a.parquet")]) == 2


def test_files_without_an_ending_are_known_by_their_bytes(tmp_path: Path) -> None:
    rows = [{"html": "<p>a"}, {"html": "<p>b"}]
    packed = tmp_path / "lines"
    packed.write_bytes(gzip.compress(made.json_lines(tmp_path / "l", rows).read_bytes()))
    files = [
        made.sqlite(tmp_path / "s.db", rows),
        made.warc(tmp_path / "w", rows),
        tmp_path / "l",
        packed,
    ]
    assert len(listed(*files)) == 8
    page = tmp_path / "page"
    page.write_text('{\n  "html": "<p>"\n}')
    assert len(listed(page)) == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("A.HTML.GZ", "page"),
        ("a.md.zst", "page"),
        ("a.jsonl.zst", "lines"),
        ("a.NDJSON", "lines"),
        ("a.warc.zst", "warc"),
        ("a.parquet", "parquet"),
        ("a.parquet.gz", None),
        ("a.sqlite3", "sqlite"),
        ("a.db", None),
        ("a.wacz", "wacz"),
        ("a", None),
        ("parquet", None),
    ],
)
def test_endings_say_what_a_file_is(name: str, kind: str | None) -> None:
    assert by_name(name) == kind


def test_bytes_that_say_nothing_are_a_page() -> None:
    for head in (b"", b"<html>", b"PAR", b"\x1f\x8b", b"PK\x03\x04", gzip.compress(b"PAR1")):
        assert by_content(head) == "page"


def test_the_output_and_what_is_named_twice_are_left_out(tmp_path: Path) -> None:
    path = made.json_lines(tmp_path / "a.jsonl", [{"html": "<p>"}] * 3)
    other = made.sqlite(tmp_path / "a.sqlite", [{"html": "<p>"}])
    left = Left()
    names = [str(path), str(other), str(tmp_path / "." / "a.sqlite"), f"{other}#pages"]
    found = stream(names, limit=made.LIMIT, left=left, leave_out=str(path))
    assert len([entry for entry in found if entry is not None]) == 1
    assert (left.ignored, left.repeated) == (1, 2)


def test_standard_input_may_be_an_archive_but_no_table(tmp_path: Path) -> None:
    rows = [{"html": f"<p>{n}"} for n in range(20)]
    archive = made.warc(tmp_path / "a.warc.gz", rows).read_bytes()
    table = made.sqlite(tmp_path / "a.sqlite", rows).read_bytes()
    script = (
        "from rolecall.inputs.stream import stream\n"
        "for one in stream(['-'], limit=9999):\n"
        "    if one is not None: print(one.seq, one.locator, one.line, one.fault)\n"
    )
    for data, wanted in ((archive, 20), (table, 1)):
        path = os.pathsep.join(part for part in sys.path if part)
        told = subprocess.run(
            [sys.executable, "-c", script],
            input=data,
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONPATH": path},
        )
        assert len(told.stdout.splitlines()) == wanted
    assert b"name the file" in told.stdout
