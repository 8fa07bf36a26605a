"""Real schemas of JSONSchemaBench: accepted, honoured whole, and their instances told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.schema.cases import CASES, load, sample_files
from tests.schema.test_hostile import (
    accepted,
    has_grammar_or_says_why,
    keeps_every_keyword,
    outcome,
)

from rolecall.schema.dialect import CONSTRAINTS
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.tour import step, tour
from torture.nouns import Case, Class, Figure, Group, Terms
from torture.schemas_made import posting_schema

FOLDER: Final = CASES / "jsonschemabench-sample"
ABSENT: Final = "the sample of JSONSchemaBench is absent"
STRICT_SHARE: Final = 0.872
"""The share of the whole benchmark that llguidance 1.9.1 takes in strict mode. The sample holds
more of what it refuses, so that shares are weighted to this one."""
POSTINGS: Final = ("Github_trivial", "Github_easy", "Glaiveai2K", "Snowplow")
OUTLINE: Final = "decoding keeps to the outline of the format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one schema of the sample."""

    name: str
    strict_elsewhere: bool
    found: Any
    lost: tuple[str, ...] = ()
    instances: tuple[tuple[bool, bool], ...] = ()
    """Whether each is valid, and whether we say so."""

    @property
    def taken(self) -> bool:
        """Whether it was accepted and nothing of it was dropped without a word."""
        return accepted(self.found) and not self.lost

    @property
    def strict(self) -> bool:
        """Whether the grammar knows every keyword, be it by the outline of a format."""
        return (
            accepted(self.found)
            and self.found.form is not None
            and all(row.mark != "checked" or row.reason == OUTLINE for row in self.found.rows)
        )


def bench(terms: Terms) -> Group:
    """Each schema of the sample with all its instances."""
    if not FOLDER.exists():
        return Group(said="JSONSchemaBench's sample", skipped=ABSENT)
    seen = [_seen(file, tests) for file, tests in sample_files()]
    told = [told for one in seen for told in one.instances]
    valid = [said for is_valid, said in told if is_valid]
    invalid = [said for is_valid, said in told if not is_valid]
    strict = _weighted([one for one in seen if accepted(one.found)])
    dropped = sum(len(one.lost) for one in seen)
    share = 100 * sum(one.taken for one in seen) / len(seen)
    return Group(
        said=f"{len(seen)} schemas of JSONSchemaBench and {len(told)} instances of them",
        cases=tuple(_case(one) for one in seen),
        figures=(
            Figure(name="accepted and fully honoured", value=share, unit="%", goal=">= 99",
                   held=share >= 99),
            Figure(name="keywords dropped silently", value=dropped, goal="0", held=not dropped),
            Figure(name="strict in grammar, weighted to the benchmark", value=100 * strict,
                   unit="%", goal=">= 87", held=strict >= 0.87),
            Figure(name="valid instances accepted", value=sum(valid), unit=f"of {len(valid)}",
                   goal="all", held=all(valid)),
            Figure(name="invalid instances refused", value=len(invalid) - sum(invalid),
                   unit=f"of {len(invalid)}", goal="all", held=not any(invalid)),
        ),
    )  # fmt: skip


def postings(terms: Terms) -> Group:
    """The splits whose schemas are about as large as those of postings, and made ones."""
    chance = Random(terms.seed)
    made = [json.dumps(posting_schema(chance)).encode() for _ in range(terms.number(40, 1_000))]
    seen = [_of(f"made/{n}", False, text) for n, text in enumerate(made)]
    if FOLDER.exists():
        real = [file for file, _ in sample_files() if file.parent.name in POSTINGS]
        seen += [_of(f"{one.parent.name}/{one.stem}", False, one.read_bytes()) for one in real]
    share = 100 * sum(one.taken for one in seen) / len(seen)
    figure = Figure(
        name="accepted and fully honoured",
        value=share,
        unit="%",
        goal=">= 99.5",
        held=share >= 99.5,
    )
    return Group(
        said=f"{len(seen)} schemas such as postings have: {len(made)} made, the others real",
        cases=tuple(_case(one) for one in seen),
        figures=(figure,),
    )


def _seen(file: Path, tests: Path | None) -> Seen:
    row = next(one for one in load(FOLDER / "index.json") if file.match(one["file"]))
    strict = row["llguidance_1_9_1_strict"] == "ok"
    found = _of(f"{file.parent.name}/{file.stem}", strict, file.read_bytes())
    if not accepted(found.found) or tests is None:
        return found
    told = tuple(
        (bool(test["valid"]), found.found.problems(test["data"]) == [])
        for test in load(tests)["tests"]
    )
    return replace(found, instances=told)


def _of(name: str, strict: bool, text: bytes) -> Seen:
    found, _ = outcome(text)
    lost = tuple(_lost(found)) if accepted(found) else ()
    return Seen(name=name, strict_elsewhere=strict, found=found, lost=lost)


def _lost(found: Any) -> Iterator[str]:
    """Keywords that could make a value invalid, and of which nothing is said."""
    rows = {row.pointer: row for row in found.rows}
    for spot in tour(found.document, found.draft, DEFAULT_LIMITS).spots.values():
        for word in spot.schema if isinstance(spot.schema, dict) else ():
            place = step(spot.pointer, word)
            row = rows.get(place)
            if word in CONSTRAINTS[found.draft] and (
                row is None or not (row.mark == "enforced" or row.reason)
            ):
                yield place


def _case(one: Seen) -> Case:
    wrong = sum(valid != said for valid, said in one.instances)
    if wrong:
        told = f"{wrong} of {len(one.instances)} instances"
        return Case(name=one.name, found=Class.WRONG, note=told)
    if not accepted(one.found):
        return Case(name=one.name, found=Class.SHORT, note=str(one.found)[:200])
    if one.lost or not keeps_every_keyword(one.found) or not has_grammar_or_says_why(one.found):
        return Case(name=one.name, found=Class.WRONG, note=f"dropped: {', '.join(one.lost)}"[:200])
    return Case(name=one.name, found=Class.RIGHT)


def _weighted(seen: Sequence[Seen]) -> float:
    """The share that is strict in the grammar, as it would be in the whole benchmark."""
    total = 0.0
    for strict, weight in ((True, STRICT_SHARE), (False, 1 - STRICT_SHARE)):
        part = [one.strict for one in seen if one.strict_elsewhere is strict]
        total += weight * sum(part) / max(1, len(part))
    return total
