"""``python -m torture``: try everything, say what came of it, hold it against the ratchet."""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torture import ratchet, table
from torture.nouns import Case, Class, Group, Terms, Try
from torture.parts import groups

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
RESULTS = Path(__file__).with_name("results.json")


def main() -> int:
    """0: nothing is behind what is pinned."""
    told = arguments()
    chosen = groups(told.only)
    if told.list:
        print("\n".join(chosen))
        return 0
    pinned, worse = ratchet.read(), list[str]()
    for name, tried in chosen.items():
        started = time.monotonic()
        group = run(name, tried, told)
        seconds = time.monotonic() - started
        print(table.line(name, group, seconds), flush=True)
        for figure in group.figures:
            print(f"    {table.figure(figure)}", flush=True)
        new = told.pin and ratchet.is_new(pinned, name, full=told.full)
        behind = [] if new else ratchet.behind(pinned, name, group, full=told.full)
        print("".join(f"    WORSE {one}\n" for one in behind), end="", flush=True)
        worse += behind
        if told.pin and not group.skipped:  # at once: a long run may be broken off
            better = told.full and (not behind or told.anew)
            reached = kept(group, seconds, told)
            publish(name, group, reached, pin=better or new)
    print(f"{len(chosen)} groups, {len(worse)} cases behind what is pinned")
    return 1 if worse else 0


def publish(name: str, group: Group, reached: dict[str, Any], *, pin: bool) -> None:
    """Keep what a group reached, and show it; others may do so for other groups meanwhile."""
    with open(RESULTS.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        results = read_results()
        if reached["full"] or not results.get(name, {}).get("full", False):
            results[name] = reached
        if pin:
            held = ratchet.pinned_with(ratchet.read(), name, group, full=reached["full"])
            ratchet.write(held)
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
        table.publish(results)


def arguments() -> argparse.Namespace:
    """The words of the command."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="PART[/GROUP]", help="these alone")
    parser.add_argument("--full", action="store_true", help="the long form: an hour and more")
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--list", action="store_true", help="name the groups, and try nothing")
    parser.add_argument(
        "--pin",
        action="store_true",
        help="keep what was reached, and publish it; of a group that "
        "was pinned before only what --full reached",
    )
    parser.add_argument(
        "--anew", action="store_true", help="with --pin: pin what is worse, too (say why)"
    )
    told = parser.parse_args()
    if told.anew and not (told.pin and told.full):
        parser.error("--anew wants --pin and --full")
    return told


def run(name: str, tried: Try, told: argparse.Namespace) -> Group:
    """One group in a folder of its own; what the torture itself does wrong is a case too."""
    scratch = Path(tempfile.mkdtemp(prefix="torture-"))
    shared = SHARED if (SHARED / "cases").is_dir() else None

    def say(line: str) -> None:
        print(f"    {name}: {line}", file=sys.stderr, flush=True)

    try:
        return tried(Terms(seed=told.seed, full=told.full, scratch=scratch, shared=shared, say=say))
    except Exception:
        return Group(
            said="the torture itself failed",
            cases=(Case(name="itself", found=Class.CRASHED, note=traceback.format_exc(limit=4)),),
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def read_results() -> dict[str, Any]:
    """What earlier long runs gave, by group."""
    return dict(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def kept(group: Group, seconds: float, told: argparse.Namespace) -> dict[str, Any]:
    """What is published of a group."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    return {
        "said": group.said,
        "cases": len(group.cases),
        "classes": {
            one.name: count for one in Class if (count := sum(c.found is one for c in group.cases))
        },
        "others": {c.name: [c.found.name, c.note[:200]] for c in group.cases if c.found < 5},
        "figures": [table.figure_kept(one) for one in group.figures],
        "seconds": round(seconds),
        "seed": told.seed,
        "full": told.full,
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    sys.exit(main())
