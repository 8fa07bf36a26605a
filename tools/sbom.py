"""What is shipped and what it stands on: ``make sbom`` writes ``build/rolecall.cdx.json``.

A CycloneDX 1.6 document, the same on every machine: the packages of ``requirements/run.txt`` with
versions, hashes of their files and licences, and the files of models that are in the package, with
their hashes. ``--licences`` rewrites the table in ``docs/supply-chain.md``, and fails where a
licence is unknown or does not go with Apache-2.0. Licences are read from the packages themselves,
so they must be installed, as ``make setup`` does; those for other systems are in `ELSEWHERE`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from locks import FOLDER, ROOT, Pinned, read_lock

PAGE: Final = ROOT / "docs" / "supply-chain.md"
TABLE: Final = re.compile(r"(<!-- licences -->\n).*?(<!-- end -->)", re.S)
SOURCE: Final = ROOT / "src"
MODELS: Final = (
    "rolecall/reader/model/*.crfsuite",
    "rolecall/reader/model/*.json",
    "rolecall/ask/data/*.xz",
)

ELSEWHERE: Final = {
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
}
"""Licences of packages that are not installed on Linux."""

WORDS: Final = {
    "MIT License": "MIT",
    "MIT": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
}
"""What older packages write instead of an expression of SPDX."""

FREE: Final = frozenset(
    "MIT MIT-0 MIT-CMU BSD-2-Clause BSD-3-Clause Apache-2.0 ISC PSF-2.0 Python-2.0 CNRI-Python "
    "Zlib 0BSD Unlicense CC0-1.0 BSL-1.0".split()
)
"""They ask for no more than their own text to be kept."""
UNCHANGED: Final = frozenset(("MPL-2.0", "LGPL-3.0-only", "LGPL-3.0-or-later"))
"""They go with Apache-2.0 as long as the package is used as it comes, which is what we do."""


def main(words: Sequence[str] | None = None) -> int:
    """0: written, and every licence is known and goes with ours."""
    parser = argparse.ArgumentParser(prog="sbom", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "rolecall.cdx.json")
    parser.add_argument("--licences", action="store_true", help="rewrite the table of the docs")
    told = parser.parse_args(words)
    pinned = read_lock(FOLDER / "run.txt")
    licences = {one.name: licence(one.name) for one in pinned}
    if told.licences:
        text = TABLE.sub(lambda found: found[1] + table(pinned, licences) + found[2], page())
        PAGE.write_text(text, "utf-8")
    else:
        told.out.parent.mkdir(parents=True, exist_ok=True)
        told.out.write_text(json.dumps(document(pinned, licences), indent=1) + "\n", "utf-8")
        print(f"{told.out.name}: {len(pinned)} packages")
    wrong = [f"{name}: {said or 'no licence is known'}" for name, said in unfit(licences)]
    for line in wrong:
        print(f"sbom: does not go with Apache-2.0: {line}", file=sys.stderr)
    return 1 if wrong else 0


def page() -> str:
    """The page of the docs with the table of licences."""
    return PAGE.read_text("utf-8")


def licence(name: str) -> str:
    """The licence of an installed package as an expression of SPDX; empty where none is known."""
    try:
        said: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE.get(name, "")
    if expression := said.get("License-Expression"):
        return str(expression)
    classes = [one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or ()
               if one.startswith("License :: ")]  # fmt: skip
    found = sorted({WORDS[one] for one in classes if one in WORDS})
    if found:
        return " OR ".join(found)
    first = (said.get("License") or "").strip().partition("\n")[0]
    return WORDS.get(first) or (first if first and fits(first) else "")


def unfit(licences: dict[str, str]) -> list[tuple[str, str]]:
    """The packages whose licence is unknown, or may not go with Apache-2.0."""
    return [(name, said) for name, said in licences.items() if not fits(said)]


def fits(said: str) -> bool:
    """Whether an expression of SPDX goes with Apache-2.0: one side of each OR, all sides of AND."""
    known = FREE | UNCHANGED
    choices = [re.split(r"\s+AND\s+", one) for one in re.split(r"\s+OR\s+", said)]
    return any(all(part.strip("() ") in known for part in choice) for choice in choices)


def table(pinned: Sequence[Pinned], licences: dict[str, str]) -> str:
    """The table of the docs."""
    names = sorted({one.name for one in pinned})
    rows = "".join(f"| {name} | {licences[name]} |\n" for name in names)
    return f"| package | licence |\n|---|---|\n{rows}"


def document(pinned: Sequence[Pinned], licences: dict[str, str]) -> dict[str, Any]:
    """The document; its number follows from what is in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    components = [component(one, licences[one.name]) for one in pinned] + models()
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, components]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": f"{name}=={version}", "name": name,
                "version": version, "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
    }  # fmt: skip


def component(one: Pinned, said: str) -> dict[str, Any]:
    """One package; a package has a file for each system, and a hash for each file."""
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"{one.name}=={one.version}",
        "name": one.name,
        "version": one.version,
        "hashes": [{"alg": "SHA-256", "content": value} for value in one.hashes],
        "licenses": [{"expression": said}] if said else [],
        "purl": f"pkg:pypi/{one.name}@{one.version}",
    }
    if one.marker:
        found["properties"] = [{"name": "rolecall:marker", "value": one.marker}]
    return found


def models() -> list[dict[str, Any]]:
    """The files of models and vocabularies that come with the package."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": path.relative_to(SOURCE).as_posix(),
            "name": path.relative_to(SOURCE).as_posix(),
            "hashes": [
                {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
            ],
        }
        for pattern in MODELS
        for path in sorted(SOURCE.glob(pattern))
    ]


if __name__ == "__main__":
    sys.exit(main())
