"""What ``rolecall up`` shows: the progress of a start, the servers that run, their logs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from rolecall.cli import FAILED, OK, PIPE_CLOSED
from rolecall.errors import UsageError
from rolecall.launch.compare import Compared, table
from rolecall.launch.control import ask
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import (
    Folder,
    already_kept,
    folder_of,
    is_kept,
    names,
    read_server,
)
from rolecall.launch.left import cleaned_if_left
from rolecall.launch.nouns import Progress

WORDS: Final = {
    "starting": "starting vLLM",
    "downloading": "downloading the model",
    "loading": "loading the weights",
    "compiling": "compiling",
    "profiling": "measuring memory",
    "capturing": "capturing CUDA graphs",
    "proving": "proving what it holds to",
    "ready": "ready",
    "draining": "finishing what is in work",
}
SPARE_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.2
INTERRUPTED: Final = 130


class Shown:
    """Progress on stderr: one line that changes on a terminal, a line per phase elsewhere."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - for good
        self._terminal = self._stream.isatty()
        self._clock, self._began = clock, clock()
        self._phase, self._phase_began = "", self._began

    def tell(self, progress: Progress) -> None:
        """Show how far a start is."""
        now = self._clock()
        if progress.phase != self._phase:
            self._finish(now)
            self._phase, self._phase_began = progress.phase, now
            if not self._terminal or progress.phase == "ready":
                self._write(f"{self._stamp(now)}{WORDS.get(progress.phase, progress.phase)}\n")
                return
        if self._terminal:
            share = f" {progress.share:4.0%}" if progress.share is not None else ""
            seconds = f" {now - self._phase_began:.0f} s"
            line = f"{WORDS.get(progress.phase, progress.phase)}{share}{seconds}"
            self._write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")

    def say(self, message: str) -> None:
        """One line."""
        clear = "\r\x1b[K" if self._terminal and self._phase else ""
        self._write(f"{clear}{message}\n")

    def over(self) -> None:
        """End the line that shows progress."""
        self._finish(self._clock())
        self._phase = ""

    def _finish(self, now: float) -> None:
        if self._terminal and self._phase and self._phase != "ready":
            told = WORDS.get(self._phase, self._phase)
            self._write(f"\r\x1b[K{told}: {now - self._phase_began:.1f} s\n")

    def _stamp(self, now: float) -> str:
        return f"[{now - self._began:6.1f} s] "

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open(os.devnull, "w")  # noqa: SIM115 - the terminal went away


def known(name: str | None) -> list[dict[str, Any]]:
    """What is known of the servers, or of the one called ``name``; the dead are cleaned up."""
    found = []
    for one in (name,) if name else names(os.environ):
        folder = folder_of(one, os.environ)
        cleaned_if_left(folder)
        status = _status_of(folder)
        if status is not None:
            found.append(status)
    return found


def _status_of(folder: Folder) -> dict[str, Any] | None:
    if is_kept(folder) and (status := _asked(folder)) is not None:
        return status
    server = read_server(folder)
    return None if server is None else msgspec.to_builtins(server)


def _asked(folder: Folder) -> dict[str, Any] | None:
    """What the keeper says; `None` while it is just beginning or ending."""
    try:
        status: dict[str, Any] = ask(folder.socket, {"do": "status"})
    except LaunchError:
        return None
    return status


def status(name: str | None, *, as_json: bool) -> int:
    """Print how the servers are."""
    found = known(name)
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif not found:
        sys.stdout.write("no server was started here\n")
    else:
        sys.stdout.write("\n".join(map(_shown, found)))
    sys.stdout.flush()
    return OK if any(one["phase"] == "ready" for one in found) else FAILED


def _shown(one: dict[str, Any]) -> str:
    lines = [f"{one['name']}: {one['phase']}"]
    if one["phase"] in ("stopped", "failed"):
        if one["reason"]:
            lines += [f"  {one['reason']}: {one['told']}", f"  {one['remedy']}"]
        return "\n".join(lines) + "\n"
    lines.append(f"  model     {one['model']}")
    lines.append(f"  address   http://127.0.0.1:{one['port']}/v1   process {one['pid']}")
    lines.append(f"  vLLM      {one['version'] or 'version unknown'}, started {one['started']}")
    if one["ready"]:
        since = datetime.now(UTC) - datetime.fromisoformat(one["ready"])
        lines.append(f"  up        {_span(since)}, {one['restarts']} restarts")
    progress = one.get("progress") or {}
    if one["phase"] not in ("ready", "waiting") and progress.get("share") is not None:
        lines.append(f"  so far    {progress['share']:.0%}")
    if one["phase"] == "waiting" and one["reason"]:
        lines.append(f"  because   {one['reason']}: {one['told']}")
    lines += _swap_shown(one.get("swap"))
    load = one.get("load")
    if load:
        lines.append(
            f"  load      {load['running']} running, {load['waiting']} waiting, "
            f"KV cache {load['kv_usage']:.0%} used"
        )
    rows = msgspec.convert(one.get("compared", ()), tuple[Compared, ...])
    lines += [f"  {line}" for line in table(rows)]
    return "\n".join(lines) + "\n"


def _swap_shown(swap: dict[str, Any] | None) -> list[str]:
    """The server that comes, or the one that goes."""
    if not swap:
        return []
    other = swap["old"] if swap["switched"] else swap["new"]
    if other is None:
        return [f"  swap      {swap['model']} comes when the old one has ended"]
    phase = other["progress"]["phase"]
    verb = "goes" if swap["switched"] else "comes"
    told = WORDS.get(phase, phase)
    return [f"  swap      {other['model']} {verb} (port {other['port']}): {told}"]


def _span(since: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(since.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours or minutes else f"{seconds} s"


def stop(name: str | None) -> int:
    """Ask a server to finish and end, and wait until it has."""
    shown = Shown()
    running = [one for one in ((name,) if name else names(os.environ)) if _kept(one)]
    if not running:
        shown.say(f"{name or 'nothing'} is not running" if name else "nothing is running")
        return OK
    if len(running) > 1:
        raise UsageError(
            "several servers are running", hint=f"name one of them: {', '.join(running)}"
        )
    folder = folder_of(running[0], os.environ)
    most = ask(folder.socket, {"do": "stop"})
    end = time.monotonic() + float(most) + SPARE_SECONDS
    while is_kept(folder):
        if time.monotonic() > end:
            shown.say(f"{folder.name} has not ended yet; ask again to end it at once")
            return FAILED
        time.sleep(0.1)
    shown.say(f"{folder.name} has ended")
    return OK


def _kept(name: str) -> bool:
    folder = folder_of(name, os.environ)
    return not cleaned_if_left(folder) and is_kept(folder)


def kept_names() -> list[str]:
    """The names of the servers that are kept now; what a killed keeper left is cleaned up."""
    return [one for one in names(os.environ) if _kept(one)]


def logs(name: str) -> int:
    """Print the log of a server."""
    folder = folder_of(name, os.environ)
    try:
        with folder.log.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    except FileNotFoundError:
        raise UsageError(f"{name} has no log yet", hint="rolecall up --status") from None
    sys.stdout.buffer.flush()
    return OK


def detached(folder: Folder, words: list[str], shown: Shown) -> int:
    """Start the same command in the background, and wait until it is ready."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if is_kept(folder):
        raise already_kept(folder)
    own = folder.messages.with_name(f".{folder.name}.messages.{os.getpid()}")
    child = _spawned(own, [sys.executable, "-P", "-m", "rolecall", "up", *words])
    try:
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
            status = _asked(folder)
            if status is not None and status["keeper"] == child:
                if status["phase"] == "ready":
                    _last_words(own, shown)
                    with contextlib.suppress(OSError):  # the server runs all the same
                        own.replace(folder.messages)
                    return OK
                if progress := status.get("progress"):
                    shown.tell(msgspec.convert(progress, Progress))
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        own.unlink(missing_ok=True)
        return INTERRUPTED
    _last_words(own, shown)
    own.unlink(missing_ok=True)
    code = os.waitstatus_to_exitcode(ended[1])
    return code if 0 < code < PIPE_CLOSED else FAILED


def _spawned(path: Path, command: list[str]) -> int:
    """Start ``command`` in a session of its own, with its words in ``path``; gives its number."""
    messages = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, messages, 1),
                (os.POSIX_SPAWN_DUP2, messages, 2),
            ],
            setsid=True,
        )
    finally:
        os.close(messages)


def _last_words(path: Path, shown: Shown) -> None:
    """What the background process said, its progress aside."""
    for line in path.read_text("utf-8", "replace").splitlines():
        if not line.startswith("["):
            shown.say(line)
