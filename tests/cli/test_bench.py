"""``rolecall bench`` as a user calls it."""

import json
import signal
import socket

import pytest
from tests.cli.shell import inside, page, start

ANSWER = '{"title":"Nurse"}'


@pytest.fixture
def work(tmp_path):
    """A folder with a recorded engine that answers every prompt, and one that is not there."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (tmp_path / "rolecall.toml").write_text(
        'data_folder = "data"\n'
        '[engines.kept]\nkind = "replay"\npath = "answers.jsonl"\nmodel = "small"\n'
        f'[engines.gone]\nurl = "http://127.0.0.1:{port}/v1"\nmodel = "m"\ncall_seconds = 2\n'
    )
    (tmp_path / "answers.jsonl").write_text(json.dumps({"contains": "Answer:", "text": ANSWER}))
    return tmp_path


def run(work, *words):
    return inside("bench", *words, cwd=work, HOME=str(work), XDG_STATE_HOME=str(work))


def test_an_engine_is_measured_and_written_down(work):
    done = run(
        work, "--engine", "kept", "--all-fields", "--made", "6", "--concurrency", "1,10",
        "--requests", "12", "--json", "--out", "bench.json", "--export-vllm", "load.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["concurrency"] for one in found["points"]] == [1, 10]
    assert [one["requests"] for one in found["points"]] == [12, 12]
    assert json.loads((work / "bench.json").read_bytes()) == found
    assert found["command"].startswith("rolecall bench --engine kept")
    assert len((work / "load.jsonl").read_bytes().splitlines()) == 12
    assert b"vllm bench serve --backend openai-chat" in done.stderr
    assert b"10 at once: 12 requests" in done.stderr
    again = run(work, "--engine", "kept", "--out", "bench.json")
    assert again.returncode == 2
    assert b"--force" in again.stderr


def test_an_engine_that_is_not_there_is_said_so_soon(work):
    done = run(work, "--engine", "gone", "--made", "2", "--all-fields")
    assert done.returncode == 2
    assert b"no connection to" in done.stderr
    assert b"hint:" in done.stderr


def test_a_table_is_printed_for_people(work):
    (work / "page.html").write_text(page())
    words = ("--engine", "kept", "page.html", "--all-fields", "--concurrency", "2", "--quiet")
    done = run(work, *words, "--requests", "4", "--warmup", "0")
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    text = done.stdout.decode()
    assert "2 at once" in text
    assert "no ttft, tpot, itl: the answers were not streamed" in text
    assert "meets   PR-1" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--concurrency", "0"), "no number from 1"),
        (("--concurrency", "1,x"), "no number from 1"),
        (("--concurrency", "99999"), "no number from 1"),
        (("--rate", "nan"), "no number from"),
        (("--slo", "ttft"), "--slo"),
        (("--even",), "--even is about --rate"),
        (("--concurrency", "2", "--sweep-to", "8"), "choose one"),
        (("--engine", "kept", "--export-vllm", "load.txt"), "load.txt.jsonl"),
        (("--engine", "kept", "--pipeline", "--export-vllm", "a.jsonl"), "exports prompts"),
        (("--out", "none/bench.json"), "no folder"),
        (("--engine", "nobody"), "no engine 'nobody'"),
        ((), "several engines are declared: kept, gone"),
        (("none.html", "--engine", "kept"), "none.html"),
        (("--engine", "kept", "list.txt"), "none leaves anything to ask"),
    ],
)
def test_a_wrong_call_is_refused_with_a_remedy(work, words, told):
    (work / "list.txt").write_text("404\n")
    done = run(work, *words, "--made", "2")
    assert done.returncode == 2, done.stdout
    assert told in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_ctrl_c_prints_what_was_measured(work):
    words = ("bench", "--concurrency", "1,2", "--made", "2", "--warmup", "0", "--requests", "2")
    (work / "rolecall.toml").write_text("")
    with start(*words, "--duration", "60", cwd=work) as process:
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert first.startswith(b"1 at once: 2 requests")
    assert b"1 at once" in out
    assert process.returncode in (0, 130)  # 0 if the second point was faster than the signal


def test_pages_that_are_no_posting_are_told(tmp_path):
    (tmp_path / "a.html").write_text(page(1))
    (tmp_path / "b.html").write_bytes(bytes(range(256)) * 40)
    words = ("--pipeline", "--concurrency", "1", "--requests", "4", "a.html", "b.html", "--json")
    done = inside("bench", *words, cwd=tmp_path, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    (notice,) = json.loads(done.stdout)["notices"]
    assert notice.startswith("1 of 2 pages are no posting")
