"""A clock that a test moves."""

import time


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def pass_by(self, seconds: float) -> None:
        self.ahead += seconds
