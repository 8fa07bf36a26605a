"""Known advisories against the locks: ``make advisories``, and a part of ``make check``.

pip-audit asks the package index what is known of each pinned version. What is known and not allowed
in ``requirements/advisories.toml`` fails, if it is in a lock that reaches users or builds (`HELD`);
for other locks, which only benches and checks install, it is told. An entry of that file that has
expired fails too, so that nothing is allowed for ever.

An index may know packages and no advisories, and then everything looks well. So a version with
known advisories is asked about first: where nothing is told of it, or the index cannot be reached,
nothing was looked at, and that is said.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from locks import FOLDER, read_lock

HELD: Final = ("build", "run", "dev")
TOLD: Final = (
    "ray", "vllm", "vllm-cuda", "advisories", "bench", "bench-queue", "bench-tokens",
    "bench-crawl4ai",
)  # fmt: skip
PROOF: Final = ("jinja2", "2.10")
"""A version of which every source of advisories knows some (CVE-2019-10906, and later ones)."""
ALLOWED: Final = FOLDER / "advisories.toml"
SECONDS: Final = 300


class Allowed(NamedTuple):
    """An advisory that is allowed until a day, and why."""

    id: str
    package: str
    until: datetime.date
    why: str


class Advisory(NamedTuple):
    """What is known of a pinned version."""

    id: str
    names: tuple[str, ...]
    package: str
    version: str
    mended: tuple[str, ...]


class UnreachableError(Exception):
    """The source of advisories gave no answer; the text completes a sentence."""


def main(words: Sequence[str] | None = None) -> int:
    """0: nothing is known that is not allowed, or nothing could be looked at, which is said."""
    parser = argparse.ArgumentParser(prog="advisories", description=__doc__)
    parser.add_argument("--all", action="store_true", help="the locks of benches and checks too")
    parser.add_argument("--pip-audit", default=str(Path(sys.executable).with_name("pip-audit")))
    parser.add_argument("--allowed", type=Path, default=ALLOWED)
    told = parser.parse_args(words)
    allowed = read_allowed(told.allowed)
    bad = expired(allowed, datetime.datetime.now(datetime.UTC).date())
    try:
        if not ask(told.pip_audit, [PROOF])[0]:
            raise UnreachableError(
                f"the source says nothing of {'=='.join(PROOF)}, so it knows no advisories"
            )
        for lock in HELD + (TOLD if told.all else ()):
            found, unknown = audited(told.pip_audit, FOLDER / f"{lock}.txt")
            fresh, notes = judged(found, allowed)
            if lock in HELD:
                bad += [one for one in fresh if one not in bad]
            say(f"{lock}: {len(found)} known", [*fresh, *notes])
            if unknown:
                say(f"{lock}: {len(unknown)} not looked at", [", ".join(unknown)])
    except UnreachableError as error:
        say(f"not looked at: {error}", [])
    for line in bad:
        say("FAILS", [line])
    return 1 if bad else 0


def say(head: str, lines: Iterable[str]) -> None:
    """Print what was found."""
    print(": ".join(("advisories", head, *lines)), flush=True)


def read_allowed(path: Path) -> tuple[Allowed, ...]:
    """The advisories that are allowed; `KeyError` or `TypeError` where an entry is not whole."""
    entries = tomllib.loads(path.read_text("utf-8")).get("allowed", [])
    found = tuple(Allowed(one["id"], one["package"], one["until"], one["why"]) for one in entries)
    for one in found:
        if type(one.until) is not datetime.date or not one.why.strip():
            raise TypeError(f"{path.name}: {one.id} needs a day, until, and a reason, why")
    return found


def expired(allowed: Iterable[Allowed], today: datetime.date) -> list[str]:
    """The entries whose day has passed, in words."""
    return [
        f"{one.id} of {one.package} was allowed until {one.until}: look again"
        for one in allowed
        if one.until < today
    ]


def judged(found: Iterable[Advisory], allowed: Sequence[Allowed]) -> tuple[list[str], list[str]]:
    """What of ``found`` is not allowed, and what is, in words."""
    fresh, notes = [], []
    for one in found:
        names = {one.id, *one.names}
        entry = next((a for a in allowed if a.id in names and a.package == one.package), None)
        mended = f"mended in {', '.join(one.mended)}" if one.mended else "not mended yet"
        told = f"{one.id} of {one.package} {one.version}, {mended}"
        if entry is None:
            fresh.append(told)
        else:
            notes.append(f"{told}; allowed until {entry.until}: {entry.why}")
    return fresh, notes


def audited(program: str, lock: Path) -> tuple[list[Advisory], list[str]]:
    """What is known of a lock's packages on any machine, and those that the source does not know.

    A lock may pin a package twice, for different machines; each version is asked about.
    """
    left = sorted({(one.name, one.version) for one in read_lock(lock)})
    found: list[Advisory] = []
    unknown: list[str] = []
    while left:
        once = dict(reversed(left))
        more, skipped = ask(program, sorted(once.items()))
        found, unknown = found + more, unknown + skipped
        left = [one for one in left if once[one[0]] != one[1]]
    return found, unknown


def ask(program: str, pins: Sequence[tuple[str, str]]) -> tuple[list[Advisory], list[str]]:
    """What the source knows of some versions, and those that it does not know.

    Raises:
        UnreachableError: there is no answer.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in pins)
        file.flush()
        command = [
            program, "--requirement", file.name, "--no-deps", "--disable-pip", "--format", "json",
            "--vulnerability-service", "pypi", "--progress-spinner", "off", "--timeout", "20",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=SECONDS
            )
            entries: list[Mapping[str, Any]] = json.loads(done.stdout)["dependencies"]
        except FileNotFoundError:
            raise UnreachableError("pip-audit is not installed") from None
        except subprocess.TimeoutExpired:
            raise UnreachableError(f"no answer in {SECONDS} s") from None
        except (ValueError, KeyError):
            last = done.stderr.strip().splitlines() or ["pip-audit says nothing"]
            raise UnreachableError(last[-1][:200]) from None
    found = [
        Advisory(
            known["id"], tuple(known.get("aliases", ())), one["name"], one["version"],
            tuple(known.get("fix_versions", ())),
        )
        for one in entries
        for known in one.get("vulns", ())
    ]  # fmt: skip
    return found, [one["name"] for one in entries if "skip_reason" in one]


if __name__ == "__main__":
    sys.exit(main())
