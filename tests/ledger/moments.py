"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


class Watch:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)
