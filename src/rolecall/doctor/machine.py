"""The machine: its cards and their driver, what Windows does to Linux inside it, memory, disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.doctor.nouns import Finding, finding
from rolecall.models.cache import cache_folder
from rolecall.plan.nouns import GIB
from rolecall.plan.nvml import NOT_INSTALLED, Card, in_wsl, kernel_version, read_cards
from rolecall.plan.sizes import gib

OLDEST_DRIVER: Final = 580
"""The first driver with CUDA 13, for which the vLLM of ``make vllm`` is built."""
WSL_DRIVER: Final = Path("/usr/lib/wsl/lib/libcuda.so.1")
LEAST_DISK: Final = 2 * GIB
ENOUGH_DISK: Final = 20 * GIB
LEAST_MEMORY: Final = 12 * GIB


class Here(Struct, frozen=True, kw_only=True):
    """What was read of the machine; `read_here` does. Bytes; ``None`` where unknown."""

    cards: tuple[Card, ...]
    reason: str
    wsl: bool
    wsl_driver: bool
    memory: int | None
    cache: Path
    disk: int | None


def read_here(environ: Mapping[str, str]) -> Here:
    """Read the machine: its cards through NVML, the rest from the file system."""
    wsl = in_wsl(kernel_version())
    cards, reason = read_cards(wsl=wsl)
    cache = cache_folder(environ)
    return Here(
        cards=cards, reason=reason, wsl=wsl, wsl_driver=WSL_DRIVER.exists(), memory=_memory(),
        cache=cache, disk=free_at(cache),
    )  # fmt: skip


def machine_findings(here: Here) -> Iterator[Finding]:
    """Cards, WSL, memory and disk."""
    yield from _cards(here)
    if here.wsl:
        yield from _wsl(here)
    yield _disk(here)


def _cards(here: Here) -> Iterator[Finding]:
    if not here.cards:
        remedy = "without a card, engines can be on other machines, or vLLM on the CPU (slow)"
        if here.reason == NOT_INSTALLED:
            remedy = "pip install 'rolecall[gpu]' reads cards; without one, see docs/engines.md"
        yield finding("card", "note", f"none can be used: {here.reason or 'none is there'}", remedy)
        return
    for card in here.cards:
        device = card.device
        parts = [device.name, f"{gib(device.memory)}"]
        if device.free is not None:
            parts.append(f"{gib(device.free)} free")
        parts += ["a slice of a card"] if card.slice else []
        parts += ["a desktop may take memory on it"] if device.shared else []
        yield finding("card", "ok", ", ".join(parts), memory=device.memory, free=device.free)
    yield _driver(here.cards[0])


def _driver(card: Card) -> Finding:
    told = f"{card.driver or 'version unknown'}, CUDA up to {card.cuda or 'unknown'}"
    major = card.driver.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST_DRIVER:
        remedy = (
            f"make vllm needs {OLDEST_DRIVER} (CUDA 13): renew the driver"
            f"{' in Windows' if card.wsl else ''}, or install vLLM for an older CUDA and name "
            "it in vllm_python"
        )
        return finding("driver", "note", told, remedy, driver=card.driver, cuda=card.cuda)
    return finding("driver", "ok", told, driver=card.driver, cuda=card.cuda)


def _wsl(here: Here) -> Iterator[Finding]:
    traps = []
    if not here.wsl_driver:
        traps.append(
            ("CUDA of Windows is not seen", "install NVIDIA's driver in Windows, none in Linux")
        )
    if str(here.cache).startswith("/mnt/"):
        traps.append(
            (
                f"models lie on a drive of Windows ({here.cache}), which is many times slower",
                "set HF_HOME to a folder in Linux",
            )
        )
    if here.memory is not None and here.memory < LEAST_MEMORY:
        traps.append(
            (
                f"Linux has {gib(here.memory)} of memory: half of the machine's without .wslconfig",
                "write [wsl2] memory=16GB into %UserProfile%\\.wslconfig, then wsl --shutdown",
            )
        )
    for told, remedy in traps:
        yield finding("WSL", "note", told, remedy)
    if not traps:
        yield finding("WSL", "ok", "the card, the cache and the memory are as they should be")


def _disk(here: Here) -> Finding:
    if here.disk is None:
        return finding("disk", "note", f"{here.cache} cannot be looked at")
    told = f"{gib(here.disk)} free for models in {here.cache}"
    remedy = "make room, or set HF_HOME to a folder on a larger disk"
    if here.disk < LEAST_DISK:
        return finding("disk", "FAIL", told, remedy, free=here.disk)
    if here.disk < ENOUGH_DISK:
        return finding("disk", "note", told, remedy, free=here.disk)
    return finding("disk", "ok", told, free=here.disk)


def free_at(path: Path) -> int | None:
    """Bytes that can be written at ``path``, or where it would be made."""
    for one in (path, *path.parents):
        try:
            return shutil.disk_usage(one).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def _memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(one.split()[1]) * 1024 for one in lines if one.startswith("MemTotal:"))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
