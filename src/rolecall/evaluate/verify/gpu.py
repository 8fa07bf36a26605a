"""GPU memory in use, as the driver's own tool tells it."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from msgspec import Struct

MIB: Final = 2**20
_QUERY: Final = ("--query-gpu=name,memory.used,memory.total", "--format=csv,noheader,nounits")


class Gpu(Struct, frozen=True, kw_only=True):
    """A GPU, its memory and how much of it is in use, in bytes."""

    name: str
    used: int
    total: int


class Gpus(Struct, frozen=True, kw_only=True):
    """The GPUs of this machine; where there are none, ``reason`` says why."""

    gpus: tuple[Gpu, ...] = ()
    reason: str = ""


def read_gpus(seconds: float = 10.0) -> Gpus:
    """Ask ``nvidia-smi``; never raises."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Gpus(reason="no GPU is seen: nvidia-smi is not installed")
    try:
        told = subprocess.run(
            [tool, *_QUERY], capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Gpus(reason=f"no GPU is seen: nvidia-smi gave no answer ({type(error).__name__})")
    if told.returncode:
        words = (told.stdout or told.stderr).strip().partition("\n")[0][:120]
        return Gpus(reason=f"no GPU is seen: nvidia-smi says {words!a}")
    gpus = parse(told.stdout)
    return Gpus(gpus=gpus, reason="" if gpus else "no GPU is seen: nvidia-smi lists none")


def parse(text: str) -> tuple[Gpu, ...]:
    """The lines of ``nvidia-smi``: name, MiB in use, MiB in all; others are left out."""
    found = []
    for line in text.splitlines():
        name, used, total = ([*line.rsplit(",", 2), "", ""])[:3]
        if used.strip().isdecimal() and total.strip().isdecimal():
            found.append(Gpu(name=name.strip(), used=int(used) * MIB, total=int(total) * MIB))
    return tuple(found)
