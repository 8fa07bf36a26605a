"""What goes to a server: greedy, one answer, held to its form as the vendor spells it."""

import asyncio

import pytest

from rolecall.core import Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.vendors import VENDORS, request, vendor
from rolecall.errors import SettingsError

from .faults import FaultServer

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}


def asked(name, form="text", **more):
    prompt = Prompt(messages=(("system", "S"), ("user", "U")), form=form, max_tokens=99, **more)
    return request(vendor(name), "tiny", prompt)


@pytest.mark.parametrize("name", VENDORS)
def test_every_request_is_greedy_seeded_and_single(name):
    body = asked(name)
    assert body["model"] == "tiny"
    assert body["messages"] == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "U"},
    ]
    assert (body["temperature"], body["n"]) == (0, 1)
    assert isinstance(body["seed"], int)
    assert body.get("max_tokens", body.get("max_completion_tokens")) == 99
    assert not {"tools", "stream", "response_format", "structured_outputs"} & set(body)


def test_vllm_takes_a_grammar_beside_the_messages():
    body = asked("vllm", "grounded", grammar="start: /a/")
    assert body["structured_outputs"] == {"grammar": "start: /a/"}


def test_sglang_takes_a_grammar_as_ebnf():
    assert asked("sglang", "grammar", grammar="start: /a/")["ebnf"] == "start: /a/"


@pytest.mark.parametrize("name", ["llamacpp", "ollama", "lmstudio", "openai", "generic"])
def test_who_takes_no_grammar_is_sent_none(name):
    with pytest.raises(SettingsError):
        asked(name, "grammar", grammar="start: /a/")


@pytest.mark.parametrize("name", VENDORS)
def test_a_schema_goes_into_the_response_format(name):
    body = asked(name, "json_schema", json_schema=SCHEMA)
    inner = body["response_format"]["json_schema"]
    assert body["response_format"]["type"] == "json_schema"
    assert inner["schema"] == SCHEMA
    assert inner.get("strict", False) is (name == "openai")


def test_any_json_object_can_be_asked_for():
    assert asked("generic", "json_object")["response_format"] == {"type": "json_object"}


def test_openai_bounds_the_completion():
    body = asked("openai")
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] == 99


def test_an_unknown_vendor_is_refused_with_the_nearest():
    with pytest.raises(SettingsError) as caught:
        vendor("lama.cpp")
    assert "llamacpp" in caught.value.hint


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def run():
        prompt = Prompt(messages=(("user", "a"),))
        async with (
            FaultServer() as server,
            connect(EngineSettings(name="one", urls=(server.url,)), {}) as engine,
        ):
            return (await engine.complete(prompt)).finish_reason

    assert asyncio.run(run()) == "stop"
