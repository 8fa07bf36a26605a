"""Faults of many rows, told at once: whoever corrects labels by hand wants the whole list."""

from __future__ import annotations

from collections.abc import Callable

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample

SHOWN = 8


class Faults:
    """Collects what is wrong with rows while the others are read."""

    def __init__(self) -> None:
        self._first: UsageError | None = None
        self._others: list[str] = []

    def keep(self, read: Callable[[], Sample]) -> Sample | None:
        """What ``read`` gives; ``None`` if it is refused, which is kept."""
        try:
            return read()
        except UsageError as error:
            if self._first is None:
                self._first = error
            else:
                self._others.append(str(error))
            return None

    def demand_none(self) -> None:
        """Raise the first fault, with the others after it; nothing if there was none."""
        if self._first is None:
            return
        if not self._others:
            raise self._first
        lines = [str(self._first), *self._others[: SHOWN - 1]]
        more = len(self._others) + 1 - len(lines)
        lines += [f"and {more} more"] if more else []
        raise UsageError("\n  ".join(lines), hint=f"of the first: {self._first.hint}")
