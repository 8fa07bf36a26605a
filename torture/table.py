"""What is shown of the torture: a line for a group, and the tables of ``docs/reliability.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from torture.nouns import Class, Figure, Group, bound

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
PLACE: Final = re.compile(
    r"(<!-- torture: {} -->\n).*?(<!-- end -->)".replace("{}", "([a-z]+)"), re.S
)


def line(name: str, group: Group, seconds: float) -> str:
    """One group for a terminal."""
    if group.skipped:
        return f"{name:<28} skipped: {group.skipped}"
    counts = ", ".join(
        f"{count} {one.name.lower()}"
        for one in reversed(Class)
        if (count := sum(case.found is one for case in group.cases))
    )
    return f"{name:<28} {counts or 'figures'} in {seconds:.0f} s"


def figure(one: Figure) -> str:
    """One figure with its goal."""
    goal = f" (goal {one.goal}{'' if one.held is None else ', held' if one.held else ', MISSED'})"
    return f"{one.name}: {number(one.value)} {one.unit}{goal if one.goal else ''}".strip()


def figure_kept(one: Figure) -> dict[str, Any]:
    """A figure as it is kept."""
    return {
        "name": one.name, "value": one.value, "unit": one.unit, "goal": one.goal, "held": one.held,
    }  # fmt: skip


def number(value: float) -> str:
    """A number for people."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"


def publish(results: Mapping[str, Any], page: Path = PAGE) -> None:
    """Write the tables into the page, between their marks."""
    tables = {"cases": cases(results), "figures": figures(results), "others": others(results)}
    text = page.read_text("utf-8")
    page.write_text(
        PLACE.sub(lambda found: f"{found[1]}{tables[found[2]]}{found[3]}", text), "utf-8"
    )


def cases(results: Mapping[str, Any]) -> str:
    """Groups with how many cases are not right, and what none of so many still allows."""
    rows = ["| group | what is tried | not right | bound | seed | commit | day |", "|" + "---|" * 7]
    for name, one in sorted(results.items()):
        if not one["cases"]:
            continue
        bad = one["cases"] - one["classes"].get("RIGHT", 0)
        limit = bound(bad, one["cases"])
        share = "" if limit is None else f"≤ {100 * limit:.2g} %"
        kinds = [
            f"{count} {kind.lower()}" for kind, count in one["classes"].items() if kind != "RIGHT"
        ]
        told = f"{bad} of {one['cases']:,}" + (f": {', '.join(kinds)}" if kinds else "")
        rows.append(
            f"| {name}{form(one)} | {one['said']} | {told} "
            f"| {share} | {one['seed']} | {one['commit']} | {one['date']} |"
        )
    return "\n".join(rows) + "\n"


def form(one: Mapping[str, Any]) -> str:
    """Which form of a group was run, where it was the short one."""
    return "" if one["full"] else " (short form)"


def figures(results: Mapping[str, Any]) -> str:
    """All figures with their goals."""
    rows = ["| group | figure | measured | goal | held |", "|" + "---|" * 5]
    for name, one in sorted(results.items()):
        for kept in one["figures"]:
            held = {None: "", True: "yes", False: "**no**"}[kept["held"]]
            value = f"{number(kept['value'])} {kept['unit']}".strip()
            rows.append(
                f"| {name}{form(one)} | {kept['name']} | {value} | {kept['goal']} | {held} |"
            )
    return "\n".join(rows) + "\n"


def others(results: Mapping[str, Any]) -> str:
    """The cases that are not right, with what was seen."""
    rows = ["| case | class | what was seen |", "|" + "---|" * 3]
    for name, one in sorted(results.items()):
        for case, (found, note) in sorted(one["others"].items()):
            told = " ".join(note.split()).replace("|", "\\|")
            rows.append(f"| {name}/{case} | {found.lower()} | {told} |")
    return "\n".join(rows) + "\n"
