"""Whether the pages that come are still those that came: counts by window against a reference.

`Windows` counts events of pages in windows of 200, `Drifting` keeps them in the database and holds
each against what is usual. Nothing of a page is kept but numbers, languages and hosts.
"""

from __future__ import annotations

from rolecall.drift.counts import Window
from rolecall.drift.look import Dimension, Drifting
from rolecall.drift.reference import Reference, Shift
from rolecall.drift.windows import Windows

__all__ = ["Dimension", "Drifting", "Reference", "Shift", "Window", "Windows"]
