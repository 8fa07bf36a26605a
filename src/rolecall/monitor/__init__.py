"""What happened to pages, as figures: counted, kept over time, told to other programs.

An event holds ids, sizes and times, never text of a page. Sinks are plain functions that take one.
"""

from __future__ import annotations

from rolecall.monitor.events import CallEvent, PageEvent, Sink, page_event, site_of
from rolecall.monitor.series import Point, Series
from rolecall.monitor.watch import Watch

__all__ = ["CallEvent", "PageEvent", "Point", "Series", "Sink", "Watch", "page_event", "site_of"]
