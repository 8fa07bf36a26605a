"""JSON Schema's own test suite, by the final check's validator; every test is a case."""

from __future__ import annotations

from typing import Any, Final

from tests.schema.cases import CASES, suite
from tests.schema.test_validator import kinds, remotes

from rolecall.errors import SchemaError
from rolecall.schema.compile import prepare_schema
from rolecall.schema.validator import MATCH_BYTES, PATTERN_BYTES
from torture.nouns import Case, Class, Figure, Group, Terms

PARTS: Final = (
    ("2020-12", ".", 1_299, 1_299),
    ("2020-12", "optional", 162, 159),
    ("2020-12", "optional/format", 764, 764),
    ("7", ".", 927, 927),
)
"""Draft, folder, how many tests it has, and how many must be right."""


def official(terms: Terms) -> Group:
    """All tests of two drafts, with patterns of linear time as the final check has them."""
    if not (CASES / "json-schema-test-suite").exists():
        return Group(said="JSON-Schema-Test-Suite", skipped="the suite is absent")
    cases: list[Case] = []
    figures = []
    for draft, folder, total, least in PARTS:
        found = [_case(*one) for one in _tests(draft, folder)]
        right = sum(case.found is Class.RIGHT for case in found)
        name = f"draft {draft} {'core' if folder == '.' else folder}"
        goal = f"{least:,} of {total:,}" if least < total else f"all {total:,}"
        held = right >= least and len(found) == total
        figures.append(Figure(name=name, value=right, unit="tests", goal=goal, held=held))
        cases += found
    return Group(
        said="JSON-Schema-Test-Suite: draft 2020-12 core, optional, format; draft 7 core",
        cases=tuple(cases),
        figures=tuple(figures),
    )


def _tests(draft: str, folder: str) -> Any:
    """The name, the schema, its validator and the test, for every test in a folder."""
    from jsonschema_rs import RegexOptions

    registry = remotes(draft if folder == "." else "2020-12")
    place = CASES / "json-schema-test-suite" / "tests" / f"draft{draft}" / folder
    seen: dict[str, int] = {}
    for file, schema, tests in suite(place):
        check = kinds()[draft](
            schema,
            registry=registry,
            offline=True,
            pattern_options=RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=MATCH_BYTES),
            validate_formats="format" in folder or None,
        )
        for test in tests:
            seen[file.stem] = number = seen.get(file.stem, 0) + 1
            name = f"{draft}/{'' if folder == '.' else folder + '/'}{file.stem}/{number}"
            yield name, schema, check, test


def _case(name: str, schema: Any, check: Any, test: dict[str, Any]) -> Case:
    found = check.is_valid(test["data"])
    if found == test["valid"]:
        return Case(name=name, found=Class.RIGHT)
    told = f"{'accepts' if found else 'refuses'}: {test['description']}"
    try:
        prepare_schema(schema)
    except SchemaError as error:
        return Case(name=name, found=Class.SHORT, note=f"never used, for {error}"[:200])
    return Case(name=name, found=Class.WRONG, note=told)
