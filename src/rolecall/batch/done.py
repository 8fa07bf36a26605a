"""What comes of an input, and the count of it."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from rolecall.pipeline import Waiting


class Done(Struct, frozen=True):
    """A finished input. ``line`` is what goes out: ``None`` if there is nothing to write.

    ``outcome`` is the record's, or ``kept`` for a record that an earlier run wrote. ``waiting`` is
    a page about which engines are to be asked before there is a record.

    ``copy`` says how a page is a copy whose record is shared (``exact`` or ``near``), ``split`` why
    a copy was extracted by itself.
    """

    seq: int
    locator: str
    outcome: str
    code: str | None = None
    message: str = ""
    line: bytes | None = None
    waiting: Waiting | None = None
    copy: str | None = None
    split: str | None = None


class Tally(Struct):
    """How many inputs had which outcome, and why."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Counter[str]] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)

    def add(self, done: Done) -> None:
        """Count one input."""
        self.outcomes[done.outcome] += 1
        if done.code is not None:
            self.codes.setdefault(done.outcome, Counter())[done.code] += 1
        if done.copy is not None:
            self.copies[done.copy] += 1
        if done.split is not None:
            self.splits[done.split] += 1

    @property
    def total(self) -> int:
        """All inputs so far."""
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        """Inputs that failed, in this run or in the one it continues."""
        kept = self.codes.get("kept", Counter())["failed"]
        return self.outcomes["failed"] + kept


def copies_told(tally: Tally) -> str:
    """How many pages shared an extraction, and how many copies were split off and why, in words."""
    ways = ", ".join(f"{tally.copies[way]:,} {way}" for way in ("exact", "near"))
    told = f"copies: {tally.copies.total():,} pages saved ({ways})"
    if not tally.splits:
        return told
    order = sorted(tally.splits.items(), key=lambda one: (-one[1], one[0]))
    why = ", ".join(f"{why} {count:,}" for why, count in order)
    return f"{told}; {tally.splits.total():,} split off and extracted by themselves ({why})"
