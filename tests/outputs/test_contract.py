"""What every format promises; each test runs with all of them."""

import os
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.outputs.made import CONFIG, FORMATS, digest, line, posting, read, run, told

from rolecall.core import Reason
from rolecall.errors import UsageError
from rolecall.outputs.nouns import Output, OutputError
from rolecall.outputs.open import Format, format_of, open_output
from rolecall.record import dump, failed_record

NAMES = [f"p{number}" for number in range(20)]
PAGES = dict.fromkeys(NAMES, "x")


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest) -> Format:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def path(tmp_path: Path, form: Format) -> Path:
    return tmp_path / f"out.{form}"


def resume(path: Path, **more: bool) -> Output:
    return open_output(str(path), "resume", CONFIG, **more)  # type: ignore[arg-type]


def test_a_completed_output_is_in_order_and_alone(path: Path, form: Format) -> None:
    run(open_output(str(path), "new", CONFIG), PAGES, NAMES[::-1])
    assert told(path, form) == list(enumerate(NAMES))
    assert os.listdir(path.parent) == [path.name]


def test_a_second_run_does_nothing(path: Path, form: Format) -> None:
    run(open_output(str(path), "new", CONFIG), PAGES, NAMES[::-1])
    before, written = path.read_bytes(), path.stat()
    for _ in range(2):
        assert run(resume(path), PAGES) == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, written.st_mtime_ns)
    assert os.listdir(path.parent) == [path.name]


def test_a_run_that_stopped_goes_on(path: Path, form: Format) -> None:
    first = open_output(str(path), "new", CONFIG)
    for name in NAMES[5:10]:
        first.append(name, NAMES.index(name), line(name, NAMES.index(name)))
    first.sync()
    first.close()
    assert run(resume(path), PAGES) == 15
    assert told(path, form) == list(enumerate(NAMES))


def test_a_completed_output_takes_more(path: Path, form: Format) -> None:
    run(open_output(str(path), "new", CONFIG), dict.fromkeys("abd", "x"))
    again = {"new": "x", "a": "x", "b": "y", "c": "x"}
    assert run(resume(path), again) == 3
    assert told(path, form) == [(0, "new"), (1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert read(path, form)[2]["source_id"] == digest("y")
    before = path.read_bytes()
    assert run(resume(path), again) == 0
    assert path.read_bytes() == before


def test_what_is_there_is_refused_unless_told(path: Path, form: Format) -> None:
    run(open_output(str(path), "new", CONFIG), {"a": "x"})
    with pytest.raises(UsageError, match="exists"):
        open_output(str(path), "new", CONFIG)
    with pytest.raises(UsageError, match="other settings"):
        open_output(str(path), "resume", "other")
    with pytest.raises(UsageError, match=r"--with-text|other columns"):
        resume(path, with_text=True)
    assert told(path, form) == [(0, "a")]
    assert run(open_output(str(path), "force", "other"), {"b": "x"}) == 1
    assert told(path, form) == [(0, "b")]


def test_what_is_not_ours_is_left_alone(path: Path) -> None:
    for other in (b"mine", b"mine\nand mine\n", b"\x1f\x8bmine", b"\0" * 200):
        path.write_bytes(other)
        with pytest.raises(UsageError) as caught:
            resume(path)
        assert caught.value.hint is not None
        assert path.read_bytes() == other
        assert os.listdir(path.parent) == [path.name]


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, form: Format) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place, why in (("missing/out", "cannot write"), (".", "director"), ("pipe", "regular")):
        with pytest.raises(UsageError, match=why):
            open_output(str(tmp_path / place), "force", CONFIG, form=form)


def test_two_runs_cannot_write_one_output(path: Path) -> None:
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0))
    output.sync()
    child = os.fork()
    if not child:  # a lock is a process's: the other run is another one
        try:
            resume(path)
        except UsageError as error:
            os._exit(7 if "another run" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    output.close()


def test_an_output_that_is_taken_away_is_told(path: Path) -> None:
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0))
    for one in path.parent.iterdir():
        one.unlink()
    with pytest.raises(OutputError, match="removed or replaced") as caught:
        output.complete()
    assert caught.value.hint is not None
    output.close()


def test_a_full_disk_leaves_whole_records(path: Path, form: Format) -> None:
    output = open_output(str(path), "new", CONFIG)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        with pytest.raises(OutputError) as caught:
            append_all(output, 1000)
        output.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "make room" in (caught.value.hint or "")
    pages = {f"p{number}": "x" for number in range(1000)}
    assert run(resume(path), pages) in range(1, 1000)
    assert told(path, form) == [(seq, name) for seq, name in enumerate(pages)]


def append_all(output: Output, count: int) -> None:
    for number in range(count):
        name = f"p{number}"
        output.append(name, number, line(name, number, text_sha256="x" * 500))
        if not number % 20:
            output.sync()


def test_failures_that_may_pass_are_done_again(path: Path) -> None:
    later = {"code": "timeout", "stage": "extract", "message": "m", "retryable": True}
    never = later | {"retryable": False}
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0, outcome="failed", reason=later))
    output.append("b", 1, line("b", 1, outcome="failed", reason=never, source_id=None))
    output.append("c", 2, line("c", 2, outcome="failed", reason=never))
    output.complete()
    output.close()
    output = resume(path)
    assert [output.known(name) for name in "abcd"] == ["", "", digest("x"), None]
    assert output.keep("c", 0)
    output.close()


@pytest.mark.parametrize("name", ["bad\udcff.html", "-:1", "=1+1", "'-x", "a\rb", 'q"uo,te', "\n"])
def test_odd_names_are_found_again(path: Path, name: str) -> None:
    run(open_output(str(path), "new", CONFIG), {name: "x", "b": "x"})
    assert run(resume(path), {name: "x", "b": "x"}) == 0


def test_another_model_in_the_same_run_is_done_again(path: Path, form: Format) -> None:
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0, config="0dd"))
    output.append("b", 1, line("b", 1))
    output.close()
    assert run(resume(path), {"a": "x", "b": "x"}) == 1
    assert [row["config"] for row in read(path, form)] == [CONFIG, CONFIG]


def test_the_text_and_a_schema_of_ones_own(path: Path, form: Format) -> None:
    fields = ("role", "seq", 'q"uo,te', "Role")
    more = {"with_text": True, "fields": fields}
    data = {"role": "Baker", "seq": {"a": [1]}, 'q"uo,te': [True, "b"], "Role": 1.5}
    output = open_output(str(path), "new", CONFIG, **more)  # type: ignore[arg-type]
    output.append("a", 0, line("a", 0, outcome="ok", data=data, text="Baker wanted"))
    output.complete()
    output.close()
    before = path.read_bytes()
    output = open_output(str(path), "resume", CONFIG, **more)  # type: ignore[arg-type]
    output.keep("a", 0)
    output.append("b", 1, line("b", 1, outcome="failed", text=None))
    output.complete()
    output.close()
    assert told(path, form) == [(0, "a"), (1, "b")]
    assert path.read_bytes() != before
    assert read(path, form)[0]["text"] == "Baker wanted"


def test_a_folder_that_was_not_there_is_forgotten_once_its_pages_are(
    path: Path, form: Format
) -> None:
    reason = Reason(code="unreadable", stage="read", message="no such file")
    nothing = dump(failed_record(reason, locator="day", seq=0, config=CONFIG))
    output = open_output(str(path), "new", CONFIG)
    output.append("day", 0, nothing)
    output.append("old", 1, line("old", 1, outcome="failed"))
    output.complete()
    output.close()
    output = open_output(str(path), "resume", CONFIG)
    output.append("day/a", 0, line("day/a", 0))
    for name in ("day", "old", "none"):
        output.forget(name)
    assert output.complete() == 1
    output.close()
    assert told(path, form) == [(0, "day/a"), (1, "old")]
    output = open_output(str(path), "resume", CONFIG)
    output.append("day", 0, nothing)
    output.forget("day")
    assert output.complete() == 2
    output.close()
    assert told(path, form) == [(0, "day"), (1, "day/a"), (2, "old")]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_after_any_runs_each_input_has_one_record(
    tmp_path_factory: pytest.TempPathFactory, form: Format, data: st.DataObject
) -> None:
    """Runs over other inputs, stopped or completed, in any order of finishing."""
    path = tmp_path_factory.mktemp("out") / f"out.{form}"
    bodies = st.sampled_from(["x", "y"])
    inputs: dict[str, str] = {}
    seen: dict[str, str] = {}
    for _ in range(data.draw(st.integers(1, 3))):
        inputs = data.draw(st.dictionaries(st.sampled_from(NAMES[:6]), bodies, min_size=1))
        order = data.draw(st.permutations(list(inputs)))
        output = open_output(str(path), "resume", CONFIG)
        for name in order[: data.draw(st.integers(0, len(order)))]:
            seq = list(inputs).index(name)
            if output.known(name) == digest(inputs[name]):
                output.keep(name, seq)
            else:
                output.append(name, seq, line(name, seq, inputs[name]))
            seen[name] = inputs[name]
        output.close()
    run(open_output(str(path), "resume", CONFIG), inputs)
    seen |= inputs
    rows = read(path, form)
    assert [row["seq"] for row in rows] == list(range(len(seen)))
    assert [row["source"] for row in rows][: len(inputs)] == list(inputs)
    assert {row["source"]: row["source_id"] for row in rows} == {
        name: digest(body) for name, body in seen.items()
    }


def test_the_ending_says_the_format() -> None:
    names = ("a.jsonl", "a", "a.CSV", "a.db", "a.sqlite3", "a.parquet", "a.jsonl.gz", "a.zst")
    found = [format_of(name) for name in names]
    assert found == [
        "jsonl", "jsonl", "csv", "sqlite", "sqlite", "parquet", "jsonl.gz", "jsonl.zst"
    ]  # fmt: skip
    assert posting("a", 0, title="Baker")
    for name in ("a.csv.gz", "b.Parquet.zst"):
        with pytest.raises(UsageError, match="only JSON Lines"):
            format_of(name)


def test_a_record_that_a_bad_disk_changed_does_not_pass_for_one(path: Path, form: Format) -> None:
    run(open_output(str(path), "new", CONFIG), PAGES)
    data = path.read_bytes()
    marks = {"jsonl": b"p7", "csv": b"p7", "sqlite": b'"outcome"'}
    place = data.rindex(marks[form]) if form in marks else len(data) // 2
    before = data[:place] + b"\xff" + data[place + 1 :]
    path.write_bytes(before)
    with pytest.raises(UsageError) as caught:
        run(resume(path), PAGES | {"one more": "x"})
    assert "--force" in (caught.value.hint or "")
    assert path.read_bytes() == before
