"""Schemas and suites beside the checkout, where they are there; nothing of them is copied."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[3] / "shared" / "cases"


def needs(name):
    """Skip a test where a folder of cases is absent."""
    absent = not (CASES / name).exists()
    return pytest.mark.skipif(absent, reason=f"../shared/cases/{name} is absent")


def load(path):
    """The JSON of a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def sample_files():
    """The files of real schemas, with the file of their instances where there is one."""
    folder = CASES / "jsonschemabench-sample"
    rows = []
    for row in load(folder / "index.json"):
        file = folder / row["file"]
        tests = folder / "tests" / row["file"].removeprefix("schemas/").replace("/", "---")
        rows.append((file, tests if tests.exists() else None))
    return rows


def suite(folder, *, below=False):
    """The groups of tests in a folder of JSON Schema's own test suite: file, schema, tests."""
    files = sorted(folder.rglob("*.json") if below else folder.glob("*.json"))
    return [(file, group["schema"], group["tests"]) for file in files for group in load(file)]
