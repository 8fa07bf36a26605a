"""Whether a second server fits into the machine's memory beside the first, on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rolecall.models.nouns import Shape
from rolecall.models.weights import weights_of
from rolecall.plan.nouns import GIB, Serving
from rolecall.plan.sizes import gib

PROCESS: Final = 5 * GIB // 2
"""Bytes that vLLM's processes take on the CPU beside weights and cache; measured 2.3 GiB."""
MARGIN: Final = GIB // 2
MEMORY: Final = Path("/proc/meminfo")


def memory_here(path: Path = MEMORY) -> int | None:
    """The bytes of memory that new programs can have, as Linux reckons; `None` where unknown."""
    try:
        for line in path.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None


def needed_on_cpu(shape: Shape | None, serving: Serving, on_disk: int = 0) -> int | None:
    """The most bytes that a server on the CPU takes; `None` for a model of unknown size.

    The weights are held as float32, twice the bytes of the 16-bit checkpoint. ``on_disk`` is what
    the model's files take, for one whose shape is not known.
    """
    weights = on_disk if shape is None else weights_of(shape)[2]
    if not weights or serving.kv_bytes is None:
        return None
    return 2 * weights + serving.kv_bytes + PROCESS + MARGIN


def fits_here(needed: int | None, there: int | None) -> tuple[bool, str]:
    """Whether ``needed`` bytes fit into the ones that are ``there``, and the figures in words."""
    if needed is None or there is None:
        return False, "how much memory both would need is not known: the old one ends first"
    fits = needed <= there
    then = "both run at once" if fits else "the old one ends first"
    return fits, f"{gib(needed)} are needed and {gib(there)} are there: {then}"
