"""The process that keeps one server: its lock, its signals, its messages, its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from rolecall.errors import UsageError
from rolecall.launch.control import Action, Tell, listening
from rolecall.launch.failures import unwritable
from rolecall.launch.folder import Folder, already_kept, held
from rolecall.launch.left import clean
from rolecall.launch.limits import Limits
from rolecall.launch.recipe import Recipe
from rolecall.launch.server import GRACE_SECONDS
from rolecall.launch.supervise import Outside, Supervisor
from rolecall.launch.swap import Wish, swapped

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOKS: Final = 5
LOOK_SECONDS: Final = 0.05
"""Whoever looks whether a server is kept holds its lock for less than this."""


def keep(
    folder: Folder, recipe: Recipe, outside: Outside, *, port: int | None, limits: Limits
) -> None:
    """Keep a server until a signal or a message asks to stop.

    Raises:
        UsageError: another process keeps it already.
        LaunchError: it could not be started or kept.
    """
    try:
        with _alone(folder):
            clean(folder)
            asyncio.run(_keeping(folder, recipe, outside, port, limits))
    except OSError as error:
        raise unwritable(error) from error


@contextlib.contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Hold the server's lock; those who only look at it are given the time to go."""
    for _ in range(LOOKS):
        with held(folder.lock) as ours:
            if ours:
                yield
                return
        time.sleep(LOOK_SECONDS)
    raise already_kept(folder)


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
    """What the keeper does on a message; ``stop`` is answered with the seconds it may take."""

    async def status(_: Mapping[str, Any], __: Tell) -> Any:
        return await supervisor.status()

    async def stop(_: Mapping[str, Any], __: Tell) -> Any:
        supervisor.stop()
        return supervisor.limits.drain + GRACE_SECONDS

    async def swap(message: Mapping[str, Any], tell: Tell) -> Any:
        try:
            wish = msgspec.convert(message.get("wish"), Wish)
        except msgspec.ValidationError as error:
            raise UsageError(f"no such swap: {error}", hint="is it the same Rolecall?") from error
        return await swapped(supervisor, wish, tell)

    return {"status": status, "stop": stop, "swap": swap}
