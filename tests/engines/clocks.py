"""Clocks for tests: time that passes when somebody sleeps, and no chance."""

import asyncio

from rolecall.engines.retry import Clock


class Times:
    """A clock whose sleeps take no time; ``slept`` holds them in order."""

    def __init__(self, now=1_764_000_000.0, chance=1.0):
        self.passed, self.slept = 0.0, []
        self.clock = Clock(
            now=lambda: now + self.passed,
            monotonic=lambda: 1_000.0 + self.passed,
            sleep=self._sleep,
            chance=lambda: chance,
        )

    async def _sleep(self, seconds):
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)
