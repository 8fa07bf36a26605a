"""These tests want Ray: `make test-ray` has it. One Ray on this machine serves them all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HEEDLESS = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name where Ray is missing; what Ray warns itself of is not ours to mend."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings(r"ignore::Warning:ray\."))
    try:
        import ray  # noqa: F401
    except ImportError:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="Ray is not installed: make test-ray"))


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_user() -> None:
    for name in [name for name in os.environ if name.startswith("ROLECALL_")]:
        del os.environ[name]
    for name in HEEDLESS:
        os.environ[name] = "/nonexistent"
    others = [one for one in (os.environ.get("PYTHONPATH"),) if one]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), *others])  # actors import made.py


@pytest.fixture(scope="session")
def ray() -> Iterator[object]:
    """Ray as a run starts it, for as long as the tests last."""
    from rolecall.batch.ray_cluster import cluster

    with cluster("local", workers=4) as (started, _):
        yield started
