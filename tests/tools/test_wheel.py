"""The wheel holds the package and nothing else; `make dist-check` tries more."""

import subprocess
import sys
import zipfile

import dist
import pytest
from locks import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("hatchling")
    return dist.build(ROOT, tmp_path_factory.mktemp("built"), ("wheel",))[0]


def test_the_wheel_is_the_package(built):
    dist.stray(built)
    with zipfile.ZipFile(built) as file:
        names = file.namelist()
        assert "rolecall/py.typed" in names
        entries = next(name for name in names if name.endswith("entry_points.txt"))
        assert b"rolecall = rolecall.cli:main" in file.read(entries)
        assert next(name for name in names if name.endswith("licenses/LICENSE"))


def test_it_runs_from_where_it_was_unpacked(built, tmp_path):
    with zipfile.ZipFile(built) as file:
        file.extractall(tmp_path)
    words = [sys.executable, "-c", "import rolecall, sys; sys.exit(not rolecall.__version__)"]
    subprocess.run(words, cwd=tmp_path, check=True)
