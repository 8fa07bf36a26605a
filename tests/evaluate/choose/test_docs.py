"""The docs show what the commands print, byte for byte."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]


def docs():
    found = importlib.util.spec_from_file_location("docs_tool", ROOT / "tools" / "docs.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_pages_about_choosing_are_what_the_commands_print():
    tool = docs()
    text = (ROOT / "docs" / "choosing.md").read_text("utf-8")
    assert tool.choosing_page() == text
    assert "9.05" in text
    assert "wrong, it is 7.70" in text
    assert tool.decision_page() == (ROOT / "docs" / "decision-example.md").read_text("utf-8")
