"""What is started: words, environment, names, ports."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.launch.failures import LaunchError
from rolecall.launch.planned import on_card, on_cpu
from rolecall.launch.recipe import (
    OURS,
    Recipe,
    command_of,
    environment_of,
    model_and_name,
    own_flags,
    port_for,
)
from rolecall.launch.where import Installed
from rolecall.models.catalogue import shape_named
from rolecall.plan.devices import device_named
from rolecall.plan.fit import plan_for
from rolecall.plan.loads import default_load
from rolecall.plan.nouns import Serving
from rolecall.plan.wanted import Wanted

VLLM = Installed(words=("vllm", "serve"), version="0.33.0")
MODEL = "Qwen/Qwen3-4B-Instruct-2507-FP8"


def recipe(version: tuple[int, int] = (0, 33), **more: object) -> Recipe:
    fields = {"model": "m", "served": "s", "installed": VLLM, "flags": ("--eager",)} | more
    return Recipe(serving=Serving(version=version), **fields)  # type: ignore[arg-type]


def test_it_listens_on_the_loopback_under_its_name() -> None:
    words = command_of(recipe(), 8123)
    assert words[:3] == ("vllm", "serve", "m")
    assert words[words.index("--host") + 1] == "127.0.0.1"
    assert words[words.index("--port") + 1] == "8123"
    assert words[words.index("--served-model-name") + 1] == "s"
    assert words[-1] == "--eager"


def test_the_old_entry_point_takes_the_model_as_a_flag() -> None:
    old = Installed(words=("python", "-m", "x"), model_flag=True)
    assert command_of(recipe(installed=old), 1)[3:5] == ("--model", "m")


def test_flags_that_a_version_lacks_are_left_out() -> None:
    assert "--shutdown-timeout" not in command_of(recipe((0, 11)), 1)
    assert "--disable-access-log-for-endpoints" not in command_of(recipe((0, 11)), 1)
    assert {"--shutdown-timeout", "--disable-access-log-for-endpoints"} <= set(
        command_of(recipe((0, 24)), 1)
    )


def test_the_environment_has_the_key_and_the_mark_and_reports_nothing() -> None:
    found = environment_of(
        recipe(environment={"A": "1"}),
        {"HF_TOKEN": "t", "VLLM_API_KEY": "old", "PYTHONDONTWRITEBYTECODE": "1"},
        "new",
        "KEPT_BY_ROLECALL=here:vllm#1",
    )
    assert found["VLLM_API_KEY"] == "new"
    assert found["KEPT_BY_ROLECALL"] == "here:vllm#1"
    assert (found["HF_TOKEN"], found["A"], found["VLLM_NO_USAGE_STATS"]) == ("t", "1", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in found
    assert found["SPT_NOENV"] == "1"  # else setproctitle in vLLM's engine wipes out the mark
    assert found["PYTHONSAFEPATH"] == "1"


def test_it_gets_no_secret_of_ours() -> None:
    ours = {"OPENAI_API_KEY": "k", "PGPASSWORD": "p", "CLOUD": "k", "HF_TOKEN": "t", "LANG": "C"}
    hub = environment_of(recipe(model=MODEL, withheld=("CLOUD",)), ours, "key", "A=b")
    assert set(ours) & set(hub) == {"HF_TOKEN", "LANG"}  # what fetches the model
    folder = environment_of(recipe(model="/models/m", withheld=("CLOUD",)), ours, "key", "A=b")
    assert set(ours) & set(folder) == {"LANG"}


@given(st.sampled_from(sorted(OURS)), st.booleans(), st.booleans())
def test_what_is_settled_is_refused_however_it_is_spelled(
    name: str, joined: bool, low: bool
) -> None:
    spelled = "--" + name[2:].replace("-", "_") if low else name
    with pytest.raises(UsageError):
        own_flags([f"{spelled}=x"] if joined else [spelled, "x"])


@pytest.mark.parametrize("word", ["--hos", "--hos=0.0.0.0", "--por", "--api-k", "--ho.x", "--uds+"])
def test_nor_are_they_cut_short_or_with_an_ending(word: str) -> None:
    with pytest.raises(UsageError):
        own_flags([word, "x"])


def test_other_flags_are_passed_on() -> None:
    for word in ("--config-format", "--hf-overrides.x", "-tp", "-", "2"):
        assert own_flags([word]) == (word,)
    assert own_flags(["--trust-remote-code", "--seed", "1"]) == (
        "--trust-remote-code", "--seed", "1",
    )  # fmt: skip


def test_names_of_models(tmp_path: Path) -> None:
    folder = tmp_path / "org" / "mine"
    folder.mkdir(parents=True)
    with pytest.raises(LaunchError):
        model_and_name("org/mine", tmp_path)
    (folder / "config.json").write_text("{}")
    assert model_and_name("org/mine", tmp_path) == (str(folder), "mine")
    assert model_and_name(MODEL, tmp_path) == (MODEL, MODEL)
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    assert model_and_name("small.gguf", tmp_path) == (str(tmp_path / "small.gguf"), "small")
    for unheard in ("\udcff", "a\nb", "a\x00b"):
        with pytest.raises(UsageError):
            model_and_name(unheard, tmp_path)
    for missing in ("./none", str(tmp_path / "none"), "a/b/c", "a b", "../../x", "~none/x", "-x"):
        with pytest.raises(LaunchError) as caught:
            model_and_name(missing, tmp_path)
        assert caught.value.reason == "no_model"


def test_a_port_that_is_taken_is_refused_and_a_free_one_found() -> None:
    free = port_for(None)
    assert port_for(free) == free
    with socket.socket() as other:
        other.bind(("127.0.0.1", free))
        other.listen()
        with pytest.raises(LaunchError):
            port_for(free)
        assert port_for(None) != free
    with pytest.raises(LaunchError):
        port_for(70_000)


def test_a_plan_becomes_a_recipe() -> None:
    shape = shape_named(MODEL)
    assert shape is not None
    device = device_named("rtx4090-laptop")
    plan = plan_for(shape, device, default_load(), Wanted(cap=14 * 1024**3))
    found = on_card(plan, MODEL, MODEL, VLLM)
    words = command_of(found, 8123)
    for flag in ("--host", "--port", "--served-model-name", "--shutdown-timeout"):
        assert words.count(flag) == 1
    # All else is as the plan has it, in its order.
    left = [word for word in plan.command[3:] if word in found.flags]
    assert left == list(found.flags)
    assert found.serving == plan.serving
    assert found.device == device


def test_what_does_not_fit_becomes_none() -> None:
    shape = shape_named("Qwen/Qwen3-32B")
    assert shape is not None
    plan = plan_for(shape, device_named("l4"), default_load())
    with pytest.raises(LaunchError) as caught:
        on_card(plan, "m", "m", VLLM)
    assert caught.value.reason == "no_memory"


def test_what_vllm_refuses_whatever_the_memory_becomes_none() -> None:
    shape = shape_named("google/gemma-3-4b-it")
    assert shape is not None
    plan = plan_for(shape, device_named("v100 32gb"), default_load())
    with pytest.raises(LaunchError) as caught:
        on_card(plan, "m", "m", VLLM)
    assert caught.value.reason == "unsupported"
    assert "bfloat16" in str(caught.value)


def test_the_cpu_needs_no_plan() -> None:
    found = on_cpu(None, Wanted(context=2_048, sequences=3), "m", "m", VLLM)
    assert found.planned == {}
    words = command_of(found, 1)
    assert words[words.index("--max-model-len") + 1] == "2048"
    assert words[words.index("--max-num-seqs") + 1] == "3"
    assert "--gpu-memory-utilization" not in words
    with pytest.raises(UsageError):
        on_cpu(None, Wanted(context=0), "m", "m", VLLM)
