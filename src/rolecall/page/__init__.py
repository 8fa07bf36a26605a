"""Source -> Page: what a reader of the page can see, with spans that lead back to it."""

from __future__ import annotations

from rolecall.page.assemble import clean

__all__ = ["clean"]
