"""Answers worth keeping from page to page: bounded in number and in the size of what was asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

LONGEST = 300
"""Characters of a text whose answer is kept; a longer one is rarely asked twice."""

More = ParamSpec("More")
Answer = TypeVar("Answer")
Ask = Callable[Concatenate[str, More], Answer]


def kept(number: int) -> Callable[[Ask[More, Answer]], Ask[More, Answer]]:
    """Keep the last ``number`` answers of a pure function whose first argument may be long.

    ``lru_cache`` alone would hold every text it was ever asked about, whatever its size.
    """

    def keep(ask: Ask[More, Answer]) -> Ask[More, Answer]:
        known = lru_cache(maxsize=number)(ask)

        @wraps(ask)
        def answer(text: str, /, *args: More.args, **kwargs: More.kwargs) -> Answer:
            if len(text) > LONGEST:
                return ask(text, *args, **kwargs)
            found: Answer = known(text, *args, **kwargs)  # type: ignore[arg-type]
            return found

        return answer

    return keep
