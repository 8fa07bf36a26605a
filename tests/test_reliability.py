"""docs/reliability.md names only what there is, and shows what was last reached."""

import json
import re
from pathlib import Path

from torture import ratchet, table
from torture.nouns import Case, Class, Figure, Group, bound
from torture.parts import groups

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
RIGHT, SHORT, LOST = (
    Group(said="one", cases=(Case(name="a", found=found, note="seen"),))
    for found in (Class.RIGHT, Class.SHORT, Class.LOST)
)


def test_the_tests_that_are_named_exist():
    named = re.findall(r"`(tests[a-z_]*(?:/[\w./]+)?)(?:::(\w+))?`", PAGE)
    assert len(named) > 40
    for place, function in named:
        assert (ROOT / place).exists(), place
        text = (ROOT / place).read_text("utf-8") if function else ""
        assert not function or f"def {function}(" in text, f"{place}::{function}"


def test_the_groups_that_are_named_exist_and_all_stages_have_a_row():
    parts = {name.split("/")[0] for name in groups()}
    named = re.findall(r"`((?:" + "|".join(parts) + r")/\w+)`", PAGE)
    assert named
    assert not set(named) - set(groups())
    assert re.findall(r"^\| (\d+) \|", PAGE, re.M) == [str(row) for row in range(1, 31)]


def test_what_is_shown_is_what_was_last_reached():
    results = json.loads((ROOT / "torture" / "results.json").read_text("utf-8"))
    assert table.cases(results) in PAGE
    assert table.figures(results) in PAGE
    assert table.others(results) in PAGE


def test_a_case_may_only_get_better():
    pinned = ratchet.pinned_with({}, "p/g", SHORT, full=True)
    assert pinned == {"p/g": {"cases": 1, "full": True, "others": {"a": "SHORT"}}}
    assert ratchet.behind(pinned, "p/g", RIGHT, full=True) == []
    assert ratchet.behind(pinned, "p/g", SHORT, full=True) == []
    assert ratchet.behind(pinned, "p/g", LOST, full=True) == ["p/g/a was SHORT, is LOST: seen"]
    better = ratchet.pinned_with(pinned, "p/g", RIGHT, full=True)
    assert ratchet.behind(better, "p/g", SHORT, full=False) == ["p/g/a was RIGHT, is SHORT: seen"]


def test_a_case_that_is_new_must_be_right_and_one_that_is_gone_is_missed():
    assert ratchet.behind({}, "p/g", RIGHT, full=True) == []
    assert ratchet.behind({}, "p/g", SHORT, full=True)
    pinned = ratchet.pinned_with({}, "p/g", RIGHT, full=True)
    assert ratchet.behind(pinned, "p/g", Group(said="one"), full=True)
    assert ratchet.behind(pinned, "p/g", Group(said="one"), full=False) == []


def test_the_long_form_is_pinned_in_the_place_of_the_short_one():
    pinned = ratchet.pinned_with({}, "p/g", RIGHT, full=False)
    assert ratchet.is_new(pinned, "p/g", full=True)
    assert not ratchet.is_new(pinned, "p/g", full=False)
    assert ratchet.is_new({}, "p/g", full=False)


def test_none_of_many_has_a_bound():
    assert bound(0, 1_000) == 0.003
    assert bound(0, 2) == 1.0
    assert bound(1, 1_000) is None


def test_a_figure_says_whether_its_goal_was_held():
    one = Figure(name="rise", value=12.25, unit="MB", goal="<= 16", held=True)
    assert table.figure(one) == "rise: 12.2 MB (goal <= 16, held)"
