"""Many pages against a server that fails three times in ten: every page ends, and ends as it must.

``CHAOS_PAGES=10000 pytest tests/drive/test_chaos.py -s`` is the long form.
"""

import asyncio
import json
import os
from collections import Counter
from dataclasses import replace

import pytest
from tests.drive.test_engines import PAGE
from tests.engines.faults import TRANSIENT, FaultServer, mixed

from rolecall import Source
from rolecall.core import Price
from rolecall.drive.connect import connected
from rolecall.engines.openai import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.retry import Clock
from rolecall.errors import Error
from rolecall.ledger.budget import Budget
from rolecall.ledger.database import open_database, usual_place
from rolecall.ledger.money import Caps
from rolecall.pipeline import Stages, hear_page, prepare
from rolecall.settings import Settings

PAGES = int(os.environ.get("CHAOS_PAGES", "200"))
ANSWER = json.dumps({"company": "crumb"})
TYPED = {"engine_unavailable", "rate_limited", "context_overflow", "budget_exceeded"}
MIX = (*TRANSIENT, "429_after_9999", "refusal", "length", "400", "429_quota")


async def chaos(tmp_path, server, settings, *, price=None, count=PAGES):
    """Outcome or reason code of each page, all of them asked about ``server``."""
    pipeline = prepare()
    page, heard = hear_page(Source(body=PAGE.encode()), pipeline, Stages())
    wanted = EngineSettings(
        name="far", urls=(server.url,), model="tiny", concurrency=64, call_seconds=60.0,
        forms=("text",), price=price, local=price is None,
    )  # fmt: skip
    ends = Counter()
    async with (
        connect(wanted, {}, clock=Clock(sleep=quick)) as engine,
        connected(settings, {}, given={"far": engine}) as engines,
    ):
        server.script = server.chaos

        async def one(number):
            own = replace(page, source_id=f"{number:064}")
            try:
                result = await engines.extract(own, heard, pipeline.rules)
            except Error as error:
                ends[error.code] += 1
            else:
                assert result.data["company"] in ("crumb", "Mix")
                ends[result.outcome] += 1

        room = asyncio.Semaphore(256)

        async def bounded(number):
            async with room:
                await one(number)

        await asyncio.gather(*map(bounded, range(count)))
        assert server.now == 0
    return ends


async def quick(seconds):
    """Waits of back-off are cut short; what a server asks for is kept."""
    await asyncio.sleep(min(seconds, 0.01))


def server_of(faults, share=0.3):
    server = FaultServer(answer=lambda body: ANSWER)
    server.chaos = mixed(11, share, faults)
    return server


def test_where_every_fault_passes_nearly_every_page_is_ok(tmp_path):
    async def run():
        faults = [name for name in TRANSIENT if "after" not in name]
        async with server_of(faults) as server:
            settings = Settings(data_folder=str(tmp_path), cache=False)
            return await chaos(tmp_path, server, settings)

    ends = asyncio.run(run())
    print(PAGES, "pages, faults that pass:", dict(ends))
    assert ends.total() == PAGES
    assert set(ends) <= {"ok"} | TYPED
    assert ends["ok"] >= 0.999 * PAGES - 1


def test_under_mixed_faults_every_page_ends_ok_or_typed_and_the_cap_holds(tmp_path):
    price = Price(input=10.0, cached=10.0, output=10.0)
    cap = 0.0005 * PAGES  # enough for about half of the pages

    async def run():
        async with server_of([name for name in MIX if name != "429_after_9999"]) as server:
            settings = Settings(
                data_folder=str(tmp_path), cache=False, policy="cloud-on-doubt",
                cloud_engine="far", budget_month=cap,
            )  # fmt: skip
            return await chaos(tmp_path, server, settings, price=price)

    ends = asyncio.run(run())
    print(PAGES, "pages, mixed faults under a cap:", dict(ends))
    assert ends.total() == PAGES
    assert set(ends) <= {"ok"} | TYPED
    with open_database(usual_place(str(tmp_path), {}), {}) as database:
        spent = Budget(database, Caps(None, None, None)).spent().month_usd
    assert 0 < spent <= cap


def test_a_server_that_asks_for_a_long_rest_is_left_alone(tmp_path):
    async def run():
        async with FaultServer(answer=lambda body: ANSWER) as server:
            server.chaos = iter(["429_after_9999"] + ["ok"] * 100)
            settings = Settings(data_folder=str(tmp_path), cache=False)
            ends = await chaos(tmp_path, server, settings, count=20)
            late = [name for _, _, name in server.chats]
            return ends, late

    ends, late = asyncio.run(run())
    assert ends["rate_limited"] >= 1
    first = late.index("429_after_9999")
    assert late[first:].count("429_after_9999") == 1


@pytest.mark.parametrize("fault", ["401", "404", "429_quota", "redirect"])
def test_a_fault_that_cannot_pass_is_not_tried_again(tmp_path, fault):
    async def run():
        async with FaultServer(answer=lambda body: ANSWER) as server:
            server.chaos = iter([fault] * 100)
            settings = Settings(data_folder=str(tmp_path), cache=False)
            before = len(server.chats)
            ends = await chaos(tmp_path, server, settings, count=1)
            return ends, [name for _, _, name in server.chats[before:]].count(fault)

    ends, tries = asyncio.run(run())
    assert ends == {"engine_unavailable": 1}
    assert tries == 1
