"""Connecting to paid engines: no call before a price is known, none at a cap, and what it cost."""

import asyncio
from pathlib import Path

import pytest
from tests.drive.test_engines import PAGE
from tests.engines.faults import FaultServer

from rolecall import Source
from rolecall.core import Price
from rolecall.drive.connect import PROOF_ANSWERS, PROOF_TOKENS, connected
from rolecall.drive.engines import Stopped
from rolecall.errors import BudgetError, SettingsError
from rolecall.ledger.budget import Budget
from rolecall.ledger.database import open_database, usual_place
from rolecall.ledger.money import Caps
from rolecall.ledger.prices import worst_cost
from rolecall.pipeline import Stages, hear_page, prepare
from rolecall.settings import Settings

TRIES = 8
"""What is usual of an engine."""
PRICE = {"input": 10.0, "cached": 10.0, "output": 10.0}


def settings(folder: Path, url: str, **more) -> Settings:
    table = {"kind": "openai", "url": url, "model": "tiny", "local": False} | more.pop("table", {})
    return Settings(
        data_folder=str(folder), engines={"far": table}, policy="cloud-on-doubt",
        cloud_engine="far", **more,
    )  # fmt: skip


def spent(folder: Path) -> float:
    with open_database(usual_place(str(folder), {}), {}) as database:
        return Budget(database, Caps(None, None, None)).spent().month_usd


def test_at_a_cap_a_paid_engine_is_not_even_connected_to_and_each_page_says_so(tmp_path):
    async def run():
        async with FaultServer() as server:
            chosen = settings(tmp_path, server.url, table={"price": PRICE}, budget_month=0.001)
            page, heard = hear_page(Source(body=PAGE.encode()), prepare(), Stages())
            async with connected(chosen, {"HOME": str(tmp_path)}) as engines:
                with pytest.raises(BudgetError):
                    await engines.extract(page, heard, prepare().rules)
            return server.paths

    assert asyncio.run(run()) == []
    assert spent(tmp_path) == 0


def test_without_a_price_no_call_is_made(tmp_path):
    async def run():
        async with FaultServer() as server:
            with pytest.raises(SettingsError, match="price"):
                async with connected(settings(tmp_path, server.url), {"HOME": str(tmp_path)}):
                    pass
            return server.paths

    assert asyncio.run(run()) == []


def test_what_the_proof_of_forms_costs_is_booked(tmp_path):
    async def run():
        async with FaultServer() as server:
            chosen = settings(tmp_path, server.url, table={"price": PRICE})
            async with connected(chosen, {"HOME": str(tmp_path)}) as engines:
                made = engines.engines["far"].connecting
            return len(server.chats), sum(one.cost_usd for one in made)

    calls, cost = asyncio.run(run())
    assert calls > 0
    assert spent(tmp_path) == pytest.approx(cost)
    assert cost > 0


def test_a_cap_on_one_record_is_none_on_all_connecting_together(tmp_path):
    async def run(cap):
        async with FaultServer() as server:
            chosen = settings(tmp_path, server.url, table={"price": PRICE}, budget_record=cap)
            async with connected(chosen, {"HOME": str(tmp_path)}) as engines:
                return not isinstance(engines.engines["far"], Stopped)

    assert asyncio.run(run(None))
    one = spent(tmp_path)
    price = Price(input=PRICE["input"], cached=PRICE["cached"], output=PRICE["output"])
    cap = worst_cost(price, PROOF_TOKENS, PROOF_ANSWERS, TRIES) + one / 2  # one more is too much
    assert [asyncio.run(run(cap)) for _ in range(3)] == [True] * 3
    with open_database(usual_place(str(tmp_path), {}), {}) as database:
        assert database.rows("SELECT count(*) FROM budget_record") == [(4,)]
