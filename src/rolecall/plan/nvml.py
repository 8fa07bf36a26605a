"""The cards of this machine: what NVIDIA's management library (NVML) and the catalogue tell.

The library is optional (``pip install nvidia-ml-py``). Without it, without a driver or without a
card there are none, and a reason.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct, structs

from rolecall.plan.devices import OWN_FLOPS, SPAN, find_device, matching
from rolecall.plan.nouns import Device

MEMORY_CLOCK: Final = 2
"""NVML's number for the clock of the memory (``NVML_CLOCK_MEM``)."""

DOUBLE_RATE: Final = 2
"""Transfers of the memory in a cycle of the clock that NVML tells, for GDDR6, GDDR6X and HBM."""

UNKNOWN_BANDWIDTH: Final = 256 * 10**9
"""Bytes a second of a card of which neither NVML nor the catalogue knows them: a slow one's."""

NOT_INSTALLED: Final = "the package nvidia-ml-py is not installed"


class InUse(Struct, frozen=True, kw_only=True):
    """A card's memory in bytes. ``used`` is what processes take, by them all.

    ``reserved`` is what the driver keeps for itself, ``None`` where an old one does not tell, and
    ``used`` then holds it.
    """

    total: int
    used: int
    free: int
    reserved: int | None = None


class Card(Struct, frozen=True, kw_only=True):
    """A card here: what is planned with, and what NVML tells besides.

    ``driver`` and ``cuda`` are versions, the latter the newest that the driver runs. ``slice`` says
    that it is a part of a card (MIG). ``wsl`` says that Windows owns it.
    """

    device: Device
    driver: str = ""
    cuda: str = ""
    uuid: str = ""
    slice: bool = False
    wsl: bool = False


def _library() -> Any:
    return import_module("pynvml")


class Nvml:
    """The library, opened; ``reason`` says why nothing can be read of it, empty where it can."""

    def __init__(self, load: Callable[[], Any] = _library) -> None:
        self.reason = ""
        self._library: Any = None
        try:
            self._library = load()
            self._library.nvmlInit()
        except ImportError:
            self.reason = NOT_INSTALLED
        except Exception as error:  # the library's own errors have no common base outside it
            self.reason = f"NVML does not work here: {error}"

    def handles(self) -> Iterator[tuple[Any, Any]]:
        """Each card that programs see, with the card that it is a slice of (itself, if none)."""
        for number in range(self._library.nvmlDeviceGetCount()):
            card = self._library.nvmlDeviceGetHandleByIndex(number)
            slices = list(self._slices(card))
            for one in slices or [card]:
                yield one, card

    def _slices(self, card: Any) -> Iterator[Any]:
        """The slices (MIG) that a card is cut into."""
        mode = self.ask("nvmlDeviceGetMigMode", card)
        if not mode or not mode[0]:
            return
        for number in range(self.ask("nvmlDeviceGetMaxMigDeviceCount", card) or 0):
            if (found := self.ask("nvmlDeviceGetMigDeviceHandleByIndex", card, number)) is not None:
                yield found

    def name(self, card: Any) -> str:
        """What the driver calls the card."""
        return _text(self._library.nvmlDeviceGetName(card))

    def in_use(self, card: Any) -> InUse:
        """How full the card is."""
        if (version := getattr(self._library, "nvmlMemory_v2", None)) is not None:
            found = self.ask("nvmlDeviceGetMemoryInfo", card, version)
            if found is not None:
                return InUse(
                    total=int(found.total),
                    used=int(found.used),
                    free=int(found.free),
                    reserved=int(found.reserved),
                )
        found = self._library.nvmlDeviceGetMemoryInfo(card)
        total, used = int(found.total), int(found.used)
        return InUse(total=total, used=used, free=int(getattr(found, "free", total - used)))

    def ask(self, question: str, *about: Any) -> Any:
        """What the library answers; ``None`` where this driver or this card does not know."""
        try:
            return getattr(self._library, question)(*about)
        except Exception:  # "not supported" is as good an answer, and has many names
            return None

    def bandwidth(self, card: Any) -> int | None:
        """Bytes a second, of the width of the bus and the memory's highest clock."""
        width = self.ask("nvmlDeviceGetMemoryBusWidth", card)
        clock = self.ask("nvmlDeviceGetMaxClockInfo", card, MEMORY_CLOCK)
        if not width or not clock:
            return None
        return int(DOUBLE_RATE * int(clock) * 10**6 * int(width) // 8)

    def close(self) -> None:
        """Let the library go."""
        if self._library is not None and not self.reason:
            self.ask("nvmlShutdown")


def read_cards(
    load: Callable[[], Any] = _library, *, wsl: bool = False
) -> tuple[tuple[Card, ...], str]:
    """All cards of this machine, and why there are none; ``wsl`` says that this is WSL."""
    with contextlib.closing(Nvml(load)) as nvml:
        if nvml.reason:
            return (), nvml.reason
        try:
            cards = tuple(_card(nvml, one, whole, wsl) for one, whole in nvml.handles())
        except Exception as error:  # a card that is lost while it is asked
            return (), f"NVML stopped working: {error}"
    return cards, "" if cards else "NVML finds no card"


def _card(nvml: Nvml, one: Any, whole: Any, wsl: bool) -> Card:
    """A card or slice of the card ``whole``."""
    major, minor = nvml.ask("nvmlDeviceGetCudaComputeCapability", whole) or (0, 0)
    name = nvml.name(one)
    told = _told(nvml, one, name)
    screen = nvml.ask("nvmlDeviceGetDisplayActive", whole)
    known = matching(name, told.total)
    own = None if one is not whole else nvml.bandwidth(whole)
    device = _device(name, told, known, bandwidth=own, wsl=wsl, capability=10 * major + minor)
    cuda = nvml.ask("nvmlSystemGetCudaDriverVersion_v2") or 0
    return Card(
        device=_shared(device, wsl=wsl, screen=screen),
        driver=_text(nvml.ask("nvmlSystemGetDriverVersion") or ""),
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else "",
        uuid=_text(nvml.ask("nvmlDeviceGetUUID", one) or ""),
        slice=one is not whole,
        wsl=wsl,
    )


def _told(nvml: Nvml, card: Any, name: str) -> InUse:
    """How full the card is; of one that shares the processor's memory NVML does not tell."""
    try:
        return nvml.in_use(card)
    except Exception:  # the library's own errors have no common base; passed on if unmended
        if (known := find_device(name)) is None:
            raise
        return InUse(total=known.memory, used=0, free=known.memory, reserved=0)


def _shared(device: Device, *, wsl: bool, screen: int | None) -> Device:
    """``device``, knowing whether a desktop takes memory: Windows does, or a screen on the card."""
    taken = device.shared if screen is None else bool(screen)
    return structs.replace(device, shared=wsl or taken)


def _device(
    name: str,
    told: InUse,
    known: Device | None,
    *,
    bandwidth: int | None,
    wsl: bool,
    capability: int,
) -> Device:
    """What is planned with: memory as it is here, speed by the catalogue if that has the card."""
    memory, how = _memory(told, known, wsl)
    if known is not None and abs(told.total / known.memory - 1) <= SPAN:
        speed, bandwidth = f"speed: catalogue, {known.name}", known.bandwidth
    elif known is not None:
        speed = f"arithmetic: catalogue, {known.name}, whose memory is another"
        bandwidth = bandwidth or known.bandwidth
    elif bandwidth:
        speed = f"bandwidth: NVML; arithmetic taken as {OWN_FLOPS} operations a byte"
    else:
        bandwidth = UNKNOWN_BANDWIDTH
        speed = "speed is not known, and taken as that of a slow card"
    return Device(
        name=name,
        memory=memory,
        bandwidth=bandwidth,
        flops_16=known.flops_16 if known is not None else bandwidth * OWN_FLOPS,
        flops_8=known.flops_8 if known is not None else 0,
        capability=capability or (known.capability if known is not None else 0),
        grade=known.grade if known is not None else _grade(name),
        free=min(told.free, memory),
        used=told.used,
        shared=known.shared if known is not None else _grade(name) == "consumer",
        aliases=known.aliases if known is not None else (),
        source=f"memory: {how}; {speed}",
    )


def _grade(name: str) -> Literal["consumer", "other"]:
    return "consumer" if "geforce" in name.lower() else "other"


def _memory(told: InUse, known: Device | None, wsl: bool) -> tuple[int, str]:
    """The total that CUDA will report, and how that is known.

    CUDA leaves out what the driver reserves, except under WSL, where starts of vLLM report it all.
    """
    if wsl:
        return told.total, "NVML, all of it under WSL"
    if told.reserved is not None:
        return told.total - told.reserved, "NVML, less what the driver reserves"
    if known is not None and known.memory < told.total <= known.memory * (1 + SPAN):
        return known.memory, "catalogue, as this driver does not tell what it reserves"
    return told.total, "NVML, with what the driver reserves"


def cards_here(
    load: Callable[[], Any] = _library,
    *,
    environ: Mapping[str, str] | None = None,
    kernel: str | None = None,
) -> tuple[tuple[Device, ...], str]:
    """The cards that a server started here would see, in their order, and why there are none.

    ``environ`` may hide some (``CUDA_VISIBLE_DEVICES``, by number or by the start of a UUID).
    ``kernel`` is what the kernel says of itself, which tells WSL.
    """
    environ = os.environ if environ is None else environ
    cards, reason = read_cards(load, wsl=in_wsl(kernel_version() if kernel is None else kernel))
    seen = visible(cards, environ.get("CUDA_VISIBLE_DEVICES"))
    if cards and not seen:
        reason = "CUDA_VISIBLE_DEVICES hides all cards"
    return tuple(one.device for one in seen), reason


def visible(cards: tuple[Card, ...], named: str | None) -> tuple[Card, ...]:
    """Those of ``cards`` that CUDA shows: all, or those named before the first that is none."""
    if named is None:
        return cards
    out: list[Card] = []
    for word in (one.strip() for one in named.split(",")):
        if word.isascii() and word.isdecimal():
            found = cards[int(word)] if len(word) < 6 and int(word) < len(cards) else None
        else:
            found = next((one for one in cards if word and one.uuid.startswith(word)), None)
        if found is None or found in out:
            break
        out.append(found)
    return tuple(out)


def in_wsl(kernel: str) -> bool:
    """Whether a kernel that says so of itself is that of the Windows Subsystem for Linux."""
    return "microsoft" in kernel.lower()


def kernel_version() -> str:
    """What the kernel says of itself; empty where it says nothing."""
    try:
        return Path("/proc/version").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
