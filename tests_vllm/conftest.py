"""These tests want a real vLLM with the tiny model: `make test-vllm` starts one and stops it.

The model's weights are random, so nothing here asks whether an answer is right: only what must hold
whatever the weights are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import pytest

from line import MODEL, Line
from server import Server


def pytest_report_header() -> str:
    return f"vLLM at {os.environ.get('TEST_VLLM_URL', '(none)')}"


@pytest.fixture(scope="session")
def url() -> str:
    """The address of the server under test."""
    found = os.environ.get("TEST_VLLM_URL")
    if not found:
        pytest.exit("TEST_VLLM_URL is not set: run `make test-vllm`", 2)
    return found


@pytest.fixture(scope="session")
def server(url: str) -> Iterator[Server]:
    """The server, spoken to in raw HTTP."""
    with httpx2.Client(base_url=url, timeout=300, trust_env=False) as client:
        yield Server(client)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The command line, with a server that ``rolecall up`` keeps, started once for all tests."""
    found = Line(tmp_path_factory.mktemp("up"))
    started = found("up", str(MODEL), "--detach", "--drain", "300")
    assert started.returncode == 0, started.stderr
    yield found
    found("up", "--stop")
    assert found.processes() == []
