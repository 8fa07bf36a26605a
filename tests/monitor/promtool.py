"""promtool, where this machine has it (tools/promtool.sh)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BUILT = Path(__file__).resolve().parents[2] / "build" / "promtool"
FOUND = shutil.which("promtool") or (str(BUILT) if os.access(BUILT, os.X_OK) else None)

needs_promtool = pytest.mark.skipif(not FOUND, reason="promtool is not installed")


def promtool(*words, told=""):
    """What it says to ``told``; an exit code other than 0 fails the test."""
    command = [FOUND, *map(str, words)]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
