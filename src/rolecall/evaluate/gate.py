"""The quality gate: floors that the scores on annotated pages must not fall under.

    python -m rolecall.evaluate.gate [--corpus DIR] [--out DIR] [--parts N] [--update]

Every annotated page is read by a reader trained without its site; pages that are no posting are
read by the shipped one. Floors are pinned in ``evaluate/floors.json`` with a hash of the corpus;
``--update`` pins new ones and refuses to lower any without ``--allow-regression --reason WHY``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from rolecall.core import Source
from rolecall.errors import UsageError
from rolecall.evaluate.annotated import load_annotated
from rolecall.evaluate.floors import SLACK, broken, pinned_anew, read_floors, write_floors
from rolecall.evaluate.training.calibrate import LEAST, best_strength, values_of
from rolecall.evaluate.training.leave_out import leave_out
from rolecall.pipeline import extract_record, prepare

FLOORS: Final = Path(__file__).with_name("floors.json")
PARTS: Final = 6


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, compare with the floors; the exit code is 1 when one is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    root = Path.cwd()
    parser.add_argument("--corpus", type=Path, default=root.parent / "shared" / "corpus")
    parser.add_argument("--out", type=Path, default=root / "build" / "gate")
    parser.add_argument("--parts", type=int, default=PARTS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="train even if models are there")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--allow-regression", action="store_true", help="needs --reason")
    parser.add_argument("--reason", default="", help="why floors go down; kept beside them")
    args = parser.parse_args(words)
    if args.allow_regression != bool(args.reason.strip()):
        print("gate: --allow-regression and --reason WHY go together")
        return 2
    if not args.corpus.is_dir():
        print(f"gate: skipped, no annotated pages at {args.corpus}")
        return 0
    records = leave_out(
        args.corpus, args.out, parts=args.parts, workers=args.workers, again=args.again
    )
    found = measure(args.corpus, records)
    show(found)
    if args.update:
        return update(found, reason=args.reason.strip(), today=date.today())
    return compare(found)


def measure(corpus: Path, records: Path) -> dict[str, Any]:
    """All figures of the gate: the corpus' own scorer, calibration, pages that are no posting."""
    command = [sys.executable, str(corpus / "score.py"), str(records), "--by", "site", "--json"]
    scored = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    lines = [json.loads(line) for line in records.read_text("utf-8").splitlines()]
    samples = {sample.id: sample for sample in load_annotated(corpus)}
    values = values_of(
        lines,
        {name: sample.gold for name, sample in samples.items()},
        {name: sample.site for name, sample in samples.items()},
    )
    total = scored["total"]
    return {
        "corpus": fingerprint(corpus),
        "pages": total["pages"],
        "scores": {name: total[name] for name in ("adr009", "macro", "macro_value")},
        "fields": scored["fields"],
        "sites": total["by_site"],
        "calibration": {
            unit: {"values": len(rows), "error": best_strength(rows)[1]}
            for unit, rows in values.items()
            if len(rows) >= LEAST
        },
        "not_vacancies": refusals(corpus),
    }


def refusals(corpus: Path) -> dict[str, float]:
    """Of the pages that are no posting: the share that is typed, and how many came out ok."""
    pipeline = prepare()
    outcomes = []
    for path in sorted((corpus / "not-vacancies").glob("*.html")):
        record = extract_record(Source(body=path.read_bytes(), locator=path.name), 0, pipeline)
        outcomes.append(record["outcome"])
    typed = sum(outcome == "not_a_posting" for outcome in outcomes)
    return {"typed": typed / max(1, len(outcomes)), "ok": float(outcomes.count("ok"))}


def fingerprint(corpus: Path) -> str:
    """A short hash of the annotated pages and their annotations."""
    whole = hashlib.sha256()
    for folder in ("gold", "pages", "not-vacancies"):
        for path in sorted((corpus / folder).iterdir()):
            whole.update(path.name.encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:16]


def show(found: Mapping[str, Any]) -> None:
    """Print the figures as a table."""
    print(f"{'field':22}{'all':>7}{'value':>7}{'(n)':>6}{'null':>7}{'(n)':>6}")
    for name, row in found["fields"].items():
        cells = [
            f"{100 * row[key]:7.1f}" if row[key] is not None else "      -"
            for key in ("all", "value", "null")
        ]
        print(f"{name:22}{cells[0]}{cells[1]}{row['n_value']:6}{cells[2]}{row['n_null']:6}")
    for name, row in found["sites"].items():
        print(f"  {name:30}{row['pages']:4} pages  adr009 {100 * row['adr009']:5.1f}", end="")
        print(f"  macro {100 * row['macro']:5.1f}")
    for unit, row in found["calibration"].items():
        print(f"  calibration error {unit:20}{row['error']:.3f}  ({row['values']} values)")
    refused = found["not_vacancies"]
    print(f"not vacancies: typed {100 * refused['typed']:.1f} %, ok {refused['ok']:.0f}")
    print("  ".join(f"{name} {100 * value:.1f}" for name, value in found["scores"].items()))


def figures(found: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are pinned, by name."""
    out = dict(found["scores"])
    for name, row in found["sites"].items():
        if row["pages"] >= 3:
            out[f"site {name} adr009"] = row["adr009"]
    for name, row in found["fields"].items():
        if row["n_value"] >= 20:
            out[f"field {name}"] = row["all"]
    out["not vacancies typed"] = found["not_vacancies"]["typed"]
    out["not vacancies not ok"] = -found["not_vacancies"]["ok"]
    return out


def floors_of(found: Mapping[str, Any]) -> dict[str, float]:
    """The floor of every figure: the figure less the slack of its kind."""
    out = {}
    for name, value in figures(found).items():
        slack = 0.0 if name == "not vacancies not ok" else SLACK
        if name.startswith("site "):
            slack += 0.34 / found["sites"][name.split(" ")[1]]["pages"]
        elif name.startswith("field "):
            slack += SLACK
        out[name] = round(value - slack, 4)
    return out


def compare(found: Mapping[str, Any]) -> int:
    """Say which floors are broken; a changed corpus breaks the gate too."""
    pinned = read_floors(FLOORS)
    if pinned.corpus != found["corpus"]:
        print("gate: the corpus is not the one the floors were pinned on; run with --update")
        return 1
    under = broken(pinned, figures(found))
    print("\n".join(under) if under else f"gate: {len(pinned.floors)} floors hold")
    return 1 if under else 0


def update(found: Mapping[str, Any], *, reason: str, today: date) -> int:
    """Pin the figures; refuses to lower a floor without a reason, which is kept beside it."""
    old = read_floors(FLOORS) if FLOORS.exists() else None
    try:
        new = pinned_anew(old, found["corpus"], floors_of(found), reason, today)
    except UsageError as error:
        print(f"gate: {error}")
        print(f"gate: {error.hint}")
        return 1
    write_floors(FLOORS, new)
    print(f"gate: {len(new.floors)} floors pinned")
    return 0


if __name__ == "__main__":
    sys.exit(main())
