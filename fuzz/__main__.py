"""``python -m fuzz``: kept inputs through targets, then made-up ones if asked for."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import fuzz
from fuzz.nouns import Target
from fuzz.plain import kept, made
from fuzz.targets import ALL


def main() -> int:
    """0: all that must hold holds."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=fuzz.__doc__)
    parser.add_argument("only", nargs="*", metavar="TARGET", help="these alone")
    parser.add_argument("--plain", type=int, default=0, metavar="N", help="made-up inputs for each")
    parser.add_argument("--seed", type=int, default=20261126)
    told = parser.parse_args()
    wrong = 0
    for name, target in ALL.items():
        if not told.only or any(name.startswith(one) for one in told.only):
            wrong += tried(target, told.plain, told.seed)
    return 1 if wrong else 0


def tried(target: Target, count: int, seed: int) -> int:
    """Run a target over what is kept and made up; how many kinds of faults it has."""
    started = time.perf_counter()
    ran, slowest, faults = 0, 0.0, dict[str, tuple[bytes, str]]()
    inputs = [*target.seeds, *(data for _, data in kept(target))]
    for source in (inputs, made(target, count, seed)):
        for data in source:
            begun = time.perf_counter()
            try:
                target.run(data)
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                kind = f"{where.filename}:{where.lineno} {str(error)[:24]}"
                fault = traceback.format_exc(limit=-3)
                known = faults.get(kind)
                if known is None or len(data) < len(known[0]):
                    faults[kind] = data, fault
            slowest = max(slowest, time.perf_counter() - begun)
            ran += 1
    seconds = time.perf_counter() - started
    print(
        f"{target.name:24}{ran:9,} inputs {seconds:7.1f} s, slowest {slowest:.3f} s, "
        f"{len(faults)} kinds of faults",
        flush=True,
    )
    for data, fault in list(faults.values())[:6]:
        print(f"    {data[:300]!r}\n    {fault}", file=sys.stderr)
    return len(faults)


if __name__ == "__main__":
    sys.exit(main())
