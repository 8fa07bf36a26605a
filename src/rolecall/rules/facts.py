"""What rules are told from."""

from __future__ import annotations

from msgspec import Struct

from rolecall.drift.look import Dimension
from rolecall.drift.reference import Reference


class Untold(Struct, frozen=True):
    """A fact that is not known: ``why``, and what would make it known."""

    why: str
    next: str = ""


class Share(Struct, frozen=True):
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


class Labelled(Struct, frozen=True, kw_only=True):
    """Pages whose labels people have finished: values that were right of all that were there or
    should have been, with the 95 % interval of their share."""

    pages: int
    right: int
    values: int
    low: float
    high: float


class Better(Struct, frozen=True, kw_only=True):
    """Decision records and runs that were found, and what the latest of them say is better than
    what is in use; ``named`` is empty where nothing is."""

    looked: int
    named: tuple[str, ...] = ()


class Served(Struct, frozen=True, kw_only=True):
    """A vLLM that answers or is kept here: its ``version`` (empty where it is not known), the
    model, figures of its plan that were reported otherwise (``compared`` says whether any could
    be), and the revision that its model's cache has got since it started."""

    name: str
    version: str
    cpu: bool = False
    model: str = ""
    compared: bool = False
    outside: tuple[str, ...] = ()
    newer: str = ""
    revision_known: bool = False


class Drift(Struct, frozen=True, kw_only=True):
    """All dimensions, the farthest first, and what they are held against."""

    dimensions: tuple[Dimension, ...]
    reference: Reference


class Money(Struct, frozen=True, kw_only=True):
    """US dollars: spent this month, the cap, and where the month will end, with the bounds between
    which four months of five do (`ledger.month_end`)."""

    month: float
    cap: float
    low: float
    forecast: float
    high: float


class Audited(Struct, frozen=True, kw_only=True):
    """A field that a second engine gave once more: so often the same and so often not, with the
    lower bound of the 95 % interval of the share that was not; ``who`` names both."""

    field: str
    who: str = ""
    same: int
    differs: int
    low: float


class Trials(Struct, frozen=True, kw_only=True):
    """What trials of challengers say, in words: ``stopped`` for harm, ``better`` than what is in
    use."""

    stopped: tuple[str, ...] = ()
    better: tuple[str, ...] = ()


class Facts(Struct, frozen=True, kw_only=True):
    """All facts of one moment. Those of a week: ``local`` (pages with values), ``long_context``
    (calls of engines); of a day: ``failed`` (pages)."""

    local: Share
    long_context: Share
    failed: Share
    labelled: Labelled | None
    better: Better | Untold
    trials: Trials | Untold
    servers: tuple[Served, ...] | Untold
    drift: Drift | Untold
    money: Money | Untold
    audits: tuple[Audited, ...] | Untold
