"""``rolecall models``: what is known, where from, and a pull that can be trusted."""

import json
import os
import signal
import subprocess

import pytest
from tests.cli.shell import COMMAND, environment, heed_signals, inside
from tests.models.files import TINY, gguf, safetensors, tiny_tensors, write_model
from tests.models.standin import COMMIT, standin_hub
from tests.models.test_folder import GGUF_DATA, GGUF_TENSORS

from rolecall.cli import main

CARD = "rtx4090-laptop"


@pytest.fixture
def hub():
    with standin_hub() as one:
        one.models["some/tiny"] = {
            "config.json": json.dumps(TINY).encode(),
            "model.safetensors": safetensors(tiny_tensors()),
            "pytorch_model.bin": b"x" * 600,
        }
        yield one


def told(result):
    return result.stdout.decode(), result.stderr.decode()


def at(hub, tmp_path):
    return {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}


def test_the_list_says_what_fits_and_what_a_figure_is_of(tmp_path):
    text, _ = told(inside("models", "list", "qwen3-", "--gpu", CARD, HF_HOME=str(tmp_path)))
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("Qwen/")}
    assert lines["Qwen/Qwen3-8B"].endswith("fp8")
    assert "56.7*" in lines["Qwen/Qwen3-8B"]
    assert lines["Qwen/Qwen3-4B-Instruct-2507"].split()[1:4] == ["7.5", "256k", "Apache-2.0"]
    assert lines["Qwen/Qwen3-235B-A22B"].endswith("no")
    assert "* of the base model" in text
    assert "RTX 4090 Laptop" in text


def test_only_what_fits_can_be_listed(tmp_path):
    words = ("models", "list", "--fits", "--json", "--gpu", CARD)
    found = json.loads(inside(*words, HF_HOME=str(tmp_path)).stdout)
    names = [one["name"] for one in found["models"]]
    assert "Qwen/Qwen3-8B" in names
    assert "meta-llama/Llama-3.3-70B-Instruct" not in names
    assert all(one["fits"] for one in found["models"])


def test_a_list_of_nothing_is_refused_with_what_is_near(tmp_path):
    result = inside("models", "list", "qwen3-8c")
    assert result.returncode == 2
    assert b"did you mean Qwen/Qwen3-" in result.stderr


def test_a_model_is_shown_with_its_sources(tmp_path):
    text, _ = told(inside("models", "show", "qwen3-8b-awq", "--offline", HF_HOME=str(tmp_path)))
    assert "known as" in text
    assert "awq" in text
    assert "MMLU-Pro 56.73 (base model Qwen3-8B-Base, few-shot): Qwen3 technical report" in text
    as_json = inside("models", "show", "qwen3-8b-awq", "--json", HF_HOME=str(tmp_path)).stdout
    assert json.loads(as_json)["kv_bytes_per_token"] == 147_456


def test_a_folder_and_a_gguf_file_are_shown(tmp_path):
    folder = write_model(tmp_path / "mine")
    text, _ = told(inside("models", "show", folder))
    assert "read from" in text
    assert "folder" in text
    (tmp_path / "m.gguf").write_bytes(gguf(GGUF_DATA, GGUF_TENSORS))
    found = json.loads(inside("models", "show", tmp_path / "m.gguf", "--json").stdout)
    assert found["read_from"] == "gguf"


def test_a_pull_ends_with_the_folder_on_stdout(hub, tmp_path):
    result = inside("models", "pull", "some/tiny", **at(hub, tmp_path))
    out, err = told(result)
    assert result.returncode == 0, err
    folder = tmp_path / "hf" / "hub" / "models--some--tiny" / "snapshots" / COMMIT
    assert out == f"{folder}\n"
    assert "all verified" in err
    assert "rolecall up some/tiny" in err
    assert (folder / "model.safetensors").is_file()
    again = inside("models", "pull", "some/tiny", "--json", **at(hub, tmp_path))
    assert json.loads(again.stdout)["fetched_bytes"] == 0
    shown = json.loads(
        inside("models", "show", "some/tiny", "--json", "--offline", **at(hub, tmp_path)).stdout
    )
    assert shown["here"] == str(folder)


def test_a_dry_run_fetches_nothing(hub, tmp_path):
    result = inside("models", "pull", "some/tiny", "--dry-run", **at(hub, tmp_path))
    out, _ = told(result)
    assert "model.safetensors" in out
    assert "pytorch_model.bin" not in out
    assert "1 other files are left" in out
    assert not (tmp_path / "hf").exists()


def test_what_cannot_be_pulled_says_why(hub, tmp_path, monkeypatch, capsys):
    hub.gated.add("some/tiny")
    for key, value in at(hub, tmp_path).items():
        monkeypatch.setenv(key, value)
    for words, expected in (
        (("some/tiny",), "is gated"),
        (("some/absent",), "there is no model"),
        (("nobody-knows-it",), "names no owner"),
        (("some/tiny", "--revision", "../x"), "not fetched"),
    ):
        assert main(["models", "pull", *words]) == 2
        assert expected in capsys.readouterr().err
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["models", "pull", "some/tiny"]) == 2
    assert "HF_HUB_OFFLINE" in capsys.readouterr().err


def test_a_signal_stops_a_pull_that_the_same_command_goes_on_with(hub, tmp_path):
    big = safetensors({"x": ("BF16", (1024, 1024))})
    hub.models["some/tiny"]["model.safetensors"] = big
    hub.held = True
    words = [*COMMAND, "models", "pull", "some/tiny"]
    inner = environment(**at(hub, tmp_path))
    running = subprocess.Popen(
        words, env=inner, stderr=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=heed_signals
    )
    hub.half.wait(20)
    os.kill(running.pid, signal.SIGINT)
    hub.go_on.set()
    _, err = running.communicate(timeout=20)
    assert running.returncode == 130, err
    assert b"goes on from here" in err
    hub.held = False
    result = inside("models", "pull", "some/tiny", "--json", **at(hub, tmp_path))
    assert 0 < json.loads(result.stdout)["fetched_bytes"] < len(big)


def test_help_teaches(capsys):
    assert main(["models"]) == 2
    assert main(["models", "--help"]) == 0
    assert "rolecall models pull" in capsys.readouterr().out
    for verb in ("list", "show", "pull"):
        with pytest.raises(SystemExit):
            main(["models", verb, "--help"])
        assert "examples:" in capsys.readouterr().out
    assert main(["models", "push"]) == 2
    assert "there are: list, show, pull" in capsys.readouterr().err
