"""The process that keeps one server: its lock, its signals, its messages, its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.launch import guard
from rolecall.launch.control import Action, Tell, listening
from rolecall.launch.folder import Folder, announce, held, is_kept, read_server, write_server
from rolecall.launch.recipe import Recipe
from rolecall.launch.supervise import Limits, Outside, Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def keep(
    folder: Folder, recipe: Recipe, outside: Outside, *, port: int | None, limits: Limits
) -> None:
    """Keep a server until a signal or a message asks to stop.

    Raises:
        UsageError: another process keeps it already.
        LaunchError: it could not be started or kept.
    """
    with held(folder.lock) as ours:
        if not ours:
            raise UsageError(
                f"a server called {folder.name} is kept already",
                hint="rolecall up --status shows it, --stop ends it; --name gives another name",
            )
        clean(folder)
        asyncio.run(_keeping(folder, recipe, outside, port, limits))


async def _keeping(
    folder: Folder, recipe: Recipe, outside: Outside, port: int | None, limits: Limits
) -> None:
    supervisor = Supervisor(folder, recipe, outside, port=port, limits=limits)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, supervisor.stop)
    async with listening(folder.socket, actions_of(supervisor)):
        await supervisor.run()


def actions_of(supervisor: Supervisor) -> dict[str, Action]:
    """What the keeper does on a message."""

    async def status(_: Mapping[str, Any], __: Tell) -> Any:
        return await supervisor.status()

    async def stop(_: Mapping[str, Any], __: Tell) -> Any:
        supervisor.stop()

    return {"status": status, "stop": stop}


def clean(folder: Folder) -> int:
    """Remove what a killed keeper left: processes, the entry in the state file, the socket.

    The caller holds the lock. Returns how many processes there were.
    """
    killed = 0
    for entry in guard.entries_beginning(folder.mark + "#"):
        killed += guard.sweep(entry)
    with contextlib.suppress(OSError):
        announce(folder.base, folder.name, None)
    folder.socket.unlink(missing_ok=True)
    return killed


def cleaned_if_left(folder: Folder) -> bool:
    """Clean up after a keeper that was killed; whether there was anything to clean."""
    server = read_server(folder)
    if server is None or server.phase in ("stopped", "failed") or is_kept(folder):
        return False
    with held(folder.lock) as ours:
        if not ours:
            return False
        clean(folder)
        ended = replace(
            server,
            phase="failed",
            pid=0,
            reason="crashed",
            told="the process that kept it was killed",
            remedy="start it again with rolecall up; nothing is left of it",
        )
        write_server(folder, ended)
    return True
