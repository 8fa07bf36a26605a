"""What comes of an input, and the sums over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from rolecall.pipeline import Waiting

if TYPE_CHECKING:
    from rolecall.monitor.events import PageEvent

ANSWERED: Final = frozenset({"stop", "length", "refusal"})
"""Results of calls that an engine has answered."""


class Use(Struct, frozen=True):
    """What one engine did. ``calls`` were made, with the ``failed`` ones; ``kept`` are answers that
    an earlier call had left, which cost nothing. Tokens are those of the calls that were made,
    ``cached_tokens`` among ``input_tokens``."""

    calls: int = 0
    failed: int = 0
    kept: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Use) -> Use:
        """Both together."""
        return Use(
            self.calls + other.calls,
            self.failed + other.failed,
            self.kept + other.kept,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )


class Figures(Struct, frozen=True):
    """The numbers of one input, made where its record is made.

    ``bytes_in`` is the size of the page, ``cpu`` the processor's seconds in the worker, ``seconds``
    the record's own by stage. ``route`` says where the values are from: ``stated``, ``reader``, the
    name of an engine after ``engine:``, or ``none``. ``engines`` maps names to what they did.
    """

    bytes_in: int = 0
    cpu: float = 0.0
    seconds: Mapping[str, float] = {}
    route: str = "none"
    engines: Mapping[str, Use] = {}


NO_FIGURES: Final = Figures()


def figures_of(record: Mapping[str, Any]) -> Figures:
    """The numbers that a record holds; size and processor time are not among them."""
    engines: dict[str, Use] = {}
    for one in record["attempts"]:
        usage = one["usage"]
        use = Use(kept=1)
        if not one["cached"]:
            use = Use(
                1,
                one["result"] not in ANSWERED,
                0,
                usage["input_tokens"],
                usage["cached_tokens"],
                usage["output_tokens"],
                one["cost_usd"],
            )
        engines[one["engine"]] = engines.get(one["engine"], Use()) + use
    return Figures(seconds=record["seconds"], route=_route(record), engines=engines)


def _route(record: Mapping[str, Any]) -> str:
    if engine := record["route"]["engine"]:
        return f"engine:{engine}"
    for one in record["evidence"].values():
        if one["origin"] != "stated":
            return "reader"
    return "stated" if record["evidence"] else "none"


class Done(Struct, frozen=True):
    """A finished input. ``line`` is what goes out: ``None`` if there is nothing to write.

    ``outcome`` is the record's, or ``kept`` for a record that an earlier run wrote. ``waiting`` is
    a page about which engines are to be asked before there is a record.

    ``copy`` says how a page is a copy whose record is shared (``exact`` or ``near``), ``split`` why
    a copy was extracted by itself. ``event`` is for those who watch, where anybody does.
    """

    seq: int
    locator: str
    outcome: str
    code: str | None = None
    message: str = ""
    line: bytes | None = None
    waiting: Waiting | None = None
    copy: str | None = None
    split: str | None = None
    figures: Figures = NO_FIGURES
    event: PageEvent | None = None

    def read_in(self, bytes_in: int, cpu: float) -> Done:
        """The same with the size of its page and the processor's seconds for it."""
        return replace(self, figures=replace(self.figures, bytes_in=bytes_in, cpu=cpu))


class Tally(Struct):
    """How many inputs had which outcome, and why; and the sums of their figures.

    Its size does not grow with the number of inputs. Sums are over the inputs that this run worked
    on: what was kept from an earlier run is in ``outcomes`` only.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Counter[str]] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    routes: Counter[str] = field(default_factory=Counter)
    engines: dict[str, Use] = field(default_factory=dict)
    cpu: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, done: Done) -> None:
        """Count one input."""
        self.outcomes[done.outcome] += 1
        if done.code is not None:
            self.codes.setdefault(done.outcome, Counter())[done.code] += 1
        if done.copy is not None:
            self.copies[done.copy] += 1
        if done.split is not None:
            self.splits[done.split] += 1
        if done.outcome == "kept":
            return
        told = done.figures
        for stage, seconds in told.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        for name, use in told.engines.items():
            self.engines[name] = self.engines.get(name, Use()) + use
        self.routes[told.route] += 1
        self.cpu += told.cpu
        self.bytes_in += told.bytes_in
        self.bytes_out += len(done.line) + 1 if done.line is not None else 0

    @property
    def total(self) -> int:
        """All inputs so far."""
        return self.outcomes.total()

    @property
    def fresh(self) -> int:
        """Those of them that this run worked on."""
        return self.total - self.outcomes["kept"]

    @property
    def failed(self) -> int:
        """Inputs that failed, in this run or in the one it continues."""
        kept = self.codes.get("kept", Counter())["failed"]
        return self.outcomes["failed"] + kept

    @property
    def used(self) -> Use:
        """What all engines did together."""
        return sum(self.engines.values(), Use())


def copies_told(tally: Tally) -> str:
    """How many pages shared an extraction, and how many copies were split off and why, in words."""
    ways = ", ".join(f"{tally.copies[way]:,} {way}" for way in ("exact", "near"))
    told = f"copies: {tally.copies.total():,} pages saved ({ways})"
    if not tally.splits:
        return told
    order = sorted(tally.splits.items(), key=lambda one: (-one[1], one[0]))
    why = ", ".join(f"{why} {count:,}" for why, count in order)
    return f"{told}; {tally.splits.total():,} split off and extracted by themselves ({why})"
