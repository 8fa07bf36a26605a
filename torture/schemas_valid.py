"""Answers of all kinds in the shapes of many schemas: what is marked ok obeys the whole schema."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from tests.drive.test_engines import PAGE, engine

import rolecall
from rolecall.core import Prompt
from rolecall.errors import SchemaError
from rolecall.schema.schema import Schema
from rolecall.settings import Settings
from torture.nouns import Case, Class, Figure, Group, Terms
from torture.schemas_made import CHOICES, NAMES, posting_schema

QUOTES: Final = (
    "Baker", "Bath", "Bath, England", "England", "Full time", "Bread", "25 days of leave", "25",
    "Three", "8", "crumb, the bakery in Bath", "Care for rye", "four in the morning", "two others",
    "Mix dough from four in the morning", "not on the page", "", "2026-02-30", "crumb",
)  # fmt: skip


def valid(terms: Terms) -> Group:
    """A page, a made schema, an engine that answers at random: through the whole path."""
    chance, counts = Random(terms.seed), Counter[str]()
    settings = Settings(data_folder=str(terms.scratch), cache=False, ask_below=2.0)
    cases = []
    for number in range(terms.number(40, 1_000)):
        document = posting_schema(chance, 8)
        name = f"made/{number}"
        try:
            schema = Schema.from_json(document)
        except SchemaError as error:
            cases.append(Case(name=name, found=Class.SHORT, note=str(error)[:200]))
            continue
        seed = chance.random()
        small = engine(lambda prompt, seed=seed: _answer(prompt, Random(seed)))
        result = rolecall.extract(PAGE, schema=schema, settings=settings, engines={"small": small})
        counts[result.outcome] += 1
        told = _fault(document, result.data) if result.outcome == "ok" else ""
        if result.outcome == "failed" and result.reason is not None:
            cases.append(Case(name=name, found=Class.WRONG, note=result.reason.message[:200]))
        else:
            found = Class.WRONG if told else Class.RIGHT
            cases.append(Case(name=name, found=found, note=told))
        if number % 200 == 199:
            terms.say(f"{number + 1} schemas")
    fine = counts["ok"]
    broken = sum(case.found is Class.WRONG for case in cases)
    return Group(
        said=f"{len(cases):,} made schemas with answers at random: {fine:,} records were ok",
        cases=tuple(cases),
        figures=(
            Figure(name="ok and not valid against the whole schema", value=broken,
                   unit=f"of {fine:,}", goal="0", held=not broken and fine > 0),
            Figure(name="records that were ok", value=fine, unit=f"of {len(cases):,}"),
        ),
    )  # fmt: skip


def _answer(prompt: Prompt, chance: Random) -> str:
    """An answer with something for every name that could be asked for."""
    return json.dumps({name: _value(chance) for name in NAMES if chance.random() < 0.8})


def _value(chance: Random) -> Any:
    quote = chance.choice(QUOTES)
    shapes: tuple[Any, ...] = (
        quote,
        quote,
        quote,
        [quote, chance.choice(QUOTES)],
        [str(chance.choice(chance.choice(CHOICES))), quote],
        [[str(chance.choice(chance.choice(CHOICES))), quote]],
        [[chance.randint(1, 9), chance.randint(1, 9)]],
        None,
        chance.randint(-5, 99),
        {"text": quote},
    )
    return chance.choice(shapes)


def _fault(document: Mapping[str, Any], data: Any) -> str:
    """What is wrong with data, by two libraries that read the document anew; empty if nothing."""
    from jsonschema_rs import validator_for

    error = next(validator_for(dict(document), validate_formats=True).iter_errors(data), None)
    if error is not None:
        return str(error.message)[:200]
    if importlib.util.find_spec("jsonschema") is None:
        return ""
    jsonschema = importlib.import_module("jsonschema")
    kind = jsonschema.validators.validator_for(document, jsonschema.Draft202012Validator)
    try:
        found = next(kind(document).iter_errors(data), None)
    except re.error:  # it knows no classes of Unicode
        return ""
    return "" if found is None else str(found.message)[:200]
