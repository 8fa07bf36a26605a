"""The trials of a worker: whose a page is, and what comes of it, counted until it says enough."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.trial.challenger import Challenger, live_one, shadows
from rolecall.trial.judge import judge
from rolecall.trial.ledger import Bad, TrialLedger
from rolecall.trial.nouns import Arm, Seen, Trial
from rolecall.trial.pairs import Timed, is_slow, paired

MOST_WAITING: Final = 512
"""Pages that wait for the time of the one that came next."""
MOST_FIELDS: Final = 40
WHOLE: Final = 1_000
"""Agreement is counted in thousandths."""

Begun = tuple[int, int]
"""The run in which a page was begun, and its number there."""

_log = logging.getLogger(__name__)


class _Counted:
    """What one challenger's trial adds up in memory, in one run."""

    def __init__(self, run: int = 0) -> None:
        self.run = run
        self.counts: dict[str, int] = {}
        self.bad: list[Bad] = []
        self.begun = 0
        self.times: OrderedDict[int, Timed] = OrderedDict()

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount

    def take(self) -> tuple[dict[str, int], list[Bad]]:
        counts, bad = self.counts, self.bad
        self.counts, self.bad = {}, []
        return counts, bad


class Trials:
    """The trials of ``challengers``. Usable from any thread.

    Nothing here waits for the database but `refresh` and `flush`; until the first `refresh`, no
    challenger has any page.
    """

    def __init__(self, challengers: Sequence[Challenger], ledger: TrialLedger | None) -> None:
        self.challengers = tuple(challengers)
        self._ledger = ledger
        self._lock = threading.Lock()
        self._trials: Mapping[str, Trial] = {}
        self._counted = {one.name: _Counted() for one in challengers}
        self._slower = {one.name: one.slower for one in challengers}
        self._entered = not challengers

    def refresh(self) -> None:
        """Learn how the trials are, which any process may change at any time.

        Raises:
            DatabaseError: the database cannot be used; all stays as it was.
        """
        if self._ledger is None or not self.challengers:
            return
        if not self._entered:
            self._ledger.enter(self.challengers)
            self._entered = True
        trials = self._ledger.trials()
        with self._lock:
            self._trials = trials
            for one in self.challengers:
                run = self._run(one)
                if run and self._counted[one.name].run != run:
                    self._counted[one.name] = _Counted(run)

    @property
    def promoted(self) -> str:
        """The challenger that has all pages; empty where none has."""
        for one in self.challengers:
            trial = self._trials.get(one.name)
            # Another engine under a name that was promoted has not been.
            if trial is not None and trial.state == "promoted" and trial.design == one.design:
                return one.name
        return ""

    @property
    def active(self) -> list[str]:
        """Live challengers that have their share now; all pages are one's that is promoted."""
        if self.promoted:
            return [self.promoted]
        return [one.name for one in self.challengers if one.mode == "live" and self._run(one)]

    def arm(self, page: str) -> str:
        """The name of the challenger whose engines do a page; empty for the champion's."""
        if self.promoted:
            return self.promoted
        one = live_one(page, self.challengers)
        return one.name if one is not None and self._run(one) else ""

    def shadows(self, page: str) -> list[str]:
        """The challengers that do a page of the champion once more."""
        if self.promoted:
            return []
        return [one.name for one in shadows(page, self.challengers) if self._run(one)]

    def begin(self, arm: str, page: str) -> Mapping[str, Begun]:
        """A page is begun by the live challenger ``arm``, or by the champion: the run and its
        number in each trial that it counts in, for `saw`.

        Times are compared of pages that begin one after the other; which two those are must not
        depend on how long they take.
        """
        found = {}
        with self._lock:
            for name in self._counting(arm, page):
                counted = self._counted[name]
                found[name] = counted.run, counted.begun
                counted.begun += 1
        return found

    def saw(self, arm: str, page: str, told: Seen | None, begun: Mapping[str, Begun]) -> None:
        """A page that was ``begun`` has been done by the live challenger ``arm``, or by the
        champion; ``None`` if that tells nothing. What began in an earlier run does not count."""
        side: Arm = "challenger" if arm else "champion"
        with self._lock:
            for name, (run, number) in begun.items():
                found = self._counted[name]
                if found.run != run:
                    continue
                if told is None:
                    found.add("unjudged", int(side == "challenger"))
                    continue
                found.add(f"pages {side}")
                for kind in sorted(told.bad):
                    found.bad.append((kind, side, page))
                    found.add(f"times {kind} {side}")
                if told.seconds is not None:
                    self._pair(name, number, Timed(bool(arm), told.seconds))

    def saw_both(
        self, name: str, page: str, tried: Seen, usual: Seen, same: Mapping[str, bool]
    ) -> None:
        """A page was done by the champion and by the challenger in its shadow, which agree in those
        fields of ``same`` that are true."""
        with self._lock:
            found = self._counted[name]
            found.add("pages challenger")
            found.add("pages champion")
            for kind in sorted(tried.bad | usual.bad):
                both = kind in tried.bad and kind in usual.bad
                arm = "both" if both else "challenger" if kind in tried.bad else "champion"
                found.bad.append((kind, arm, page))
                found.add(f"times {kind} {arm}")
            if tried.seconds and usual.seconds:
                found.add("pairs")
                found.add("slow", int(is_slow(tried.seconds, usual.seconds, self._slower[name])))
            if not same:
                return
            found.add("compared", WHOLE)
            found.add("same", WHOLE * sum(same.values()) // len(same))
            for field, agrees in list(same.items())[:MOST_FIELDS]:
                found.add(f"compared field {field}")
                found.add(f"same field {field}", int(agrees))

    def skipped(self, name: str) -> None:
        """A page was not done in the shadow, for want of room."""
        with self._lock:
            self._counted[name].add("skipped")

    def flush(self) -> None:
        """Add what was counted to the database, and stop whoever does harm.

        Raises:
            DatabaseError: the database cannot be used; what was counted is kept.
        """
        try:
            for one in self.challengers:
                self._flush(one)
        finally:
            self.refresh()

    def _flush(self, one: Challenger) -> None:
        run = self._run(one)
        with self._lock:
            counted = self._counted[one.name]
            counts, bad = counted.take()
        if self._ledger is None or not run or counted.run != run or not (counts or bad):
            return
        try:
            found = self._ledger.add(one.name, run, counts, bad)
        except DatabaseError:
            with self._lock:
                for key, amount in counts.items():
                    counted.add(key, amount)
                counted.bad += bad
            raise
        verdict = judge(one, found)
        if verdict.harm and self._ledger.stop(one.name, verdict.harm, run):
            _log.error("the challenger %s gets no more pages: %s", one.name, verdict.harm)

    def _run(self, one: Challenger) -> int:
        """The number of the run that a challenger is in; 0 where it has no share.

        A worker whose settings are others than those it was entered with last takes no part.
        """
        trial = self._trials.get(one.name)
        if trial is None or trial.state != "running" or trial.design != one.design:
            return 0
        return trial.run

    def _counting(self, arm: str, page: str) -> list[str]:
        """The trials that a page counts in."""
        if self.promoted:
            return []
        if arm:
            return [arm]
        # A page of a challenger that is stopped goes to the champion, and is no fair comparison.
        if live_one(page, self.challengers) is not None:
            return []
        return [one.name for one in self.challengers if one.mode == "live"]

    def _pair(self, name: str, number: int, page: Timed) -> None:
        """Count two pages that began one after the other, once both have their times."""
        found = self._counted[name]
        other = found.times.pop(number // 2, None)
        if other is None:
            found.times[number // 2] = page
            while len(found.times) > MOST_WAITING:
                found.times.popitem(last=False)
            return
        _, slow = paired(other, page, self._slower[name])
        if slow is not None:
            found.add("pairs")
            found.add("slow", int(slow))
