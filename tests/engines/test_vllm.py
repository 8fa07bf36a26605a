"""Attaching to vLLM: version, load, and the server that ``rolecall up`` keeps running."""

import asyncio
import json

import pytest

from rolecall.core import Prompt
from rolecall.engines import state
from rolecall.engines.connect import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.vllm import Metrics, read_metrics
from rolecall.errors import SettingsError

from .faults import METRICS, FaultServer


def attach(tmp_path, look, version="0.32.0", **changes):
    async def run():
        server = FaultServer(enforces=["grammar", "json_schema", "json_object"])
        server.version = version
        async with server:
            told = {"name": "gpu", "kind": "vllm", "urls": (server.url,)} | changes
            environ = {"XDG_STATE_HOME": str(tmp_path)}
            if not told["urls"]:
                write(tmp_path, {"running": {"url": server.url, "model": "tiny", "local": True}})
            async with connect(EngineSettings(**told), environ) as engine:
                return await look(engine)

    return asyncio.run(run())


def write(tmp_path, data):
    path = state.state_file({"XDG_STATE_HOME": str(tmp_path)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data))


async def info(engine):
    return engine.info


def test_it_knows_version_model_window_and_forms(tmp_path):
    known = attach(tmp_path, info)
    assert (known.kind, known.version, known.model, known.window) == (
        "vllm", "0.32.0", "tiny", 8192,
    )  # fmt: skip
    assert known.forms[0] == "grounded"
    assert known.notices == ()
    assert known.concurrency == 64


@pytest.mark.parametrize("version", ["0.23.9", "0.9.1", "v0.6.3.post1", ""])
def test_an_old_or_unknown_version_is_said(tmp_path, version):
    known = attach(tmp_path, info, version=version)
    assert [one.code for one in known.notices] == ["engine_version"]


@pytest.mark.parametrize("version", ["0.24.0", "0.32.0rc1", "1.0.0", "dev"])
def test_other_versions_are_taken(tmp_path, version):
    assert attach(tmp_path, info, version=version).notices == ()


def test_its_load_is_told(tmp_path):
    async def look(engine):
        return await engine.metrics()

    assert attach(tmp_path, look) == Metrics(
        running=3, waiting=2, kv_usage=0.25, prefix_queries=1200, prefix_hits=1100
    )


def test_the_load_of_several_engines_is_summed():
    more = METRICS.replace('engine="0"', 'engine="1"').replace("0.25", "0.75")
    found = read_metrics(METRICS + more)
    assert (found.running, found.kv_usage) == (6, 0.5)


def test_the_running_server_is_found(tmp_path):
    known = attach(tmp_path, info, urls=())
    assert (known.name, known.model, known.local) == ("gpu", "tiny", True)


def test_running_servers_are_read_anew_each_time(tmp_path):
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert state.running(environ) == {}
    write(tmp_path, {"a": {"url": "http://127.0.0.1:1/v1"}})
    assert state.running(environ) == {"a": {"url": "http://127.0.0.1:1/v1"}}
    write(tmp_path, {})
    assert state.running(environ) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}'])
def test_a_state_file_of_another_shape_is_named(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        state.running({"XDG_STATE_HOME": str(tmp_path)})
    assert "engines.json" in str(caught.value)


def test_the_state_folder_is_the_users(tmp_path):
    expected = tmp_path / ".local" / "state" / "rolecall" / "engines.json"
    assert state.state_file({"HOME": str(tmp_path)}) == expected
    assert state.state_file({"HOME": str(tmp_path), "XDG_STATE_HOME": "relative"}) == expected


def test_tokens_are_counted_within_the_template(tmp_path):
    async def look(engine):
        return await engine.count_tokens(Prompt(messages=(("user", "abc"),)))

    assert attach(tmp_path, look) == 3
