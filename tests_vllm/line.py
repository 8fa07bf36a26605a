"""The command line of ``rolecall up`` with a state folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rolecall.launch import guard
from rolecall.launch.folder import folder_of

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "build" / "tiny-qwen3"
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
SECONDS = 500.0


class Line:
    """Runs commands, and says what they left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = os.environ | {
            "XDG_STATE_HOME": str(folder / "state"),
            "ROLECALL_VLLM_PYTHON": str(PYTHON),
            "HF_HUB_OFFLINE": "1",
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "rolecall", *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def model(self, name: str) -> Path:
        """The tiny model's folder under another name."""
        made = self.folder / name
        made.mkdir()
        for file in MODEL.iterdir():
            (made / file.name).symlink_to(file.resolve())
        return made

    def status(self) -> Mapping[str, Any]:
        """What is said of the one server."""
        [one] = json.loads(self("up", "--status", "--json").stdout)
        found: Mapping[str, Any] = one
        return found

    def processes(self) -> list[int]:
        """All that runs of it."""
        mark = folder_of("vllm", self.environ).mark
        return [one for entry in guard.entries_beginning(mark) for one in guard.marked(entry)]
