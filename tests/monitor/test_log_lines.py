"""Events as lines of a file: whole ones, whatever becomes of the file, and never a page's fault."""

import json
import logging
import os
import threading
from pathlib import Path

import msgspec
from tests.monitor.made import call, event

from rolecall.monitor import Watch
from rolecall.monitor.events import CallEvent, PageEvent
from rolecall.monitor.log_lines import MOST_BYTES, LogLines


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_key_of_a_line_is_explained():
    text = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text("utf-8")
    told = text.partition("## Log lines")[2].partition("\n## ")[0]
    names = {*PageEvent.__struct_fields__, *CallEvent.__struct_fields__}
    assert {name for name in names if f"`{name}`" not in told} == set()


def test_each_event_is_a_line(tmp_path):
    path = tmp_path / "events.jsonl"
    watch = Watch([LogLines(str(path))])
    for number in range(3):
        watch.hear(event(moment=number, calls=(call(),), kinds={"syntax": 2}))
    watch.close()
    found = lines(path)
    assert [one["moment"] for one in found] == [0, 1, 2]
    assert found[0]["calls"][0]["input_tokens"] == 900
    assert found[0]["kinds"] == {"syntax": 2}
    assert path.stat().st_mode & 0o007 == 0


def test_a_field_of_any_name_can_be_written(tmp_path):
    path = tmp_path / "events.jsonl"
    sink = LogLines(str(path))
    sink(event(fields={'d"\n\ud800': 1}))
    sink.close()
    assert lines(path)[0]["fields"] == {'d"\n\ud800': 1}


def test_a_file_that_was_moved_away_is_made_anew(tmp_path):
    path, old = tmp_path / "events.jsonl", tmp_path / "events.jsonl.1"
    sink = LogLines(str(path))
    sink(event(moment=1))
    sink.flush()
    path.rename(old)
    sink(event(moment=2))
    sink.flush()
    path.write_text("", "utf-8")  # cut, as some rotations do it: what follows is appended
    sink(event(moment=3))
    sink.close()
    assert [one["moment"] for one in lines(old)] == [1]
    assert [one["moment"] for one in lines(path)] == [3]


def test_processes_and_threads_append_to_one_file(tmp_path):
    path = tmp_path / "events.jsonl"
    sinks = [LogLines(str(path)) for _ in range(3)]

    def tell(sink):
        for number in range(2_000):
            sink(event(moment=number))
        sink.flush()

    threads = [threading.Thread(target=tell, args=(sink,)) for sink in sinks for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(lines(path)) == 12_000
    assert not any(one.dropped for one in sinks)


def test_a_place_that_takes_nothing_costs_no_page(tmp_path, caplog):
    place = tmp_path / "later" / "events.jsonl"
    with caplog.at_level(logging.WARNING):
        sink = LogLines(str(place))
        watch = Watch([sink])
        size = len(event_line())
        for _ in range(MOST_BYTES // size + 100):
            watch.hear(event())
        watch.flush()
        assert len(caplog.records) == 1  # said once
        assert sink.dropped >= 100
        place.parent.mkdir()
        watch.close()
    assert len(lines(place)) == MOST_BYTES // size
    assert f"{sink.dropped} were dropped" in caplog.records[1].getMessage()


def test_a_full_disk_cuts_no_line_in_two(tmp_path, caplog):
    """A pipe that nobody empties takes a part of a line, as a full disk does."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    sink = LogLines(str(path))
    taken = b""
    for number in range(1_000):
        sink(event(moment=number))
    sink.flush()
    while sink._rest or sink._lines:
        taken += os.read(reader, 1 << 20)
        sink.flush()
    taken += os.read(reader, 1 << 20)
    sink.close()
    os.close(reader)
    assert [json.loads(line)["moment"] for line in taken.splitlines()] == [*range(1_000)]


def test_a_pipe_that_nobody_reads_holds_nothing_up(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    sink = LogLines(str(path))
    sink(event())
    sink.close()


def test_the_standard_error_stays_open(capfd):
    sink = LogLines("-")
    sink(event(moment=5))
    sink.close()
    assert json.loads(capfd.readouterr().err)["moment"] == 5
    os.fstat(2)


def event_line():
    return msgspec.json.encode(event()) + b"\n"
