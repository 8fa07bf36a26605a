"""Answers about a long list that hold until the list changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

from rolecall.queue.postings import Postings

KEPT: Final = 32

Answer = TypeVar("Answer")


class Recent:
    """Holds the last answers; each is asked for anew once records have come or gone."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[tuple[int, int], Any]] = OrderedDict()

    def get(self, key: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer to ``ask``, which ``key`` stands for."""
        version = self._postings.version()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] == version:
            answer: Answer = kept[1]
            return answer
        answer = ask()
        with self._lock:
            self._kept[key] = (version, answer)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer
