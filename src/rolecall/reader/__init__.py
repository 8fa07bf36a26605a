"""The embedded reader: a small trained model that reads a posting on any CPU, with no download.

``Reader`` holds a loaded model; ``read`` and ``verdict`` are its two questions to a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rolecall.core import Candidate, Notice, Page, Reason
from rolecall.reader.blocks import Tagged
from rolecall.reader.model import Model, load_model
from rolecall.reader.read import read_page
from rolecall.reader.verdict import closed_notice, judge

__all__ = ["Model", "Reader", "load_model"]


class Reader:
    """Reads pages with one model. ``read`` and ``verdict`` of a page share its tagging."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._last: tuple[Page, Tagged, tuple[Candidate, ...]] | None = None

    @classmethod
    def load(cls, folder: Path | None = None) -> Reader:
        """A reader with the model in ``folder``, or with the one that is shipped."""
        return cls(load_model(folder))

    def read(self, page: Page) -> tuple[Candidate, ...]:
        """The candidates of every unit the reader finds."""
        return self._tagged(page)[2]

    def verdict(self, page: Page, candidates: Sequence[Candidate]) -> Reason | None:
        """Why ``page`` is not one posting, or ``None`` if it is one."""
        return judge(self._tagged(page)[1], candidates)

    def closed(self, page: Page) -> Notice | None:
        """What to tell of a page that shows its posting but says that it is closed."""
        return closed_notice(self._tagged(page)[1])

    def _tagged(self, page: Page) -> tuple[Page, Tagged, tuple[Candidate, ...]]:
        if self._last is None or self._last[0] is not page:
            tagged, candidates = read_page(page, self.model)
            self._last = (page, tagged, candidates)
        return self._last
