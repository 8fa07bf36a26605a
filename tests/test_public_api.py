import subprocess
import sys

import pytest

import rolecall

HEAVY = {"pycrfsuite", "selectolax", "jsonschema_rs", "orjson", "numpy", "tomllib", "asyncio"}


def loaded(code):
    """The modules that a fresh interpreter holds after ``code``."""
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_none_of_its_parts():
    modules = loaded("import rolecall")
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith("rolecall.")}


def test_a_noun_loads_the_standard_library_only():
    assert not loaded("from rolecall import Source, Page, Extraction, Error") & HEAVY


@pytest.mark.parametrize("name", rolecall.__all__)
def test_every_public_name_is_there(name):
    assert getattr(rolecall, name) is getattr(rolecall, name)
    assert name in dir(rolecall)


def test_names_are_sorted_and_complete():
    assert rolecall.__all__ == sorted(rolecall.__all__)
    assert set(rolecall._HOMES) <= set(rolecall.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'extrct'"):
        rolecall.extrct  # noqa: B018
