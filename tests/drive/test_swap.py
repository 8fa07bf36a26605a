"""A model is swapped while pages are read: nothing is lost, and records say which one answered."""

import asyncio
import json
import sys
from collections import Counter

import pytest
from tests.cli.shell import environment
from tests.drive.test_engines import PAGE
from tests.engines.servers import ModelServer, Written, until

from rolecall.core import Source
from rolecall.drive.connect import allowed_engines, connected, declared_engines
from rolecall.drive.pages import finish_record
from rolecall.drive.running import with_running
from rolecall.pipeline import hear_record, prepare
from rolecall.settings import Settings
from rolecall.settings_load import load

ANSWER = json.dumps({"company": "crumb"})


@pytest.fixture
def written(tmp_path):
    return Written(tmp_path / "state")


def server(model, **more):
    return ModelServer(model, answer=lambda body: ANSWER, **more)


def settings(written, tmp_path, **more):
    return with_running(Settings(data_folder=str(tmp_path / "data"), **more), written.environ)


async def record(number, pipeline, engines):
    text = PAGE.replace("25 days", f"{number + 20} days")
    source = Source(body=text.encode(), locator=f"p{number}")
    return await finish_record(
        hear_record(source, number, pipeline, engines.help), pipeline, engines
    )


def test_a_running_server_is_declared_without_its_address(written, tmp_path):
    written.say(server("a"), window=8_192, concurrency=4, key_file="/x/key")
    found = settings(written, tmp_path)
    assert dict(found.engines["gpu"]) == {
        "kind": "vllm", "model": "a", "window": 8_192, "concurrency": 4, "local": True,
        "running": "gpu",
    }  # fmt: skip
    assert "engines.json" in found.origin("engines.gpu")
    assert with_running(Settings(engine="none"), written.environ).engines == {}


def test_the_port_is_no_part_of_what_a_record_comes_from_and_the_model_is(written, tmp_path):
    def config(model, port):
        one = server(model)
        one.port = port
        written.say(one, window=8_192)
        return prepare(settings(written, tmp_path)).config

    first = config("a", 8_000)
    assert first == config("a", 9_000)
    assert first != config("b", 8_000)
    assert first != prepare(Settings()).config


def test_an_engine_of_the_users_own_is_told_the_model_it_leaves_open(written, tmp_path):
    written.say(server("a"), window=8_192)
    (tmp_path / "rolecall.toml").write_text(
        '[engines.mine]\nkind = "vllm"\n[engines.held]\nkind = "vllm"\nmodel = "b"\n'
        '[engines.far]\nkind = "vllm"\nurl = "http://10.0.0.1/v1"\n'
    )
    found = with_running(load(project_toml=tmp_path / "rolecall.toml"), written.environ).engines
    assert dict(found["mine"]) == {
        "kind": "vllm", "running": "gpu", "model": "a", "window": 8_192, "local": True,
    }  # fmt: skip
    assert dict(found["held"]) == {"kind": "vllm", "model": "b", "local": True}
    assert dict(found["far"]) == {"kind": "vllm", "url": "http://10.0.0.1/v1"}


def test_no_page_goes_to_a_server_elsewhere_because_it_is_written_down(written, tmp_path):
    written.say(server("a"), url="http://gpu.example/v1")
    for tables in ({}, {"mine": {"kind": "vllm"}}, {"mine": {"kind": "vllm", "model": "b"}}):
        found = settings(written, tmp_path, engines=tables)
        notices = []
        assert allowed_engines(declared_engines(found, written.environ), found, notices) == []
        assert {one.code for one in notices} == {"engine_kept_out"}


def test_records_say_which_model_answered_and_what_they_come_from(written, tmp_path):
    async def run():
        async with server("a") as old, server("b") as new:
            written.say(old)
            pipeline = prepare(settings(written, tmp_path))
            async with connected(pipeline.settings, written.environ) as engines:
                first = await record(1, pipeline, engines)
                written.say(new)
                while engines.models_now["gpu"] == "a":
                    await engines.engines["gpu"].now()
                    await asyncio.sleep(0.001)
                second, again = [await record(n, pipeline, engines) for n in (2, 1)]
                told = engines.changes[0]
            written_anew = prepare(settings(written, tmp_path)).config
            return pipeline.config, written_anew, (first, second, again), told, len(new.chats)

    with_a, with_b, (first, second, again), told, asked = asyncio.run(run())
    assert [one["config"] for one in (first, second, again)] == [with_a, with_b, with_b]
    models = [[one["model"] for one in record["attempts"]] for record in (first, second, again)]
    assert models == [["a"], ["b"], ["b"]]  # what a was asked is not taken for an answer of b
    assert told.message == "gpu went on with b in the place of a"
    assert asked == 3 + 2


@pytest.mark.parametrize("enforces", [("json_schema",), ()])
def test_a_page_begins_anew_where_the_new_server_takes_other_prompts(written, tmp_path, enforces):
    async def run():
        async with server("b", enforces=enforces) as new:
            async with server("a") as old:
                written.say(old)
                pipeline = prepare(settings(written, tmp_path))
                context = connected(pipeline.settings, written.environ)
                engines = await context.__aenter__()
                old.gate.clear()
                page = asyncio.ensure_future(record(1, pipeline, engines))
                await until(lambda: old.now)
                written.say(new)
            found = await page  # the old one was killed with the page's call in it
            await context.__aexit__(None, None, None)
            return found

    found = asyncio.run(run())
    assert found["outcome"] == "ok"
    assert found["data"]["company"] == "crumb"
    assert [(one["model"], one["result"]) for one in found["attempts"]][-1] == ("b", "stop")
    assert {one["result"] for one in found["attempts"] if one["model"] == "a"} == {"disconnected"}


def test_a_run_of_many_pages_loses_none_in_a_swap_and_is_continued_with_the_new_model(
    written, tmp_path
):
    pages = tmp_path / "pages"
    pages.mkdir()
    out = tmp_path / "out.jsonl"
    for number in range(40):
        (pages / f"p{number:03}.html").write_text(PAGE.replace("25 days", f"{number + 20} days"))

    async def extract(*words):
        more = environment(HOME=str(tmp_path), **written.environ)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "rolecall", "extract", str(pages), "--out", "out.jsonl",
            "--workers", "1", *words, cwd=tmp_path, env=more, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def run():
        async with server("a") as old, server("b") as new:
            written.say(old, concurrency=4)
            old.holds_after = 13
            running = await extract()
            await until(lambda: not old.gate.is_set())
            written.say(new, concurrency=4)
            await until(lambda: new.answered >= 8)
            old.draining = True
            old.gate.set()
            _, told = await running.communicate()
            first = [json.loads(line) for line in out.read_bytes().splitlines()]
            again = await extract("--resume")
            _, second_told = await again.communicate()
            second = [json.loads(line) for line in out.read_bytes().splitlines()]
            return running.returncode, told, first, again.returncode, second_told, second

    code, told, first, code_2, told_2, second = asyncio.run(run())
    assert (code, code_2) == (0, 0), told + told_2
    assert [one["outcome"] for one in first] == ["ok"] * 40
    assert {one["data"]["company"] for one in first} == {"crumb"}
    assert b"gpu went on with b in the place of a" in told
    answered = [one["attempts"][-1]["model"] for one in first]
    counts = Counter(answered)
    assert counts["a"] >= 10
    assert counts["b"] >= 5
    configs = {(model, one["config"]) for model, one in zip(answered, first, strict=True)}
    assert len(configs) == len({config for _, config in configs}) == 2
    assert {one["attempts"][-1]["model"] for one in second} == {"b"}
    assert [one["seq"] for one in second] == list(range(40))
