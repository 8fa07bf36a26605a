"""Kills at every commit point of scripted runs; see `torture.durability_killed`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from typing import Any, Final

from torture.durability_common import ROOT
from torture.nouns import Case, Class, Figure, Group, Terms

QUICK: Final = {
    "queue": "29=6", "budget": "13=2", "cache": "17=2", "steps-1": "23=0", "steps-8": "3=0",
    "output-jsonl": "4=0", "output-csv": "5=0", "output-sqlite": "13=0", "output-jsonl.gz": "6=0",
    "output-jsonl.zst": "6=0",
}  # fmt: skip
"""Every so many points, and so many kills at random, of each script."""

FULL: Final = {
    "queue": "1=1250", "budget": "1=450", "cache": "1=300",
    **{f"steps-{n}": "1=50" for n in range(1, 9)},
    **{f"output-{form}": "1=0" for form in ("jsonl", "csv", "parquet", "jsonl.gz", "jsonl.zst")},
    "output-sqlite": "1=250",
}  # fmt: skip
"""All points once, since what happens at them is the same each time; at random 50 a step."""

BAD: Final = ("gone", "twice", "old one", "forgotten", "records in the end")


def commit_points(terms: Terms) -> Group:
    """Every statement and every operation on a file, in the real queue, ledger and outputs."""
    scripts = FULL if terms.full else QUICK
    words = [f"{name}={how}" for name, how in scripts.items()]
    found: list[dict[str, Any]] = []
    halves = (words[::2], words[1::2]) if terms.full else (words,)
    command = (sys.executable, "-m", "torture.durability_killed")
    children = [
        subprocess.Popen(
            [*command, str(terms.scratch / str(number)), str(terms.seed), *half],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )
        for number, half in enumerate(halves)
    ]  # fmt: skip
    for child in children:
        out, _ = child.communicate(timeout=900)
        found += [json.loads(line) for line in out.splitlines()]
        if child.returncode:
            found.append({"script": "itself", "step": "run", "wrong": f"ended: {child.returncode}"})
    by_step: dict[str, list[str]] = defaultdict(list)
    for one in found:
        if "step" in one and one["step"] not in ("before", "after"):
            by_step[f"{one['script']}/{one['step']}"].append(one["wrong"])
    cases = tuple(case(name, told) for name, told in sorted(by_step.items()))
    sums = [one for one in found if "points" in one]
    kills, points = (float(sum(one[name] for one in sums)) for name in ("kills", "points"))
    bad = float(sum(bool(one["wrong"]) for one in found if "wrong" in one))
    return Group(
        said="kill -9 before every statement and file operation: queue, budget, cache, outputs",
        cases=cases,
        figures=(
            Figure(name="points", value=points),
            Figure(name="kills", value=kills),
            Figure(name="violations", value=bad, goal="0", held=not bad),
        ),
    )


def case(name: str, told: list[str]) -> Case:
    """The kills in one step of a script."""
    wrong = [one for one in told if one]
    if not wrong:
        return Case(name=name, found=Class.RIGHT)
    lost = any(word in one for one in wrong for word in BAD)
    found = Class.LOST if lost else Class.WRONG
    return Case(name=name, found=found, note=f"{len(wrong)} of {len(told)} kills: {wrong[0]}")
