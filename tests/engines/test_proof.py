"""A form of answer is believed only once the server has shown that it holds to it."""

import asyncio

import llguidance
import pytest

from rolecall.core import Completion, Price, Prompt
from rolecall.engines import openai, proof
from rolecall.engines.connect import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import EngineError

from .faults import FaultServer

ALL = ("grounded", "grammar", "json_schema", "json_object", "text")


def meet(server=None, **changes):
    """(engine, server) after connecting to a server."""
    server = server or FaultServer()

    async def run():
        async with server:
            told = {"name": "one", "urls": (server.url,), "vendor": "vllm"} | changes
            async with openai.connect(EngineSettings(**told), {"OPENAI_API_KEY": "k"}) as engine:
                return engine, server

    return asyncio.run(run())


def test_a_server_that_holds_to_all_has_all_forms():
    engine, _ = meet(FaultServer(enforces=["grammar", "json_schema", "json_object"]))
    assert engine.info.forms == ALL
    assert engine.info.notices == ()


@pytest.mark.parametrize("held", ["grammar", "json_schema", "json_object"])
def test_each_form_is_proved_on_its_own(held):
    engine, _ = meet(FaultServer(enforces=[held], answer=lambda body: "yes"))
    expected = {"grammar": ("grounded", "grammar")}.get(held, (held,))
    assert engine.info.forms == (*expected, "text")
    assert [one.code for one in engine.info.notices] == ["form_not_enforced"] * 2
    assert not any(f" {held} " in one.message for one in engine.info.notices)


def test_a_server_that_leaves_out_the_fields_is_found_out():
    engine, _ = meet(FaultServer(answer=lambda body: "yes"))
    assert engine.info.forms == ("text",)
    said = " ".join(one.message for one in engine.info.notices)
    assert all(form in said for form in ("grammar", "json_schema", "json_object"))


def test_any_json_is_no_proof_of_a_schema():
    engine, _ = meet(FaultServer(answer=lambda body: '{"title": "x"}'))
    assert engine.info.forms == ("json_object", "text")


def test_a_form_that_is_refused_is_not_used():
    refuses = {"grammar": "400", "json_schema": "422", "json_object": "500"}
    engine, server = meet(FaultServer(refuses=refuses))
    assert engine.info.forms == ("text",)
    assert len(engine.info.notices) == 3
    assert len(server.chats) == 6


@pytest.mark.parametrize(
    ("vendor", "forms"),
    [
        ("sglang", ALL),
        ("llamacpp", ALL[2:]),
        ("ollama", ALL[2:]),
        ("lmstudio", ("json_schema", "text")),
        ("openai", ALL[2:]),
        ("generic", ALL[2:]),
    ],
)
def test_only_what_a_vendor_has_fields_for_is_asked(vendor, forms):
    held = FaultServer(enforces=["grammar", "json_schema", "json_object"])
    engine, _ = meet(held, vendor=vendor)
    assert engine.info.forms == forms


def test_the_user_can_narrow_the_forms_down():
    held = FaultServer(enforces=["grammar", "json_schema", "json_object"])
    engine, server = meet(held, forms=("json_object", "grammar"))
    assert engine.info.forms == ("grammar", "json_object", "text")
    assert len(server.chats) == 2


def test_with_text_alone_one_small_call_shows_that_the_model_answers():
    engine, server = meet(forms=("text",))
    assert engine.info.forms == ("text",)
    assert len(server.chats) == 1


def test_no_message_of_the_proof_holds_what_it_asks_for():
    for prompt in proof.PROMPTS.values():
        said = " ".join(text for _, text in prompt.messages)
        assert proof.WORD not in said
        assert not any(chunk in said for chunk in proof.CHUNKS)


@pytest.mark.parametrize(
    ("form", "text", "finish", "shown"),
    [
        ("grammar", "kz7Qx41-vb9Jt", "stop", True),
        ("grammar", "kz7Qx41-w3", "stop", True),
        ("grammar", "kz7Qx41-", "stop", False),
        ("grammar", "kz7Qx41-vbw3", "stop", False),
        ("grammar", "yes", "stop", False),
        ("json_schema", '{"kz7Qx41": "vb9Jt"}', "stop", True),
        ("json_schema", '{"kz7Qx41": "vb9Jt"', "length", False),
        ("json_schema", '{"kz7Qx41": "yes"}', "stop", False),
        ("json_object", '{"a": 1}', "stop", True),
        ("json_object", '{"a": [', "length", True),
        ("json_object", '{"a": [', "stop", False),
        ("json_object", "[1]", "stop", False),
        ("json_object", "yes", "length", False),
        ("json_object", '"yes"', "stop", False),
    ],
)
def test_what_shows_a_constraint(form, text, finish, shown):
    assert proof.shows(form, Completion(text=text, finish_reason=finish)) is shown


def test_the_grammar_is_one_that_llguidance_reads():
    grammar = llguidance.LLMatcher.grammar_from_lark(proof.GRAMMAR)
    assert llguidance.LLMatcher.validate_grammar(grammar) == ""


def test_text_that_can_end_a_message_is_said():
    server = FaultServer()
    server.special = "read"
    engine, _ = meet(server, forms=("text",))
    assert [one.code for one in engine.info.notices] == ["special_tokens_read"]


def test_a_server_that_does_not_count_is_said():
    engine, _ = meet(forms=("text",), vendor="llamacpp")
    assert [one.code for one in engine.info.notices] == ["tokens_not_counted"]


def test_the_calls_of_connecting_are_kept_for_the_books():
    price = Price(input=1.0, cached=1.0, output=1.0)
    engine, server = meet(price=price)
    assert len(engine.connecting) == len(server.chats)
    assert all(one.cost_usd > 0 and one.usage.input_tokens for one in engine.connecting)


def refused(environ=None, models=("tiny",), refuses=None, **changes):
    """The error of connecting to a server."""

    async def run():
        async with FaultServer(models=models, refuses=refuses) as server:
            told = {"name": "one", "urls": (server.url,)} | changes
            async with connect(EngineSettings(**told), environ or {}):
                raise AssertionError("connected")

    with pytest.raises(EngineError) as caught:
        asyncio.run(run())
    return caught.value


def test_a_server_that_is_down_is_named_with_a_remedy():
    error = refused(urls=("http://127.0.0.1:9/v1",))
    assert error.code == "engine_unavailable"
    assert error.retryable
    assert "http://127.0.0.1:9/v1" in error.hint


def test_a_missing_model_is_answered_with_those_there_are():
    error = refused(refuses={"json_schema": "404"}, models=("big", "small"), model="huge")
    assert "big, small" in error.hint


def test_a_missing_key_is_named_by_its_place():
    assert "OPENAI_API_KEY" in refused(vendor="openai").hint
    assert "MINE" in refused(key_env="MINE").hint
    assert "no/such/key" in refused(key_file="no/such/key").hint
    assert "MINE" in str(refused(key_env="MINE", environ={"MINE": "a\nb"}))


def test_a_key_file_is_read(tmp_path):
    path = tmp_path / "key"
    path.write_text("sk-in-file-1\n")
    _, server = meet(key_file=str(path))
    assert server.keys == {"bearer sk-in-file-1"}


def test_the_model_and_its_window_come_from_the_server():
    engine, _ = meet()
    assert (engine.info.model, engine.info.window) == ("tiny", 8192)
    engine, _ = meet(window=4096, model="tiny")
    assert engine.info.window == 4096


def test_a_server_that_lists_no_models_needs_one_named():
    engine, _ = meet(FaultServer(models=None), model="mine")
    assert (engine.info.model, engine.info.window) == ("mine", None)


def test_windows_that_servers_do_not_list():
    server = FaultServer(models=None)
    server.slot = 2048
    engine, _ = meet(server, vendor="llamacpp", model="mine", forms=("text",))
    assert engine.info.window == 2048
    engine, _ = meet(FaultServer(models=None), vendor="ollama", model="mine", forms=("text",))
    assert engine.info.window == 4096


def test_prices_and_windows_of_openai_are_known():
    server = FaultServer(models=None)
    engine, _ = meet(server, vendor="openai", model="gpt-4o-mini", local=False)
    assert engine.info.price == Price(input=0.15, cached=0.075, output=0.6, since="2024-07-18")
    assert engine.info.window == 128_000
    engine, _ = meet(vendor="openai", model="gpt-unknown", local=False)
    assert "price_unknown" in [one.code for one in engine.info.notices]


def test_tokens_are_counted_by_the_server():
    async def run():
        async with FaultServer() as server:
            settings = EngineSettings(name="one", urls=(server.url,), vendor="vllm")
            async with connect(settings, {}) as engine:
                return await engine.count_tokens(Prompt(messages=(("user", "abcde"),)))

    assert asyncio.run(run()) == 5


def test_a_server_that_hangs_at_connect_is_soon_given_up():
    error = refused(refuses={"": "hang"}, call_seconds=0.3)
    assert {one.result for one in error.failed} == {"timeout"}
