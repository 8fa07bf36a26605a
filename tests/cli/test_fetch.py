"""``rolecall extract --fetch``."""

import contextlib
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.shell import COMMAND, environment, inside, page
from tests.fetch.nets import Site, answer, redirect

ALLOWED = {"ROLECALL_FETCH_ALLOW": "127.0.0.1", "ROLECALL_FETCH_DELAY_SECONDS": "0.01"}
ROBOTS = b"User-agent: *\nDisallow: /no"


def site(**more):
    pages = {f"/job/{number}": answer(page(number).encode()) for number in range(9)}
    return Site(pages | {"/moved": redirect("/job/1")} | more, ROBOTS)


def records(data):
    return [json.loads(line) for line in data.splitlines()]


def test_it_is_off_unless_it_is_asked_for(tmp_path):
    with site() as web:
        refused = inside("extract", f"{web.url}/job/1", **ALLOWED)
        assert refused.returncode == 2
        assert b"--fetch" in refused.stderr
        (tmp_path / "list.txt").write_text(f"{web.url}/job/1\n")
        refused = inside("extract", "--urls", tmp_path / "list.txt", **ALLOWED)
        assert refused.returncode == 2
        assert b"--fetch" in refused.stderr
        for words in (["clean", f"{web.url}/job/1"], ["prompt", f"{web.url}/job/1"]):
            assert inside(*words, **ALLOWED).returncode == 2
        assert web.server.heads == []


def test_each_address_gives_one_record():
    with site() as web:
        paths = ("/job/1", "/moved", "/no/1", "/gone")
        urls = [web.url + path for path in paths] + ["http://10.0.0.1/", "http://[::1]/"]
        done = inside("extract", "--fetch", *urls, **ALLOWED, ROLECALL_FETCH_CONTACT="me@a.example")
        found = records(done.stdout)
        assert done.returncode == 3
        assert [one["source"] for one in found] == urls
        outcomes = [one["outcome"] for one in found]
        assert outcomes == ["ok", "ok", *["failed"] * 4]
        assert found[1]["url"] == f"{web.url}/job/1"
        assert [one["code"] for one in found[1]["warnings"]] == ["redirected"]
        kinds = [one["reason"]["message"].partition(":")[0] for one in found[2:]]
        assert kinds == ["robots", "not_found", "blocked_address", "blocked_address"]
        codes = [one["reason"]["code"] for one in found[2:]]
        assert codes == ["unreadable", "unreadable", "blocked_address", "blocked_address"]
        assert {one["reason"]["stage"] for one in found[2:]} == {"fetch"}
        heads = web.server.heads
        assert all(b"\r\nUser-Agent: Rolecall/" in head for head in heads)
        assert all(b"(+me@a.example)\r\n" in head for head in heads)
        assert web.server.paths.count("/robots.txt") == 1


def test_lists_lines_and_files_and_going_on(tmp_path):
    with site() as web:
        (tmp_path / "list.txt").write_text(f"# mine\n{web.url}/job/1\n\n{web.url}/job/2\n")
        (tmp_path / "more.jsonl").write_text(
            json.dumps({"url": f"{web.url}/job/3"}) + "\n" + json.dumps({"html": page(4)})
        )
        (tmp_path / "page.html").write_text(page(5))
        words = [
            "extract", "page.html", "more.jsonl", "--fetch", "--urls", "list.txt",
            "--out", "out.jsonl",
        ]  # fmt: skip
        done = inside(*words, cwd=tmp_path, **ALLOWED)
        assert done.returncode == 0, done.stderr
        found = records((tmp_path / "out.jsonl").read_bytes())
        assert [one["source"].removeprefix(web.url) for one in found] == [
            "page.html", "/job/3", "more.jsonl:2", "/job/1", "/job/2",
        ]  # fmt: skip
        assert {one["outcome"] for one in found} == {"ok"}
        before, asked = (tmp_path / "out.jsonl").read_bytes(), len(web.server.heads)
        (tmp_path / "list.txt").write_text(f"{web.url}/job/1\n{web.url}/job/2\n{web.url}/job/6\n")
        done = inside(*words, "--resume", "--workers", "2", cwd=tmp_path, **ALLOWED)
        assert done.returncode == 0, done.stderr
        after = (tmp_path / "out.jsonl").read_bytes()
        assert after.startswith(before)
        assert len(after.splitlines()) == 6
        assert len(web.server.heads) == asked + 2  # its robots.txt, and the new one


def test_going_on_where_copies_share(tmp_path):
    with site() as web, contextlib.chdir(tmp_path):
        urls = [f"{web.url}/job/1", f"{web.url}/job/2", f"{web.url}/moved"]
        words = ["extract", "--fetch", *urls, "--dedup", "near", "--out", "out.jsonl"]
        assert inside(*words, **ALLOWED).returncode == 0
        before, asked = Path("out.jsonl").read_bytes(), len(web.server.heads)
        assert {one["outcome"] for one in records(before)} == {"ok"}
        done = inside(*words, "--resume", **ALLOWED)
        assert done.returncode == 0, done.stderr
        assert Path("out.jsonl").read_bytes() == before
        assert len(web.server.heads) == asked


def test_the_standard_input_may_be_a_list():
    with site() as web:
        told = f"{web.url}/job/1\n{web.url}/job/2\n".encode()
        done = inside("extract", "--fetch", "--urls", "-", stdin=told, **ALLOWED)
        assert [one["outcome"] for one in records(done.stdout)] == ["ok", "ok"]
        twice = inside("extract", "-", "--fetch", "--urls", "-", **ALLOWED)
        assert twice.returncode == 2


def test_an_interrupt_leaves_whole_records(tmp_path):
    async def silent(path, writer):
        import asyncio

        await asyncio.sleep(60)

    with site(**{"/silent": silent}) as web:
        out = tmp_path / "out.jsonl"
        urls = [f"{web.url}/job/1", f"{web.url}/silent"]
        run = subprocess.Popen(
            [*COMMAND, "extract", "--fetch", *urls, "--out", str(out)],
            env=environment(**ALLOWED), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while not (out.exists() and out.read_bytes().endswith(b"\n")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=20)
        assert run.returncode == 130, said
        assert [one["source"] for one in records(out.read_bytes())] == urls[:1]


@pytest.mark.parametrize("words", [["--estimate"], ["--ray", "local", "--out", "x.jsonl"]])
def test_who_does_not_fetch_says_so(words, tmp_path):
    done = inside("extract", "--fetch", "https://a.example/", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert b"does not fetch" in done.stderr


def test_without_an_exception_this_machine_is_out_of_reach():
    with site() as web:
        urls = f"{web.url}/job/1", f"http://localhost:{web.server.port}/"
        done = inside("extract", "--fetch", *urls)
        found = records(done.stdout)
        assert [one["reason"]["message"][:16] for one in found] == ["blocked_address:"] * 2
        assert web.server.heads == []


def test_settings_are_checked_first():
    bad = inside("extract", "--fetch", "https://a.example/", ROLECALL_FETCH_ALLOW="intranet")
    assert bad.returncode == 2
    assert b"intranet" in bad.stderr
