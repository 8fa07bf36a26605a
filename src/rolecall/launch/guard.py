"""Run a command that must not outlive us: ``python guard.py SECONDS COMMAND...``.

Started as a file of its own, so it imports nothing of ours and is up at once. The command runs
until it ends by itself, until standard input closes, or until a signal comes. A pipe closes
whatever becomes of the process that held it, so the one who started the guard may even be killed.
Then the command is asked to end (SIGTERM), and after SECONDS it and all that it started are killed.
Linux only: orphans are made to fall to the guard, so that none can hide.

That holds unless the guard itself is killed. Then the kernel kills the command, and `sweep` finds
by a mark in their environment what else was started.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>


def set_process(option: int, value: int) -> None:
    """One ``prctl`` call; raises `OSError` if it is refused."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def die_with(parent: int) -> None:
    """Have the kernel kill this process with its ``parent``; end it if that is gone already."""
    set_process(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def descendants(root: int) -> list[int]:
    """All living processes below ``root``, the nearest first."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found = [root]
    for one in found:
        found += children.get(one, [])
    return found[1:]


def kill_all() -> None:
    """Kill everything below this process until nothing is left."""
    while left := descendants(os.getpid()):
        for one in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.05)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def marked(mark: str) -> list[int]:
    """All living processes, but this one, whose environment holds the entry ``mark``."""
    wanted, found = os.fsencode(mark), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            number = int(path.parent.name)
            if wanted in path.read_bytes().split(b"\0") and number != os.getpid():
                found.append(number)
    return found


def entries_beginning(start: str) -> set[str]:
    """All environment entries of living processes that begin with ``start``."""
    wanted, found = os.fsencode(start), set[str]()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            entries = path.read_bytes().split(b"\0")
            found.update(os.fsdecode(one) for one in entries if one.startswith(wanted))
    return found


def sweep(mark: str) -> int:
    """Kill all processes whose environment holds ``mark``; returns how many there were."""
    killed = set()
    while left := [one for one in marked(mark) if one not in killed]:
        for one in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        killed.update(left)
    return len(killed)


def reap_orphans(child: int) -> None:
    """Collect those that fell to us and ended, so that none stays a zombie; not ``child``."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid == child:
                return
            os.waitpid(ended.si_pid, 0)


def main(arguments: list[str]) -> int:
    """Run the command of ``arguments`` and return its exit status."""
    grace, command = float(arguments[0]), arguments[1:]
    set_process(PR_SET_CHILD_SUBREAPER, 1)
    heard, told = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    guard = os.getpid()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C in the terminal reaches us, and we pass on the end
        preexec_fn=lambda: die_with(guard),
    )
    try:
        while child.poll() is None:
            ready, _, _ = select.select([0, heard], [], [])
            if 0 in ready and not os.read(0, 1024):
                break
            if heard in ready and set(os.read(heard, 1024)) - {signal.SIGCHLD}:
                break
            reap_orphans(child.pid)
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
    finally:
        child.kill()
        status = child.wait()
        kill_all()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
