"""``rolecall tasks`` and ``rolecall work``."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rolecall.cli import main
from rolecall.ledger.database import open_database
from rolecall.queue.nouns import NewTask, Result, Submission
from rolecall.queue.queue import Queue

PAGE = (
    "<html><head><title>Nurse {n}</title></head><body><h1>Nurse {n}</h1><p>Company: Acme Ltd</p>"
    "<p>Requirements</p><ul><li>Care</li></ul></body></html>"
)


@pytest.fixture
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("ROLECALL_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("ROLECALL_ENGINE", "none")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = Queue(open_database(tmp_path / "rolecall.db", {}))
    yield found
    found.store.close()


def submit(queue, count=3, submitter="anna"):
    tasks = tuple(
        NewTask(source=f"p{n}", url=f"https://jobs.example.org/{n}", body=PAGE.format(n=n).encode())
        for n in range(count)
    )
    return queue.inbox.submit(Submission(submitter=submitter, tasks=tasks)).tasks


def finish(queue, outcome="ok", title="Nurse", **reason):
    """End the next task with a record of this outcome."""
    (claim,) = queue.leases.claim("w", 1)
    data = {"title": title, "company": "Acme Ltd"} if outcome == "ok" else None
    record = {
        "source": claim.source, "url": claim.url, "outcome": outcome, "data": data,
        "reason": reason or None, "attempts": [],
    }  # fmt: skip
    assert queue.leases.finish([Result(claim=claim, record=record)]) == [True]
    return claim.task


def told(capsys, *words, code=0):
    assert main(["tasks", *words]) == code
    return capsys.readouterr().out


def test_an_empty_queue_is_told(queue, capsys):
    assert "nobody works" in told(capsys, "status")
    assert told(capsys, "list") == "there is no such task\n"
    assert told(capsys, "list", "--json") == ""


def test_tasks_are_listed_by_what_is_asked_for(queue, capsys):
    submit(queue)
    first = finish(queue, title="Night Nurse")
    second = finish(queue, "failed", code="timeout")
    text = told(capsys, "list")
    assert [line.split()[0] for line in text.splitlines()] == ["id", "t3", "t2", "t1"]
    assert "Night Nurse – Acme Ltd" in text
    assert "failed: timeout" in text

    def listed(*words):
        return [
            json.loads(line)["id"]
            for line in told(capsys, "list", "--json", *words).split("\n")[:-1]
        ]

    assert listed("--outcome", "failed") == [f"t{second}"]
    assert listed("--state", "queued") == ["t3"]
    assert listed("night") == [f"t{first}"]
    assert listed("--site", "jobs.example.org") == ["t2", "t1"]
    assert listed("--site", "example.com") == []
    assert listed("--batch", "b1", "--before", "t3", "--limit", "1") == ["t2"]
    assert listed("--submitter", "berta") == []


def test_one_task_or_batch_is_shown(queue, capsys):
    submit(queue)
    task = finish(queue)
    shown = json.loads(told(capsys, "show", f"t{task}", "--json"))
    assert (shown["id"], shown["batch"], shown["state"]) == ("t1", "b1", "done")
    assert shown["made"].endswith("Z")
    assert "jobs.example.org" in told(capsys, "show", "t1")
    assert json.loads(told(capsys, "show", "b1", "--json"))["states"] == {"done": 1, "queued": 2}
    assert "queued 2" in told(capsys, "show", "b1")


def test_records_are_printed_as_they_are(queue, capfdbinary):
    submit(queue)
    finish(queue)
    for one in ("t1", "b1"):
        assert main(["tasks", "show", one, "--record"]) == 0
        assert json.loads(capfdbinary.readouterr().out)["data"]["title"] == "Nurse"
    assert main(["tasks", "show", "t2", "--record"]) == 2
    assert b"no record (yet)" in capfdbinary.readouterr().err


def test_tasks_are_cancelled_and_tried_again(queue, capsys):
    submit(queue)
    finish(queue, "failed", code="timeout")
    assert told(capsys, "cancel", "t2", "b1") == "2 cancelled\n"
    assert told(capsys, "cancel", "t2", code=3) == "0 cancelled\n"
    assert json.loads(told(capsys, "retry", "b1", "--json")) == {"changed": 3}
    assert queue.view.counts()["queued"] == 3
    assert told(capsys, "retry", "t1", code=3) == "0 queued once more\n"


def test_the_queue_is_paused_resumed_and_purged(queue, capsys):
    submit(queue)
    assert "take no more" in told(capsys, "pause")
    assert "paused" in told(capsys, "status")
    assert queue.leases.claim("w", 1) == []
    assert json.loads(told(capsys, "resume", "--json")) == {"paused": False}
    assert len(queue.leases.claim("w", 1)) == 1
    assert "forgotten: 0 batches" in told(capsys, "purge")
    assert json.loads(told(capsys, "status", "--json"))["states"]["running"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "x1"), "is no id"),
        (("show", "t01"), "is no id"),
        (("show", "t9"), "there is no t9"),
        (("show", "b9"), "there is no b9"),
        (("list", "--batch", "t1"), "is not a batch"),
        (("list", "--limit", "0"), "--limit"),
        (("list", "--state", "odd"), "--state"),
        (("lsit",), "there is no verb"),
        (("list", "--queue", "mysql://x"), "queue"),
    ],
)
def test_what_cannot_be_is_refused_with_its_remedy(queue, capsys, words, message):
    assert main(["tasks", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "hint: " in error


def test_hostile_text_stays_text(queue, capsys):
    bad = "\x1b[31mred\r\nfaked\u202e"
    queue.inbox.submit(Submission(submitter=bad, tasks=(NewTask(source=bad, body=b"x"),)))
    for words in (("list",), ("show", "t1")):
        text = told(capsys, *words)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nfaked" not in text


def rolecall(*words):
    command = [sys.executable, "-m", "rolecall", *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_worker_does_what_is_there_and_ends(queue):
    submit(queue, 10)
    process = rolecall("work", "--until-empty", "--workers", "1")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "10 finished, 0 put back" in err
    assert queue.view.counts()["done"] == 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_worker_finish_or_put_back(queue, number):
    submit(queue, 2_000)
    process = rolecall("work", "--workers", "1")
    end = time.monotonic() + 60
    while not queue.view.counts()["done"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    counts = queue.view.counts()
    assert f"{counts['done']:,} finished" in err
    assert counts["running"] == 0
    assert sum(counts.values()) == 2_000
    assert not queue.view.workers()


def test_a_second_signal_ends_at_once(queue, tmp_path):
    lines = "".join(
        f"<p>Berlin 50.000 EUR Python Engineer at Example {n}</p>" for n in range(9_000)
    )
    body = f"<html><h1>Engineer</h1>{lines}".encode()
    queue.inbox.submit(Submission(submitter="a", tasks=(NewTask(source="slow", body=body),)))
    process = rolecall("work", "--workers", "1")
    end = time.monotonic() + 60
    while not queue.view.counts()["running"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert "again to end at once" in _line_with(process, "stopping")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert not os.path.exists(f"/proc/{process.pid}")


def _line_with(process, words):
    for line in process.stderr:
        if words in line:
            return line
    return ""


def test_finished_labels_come_out_as_samples(queue, capsys, tmp_path, monkeypatch):
    from rolecall.serve.labels import Labels

    monkeypatch.chdir(tmp_path)
    assert told(capsys, "samples") == ""
    for task in submit(queue, 2):
        line = {"id": f"t{task}", "html": "<h1>Nurse</h1>", "expected": {"title": "Nurse"}}
        Labels(queue.store).finish(task, {}, line, "anna")
    printed = told(capsys, "samples")
    assert [json.loads(line)["id"] for line in printed.splitlines()] == ["t1", "t2"]
    assert main(["tasks", "samples", "--out", "samples.jsonl"]) == 0
    assert "2 samples in samples.jsonl" in capsys.readouterr().err
    assert (tmp_path / "samples.jsonl").read_text() == printed
    assert main(["tasks", "samples", "--out", "samples.jsonl"]) == 2, "a file is not overwritten"
    assert "name a new file" in capsys.readouterr().err
