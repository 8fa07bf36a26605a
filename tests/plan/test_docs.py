import importlib.util
import json
import re
from pathlib import Path
from typing import Any

from tests.cli.shell import rolecall

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "planning.md"


def tool() -> Any:
    found = importlib.util.spec_from_file_location("docs_tool", ROOT / "tools" / "docs.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_about_planning_shows_what_the_commands_print() -> None:
    assert tool().planning_page() == PAGE.read_text("utf-8")


def test_every_key_for_programs_is_named() -> None:
    done = rolecall("plan", "--gpu", "l4", "--compare", "Qwen/Qwen3-8B", "--json")
    table = PAGE.read_text("utf-8").partition("## For programs")[2]
    named = set(re.findall(r"`(\w+)`", table))
    told = json.loads(done.stdout)
    assert told.keys() <= named | {"form"}
    for part in ("model", "device", "load", "serving", "memory"):
        assert told[part].keys() <= named, part
    assert told["speed"][0].keys() <= named
