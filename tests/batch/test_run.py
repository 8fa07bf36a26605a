import json
import os
import pickle
import signal
import threading
from pathlib import Path

from rolecall.batch.run import NO_LIMIT, Done, Form, PageWork, Tally, crew_of, run
from rolecall.batch.workers import Crew, Loss
from rolecall.inputs.nouns import Input
from rolecall.inputs.stream import stream
from rolecall.settings import Settings

HTML = b"<html><head><title>Night Baker</title></head><body><h1>Night Baker</h1><p>Bake.</p></body>"


def entry(tmp_path: Path, **more: str) -> Input:
    path = tmp_path / "a.html"
    path.write_bytes(HTML)
    return Input(4, "a.html", path=str(path), **more)


def told(done: Done) -> dict[str, object]:
    assert done.line is not None
    record: dict[str, object] = json.loads(done.line)
    return record


def test_an_input_becomes_one_line(tmp_path: Path) -> None:
    done = PageWork(Settings())(entry(tmp_path))
    record = told(done)
    assert (record["seq"], record["source"], done.seq) == (4, "a.html", 4)
    assert done.outcome == record["outcome"]


def test_an_input_that_cannot_be_read_is_a_failed_line() -> None:
    done = PageWork(Settings(with_text=True))(Input(0, "gone", path="/nonexistent/gone"))
    record = told(done)
    assert (done.outcome, done.code) == ("failed", "unreadable")
    assert (record["source_id"], record["text"]) == (None, None)


def test_a_record_that_is_known_is_kept(tmp_path: Path) -> None:
    page_work = PageWork(Settings())
    first = told(page_work(entry(tmp_path)))
    assert page_work(entry(tmp_path, known=str(first["source_id"]))).outcome == "kept"
    assert page_work(entry(tmp_path, known="0" * 64)).outcome == first["outcome"]


def test_an_input_that_was_lost_keeps_its_identity(tmp_path: Path) -> None:
    page_work = PageWork(Settings())
    first = told(page_work(entry(tmp_path)))
    lost = told(page_work.lost(entry(tmp_path), Loss(code="timeout", message="took longer")))
    assert lost["source_id"] == first["source_id"]
    reason = {"code": "timeout", "stage": "extract", "message": "took longer", "retryable": True}
    assert lost["reason"] == reason
    gone = page_work.lost(Input(0, "gone", path="/gone"), Loss(code="poison", message="died"))
    assert told(gone)["source_id"] is None


def test_the_export_leaves_out_what_is_no_posting() -> None:
    form: Form = "schema-org"
    done = PageWork(Settings(), form=form)(Input(0, "-", line=b""))
    assert (done.outcome, done.line) == ("not_a_posting", None)


def test_a_copy_for_another_process_does_the_same(tmp_path: Path) -> None:
    page_work = PageWork(Settings(origins={"workers": "flag --workers"}))
    first = told(page_work(entry(tmp_path)))
    copy = pickle.loads(pickle.dumps(page_work))
    assert told(copy(entry(tmp_path))) | {"seconds": 0} == first | {"seconds": 0}


def test_every_input_is_counted_once(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.html").write_bytes(HTML)
    (tmp_path / "dangling.html").symlink_to("nowhere")
    tally = Tally()
    entries = stream([str(tmp_path)], limit=10_000)
    for done in run(entries, PageWork(Settings()), Crew(workers=2)):
        tally.add(done)
    assert tally.total == 21
    assert tally.outcomes["failed"] == 1
    assert tally.codes["failed"]["unreadable"] == 1


class Hostile(PageWork):
    """Does what a bug that a page sets off would do."""

    def __call__(self, entry: Input) -> Done:
        if entry.locator.endswith("hang.html"):
            threading.Event().wait()
        if entry.locator.endswith("crash.html"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(entry)


def test_a_page_that_hangs_or_crashes_costs_its_own_record(tmp_path: Path) -> None:
    for name in ("1", "2-hang", "3", "4-crash", "5"):
        (tmp_path / f"{name}.html").write_bytes(HTML)
    entries = stream([str(tmp_path)], limit=10_000)
    found = list(run(entries, Hostile(Settings()), Crew(timeout=0.5, ordered=True)))
    good = found[0].outcome
    assert [(done.outcome, done.code) for done in found] == [
        (good, found[0].code),
        ("failed", "timeout"),
        (good, found[0].code),
        ("failed", "poison"),
        (good, found[0].code),
    ]
    assert [told(done)["seq"] for done in found] == list(range(5))
    assert len({told(done)["source_id"] for done in found}) == 1


def test_no_time_limit_is_longer_than_timers_take() -> None:
    for told, limit in ((0.0, NO_LIMIT), (1e300, NO_LIMIT), (5.0, 5.0)):
        settings = Settings(page_timeout_seconds=told)
        assert crew_of(settings, many=False, asks=False, ordered=True).timeout == limit
