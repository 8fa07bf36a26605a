"""What the page states as data -> candidates, with the visible text that says the same."""

from __future__ import annotations

from rolecall.core import Candidate, Page
from rolecall.stated.candidates import candidates_of
from rolecall.stated.choose import choose, distinct_postings
from rolecall.stated.visible import find_visible

__all__ = ["distinct_postings", "find_visible", "stated"]


def stated(page: Page) -> tuple[Candidate, ...]:
    """One candidate for every unit that the page's own posting states; never raises.

    Empty where the page states no posting, or several of which none is clearly its own (then
    `distinct_postings` says how many).
    """
    chosen = choose(page) if page.statements else ()
    return tuple(candidates_of(page, chosen)) if chosen else ()
