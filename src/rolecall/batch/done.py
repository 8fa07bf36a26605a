"""What comes of an input, and the count of it."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from rolecall.pipeline import Waiting


class Done(Struct, frozen=True):
    """A finished input. ``line`` is what goes out: ``None`` if there is nothing to write.

    ``outcome`` is the record's, or ``kept`` for a record that an earlier run wrote. ``waiting`` is
    a page about which engines are to be asked before there is a record.
    """

    seq: int
    locator: str
    outcome: str
    code: str | None = None
    message: str = ""
    line: bytes | None = None
    waiting: Waiting | None = None


class Tally(Struct):
    """How many inputs had which outcome, and why."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, done: Done) -> None:
        """Count one input."""
        self.outcomes[done.outcome] += 1
        if done.code is not None:
            self.codes.setdefault(done.outcome, Counter())[done.code] += 1

    @property
    def total(self) -> int:
        """All inputs so far."""
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        """Inputs that failed, in this run or in the one it continues."""
        kept = self.codes.get("kept", Counter())["failed"]
        return self.outcomes["failed"] + kept
