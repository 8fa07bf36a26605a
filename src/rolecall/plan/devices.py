"""The catalogue of cards: what a card's driver reports and what it can do, by its name.

``memory`` is the total that CUDA reports (``torch.cuda``), which is less than NVML's and far less
than the name says. Operations are dense, with 16- and 8-bit floats, accumulated in 32 bits, as
vLLM's kernels do. ``source`` of each card says what was read in a log or a data sheet and what was
derived.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from msgspec import structs

from rolecall.errors import UsageError
from rolecall.plan.nouns import GIB, Device

NOISE = frozenset(
    "nvidia geforce amd instinct tesla quadro gpu graphics card rtx gtx rx the generation".split()
)
"""Words of a name that tell no two cards apart."""

SIZE = re.compile(r"(\d+(?:\.\d+)?) ?gi?b?$")
"""The memory at the end of a name."""

OWN = re.compile(
    r"(?P<memory>\d+(?:\.\d+)?) ?(?P<unit>GB|GiB)"
    r" ?@ ?(?P<bandwidth>\d+(?:\.\d+)?) ?(?P<scale>GB|TB)/s"
    r"(?: ?@ ?(?P<flops>\d+(?:\.\d+)?) ?TFLOPS)?",
    re.IGNORECASE | re.ASCII,
)
"""A card of one's own: ``16GiB@576GB/s`` or ``16GiB@576GB/s@75TFLOPS``."""

OWN_FLOPS = 130
"""Operations with 16-bit floats for each byte of bandwidth, where a card of one's own names none:
that of the RTX 4090 Laptop, between 76 (RTX 3090) and 206 (H200)."""

SEVERAL = {
    "a100": ("a100 40gb", "a100 80gb"),
    "v100": ("v100 16gb", "v100 32gb"),
    "4060ti": ("4060 ti 16gb", "4060 ti 8gb"),
    "5060ti": ("5060 ti 16gb", "5060 ti 8gb"),
    "6000": ("a6000", "6000 ada", "pro 6000"),
    "mig": ("h100 1g.10gb", "a100 1g.10gb", "h200 1g.18gb"),
}
"""Names of several cards with different memory: there is no usual one, so the user chooses."""

MEANT = {"h100": "sxm", "h200": "sxm"}
"""Names of several cards with the same memory: the usual one is taken, which its name says."""

SPAN = 0.1
"""How far the memory in a name may be from what the driver reports: 48 GB are 44.4 GiB."""


@cache
def devices() -> tuple[Device, ...]:
    """All cards of the catalogue, in its order."""
    text = files("rolecall.plan").joinpath("data/devices.json").read_text(encoding="utf-8")
    return tuple(_device(one) for one in json.loads(text))


def _device(told: dict[str, object]) -> Device:
    return Device(
        name=str(told["name"]),
        memory=round(float(str(told["memory_gib"])) * GIB),
        bandwidth=round(float(str(told["bandwidth_gbs"])) * 1e9),
        flops_16=round(float(str(told["tflops_16"])) * 1e12),
        flops_8=round(float(str(told["tflops_8"])) * 1e12),
        capability=int(str(told["capability"])),
        grade=told["grade"],  # type: ignore[arg-type]
        shared=bool(told["shared"]),
        aliases=tuple(told["aliases"]),  # type: ignore[arg-type]
        source=f"memory: {told['memory_source']}; speed: {told['speed_source']}",
    )


def device_named(name: str) -> Device:
    """The card that ``name`` means, written in whatever way; ``16GiB@576GB/s`` is one of its own.

    Raises:
        UsageError: there is no such card, or there are several; the hint names those that are near.
    """
    if own := OWN.fullmatch(name.strip()):
        return _own(name.strip(), own)
    found = find_device(name)
    if found is not None:
        return found
    squeezed = key(name)
    if not squeezed:
        raise UsageError(
            f"no card is called {name!r}",
            hint="rolecall plan --gpu 4090 names one; or 16GiB@576GB/s",
        )
    if several := SEVERAL.get(squeezed):
        raise UsageError(f"{name!r} is a name of several cards", hint="say " + " or ".join(several))
    raise UsageError(
        f"no card called {name!r} is in the catalogue",
        hint=f"near: {', '.join(near(name))}; any other card: MEMORY@BANDWIDTH, as 16GiB@576GB/s",
    )


def find_device(name: str) -> Device | None:
    """The card of the catalogue that ``name`` means, if exactly one is meant.

    ``name`` may be what a driver calls it (``NVIDIA GeForce RTX 4090 Laptop GPU``).
    """
    squeezed = key(name)
    if squeezed in SEVERAL:
        return None
    index = _index()
    if squeezed in index:
        found = index[squeezed]
        return _meaning(found, squeezed)
    size = SIZE.search(_spaced(name))
    if size is None:
        return None
    shorter = index.get(key(_spaced(name)[: size.start()]))
    if shorter is None or abs(float(size[1]) * GIB / shorter.memory - 1) > SPAN:
        return None
    return shorter


def matching(name: str, memory: int) -> Device | None:
    """The card of the catalogue that a driver calls ``name``, of about so many bytes.

    A name of several cards is told by the memory. One whose memory is another (a card that somebody
    has given more) is the same card otherwise.
    """
    if choices := SEVERAL.get(key(name)):
        found = [device_named(one) for one in choices]
        return next((one for one in found if abs(memory / one.memory - 1) <= SPAN), None)
    return find_device(name)


def _meaning(found: Device, squeezed: str) -> Device:
    """``found``, saying so where its name could mean another one too."""
    if squeezed not in MEANT:
        return found
    return structs.replace(found, source=f"{squeezed} is taken as {found.name}; {found.source}")


def _spaced(name: str) -> str:
    """``name`` in small letters with single spaces between its words."""
    words = re.sub(r"\b(rtx|gtx|rx)(?=\d)", r"\1 ", name.lower())
    words = re.sub(r"(?<=\d)(laptop|mobile)", r" \1", words)
    return " ".join(re.findall(r"[a-z0-9.]+", words))


def key(name: str) -> str:
    """``name`` without what tells no cards apart: ``RTX 4090-Laptop GPU`` is ``4090laptop``."""
    return "".join(word for word in _spaced(name).split() if word not in NOISE)


@cache
def _index() -> dict[str, Device]:
    """Cards by the keys of their names and of their aliases."""
    out: dict[str, Device] = {}
    for one in devices():
        for alias in (one.name, *one.aliases):
            out.setdefault(key(alias), one)
    return out


def near(name: str, most: int = 5) -> list[str]:
    """Names of the cards of the catalogue that ``name`` may have meant, the nearest first."""
    squeezed = key(name)
    numbers = set(re.findall(r"\d{2,}", squeezed))
    same = [one for one in devices() if numbers & set(re.findall(r"\d{2,}", key(one.aliases[0])))]
    close = get_close_matches(squeezed, list(_index()), n=most, cutoff=0.5)
    both = _unique([*(_index()[one] for one in close), *same])
    usual = [find for word in ("4090 laptop", "4090", "l4", "h100") if (find := find_device(word))]
    return [one.name for one in (both or usual)[:most]]


def _unique(found: Iterable[Device]) -> list[Device]:
    return list({one.name: one for one in found}.values())


def _own(name: str, told: re.Match[str]) -> Device:
    """A card that the user describes."""
    unit = GIB if told["unit"].lower() == "gib" else 10**9
    bandwidth = float(told["bandwidth"]) * (1e12 if told["scale"].upper() == "TB" else 1e9)
    flops = float(told["flops"]) * 1e12 if told["flops"] else bandwidth * OWN_FLOPS
    memory = round(float(told["memory"]) * unit)
    if memory <= 0 or bandwidth <= 0 or flops <= 0:
        raise UsageError(f"{name!r} is a card without memory, bandwidth or arithmetic")
    assumed = "" if told["flops"] else f"; arithmetic taken as {OWN_FLOPS} operations a byte"
    return Device(
        name=name,
        memory=memory,
        bandwidth=round(bandwidth),
        flops_16=round(flops),
        grade="other",
        source=f"described by the user{assumed}; no 8-bit arithmetic is reckoned with",
    )
