"""The nouns of planning: estimates, a card, a load, how the server is set, and the plan.

Memory is in whole bytes, speed in bytes or operations a second. What no log could pin down is an
`Estimate` and never a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from rolecall.models.nouns import Shape

GIB = 1024**3
MIB = 1024**2

Mode = Literal["balanced", "maximum_throughput", "capped"]
"""The decision record's two configurations, and the one that keeps its memory requirement."""


class Estimate(Struct, frozen=True):
    """A figure that is not known exactly: ``low`` <= ``expected`` <= ``high``."""

    low: int
    expected: int
    high: int

    def __add__(self, other: Estimate) -> Estimate:
        """The sum, end by end."""
        return Estimate(
            self.low + other.low, self.expected + other.expected, self.high + other.high
        )

    @property
    def certain(self) -> bool:
        """Whether the three are one."""
        return self.low == self.high


def exactly(figure: int) -> Estimate:
    """An estimate without doubt."""
    return Estimate(figure, figure, figure)


class Device(Struct, frozen=True, kw_only=True):
    """A card.

    ``memory`` is what the driver reports as its total, which is less than the name says.
    ``bandwidth`` is bytes a second, ``flops_8`` and ``flops_16`` are dense operations a second with
    8-bit floats (0 where it has none) and with 16-bit floats. ``capability`` is NVIDIA's compute
    capability times ten (89 for Ada), 0 for others. ``grade`` says where such
    cards stand (``other``: not NVIDIA's, or with the processor's memory); memory and speed are
    reckoned by it. ``free`` and ``used`` are read on a real card only; ``shared`` says that a
    desktop may take memory on it. ``source`` says where the figures are from.
    """

    name: str
    memory: int
    bandwidth: int
    flops_16: int
    flops_8: int = 0
    capability: int = 0
    grade: Literal["consumer", "datacentre", "other"] = "consumer"
    free: int | None = None
    used: int | None = None
    shared: bool = False
    aliases: tuple[str, ...] = ()
    source: str = ""


class Load(Struct, frozen=True, kw_only=True):
    """What the postings are like: a histogram of prompt and answer tokens.

    ``requests`` holds (prompt tokens, answer tokens, how many such requests); a long page makes
    several. ``shared`` tokens at the start of each prompt are the same for all, so that they
    are computed and kept once. ``postings`` is how many postings the requests are for. ``source``
    says where the histogram is from, in words.
    """

    name: str
    requests: tuple[tuple[int, int, int], ...]
    shared: int
    postings: int
    source: str = ""


class Serving(Struct, frozen=True, kw_only=True):
    """How vLLM is started, as far as memory and speed follow from it.

    ``version`` is vLLM's, ``(0, 33)`` for 0.33.x. ``quantise`` quantises a 16-bit checkpoint while
    loading (``fp8``), empty leaves it. ``utilisation`` is the share of the card's total memory that
    vLLM may use. ``kv_bytes`` sets the KV cache outright instead. ``text_only`` leaves out the
    encoders of a model that also sees. ``ngram`` is speculation from the prompt's own words.
    """

    version: tuple[int, int] = (0, 33)
    kv_dtype: Literal["auto", "fp8"] = "auto"
    quantise: str = ""
    context: int = 8_192
    sequences: int = 256
    batched_tokens: int = 2_048
    utilisation: float = 0.92
    kv_bytes: int | None = None
    eager: bool = False
    text_only: bool = False
    ngram: bool = False
    cards: int = 1


class Calibration(Struct, frozen=True, kw_only=True):
    """What one start of vLLM on a device taught about it.

    ``overhead`` is how much of the budget went neither to weights nor to the KV cache, and
    ``expected`` what had been expected for the same start; what differs is the device's own.
    ``weights`` is the same difference for the weights. ``model`` and ``version`` say of which
    start.
    """

    device: str
    model: str
    version: tuple[int, int]
    overhead: int
    expected: int
    weights: int = 0
    made: str = ""


class Memory(Struct, frozen=True, kw_only=True):
    """Where the card's memory goes, in bytes of one card.

    ``budget`` is what vLLM asks for. ``weights`` holds all tensors and the allocator's waste,
    ``rotary`` of them the tables of positions. ``activation`` is the peak while a batch is worked
    on, ``graphs`` what captured CUDA graphs are reckoned with, ``other`` what CUDA and libraries
    take. ``kv`` is what is left for the KV cache, negative where nothing is left. ``kv_token`` is
    the bytes of one token there, for sequences of the context's length; ``state`` those of one
    sequence whatever its length. ``tokens`` is how many the cache holds.
    """

    budget: int
    weights: Estimate
    rotary: int
    activation: Estimate
    graphs: Estimate
    other: Estimate
    kv: Estimate
    kv_token: int
    state: int
    tokens: Estimate
    calibrated: bool = False

    @property
    def overhead(self) -> Estimate:
        """All that is neither weights nor KV cache."""
        return self.activation + self.graphs + self.other


class Speed(Struct, frozen=True, kw_only=True):
    """Postings a minute at ``at_once`` postings in work.

    ``bound`` is what the card's bandwidth and arithmetic allow with perfect overlap, ``serial``
    without any; ``expected`` is what engines have been seen to reach of the latter. ``limit`` names
    what binds. ``answer_tokens`` is tokens written a second, at ``expected``, ``stream_tokens``
    those of one answer while it is written. ``first_token`` is how many seconds a prompt takes
    until its first token where it is alone.
    """

    at_once: int
    bound: float
    serial: float
    expected: tuple[float, float, float]
    answer_tokens: float
    limit: Literal["bandwidth", "arithmetic", "memory"]
    first_token: float = 0.0
    stream_tokens: float = 0.0


class Remedy(Struct, frozen=True, kw_only=True):
    """One change that would make a plan fit, and how many bytes it frees or adds for the cache."""

    change: str
    frees: int
    enough: bool


class Plan(Struct, frozen=True, kw_only=True):
    """A model on a card under a load: memory, speed, and whether it fits.

    ``at_once`` is how many postings of the load's usual length the cache holds, ``length`` the
    tokens of one. ``short`` is by how many bytes the plan does not fit (0 where it does),
    ``remedies`` what would help, the smallest change first. ``warnings`` are sentences. A plan that
    does not fit has no command, nor has one that vLLM would not start whatever the memory:
    ``refused`` says why. ``stated`` says that the share of the card was, and is no mode's.
    ``environment`` holds the variables that the command wants.
    """

    shape: Shape
    device: Device
    load: Load
    serving: Serving
    mode: Mode
    stated: bool = False
    cap: int | None
    memory: Memory
    speed: tuple[Speed, ...] = ()
    at_once: Estimate
    length: int = 0
    fits: bool
    refused: tuple[str, ...] = ()
    short: int = 0
    remedies: tuple[Remedy, ...] = ()
    warnings: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}


class Reported(Struct, frozen=True, kw_only=True):
    """What vLLM printed about its memory while it started, in bytes of one card.

    ``None`` is what it did not print. ``consumed`` is weights and other memory together, as newer
    versions print it instead of the weights alone.
    """

    version: str = ""
    weights: int | None = None
    consumed: int | None = None
    kv: int | None = None
    tokens: int | None = None
    activation: int | None = None
    other: int | None = None
    graphs: int | None = None
    total: int | None = None
    free: int | None = None
