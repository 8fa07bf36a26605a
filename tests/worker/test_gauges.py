"""What is told of the queue, of cards and of engines between pages."""

import asyncio
import logging

from tests.monitor.made import event
from tests.plan.nvml_stand_in import MIB
from tests.plan.nvml_stand_in import Nvml as Library

from rolecall.engines.vllm import Metrics
from rolecall.ledger.database import Database
from rolecall.monitor import Series, Watch
from rolecall.monitor.series import MINUTE
from rolecall.monitor.summary import summary
from rolecall.plan.nvml import Nvml
from rolecall.queue.queue import Queue
from rolecall.worker.asking import Room
from rolecall.worker.gauges import Gauges
from rolecall.worker.pressure import Pressure

CARD = {"name": "NVIDIA Stand-in", "total": 1_000, "used": 250, "reserved": 10}
NOW = 1_700_000_000


class Heard(list):
    """A sink that keeps what is sampled."""

    def __call__(self, event):
        raise AssertionError

    def sample(self, *told):
        self.append(told)


def test_the_queue_and_cards_are_told(tmp_path):
    heard = Heard()
    with Database(tmp_path / "rolecall.db") as store:
        gauges = Gauges(Queue(store), Watch([heard]), Nvml(lambda: Library(CARD, CARD)))
        gauges.look()
        gauges.close()
    assert [one for one in heard if not one[1]] == [
        ("queue_waiting", "", 0), ("queue_running", "", 0),
    ]  # fmt: skip
    cards = {(name, label.split(maxsplit=1)[1]): amount for name, label, amount in heard if label}
    assert cards["gpu_bytes", "0 NVIDIA Stand-in"] == 250 * MIB
    assert cards["gpu_total_bytes", "1 NVIDIA Stand-in"] == 1_000 * MIB


def test_a_lost_card_is_said_once(tmp_path, caplog):
    heard = Heard()
    library = Library(CARD)
    with Database(tmp_path / "rolecall.db") as store, caplog.at_level(logging.WARNING):
        gauges = Gauges(Queue(store), Watch([heard]), Nvml(lambda: library))
        library.cards = ({},)
        for _ in range(3):
            gauges.look()
    assert len(caplog.records) == 1
    assert not [one for one in heard if one[0] == "gpu_bytes"]


def test_nobody_listens_and_nothing_is_asked():
    Gauges(None, Watch()).look()


def test_gauges_are_means_in_the_series(tmp_path):
    with Database(tmp_path / "rolecall.db") as store:
        series = Series(store, clock=lambda: NOW)
        watch = Watch(series=series, clock=lambda: NOW)
        for usage, hits in ((200, 30), (400, 60)):
            watch.sample("kv_permille", "small", usage)
            watch.sample("engine_waiting", "small", 3)
            watch.sample("prefix_queries", "small", 100)
            watch.sample("prefix_hits", "small", hits)
            watch.sample("gpu_bytes", "a 0 card", usage)
            watch.sample("queue_waiting", "", usage)
        watch.hear(event(moment=1_000 * NOW, kinds={"syntax": 1, "schema": 3}))
        watch.flush()
        found = summary(series, NOW - 60)
        (point,) = series.points("kv_permille", MINUTE, 0)
        assert (point.count, point.sum) == (2, 600)
    load = found.loads["small"]
    assert (load.kv, load.running, load.waiting, load.prefix_hits) == (0.3, 0, 3, 0.45)
    assert found.cards["a 0 card"].used == 300
    assert found.waiting == 300
    assert (found.problems, found.problem_kinds) == (4, {"schema": 3, "syntax": 1})


class Server:
    """An engine that tells what it is given."""

    class info:  # noqa: N801
        concurrency = 4

    def __init__(self, *told):
        self.told = iter(told)

    async def metrics(self):
        queries, hits = next(self.told)
        return Metrics(
            running=2, waiting=1, kv_usage=0.25, prefix_queries=queries, prefix_hits=hits
        )


async def looked(engine, times):
    class Asking:
        class engines:  # noqa: N801
            engines: dict

        room = Room(1)

    Asking.engines.engines = {"small": engine}
    heard = Heard()
    pressure = Pressure(Asking, watch=Watch([heard]))
    for _ in range(times):
        await pressure.look()
    return heard


def test_prefix_hits_are_told_as_they_grow_through_a_new_start():
    heard = asyncio.run(looked(Server((900, 90), (1_000, 150), (1_000, 150), (50, 5)), 4))
    assert [one for one in heard if one[0] == "prefix_queries"] == [
        ("prefix_queries", "small", 100), ("prefix_queries", "small", 50),
    ]  # fmt: skip
    assert [one[2] for one in heard if one[0] == "prefix_hits"] == [60, 5]
    assert [one[2] for one in heard if one[0] == "kv_permille"] == [250] * 4
    assert [one[2] for one in heard if one[0] == "engine_running"] == [2] * 4
