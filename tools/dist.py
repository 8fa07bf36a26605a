"""Build the wheel and the sdist, and see what they are worth: ``make dist``, ``make dist-check``.

Without words both are built twice and compared byte by byte; times in them are those of the last
commit. ``--check`` installs the wheel into an empty environment without extras and with each of
them, extracts an example there, checks a program that uses the package with ``mypy --strict``, and
builds the wheel once more from the sdist. ``--pythons`` does so on each Python that is found, with
the quick part of the tests. Packages are those of the locks.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from locks import FOLDER, ROOT, read_lock

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
EXTRAS: Final[Mapping[str, str]] = {
    "engines": "tiktoken",
    "eval": "numpy",
    "gpu": "pynvml",
    "batch": "pyarrow, fsspec, zstandard, fastwarc, rensa",
    "serve": "rolecall.serve.app, rolecall.worker.work",
    "postgres": "psycopg, psycopg_pool",
    "otel": "rolecall.monitor.otel, opentelemetry.exporter.otlp.proto.http",
}
"""What can be imported with each extra; Ray's is left to ``make test-ray``."""
QUICK: Final = (
    "tests/page", "tests/normalise", "tests/stated", "tests/reader/test_read.py",
    "tests/reader/test_model.py", "tests/test_settle.py", "tests/test_pipeline.py",
    "tests/test_public_api.py", "tests/test_record.py", "tests/ask", "tests/test_climb.py",
    "tests/ledger/test_database.py", "tests/queue/test_queue.py",
)  # fmt: skip
TESTED: Final = ("pytest", "pytest-xdist", "hypothesis")
CONSUMER: Final = """
from pathlib import Path

import rolecall
from rolecall import Extraction, Source


def title(path: Path) -> object:
    found: Extraction = rolecall.extract(Source(body=path.read_bytes()))
    return (found.data or {}).get("title")
"""


def main(words: Sequence[str] | None = None) -> int:
    """0: all is well."""
    parser = argparse.ArgumentParser(prog="dist", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--check", action="store_true", help="install it, and look")
    parser.add_argument(
        "--pythons", nargs="*", metavar="VERSION", help="on each of these (3.11) that is found"
    )
    told = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="rolecall-dist-") as place:
        scratch = Path(place)
        wheel, sdist = built_twice(told.out, scratch)
        if told.check:
            stray(wheel)
            again(wheel, sdist, scratch / "again")
            typed(installed(sys.executable, wheel, "", scratch / "typed"))
            for extra in ("", *EXTRAS):
                smoke(installed(sys.executable, wheel, extra, scratch / (extra or "bare")), extra)
        if told.pythons is not None:
            for version in told.pythons or PYTHONS:
                on_python(version, wheel, scratch / version)
    return 0


def built_twice(out: Path, scratch: Path) -> tuple[Path, Path]:
    """The wheel and the sdist in ``out``; ends the program where two builds differ."""
    began = time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    first, second = build(ROOT, out), build(ROOT, scratch / "second")
    for one, other in zip(first, second, strict=True):
        if digest(one) != digest(other):
            sys.exit(f"dist: two builds of {one.name} differ")
        said(f"{one.name} {digest(one)}, two builds are equal", began)
    wheel, sdist = first
    return wheel, sdist


def build(source: Path, out: Path, kinds: Sequence[str] = ("wheel", "sdist")) -> tuple[Path, ...]:
    """Build ``kinds`` of the project in ``source``."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    run([*command, *(word for kind in kinds for word in ("-t", kind))], cwd=source, env=timed())
    ends = {"wheel": "*.whl", "sdist": "*.tar.gz"}
    return tuple(next(out.glob(ends[kind])) for kind in kinds)


@functools.cache
def timed() -> dict[str, str]:
    """The environment of a build: its times are those of the last commit."""
    if when := os.environ.get("SOURCE_DATE_EPOCH"):
        return dict(os.environ)
    command = ["git", "log", "-1", "--format=%ct"]
    when = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return os.environ | {"SOURCE_DATE_EPOCH": when or "1580601600"}


def stray(wheel: Path) -> None:
    """Ends the program where the wheel holds what is not the package's, or lacks what is."""
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in source.joinpath("rolecall").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as file:
        names = {name for name in file.namelist() if ".dist-info/" not in name}
    if names != wanted:
        sys.exit(f"dist: the wheel is not the package: {sorted(names ^ wanted)[:5]}")


def again(wheel: Path, sdist: Path, scratch: Path) -> None:
    """Ends the program where the sdist does not give the same wheel, or lacks files of tests."""
    began = time.monotonic()
    scratch.mkdir()
    with tarfile.open(sdist) as file:
        file.extractall(scratch, filter="data")
    (unpacked,) = scratch.iterdir()
    (other,) = build(unpacked, scratch / "wheel", ("wheel",))
    if digest(other) != digest(wheel):
        sys.exit("dist: the sdist gives another wheel")
    listed = ["git", "ls-files", "tests", "src", "examples", "tools", "requirements", "Makefile"]
    there = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    if missing := [one for one in there.splitlines() if not (unpacked / one).exists()]:
        sys.exit(f"dist: the sdist lacks {missing[:5]}")
    said("the sdist gives the same wheel, and holds all tests", began)


def installed(python: str, wheel: Path, extra: str, place: Path, more: Sequence[str] = ()) -> Path:
    """The Python of a new environment that holds the wheel, with the versions of the locks."""
    run([python, "-m", "venv", str(place)])
    inside = place / "bin" / "python"
    pins = place / "pins.txt"
    locked = [one for name in ("run", "dev") for one in read_lock(FOLDER / f"{name}.txt")]
    lines = {f"{one.name}=={one.version}" + (f" ; {one.marker}" if one.marker else "")
             for one in locked}  # fmt: skip
    pins.write_text("\n".join(sorted(lines)) + "\n")
    wanted = f"rolecall[{extra}] @ {wheel.absolute().as_uri()}" if extra else str(wheel)
    pip = [str(inside), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    run([*pip, "--constraint", str(pins), wanted, *more])
    return inside


def smoke(python: Path, extra: str) -> None:
    """Ends the program where the command does not do its work in an environment."""
    began = time.monotonic()
    command = str(python.with_name("rolecall"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    place = python.parents[1]
    if version not in run([command, "--version"], cwd=place):
        sys.exit("dist: the command has another version")
    page = min((ROOT / "examples").glob("04*.html"))
    record = json.loads(run([command, "extract", str(page)], cwd=place))
    if record["outcome"] != "ok" or not record["data"]["title"]:
        sys.exit(f"dist: {page.name} gave {record['outcome']}")
    if extra:
        run([str(python), "-c", f"import {EXTRAS[extra]}"], cwd=place)
    said(f"{f'with {extra}' if extra else 'without extras'}: version and example as they should be",
         began)  # fmt: skip


def typed(python: Path) -> None:
    """Ends the program where one that uses the package does not pass ``mypy --strict``."""
    began = time.monotonic()
    script = python.parents[1] / "consumer.py"
    script.write_text(CONSUMER)
    words = ["-m", "mypy", "--strict", "--config-file=", "--python-executable", str(python)]
    run([sys.executable, *words, str(script)], cwd=script.parent)
    said("a program that uses it passes mypy --strict", began)


def on_python(version: str, wheel: Path, place: Path) -> None:
    """The same and the quick tests on one version of Python, where that is here."""
    if not (python := found_python(version)):
        said(f"Python {version}: skipped: not here", time.monotonic())
        return
    began = time.monotonic()
    extras = "engines,eval,serve"
    inside = installed(python, wheel, extras, place, TESTED)
    smoke(inside, "")
    tests = [str(ROOT / one) for one in QUICK]
    words = [
        str(inside),
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(ROOT),
    ]
    told = run([*words, "-p", "no:cacheprovider", "-n", "2", *tests], cwd=ROOT, env=bare())
    said(f"Python {version}: {told.strip().splitlines()[-1]}", began)


def found_python(version: str) -> str:
    """An interpreter of this version that starts; empty where there is none."""
    names = [shutil.which(f"python{version}") or ""]
    names += sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for name in names:
        if name and subprocess.run([name, "-c", "import venv, ensurepip"],
                                   capture_output=True).returncode == 0:  # fmt: skip
            return name
    return ""


def bare() -> dict[str, str]:
    """The environment without what would put the source tree before the wheel."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(command: Sequence[str], cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What a command prints; ends the program with its last lines where it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=env or bare(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        sys.exit(f"dist: {' '.join(command[:6])} … ended with {done.returncode}:\n{last}")
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def said(line: str, began: float) -> None:
    """Print what was seen, with its seconds."""
    print(f"dist: {line} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
