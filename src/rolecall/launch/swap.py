"""Another model in the place of the one that is kept: started, proved, switched to; no call lost.

The entry in the state file is changed in one step, and clients look at it before each call. Where
both fit, the old server answers until the new one has proved itself. Where they do not, clients
wait meanwhile. Whatever fails before the switch leaves the old model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from rolecall.errors import UsageError
from rolecall.launch.failures import LaunchError, unwritable
from rolecall.launch.nouns import Progress
from rolecall.launch.recipe import Recipe, port_for

if TYPE_CHECKING:
    from rolecall.launch.server import Run
    from rolecall.launch.supervise import Supervisor

Tell = Callable[[Mapping[str, Any]], Awaitable[None]]


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be served from now on; ``beside`` says that there is room for both at once, and
    ``why`` by which figures."""

    recipe: Recipe
    beside: bool
    why: str = ""


class Swap:
    """One swap of what ``supervisor`` keeps; `status` tells how far it is, and of both servers."""

    def __init__(self, supervisor: Supervisor, wish: Wish) -> None:
        self.supervisor, self.wish = supervisor, wish
        self.old: Run | None = supervisor.run_now
        self.new: Run | None = None
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def switched(self) -> bool:
        """Whether new requests go to the new server."""
        return self.new is not None and self.new is self.supervisor.run_now

    def status(self) -> dict[str, Any]:
        """The server that comes and the one that goes, for people and programs."""
        return {
            "model": self.wish.recipe.served,
            "beside": self.wish.beside,
            "switched": self.switched,
            "new": _told(self.new),
            "old": _told(self.old),
        }

    async def run(self) -> dict[str, Any]:
        """Swap; gives the figures of it.

        Raises:
            LaunchError: the new server did not come up. The old one serves on.
        """
        keeper = self.supervisor
        old = self.old
        if old is None or not old.well or old.ended:
            raise UsageError("no server is ready that another could replace", hint="rolecall up")
        began = keeper.outside.clock()
        forms, emptied = keeper.server.forms, True
        self.say(self.wish.why)
        if not self.wish.beside:
            emptied = await self._end_old(old)
        try:
            fresh = await self._brought_up(self.wish.recipe)
            lost = [one for one in forms if one not in keeper.server.forms]
            if lost:
                raise LaunchError(
                    "not_proved",
                    f"{self.wish.recipe.served} does not hold to {', '.join(lost)}, which the "
                    "server in use does",
                    hint="pages under way were written for it; stop and start instead",
                )
            assert self.new is not None
            self._switch(self.new, fresh)
        except BaseException:
            await self._back(old, forms)
            raise
        switched = keeper.outside.clock()
        self.say(f"new requests go to {self.wish.recipe.served}")
        if self.wish.beside:
            emptied = await self._let_go(old)
        return {
            "model": self.wish.recipe.served,
            "before": old.recipe.served,
            "beside": self.wish.beside,
            "switched_after": round(switched - began, 3),
            "seconds": round(keeper.outside.clock() - began, 3),
            "emptied": emptied,
        }

    def say(self, message: str) -> None:
        """Tell who asked for the swap, and whoever looks at the keeper."""
        if message:
            self.told.put_nowait({"said": message})
            self.supervisor.say(message)

    async def _brought_up(self, recipe: Recipe) -> dict[str, Any]:
        self.new = self.supervisor.new_run(recipe, port_for(None), tell=self._tell)
        return await self.supervisor.bring_up(self.new)

    def _switch(self, run: Run, table: Mapping[str, Any]) -> None:
        try:
            self.supervisor.switch(run, table)
        except OSError as error:
            raise unwritable(error) from error

    def _tell(self, progress: Progress) -> None:
        self.told.put_nowait({"progress": to_builtins(progress)})

    async def _let_go(self, old: Run) -> bool:
        """End the old server when nothing is in work there and nobody can still be on the way."""
        try:
            old.progress = Progress(phase="draining", told=old.recipe.served)
            self._tell(old.progress)
            await asyncio.sleep(self.supervisor.limits.grace)
            return await self.supervisor.emptied(old)
        finally:
            await old.stop()

    async def _end_old(self, old: Run) -> bool:
        """Have clients wait, and end the old server once it has finished what is in work."""
        keeper = self.supervisor
        keeper.awaited.begin(keeper.table)
        keeper.served.clear()
        keeper.note(phase="draining")
        self.say(f"{old.recipe.served} finishes what is in work; new requests wait")
        emptied = await self._let_go(old)
        keeper.note(phase="starting", pid=0)
        return emptied

    async def _back(self, old: Run, forms: tuple[str, ...]) -> None:
        """Leave what was there before: end the new server, and start the old one if it ended."""
        keeper = self.supervisor
        if self.new is not None:
            await self.new.stop()
        keeper.note(forms=forms)
        if not old.ended or keeper.stopping.is_set():
            return
        self.say(f"{old.recipe.served} is started again")
        self.new = None
        try:
            fresh = await self._brought_up(old.recipe)
            again: Run | None = self.new
            assert again is not None
            self._switch(again, fresh)
        except LaunchError:  # the keeper starts it again, as after a fault
            if self.new is not None:
                await self.new.stop()


def _told(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "model": run.recipe.served, "port": run.port, "pid": run.pid, "ended": run.ended,
        "progress": to_builtins(run.progress),
    }  # fmt: skip


async def swapped(supervisor: Supervisor, wish: Wish, tell: Tell) -> dict[str, Any]:
    """Swap, and tell how it goes; it goes on where nobody listens any more.

    Raises:
        UsageError: another swap is under way, or nothing is ready.
        LaunchError: the new server did not come up.
    """
    if supervisor.swap is not None:
        raise UsageError("a swap is under way", hint="rolecall up --status shows it")
    swap = supervisor.swap = Swap(supervisor, wish)
    work = supervisor.swapping = asyncio.create_task(swap.run())

    def ended(_: object) -> None:
        supervisor.swap = supervisor.swapping = None
        swap.told.put_nowait({})

    work.add_done_callback(ended)
    while line := await swap.told.get():
        await tell(line)
    try:
        return work.result()
    except asyncio.CancelledError:
        raise LaunchError("crashed", "the server was stopped before the swap was done") from None
