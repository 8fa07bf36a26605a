"""What the locks in ``requirements/`` pin: packages with their versions, markers and hashes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "requirements"
PIN: Final = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]*?))?\s*\\?$"
)
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Pinned(NamedTuple):
    """One package of a lock; ``marker`` says where it is installed, empty is everywhere."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(path: Path) -> list[Pinned]:
    """The packages of a lock, in its order."""
    found: list[Pinned] = []
    for line in path.read_text("utf-8").splitlines():
        if pin := PIN.match(line):
            found.append(Pinned(pin["name"], pin["version"], pin["marker"] or "", ()))
        elif found and (hashes := tuple(HASH.findall(line))):
            found[-1] = found[-1]._replace(hashes=found[-1].hashes + hashes)
    return found
