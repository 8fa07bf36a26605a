"""A very small version of ``make torture-queue``: processes killed at random."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_kills_lose_and_double_nothing():
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "bench")))
    words = ["--tasks", "40", "--kills", "4", "--workers", "1"]
    found = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "torture_queue.py"), *words],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "nothing: 0 lost, 0 double, all equal" in found.stdout
