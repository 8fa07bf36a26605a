"""Pages that wait for engines beside the workers."""

import asyncio
from collections.abc import Iterator

import pytest
from tests.drive.test_engines import ANSWER, PAGE, engine

from rolecall import Source
from rolecall.ask.tokens import qwen
from rolecall.batch.asking import HELD, PATIENCE, Asker, answered
from rolecall.batch.done import Done
from rolecall.climb import Help
from rolecall.drive.connect import help_of, voice_of
from rolecall.drive.engines import Engines, Purse
from rolecall.pipeline import Pipeline, Stages, Waiting, hear_page, prepare
from rolecall.settings import Settings


class PanicError(BaseException):
    """What a library in another language raises when it gives up."""


class Panicking:
    """An engine that answers every second page with a panic."""

    def __init__(self) -> None:
        self.inner = engine(lambda prompt: ANSWER)
        self.info, self.asked = self.inner.info, 0

    async def count_tokens(self, prompt: object) -> int | None:
        return None

    async def complete(self, prompt: object) -> object:
        self.asked += 1
        if self.asked % 2:
            raise PanicError("called `Result::unwrap()` on an `Err` value")
        return await self.inner.complete(prompt)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return prepare(Settings(engine="none"))


def waiting(pipeline: Pipeline, number: int) -> Done:
    source = Source(body=PAGE.replace("four", f"{number} o'clock").encode(), locator=str(number))
    page, heard = hear_page(source, pipeline, Stages())
    one = Waiting(page=page, heard=heard, source=source, seq=number, seconds={})
    return Done(number, str(number), "waiting", waiting=one)


def asking(pipeline: Pipeline, one: Panicking) -> Engines:
    help_ = help_of(pipeline.settings, None)
    voice = voice_of(one.info, qwen(), help_.policy, ())
    return Engines({"small": one}, Help(voices={"small": voice}), Purse())  # type: ignore[dict-item]


def test_a_panic_costs_its_own_record_and_holds_nothing_up(pipeline: Pipeline) -> None:
    def results() -> Iterator[Done | None]:
        for number in range(4):
            yield waiting(pipeline, number)
            yield None

    def done(seq: int, locator: str, record: dict[str, object]) -> Done:
        reason = record["reason"]
        return Done(seq, locator, str(record["outcome"]), reason["code"] if reason else None)  # type: ignore[index]

    with Asker(pipeline) as asker:
        asker._engines = asking(pipeline, Panicking())
        found = list(answered(results(), asker, done, ordered=True, stop=lambda: False))
    assert [one.seq for one in found] == [0, 1, 2, 3]
    assert sorted(one.code or one.outcome for one in found) == ["internal", "internal", "ok", "ok"]


class Slow(Panicking):
    """An engine that answers once as many other results are there as may be held."""

    def __init__(self, pulled: list[int]) -> None:
        super().__init__()
        self.pulled, self.seen = pulled, 0

    async def complete(self, prompt: object) -> object:
        while len(self.pulled) < HELD:
            await asyncio.sleep(0.01)
        await asyncio.sleep(4 * PATIENCE)  # long enough to see whether more are pulled
        self.seen = len(self.pulled)
        return await self.inner.complete(prompt)


def test_results_that_wait_for_a_slow_call_are_bounded(pipeline: Pipeline) -> None:
    pulled: list[int] = []
    slow = Slow(pulled)

    def results() -> Iterator[Done | None]:
        yield waiting(pipeline, 0)
        for number in range(1, 3 * HELD):
            pulled.append(number)
            yield Done(number, str(number), "ok")

    with Asker(pipeline) as asker:
        asker._engines = asking(pipeline, slow)
        asker.limit = 8
        stream = answered(
            results(),
            asker,
            lambda seq, locator, record: Done(seq, locator, str(record["outcome"])),
            ordered=True,
            stop=lambda: False,
        )
        assert [one.seq for one in stream] == list(range(3 * HELD))
    assert slow.seen <= HELD + 1
