"""One page that is asked about: at servers that do wrong, through the real path, to its record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from tests.drive.test_engines import PAGE
from tests.engines.faults import FaultServer
from tests.engines.wrongs import GOOD

from rolecall import Source
from rolecall.core import Price
from rolecall.drive.connect import Terms, connected
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.engines.openai import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.retry import Clock
from rolecall.ledger.budget import Budget
from rolecall.ledger.database import open_database, usual_place
from rolecall.ledger.money import Caps
from rolecall.pipeline import Stages, Waiting, hear_page, prepare
from rolecall.settings import Settings

PRICE: Final = Price(input=10.0, cached=10.0, output=10.0)
TRIES: Final = 6
CAP: Final = 100.0


class Skipping:
    """A clock that goes on by itself, and on which sleeping takes no time: it is skipped."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self.clock = Clock(
            now=lambda: time.time() + self.skipped,
            monotonic=lambda: time.monotonic() + self.skipped,
            sleep=self._sleep,
            chance=lambda: 0.5,
        )

    async def _sleep(self, seconds: float) -> None:
        self.skipped += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Which engines a page may be asked of; the first of ``names`` is the one that does wrong."""

    name: str
    names: tuple[str, ...]
    policy: str = "local-only"

    def settings(self, folder: Path, cap: float = CAP) -> Settings:
        """The settings under which they are asked."""
        cloud = "far" if "far" in self.names else ""
        return Settings(
            data_folder=str(folder), cache=False, policy=self.policy, cloud_engine=cloud,
            budget_month=cap if cloud else None,
        )  # fmt: skip


LANES: Final = (
    Lane(name="local", names=("near",)),
    Lane(name="cloud", names=("far",), policy="cloud-on-doubt"),
    Lane(name="both", names=("near", "far"), policy="cloud-on-doubt"),
)


@dataclass(slots=True, kw_only=True)
class Site:
    """Servers and the engines on them, open; ``asked`` counts calls since the engines were met."""

    servers: Mapping[str, Any]
    engines: Engines
    settings: Settings
    clock: Skipping
    pipeline: Any = field(default=None)

    def asked(self, name: str) -> int:
        """Calls at one server."""
        return len(self.servers[name].chats)

    async def record(self, number: int = 0, page: str = PAGE) -> dict[str, Any]:
        """The record of one page."""
        source = Source(body=page.encode(), locator=f"p{number}")
        seen, heard = hear_page(source, self.pipeline, Stages())
        waiting = Waiting(page=seen, heard=heard, source=source, seq=number, seconds={})
        return await finish_record(waiting, self.pipeline, self.engines)


@asynccontextmanager
async def site(
    lane: Lane,
    script: Sequence[str],
    folder: Path,
    *,
    clock: Clock | None = None,
    cap: float = CAP,
    **more: Any,
) -> AsyncIterator[Site]:
    """A server for each engine of ``lane``, the first with ``script``; met without a fault."""
    skipping = Skipping()
    settings = lane.settings(folder, cap)
    canary, how = more.pop("canary", ""), Terms(alone=more.pop("alone", False))
    told: dict[str, Any] = {"model": "tiny", "forms": ("text",), "tries": TRIES}
    told |= {"call_seconds": 60.0} | more
    async with AsyncExitStack() as stack:
        servers, opened = {}, {}
        for name in lane.names:
            server = await stack.enter_async_context(FaultServer(answer=lambda body: GOOD))
            server.canary = canary
            wanted = EngineSettings(
                name=name, urls=(server.url,), local=name == "near",
                price=PRICE if name == "far" else None, **told,
            )  # fmt: skip
            opened[name] = await stack.enter_async_context(
                connect(wanted, {}, clock=clock or skipping.clock)
            )
            servers[name] = server
        engines = await stack.enter_async_context(connected(settings, {}, given=opened, terms=how))
        for server in servers.values():
            server.chats.clear()
        servers[lane.names[0]].script = list(script)
        yield Site(
            servers=servers,
            engines=engines,
            settings=settings,
            clock=skipping,
            pipeline=prepare(settings),
        )


def spent(folder: Path) -> float:
    """What the ledger in ``folder`` has booked."""
    with open_database(usual_place(str(folder), {}), {}) as database:
        return float(Budget(database, Caps(None, None, None)).spent().month_usd)


def unwritable(record: Mapping[str, Any]) -> str:
    """Why a record is no strict JSON in UTF-8; empty if it is."""
    try:
        orjson.loads(orjson.dumps(record))
    except (TypeError, ValueError) as error:
        return str(error)
    return ""
