"""The guard under which a real vLLM runs in tests: nothing may stay behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rolecall.launch import guard as the_guard

GUARD = Path(the_guard.__file__)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard is for Linux")

# A server that does not listen to SIGTERM, with a child in a session of its own that does not
# listen either; tells both numbers.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not (child := os.fork()):
    os.setsid()
    time.sleep(600)
print(os.getpid(), child, flush=True)
time.sleep(600)
"""
HOLDER = """
import subprocess, sys, time
subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
time.sleep(600)
"""


def gone(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(numbers: list[int]) -> None:
    end = time.monotonic() + 20
    while not all(map(gone, numbers)):
        assert time.monotonic() < end, "a process stayed behind"
        time.sleep(0.02)


def guarded(code: str, grace: str = "0.1") -> list[str]:
    return [sys.executable, "-I", str(GUARD), grace, sys.executable, "-c", code]


def test_the_exit_status_is_the_commands() -> None:
    for status in (0, 7):
        with subprocess.Popen(
            guarded(f"raise SystemExit({status})"), stdin=subprocess.PIPE
        ) as guard:
            assert guard.wait(20) == status


def test_closing_the_pipe_ends_even_what_does_not_listen() -> None:
    with subprocess.Popen(
        guarded(STUBBORN), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as guard:
        assert guard.stdin
        assert guard.stdout
        numbers = [int(one) for one in guard.stdout.readline().split()]
        assert len(numbers) == 2
        guard.stdin.close()
        assert guard.wait(20) == 128 + signal.SIGKILL
    wait_until_gone(numbers)


def test_nothing_stays_behind_when_the_one_who_started_it_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, *guarded(STUBBORN)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        numbers = [int(one) for one in holder.stdout.readline().split()]
        holder.kill()
    assert len(numbers) == 2
    wait_until_gone(numbers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_guard_ends_all(number: signal.Signals) -> None:
    with subprocess.Popen(
        guarded(STUBBORN), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as guard:
        assert guard.stdout
        numbers = [int(one) for one in guard.stdout.readline().split()]
        os.kill(guard.pid, number)
        guard.wait(20)
    wait_until_gone(numbers)
