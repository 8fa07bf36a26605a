"""Full, failing and read-only disks; the points are tried in `torture.durability_disk_points`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from torture.durability_common import ROOT
from torture.nouns import Case, Class, Figure, Group, Terms

OWN: Final = ("unshare", "-rm")
"""Mounts of its own, which need no rights on most machines."""


def disk(terms: Terms) -> Group:
    """Nothing acknowledged is missing, it is said, and it goes on by itself."""
    mounts = mounts_allowed()
    words = [sys.executable, "-m", "torture.durability_disk_points", str(terms.scratch)]
    words += ["full" if terms.full else "quick", "mounts" if mounts else "none"]
    done = subprocess.run(
        [*(OWN if mounts else ()), *words], cwd=ROOT, capture_output=True, text=True, timeout=900,
        check=False,
    )  # fmt: skip
    cases = [
        Case(name=name, found=Class[found], note=note)
        for name, found, note in map(json.loads, done.stdout.splitlines())
    ]
    if done.returncode:
        cases.append(Case(name="itself", found=Class.CRASHED, note=done.stderr[-300:]))
    right = sum(one.found is Class.RIGHT for one in cases)
    figure = Figure(
        name="points held",
        value=float(right),
        goal=f"{len(cases)} of {len(cases)}",
        held=right == len(cases),
    )
    where = "" if mounts else " (no mounts of one's own here: files that may not grow alone)"
    return Group(
        said=f"disk full, failing, read-only{where}", cases=tuple(cases), figures=(figure,)
    )


def mounts_allowed() -> bool:
    """Whether a disk of one's own may be mounted here."""
    try:
        told = subprocess.run(
            [*OWN, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"],
            capture_output=True, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0
