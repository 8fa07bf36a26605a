"""Fuzzing guided by coverage, with atheris: which inputs take a way that none took before?

    python -m fuzz.guided --seconds 600               all targets, each for its share of the time
    python -m fuzz.guided page/record --seconds 60
    python -m fuzz.guided --keep                      few small inputs that cover as much, kept

Faults are noted below ``build/fuzz`` by their kind, with the smallest input, and fuzzing goes on.
Each target runs in a process of its own, for the tool ends with its process.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = ROOT / "build" / "fuzz"
LONGEST: Final = 4_096
MOST_KEPT: Final = 9_000
"""Bytes of kept inputs of one target."""

LONGEST_KEPT: Final = 1_500
KEEPING: Final = 3.0
"""Seconds of CPU for choosing what is kept of a target."""


def main() -> int:
    """0: all targets ran, and nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.guided", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="TARGET", help="these alone")
    parser.add_argument("--seconds", type=int, default=300, help="for all targets together")
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--keep", action="store_true", help="keep few inputs that cover as much")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        child(told.child, told.seconds, told.seed)
    from fuzz.targets import ALL

    names = [
        name for name in ALL if not told.only or any(name.startswith(one) for one in told.only)
    ]
    if told.keep:
        for name in names:
            keep(name)
        return 0
    faults = 0
    each = max(5, told.seconds // max(1, len(names)))
    for name in names:
        ran = run(name, each, told.seed)
        faults += ran["faults"]
        print(
            f"{name:24}{ran['inputs']:11,} inputs, {ran['covered']:6,} edges, "
            f"{ran['faults']} kinds of faults{ran['ended']}",
            flush=True,
        )
    return 1 if faults else 0


def place(name: str) -> Path:
    """Where what was found for a target lies."""
    return BUILD / name.replace("/", "-")


def run(name: str, seconds: int, seed: int) -> dict[str, Any]:
    """Fuzz one target in a process of its own; counts are added to those of earlier runs."""
    here = place(name)
    (here / "found").mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "fuzz.guided", "--child", name, "--seconds", str(seconds)]
    done = subprocess.run(
        [*words, "--seed", str(seed)],
        cwd=ROOT, capture_output=True, timeout=seconds * 3 + 120, check=False,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    (here / "log").write_text(said, "utf-8")
    units = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    units = units or re.findall(r"#(\d+)\t", said)[-1:]
    covered = re.findall(r"\bcov: (\d+)", said)
    faults = len(list(here.glob("fault-*.txt"))) + len(list(here.glob("crash-*")))
    faults += len(list(here.glob("timeout-*"))) + len(list(here.glob("oom-*")))
    ran: dict[str, Any] = {
        "inputs": int(units[0]) if units else 0,
        "covered": int(covered[-1]) if covered else 0,
        "faults": faults,
        "ended": "" if done.returncode == 0 else f", ended with {done.returncode}",
    }
    counted = here / "counted.json"
    before = json.loads(counted.read_text()) if counted.exists() else {"inputs": 0}
    counted.write_text(json.dumps({"inputs": before["inputs"] + ran["inputs"], "last": ran}))
    return ran


def child(name: str, seconds: int, seed: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

    with atheris.instrument_imports(include=["rolecall"]):
        from fuzz.targets import ALL
    from fuzz.plain import folder

    target, here = ALL[name], place(name)
    for data in target.seeds:
        (here / "found" / hashlib.sha1(data).hexdigest()).write_bytes(data)
    kinds: dict[str, int] = {}

    def once(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:
            note(here, kinds, data, error)

    dictionary = here / "words"
    dictionary.write_text(
        "".join(f'"{_escaped(word)}"\n' for word in target.words if word), "ascii"
    )
    kept = [str(folder(target))] if folder(target).is_dir() else []
    atheris.Setup(
        [
            name, str(here / "found"), *kept, f"-max_total_time={seconds}", f"-seed={seed}",
            f"-max_len={LONGEST}", f"-dict={dictionary}", f"-artifact_prefix={here}/",
            "-timeout=10", "-rss_limit_mb=3000", "-print_final_stats=1", "-len_control=20",
        ],
        once,
        enable_python_coverage=True,
    )  # fmt: skip
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}"
        for byte in word.encode("utf-8", "surrogatepass")
    )


def note(here: Path, kinds: dict[str, int], data: bytes, error: Exception) -> None:
    """Keep the smallest input of each kind of fault."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    kind = f"{Path(at.filename).name}:{at.lineno} {type(error).__name__} {str(error)[:24]}"
    if len(data) >= kinds.get(kind, 1 << 30):
        return
    kinds[kind] = len(data)
    name = hashlib.sha1(kind.encode("utf-8", "replace")).hexdigest()[:12]
    text = traceback.format_exc()
    (here / f"fault-{name}.txt").write_text(f"{kind}\n{data!r}\n{text}", "utf-8", "replace")
    (here / f"fault-{name}.bin").write_bytes(data)


def keep(name: str) -> None:
    """Choose among found inputs: the smallest first, each that goes a way of its own."""
    from fuzz.plain import folder
    from fuzz.targets import ALL

    target = ALL[name]
    found = sorted((place(name) / "found").glob("*"), key=lambda path: path.stat().st_size)
    bodies = [path.read_bytes() for path in found if path.stat().st_size <= LONGEST_KEPT]
    seen: set[tuple[str, int]] = set()
    for data in target.seeds:
        seen |= ways(target.run, data)
    chosen: list[tuple[int, bytes]] = []
    until = time.process_time() + KEEPING
    random.Random(0).shuffle(bodies)  # there may be no time for all: small and large ones alike
    for data in bodies:
        if time.process_time() > until:
            break
        new = ways(target.run, data) - seen
        if new:
            seen |= new
            chosen.append((len(new), data))
    chosen.sort(key=lambda one: len(one[1]) / one[0])
    here, size = folder(target), 0
    if here.is_dir():
        for path in here.iterdir():
            if re.fullmatch(r"[0-9a-f]{16}", path.name):
                path.unlink()
    for _, data in chosen:
        size += len(data)
        if size > MOST_KEPT:
            break
        here.mkdir(parents=True, exist_ok=True)
        (here / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{name:24}{len(bodies):6,} found, {len(chosen):4,} cover as much", flush=True)


def ways(run_: Any, data: bytes) -> set[tuple[str, int]]:
    """The lines of our own code that an input runs through."""
    out: set[tuple[str, int]] = set()

    def line(frame: Any, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if "/rolecall/" not in name:
            return None
        if event == "line":
            out.add((name, frame.f_lineno))
        return line

    sys.settrace(line)
    try:
        with contextlib.suppress(Exception):
            run_(data)
    finally:
        sys.settrace(None)
    return out


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
