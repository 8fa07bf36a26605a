import contextlib
import gzip
import json
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from tests.cli.shell import COMMAND, environment, folder, inside, page, records, rows, start

from rolecall.cli import main
from rolecall.cli.extract import FEW, _head
from rolecall.inputs.nouns import Input


def outcomes(data: bytes) -> list[str]:
    return [
        f"{one['source']} {one['outcome']} {(one['reason'] or {}).get('code')}"
        for one in records(data)
    ]


def test_one_page_is_one_record_on_stdout(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    done = inside("extract", "a.html", cwd=tmp_path)
    (record,) = records(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (record["seq"], record["source"]) == (0, "a.html")
    assert len(record["source_id"]) == 64


def test_words_come_in_any_order(tmp_path: Path) -> None:
    folder(tmp_path / "d", 2)
    (tmp_path / "a.html").write_text(page())
    one = inside("extract", "a.html", "--quiet", "d", "--workers", "2", cwd=tmp_path)
    two = inside("extract", "--workers=2", "a.html", "d", "--quiet", cwd=tmp_path)
    assert len(records(one.stdout)) == 3
    assert records(one.stdout) == records(two.stdout)


def test_the_number_of_workers_does_not_change_what_comes_out(tmp_path: Path) -> None:
    folder(tmp_path / "d", 60)
    one = inside("extract", "d", "--workers", "1", cwd=tmp_path)
    two = inside("extract", "d", "--workers", "3", cwd=tmp_path)
    assert [record["seq"] for record in records(one.stdout)] == list(range(60))
    assert records(one.stdout) == records(two.stdout)
    assert b"done: 60 inputs in " in one.stderr


def test_every_bad_input_has_its_record(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.html")
    (tmp_path / "loop.html").symlink_to("loop.html")
    with (tmp_path / "big.html").open("wb") as file:
        file.truncate(1 << 30)
    (tmp_path / "bomb.html.gz").write_bytes(gzip.compress(bytes(30_000_000)))
    (tmp_path / "new\nline.html").write_text(page())
    with open(os.path.join(os.fsencode(tmp_path), b"bad\xff.html"), "w") as file:
        file.write(page())
    (tmp_path / "l.jsonl").write_bytes(b"\xef\xbb\xbf{bad\r\n\n" + rows(1) + b'{"no": 1}')
    words = ["pipe.html", "loop.html", "big.html", "bomb.html.gz", "new\nline.html", "gone.html"]
    done = inside("extract", *words, os.fsdecode(b"bad\xff.html"), "l.jsonl", cwd=tmp_path)
    good = records(inside("extract", "new\nline.html", cwd=tmp_path).stdout)[0]
    told = f"{good['outcome']} {(good['reason'] or {}).get('code')}"
    assert outcomes(done.stdout) == [
        "pipe.html failed unreadable",
        "loop.html failed unreadable",
        "big.html failed too_large",
        "bomb.html.gz failed too_large",
        f"new\nline.html {told}",
        "gone.html failed unreadable",
        f"bad\\xff.html {told}",
        "l.jsonl:1 failed decode_error",
        f"l.jsonl:3 {told}",
        "l.jsonl:4 failed unreadable",
    ]
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


def test_standard_input_is_a_page_or_lines(tmp_path: Path) -> None:
    html = page().encode()
    for stdin in (html, gzip.compress(html)):
        (record,) = records(inside("extract", "-", stdin=stdin).stdout)
        assert record["source"] == "-"
    (record,) = records(inside("extract", "-", stdin=b"").stdout)
    assert (record["outcome"], record["reason"]["code"]) == ("not_a_posting", "empty_text")
    for stdin in (rows(3), gzip.compress(rows(3)), b"\xef\xbb\xbf" + rows(3)[:-1]):
        found = records(inside("extract", "-", stdin=stdin).stdout)
        assert [record["source"] for record in found] == ["-:1", "-:2", "-:3"]
    (record,) = records(inside("extract", "-", stdin=html * 20_000).stdout)
    assert record["reason"]["code"] == "too_large"


@pytest.mark.parametrize(("come", "many"), [(1, False), (FEW, False), (FEW + 1, True)])
def test_inputs_that_come_slowly_may_be_many(come: int, many: bool) -> None:
    def stop() -> bool:
        return False

    there = [Input(number, f"{number}") for number in range(come)]
    assert _head(iter(there), stop) == (there, many)
    assert _head(iter([None, *there[:1], None, *there[1:]]), stop) == (there[:1], True)


def test_lines_that_come_slowly_are_answered_as_they_come(tmp_path: Path) -> None:
    run = start("extract", "-", cwd=tmp_path)
    assert run.stdin is not None
    assert run.stdout is not None
    for number in range(3):
        run.stdin.write(rows(1, number))
        run.stdin.flush()
        (record,) = records(run.stdout.readline())
        assert record["source"] == f"-:{number + 1}"
    run.stdin.close()
    assert run.wait(20) == 0
    run.stdout.close()
    assert run.stderr is not None
    run.stderr.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to read"),
        (["no*.html"], "no file matches no*.html"),
        (["empty"], "nothing to read in empty"),
        (["a.html", "--resume"], "--resume and --force need --out"),
        (["a.html", "--out", "o", "--resume", "--force"], "choose one"),
        (["a.html", "--format", "csv"], "--format needs --out"),
        (["a.html", "--out", "o", "--explain"], "--out holds records"),
        (["a.html", "--explain", "--schema-org"], "exclude each other"),
        (["a.html", "--captured", "May"], "no date like 2026-05-17"),
        (["a.html", "--workers", "-1"], "workers"),
        (["a.html", "--wrokers", "1"], "unrecognized arguments"),
        (["a.html", "--out", "no/o"], "cannot write no/o"),
    ],
)
def test_wrong_calls_are_refused_in_one_line_with_a_hint(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    folder(tmp_path / "empty", 0)
    (tmp_path / "a.html").write_text(page())
    monkeypatch.chdir(tmp_path)
    assert main(["extract", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err.splitlines()[0]
    assert len(said.err.splitlines()) <= 2
    assert sorted(os.listdir(tmp_path)) == ["a.html", "empty"]


def test_wrong_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    done = inside("extract", "a.html", cwd=tmp_path, ROLECALL_WORKRES="2")
    assert done.returncode == 2
    assert b"ROLECALL_WORKERS" in done.stderr


def test_explain_and_schema_org_replace_the_records(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    told = inside("extract", "a.html", "gone.html", "--explain", cwd=tmp_path)
    assert told.stdout.startswith(b"a.html: ")
    assert b"gone.html: failed" in told.stdout
    export = inside("extract", "a.html", "gone.html", "--schema-org", cwd=tmp_path)
    assert export.returncode == 3
    for row in records_of_export(export.stdout):
        assert row["@type"] == "JobPosting"


def records_of_export(data: bytes) -> list[dict[str, str]]:
    return [json.loads(row) for row in data.splitlines()]


def test_with_text_spans_can_be_read_without_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    (record,) = records(inside("extract", "a.html", "--with-text", cwd=tmp_path).stdout)
    assert "You bake bread at night" in record["text"]
    for evidence in record["evidence"].values():
        if evidence["match"] == "exact":
            quoted = record["text"][evidence["start"] : evidence["end"]]
            assert quoted == evidence["quote"]


def test_an_output_is_refused_continued_or_replaced(tmp_path: Path) -> None:
    folder(tmp_path / "d", 12)
    assert inside("extract", "d", "--out", "o.jsonl", cwd=tmp_path).returncode == 0
    first = (tmp_path / "o.jsonl").read_bytes()
    again = inside("extract", "d", "--out", "o.jsonl", cwd=tmp_path)
    assert again.returncode == 2
    assert b"--resume" in again.stderr
    kept = inside("extract", "d", "--out", "o.jsonl", "--resume", cwd=tmp_path)
    assert b"12 kept" in kept.stderr
    assert (tmp_path / "o.jsonl").read_bytes() == first
    other = inside(
        "extract", "d", "--out", "o.jsonl", "--resume", "--captured", "2026-01-02", cwd=tmp_path
    )
    assert (other.returncode, b"other settings" in other.stderr) == (2, True)
    forced = inside("extract", "d/p0000.html", "--out", "o.jsonl", "--force", cwd=tmp_path)
    assert forced.returncode == 0
    assert len(records((tmp_path / "o.jsonl").read_bytes())) == 1


def test_a_resumed_run_redoes_what_changed_and_numbers_what_moved(tmp_path: Path) -> None:
    folder(tmp_path / "d", 12)
    inside("extract", "d", "--out", "o.jsonl", cwd=tmp_path)
    (tmp_path / "d" / "p0003.html").write_text(page(99, "Pastry Chef"))
    (tmp_path / "d" / "p0001b.html").write_text(page(98))
    done = inside("extract", "d", "--out", "o.jsonl", "--resume", cwd=tmp_path)
    assert b"11 kept" in done.stderr
    inside("extract", "d", "--out", "fresh.jsonl", cwd=tmp_path)
    assert records((tmp_path / "o.jsonl").read_bytes()) == records(
        (tmp_path / "fresh.jsonl").read_bytes()
    )


def test_a_failure_that_is_kept_still_counts(tmp_path: Path) -> None:
    """A page that brought down its workers has a record, and is not tried again."""
    folder(tmp_path / "d", 3)
    inside("extract", "d", "--out", "o.jsonl", cwd=tmp_path)
    written = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    reason = {"code": "poison", "stage": "extract", "message": "", "retryable": False}
    written[1] |= {"outcome": "failed", "reason": reason, "data": None, "evidence": {}}
    lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in written]
    (tmp_path / "o.jsonl").write_text("\n".join(lines) + "\n")
    done = inside("extract", "d", "--out", "o.jsonl", "--resume", cwd=tmp_path)
    assert (done.returncode, b"3 kept" in done.stderr) == (3, True)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["2"])
def test_a_killed_run_that_is_resumed_equals_an_undisturbed_one(
    tmp_path: Path, workers: str
) -> None:
    data = rows(120)
    words = ("extract", "-", "--out", "o.jsonl", "--workers", workers)
    out = tmp_path / "o.jsonl"
    for upto in (25, 60, 61, 100):
        run = start(*words, "--resume", cwd=tmp_path)
        assert run.stdin is not None
        run.stdin.write(b"".join(data.splitlines(keepends=True)[:upto]))
        run.stdin.flush()
        wait_for(run, out, upto - 5)
        run.kill()
        finish(run)
        with out.open("ab") as file:
            file.write(b'{"schema_version":"1","seq":7,"sou')  # as if torn in mid-line
    done = inside(*words, "--resume", stdin=data, cwd=tmp_path)
    assert done.returncode == 0
    undisturbed = inside("extract", "-", stdin=data)
    assert records(out.read_bytes()) == records(undisturbed.stdout)
    assert os.listdir(tmp_path) == ["o.jsonl"]


def wait_for(run: "subprocess.Popen[bytes]", out: Path, lines: int) -> None:
    """Until the output holds that many lines."""
    while not out.exists() or out.read_bytes().count(b"\n") < lines:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(0.02)
            raise AssertionError(run.stderr.read() if run.stderr else "")


def finish(run: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """The end of a process that was started, and what it said."""
    with contextlib.suppress(BrokenPipeError):
        assert run.stdin is not None
        run.stdin.close()
    assert run.stderr is not None
    assert run.stdout is not None
    told = run.stderr.read().decode()
    run.stderr.close()
    run.stdout.close()
    return run.wait(20), told


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_leaves_every_finished_record_and_says_how_to_go_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    run = start("extract", "-", "--out", "o.jsonl", cwd=tmp_path)
    assert run.stdin is not None
    run.stdin.write(rows(40))
    run.stdin.flush()
    wait_for(run, tmp_path / "o.jsonl", 30)
    run.send_signal(number)
    ended, told = finish(run)
    assert ended == code
    assert "stopped after" in told
    assert "rolecall extract --resume - --out o.jsonl" in told
    assert "Traceback" not in told
    assert len(records((tmp_path / "o.jsonl").read_bytes())) >= 30
    done = inside("extract", "-", "--out", "o.jsonl", "--resume", stdin=rows(45), cwd=tmp_path)
    assert done.returncode == 0
    found = records((tmp_path / "o.jsonl").read_bytes())
    assert [record["seq"] for record in found] == list(range(45))


def test_a_signal_before_the_first_input_ends_the_run(tmp_path: Path) -> None:
    run = start("extract", "-", cwd=tmp_path)
    assert run.stdin is not None
    run.stdin.write(rows(1))
    run.stdin.flush()
    assert run.stdout is not None
    run.stdout.readline()
    run.send_signal(signal.SIGINT)
    assert finish(run)[0] == 130


def test_two_runs_cannot_write_one_output(tmp_path: Path) -> None:
    run = start("extract", "-", "--out", "o.jsonl", cwd=tmp_path)
    assert run.stdin is not None
    run.stdin.write(rows(10))
    run.stdin.flush()
    wait_for(run, tmp_path / "o.jsonl", 10)
    for mode in ("--resume", "--force"):
        other = inside("extract", "-", "--out", "o.jsonl", mode, stdin=rows(3), cwd=tmp_path)
        assert other.returncode == 2
        assert b"another run is writing o.jsonl" in other.stderr
    assert finish(run)[0] == 0
    assert len(records((tmp_path / "o.jsonl").read_bytes())) == 10


def test_a_file_that_goes_away_during_the_run_has_its_record(tmp_path: Path) -> None:
    folder(tmp_path / "d", 2)
    names = ("d/p0000.html", "d/p0001.html")
    run = start("extract", "-", *names, "--out", "o.jsonl", cwd=tmp_path)
    assert run.stdin is not None
    run.stdin.write(rows(10))
    run.stdin.flush()
    wait_for(run, tmp_path / "o.jsonl", 10)
    (tmp_path / "d" / "p0000.html").unlink()
    assert finish(run)[0] == 3
    *_, gone, there = records((tmp_path / "o.jsonl").read_bytes())
    assert (gone["seq"], gone["outcome"], gone["reason"]["code"]) == (10, "failed", "unreadable")
    assert (there["seq"], there["source"]) == (11, "d/p0001.html")
    assert there["outcome"] != "failed"


def test_a_full_disk_is_told_and_leaves_whole_records(tmp_path: Path) -> None:
    folder(tmp_path / "d", 30)

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*COMMAND, "extract", "d", "--out", "o.jsonl"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        preexec_fn=small,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b"cannot write o.jsonl: file too large" in done.stderr
    assert b"--resume" in done.stderr
    assert b"Traceback" not in done.stderr
    assert 0 < len(records((tmp_path / "o.jsonl").read_bytes())) < 30
    done = inside("extract", "d", "--out", "o.jsonl", "--resume", cwd=tmp_path)
    assert done.returncode == 0
    assert len(records((tmp_path / "o.jsonl").read_bytes())) == 30


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    folder(tmp_path / "d", 30)
    run = start("extract", "d", "--quiet", cwd=tmp_path)
    assert run.stdout is not None
    run.stdout.read(10)
    run.stdout.close()
    assert run.stderr is not None
    assert run.stdin is not None
    run.stdin.close()
    assert run.stderr.read() == b""
    run.stderr.close()
    assert run.wait(20) in (0, 141)


def test_the_export_names_inputs_that_have_none(tmp_path: Path) -> None:
    (tmp_path / "empty.html").write_text("")
    done = inside("extract", "empty.html", "--schema-org", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"empty.html: not_a_posting: empty_text" in done.stderr


def test_a_reader_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    done = inside("extract", "a.html", cwd=tmp_path, ROLECALL_READER_MODEL="nowhere")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot be read" in done.stderr
