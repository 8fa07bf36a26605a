"""Recorded and scripted answers, and what connects by kind."""

import asyncio
import importlib.metadata

import orjson
import pytest

from rolecall.core import Completion, Prompt, Usage
from rolecall.engines import connect as connecting
from rolecall.engines.connect import connect, kinds
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.replay import Recorder, ReplayEngine, prompt_sha256
from rolecall.errors import EngineError, SettingsError


def prompt(text, **more):
    return Prompt(messages=(("system", "Read."), ("user", text)), **more)


def ask(engine, *texts):
    async def run():
        return [await engine.complete(prompt(text)) for text in texts]

    return [one.text for one in asyncio.run(run())]


def test_a_function_answers():
    engine = ReplayEngine(lambda asked: asked.messages[-1][1].upper())
    assert ask(engine, "a", "b") == ["A", "B"]
    assert engine.asked == 2


def test_a_mapping_answers_by_hash_or_by_what_is_contained():
    engine = ReplayEngine({"nurse": "1", prompt_sha256(prompt("exact nurse")): "2", "exa": "3"})
    assert ask(engine, "a nurse", "exact nurse", "exam") == ["1", "2", "3"]


def test_a_sequence_answers_in_order():
    engine = ReplayEngine(["1", Completion(text="2", finish_reason="length")])
    assert ask(engine, "a", "b") == ["1", "2"]
    with pytest.raises(EngineError):
        ask(engine, "c")


@pytest.mark.parametrize("answers", [lambda asked: None, {}, []])
def test_no_answer_is_an_error_that_says_how_to_record(answers):
    with pytest.raises(EngineError) as caught:
        ask(ReplayEngine(answers), "a")
    assert "Recorder" in caught.value.hint
    assert not caught.value.retryable


def test_tokens_are_counted_as_told():
    count = ReplayEngine([], count=lambda asked: len(asked.messages)).count_tokens(prompt("a"))
    assert asyncio.run(count) == 2


def test_everything_asked_is_in_the_hash():
    plain = prompt("a")
    others = [
        prompt("b"),
        prompt("a", form="json_object"),
        prompt("a", grammar="start: /a/"),
        prompt("a", json_schema={"type": "object"}),
        prompt("a", max_tokens=5),
    ]
    hashes = {prompt_sha256(one) for one in (plain, *others)}
    assert len(hashes) == 6
    assert prompt_sha256(prompt("a")) == prompt_sha256(plain)


def test_what_is_recorded_is_replayed(tmp_path):
    path = tmp_path / "kept.jsonl"
    usage = Usage(input_tokens=9, cached_tokens=4, output_tokens=2)
    said = Completion(text="cut \u2028", finish_reason="length", usage=usage, model="big")

    async def run():
        recorder = Recorder(ReplayEngine(lambda asked: said, name="one"), path)
        first = await recorder.complete(prompt("a"))
        assert recorder.info.name == "one"
        assert await recorder.count_tokens(prompt("a")) is None
        settings = EngineSettings(name="one", kind="replay", path=str(path))
        async with connect(settings, {}) as engine:
            again = await engine.complete(prompt("a"))
            with pytest.raises(EngineError):
                await engine.complete(prompt("b"))
        return first, again

    first, again = asyncio.run(run())
    assert first == again
    assert (again.usage, again.model, again.finish_reason) == (usage, "big", "length")


def replayed(path, **changes):
    async def run():
        settings = EngineSettings(name="one", kind="replay", path=str(path), **changes)
        async with connect(settings, {}) as engine:
            return engine.info, (await engine.complete(prompt("a nurse"))).text

    return asyncio.run(run())


def test_the_first_line_that_fits_answers_and_a_hash_goes_before(tmp_path):
    path = tmp_path / "kept.jsonl"
    lines = [
        {"contains": "nurse", "text": "1"},
        {"contains": "a", "text": "2"},
        {"prompt_sha256": prompt_sha256(prompt("a nurse")), "text": "3"},
        {"prompt_sha256": prompt_sha256(prompt("a nurse")), "text": "4"},
    ]
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in lines))
    assert replayed(path)[1] == "3"
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in lines[:2]) + b"\n\n")
    assert replayed(path)[1] == "1"


def test_settings_say_what_a_replay_stands_for(tmp_path):
    path = tmp_path / "kept.jsonl"
    path.write_text('{"contains": "a", "text": "1"}')
    told = {"model": "big", "window": 4096, "local": False, "forms": ("json_schema", "text")}
    info, _ = replayed(path, **told)
    assert (info.model, info.window, info.local) == ("big", 4096, False)
    assert info.forms == ("json_schema", "text")
    assert replayed(path)[0].local


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "{}", '{"contains": "a"}', '{"text": "a"}', '{"contains": 1, "text": "a"}',
        '{"contains": "a", "text": "b", "finish_reason": "odd"}',
        '{"contains": "a", "text": "b", "usage": 3}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_answer_is_named(tmp_path, line):
    path = tmp_path / "kept.jsonl"
    path.write_text('{"contains": "a", "text": "b"}\n' + line)
    with pytest.raises(SettingsError) as caught:
        replayed(path)
    assert f"{path}:2" in str(caught.value)


def test_a_missing_file_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(EngineError) as caught:
        replayed(tmp_path / "none.jsonl")
    assert "Recorder" in caught.value.hint
    with pytest.raises(SettingsError):
        replayed("")


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(SettingsError) as caught:
        connect(EngineSettings(name="one", kind="opnai"), {})
    assert "openai" in caught.value.hint


def test_built_in_kinds_are_registered_like_those_of_others(pytestconfig):
    project = (pytestconfig.rootpath / "pyproject.toml").read_text("utf-8")
    for kind, place in connecting.BUILT_IN.items():
        assert f'{kind} = "{place}"' in project
        point = importlib.metadata.EntryPoint(kind, place, connecting.GROUP)
        assert callable(point.load())


def test_kinds_of_installed_packages_connect(tmp_path, monkeypatch):
    (tmp_path / "theirs.py").write_text(
        "from contextlib import asynccontextmanager\n"
        "from rolecall.engines.replay import ReplayEngine\n"
        "@asynccontextmanager\n"
        "async def connect(settings, environ):\n"
        "    yield ReplayEngine(['theirs'], name=settings.name)\n"
    )
    folder = tmp_path / "theirs-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[rolecall.engines]\nspecial = theirs:connect\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def run():
        async with connect(EngineSettings(name="one", kind="special"), {}) as engine:
            return (await engine.complete(prompt("a"))).text

    assert asyncio.run(run()) == "theirs"
    assert "special" in kinds()
