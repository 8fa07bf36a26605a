"""The file of candidates: TOML with weights, floors and a table for each candidate."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from rolecall.errors import UsageError
from rolecall.evaluate.choose.measures import MEASURES
from rolecall.evaluate.choose.nouns import Candidate, Declared, Scoring, Selection
from rolecall.evaluate.choose.table import Table, near
from rolecall.evaluate.files import fingerprint
from rolecall.evaluate.requirements import REQUIREMENTS

WEIGHTS: Final[Mapping[str, Fraction]] = {
    "solution_leverage": Fraction(35),
    "application_value": Fraction(30),
    "maintenance": Fraction(25),
    "adaptability": Fraction(10),
}
"""The decision framework of ADR-009."""

MOST_CRITERIA: Final = 12
LARGEST: Final = 2_000_000
_TOP = ("record", "weights", "floors", "candidate")
_RECORD = ("title", "status", "context", "positive", "negative")
_CANDIDATE = (
    "name", "engine", "model", "quantisation", "plan", "licence", "context", "evaluation", "bench",
    "verify", "declared", "scores", "stated_total",
)  # fmt: skip
_REASON = 'write {score = 9, reason = "why"}, or {from = "accuracy"}'


def read_selection(path: Path) -> Selection:
    """The file of candidates at ``path``; raises `UsageError` that names the place and remedy."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large for a file of candidates", hint="name another")
        if not path.is_file():
            raise UsageError(f"{path} cannot be read: it is no file", hint="name a file of TOML")
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="see rolecall choose --help"
        ) from error
    return parse_selection(body, path.name)


def parse_selection(body: bytes, file: str) -> Selection:
    """As ``read_selection``, from bytes; ``file`` is the name that messages and records give."""
    try:
        value = tomllib.loads(body.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        told = f"{file} is no TOML: {error}"
        raise UsageError(told, hint="mend the file; it is UTF-8 text") from error
    top = Table(value, file)
    top.only(_TOP)
    record = top.table("record")
    record.only(_RECORD)
    given = _weights(top)
    floors = _floors(top.table("floors"))
    requirements = _requirements(top.table("floors"))
    tables = value.get("candidate", [])
    if not isinstance(tables, list) or not tables:
        raise UsageError(f"{file}: there is no [[candidate]]", hint="see rolecall choose --help")
    candidates = tuple(
        _candidate(Table(one, f"{file}, candidate {number}"), given, floors)
        for number, one in enumerate(tables, start=1)
    )
    twice = [name for name, n in Counter(one.name for one in candidates).items() if n > 1]
    if twice:
        raise UsageError(f"{file}: two candidates are named {twice[0]!a}", hint="rename one")
    whole = sum(given.values())
    return Selection(
        file=file,
        fingerprint=fingerprint(body),
        title=record.text("title") or "Which engine reads our postings",
        status=record.text("status") or "Proposed",
        context=record.text("context"),
        positive=record.texts("positive"),
        negative=record.texts("negative"),
        given=given,
        weights={name: weight / whole for name, weight in given.items()},
        floors=floors,
        licences=top.table("floors").texts("licences"),
        requirements=requirements,
        candidates=candidates,
    )


def _weights(top: Table) -> dict[str, Fraction]:
    """The weights as written; the criteria are their names."""
    if "weights" not in top.value:
        return dict(WEIGHTS)
    table = top.table("weights")
    given = {}
    for key in table.value:
        weight = table.number(key)
        if weight is None or weight < 0:
            raise table.refuse(key, "0 or more")
        given[key] = weight
    if not sum(given.values()):
        raise UsageError(
            f"{table.place}: no weight is above 0", hint="leave [weights] out for 35, 30, 25 and 10"
        )
    if len(given) > MOST_CRITERIA:
        raise UsageError(f"{table.place}: more than {MOST_CRITERIA} criteria", hint="join some")
    return given


def _requirements(table: Table) -> tuple[str, ...]:
    names = table.texts("requirements")
    for name in names:
        if name not in REQUIREMENTS:
            told = f"{table.place}: there is no requirement {name!a}"
            raise UsageError(told, hint=near(name, REQUIREMENTS))
    return names


def _floors(table: Table) -> dict[str, Fraction]:
    table.only((*MEASURES, "licences", "requirements"))
    floors = {}
    for key in table.value:
        if key not in MEASURES:
            continue
        number = table.number(key)
        if number is None or number < 0:
            raise table.refuse(key, "0 or more")
        if MEASURES[key].unit == "%" and number > 1:
            raise table.refuse(key, "a share from 0 to 1, such as 0.95")
        floors[key] = number
    return floors


def _candidate(
    table: Table, weights: Mapping[str, Fraction], floors: Mapping[str, Fraction]
) -> Candidate:
    name = table.text("name", needed=True)
    table.place = f"{table.place.rpartition(',')[0]}, candidate {name!a}"
    table.only(_CANDIDATE)
    total = table.value.get("stated_total")
    if total is not None:
        table.number("stated_total")
    return Candidate(
        name=" ".join(name.split()),
        **{
            key: table.text(key)
            for key in "engine model quantisation plan licence evaluation bench verify".split()
        },
        context=table.whole("context"),
        declared=_declared(table.table("declared")),
        scores=_scores(table.table("scores"), weights, floors),
        stated_total=Decimal(total) if total is not None else None,
    )


def _declared(table: Table) -> dict[str, Declared]:
    table.only(MEASURES)
    found = {}
    for key in table.value:
        one = table.table(key)
        one.only(("value", "reason"))
        value = one.number("value")
        if value is None or value < 0 or (MEASURES[key].unit == "%" and value > 1):
            raise table.refuse(key, 'like {value = 7.9, reason = "why"}; a share is from 0 to 1')
        found[key] = Declared(value=value, reason=one.text("reason", needed=True))
    return found


def _scores(
    table: Table, weights: Mapping[str, Fraction], floors: Mapping[str, Fraction]
) -> dict[str, Scoring]:
    table.only(weights)
    for criterion in weights:
        if criterion not in table.value:
            raise UsageError(f"{table.place}: {criterion} is missing", hint=_REASON)
    return {name: _scoring(table, name, floors) for name in weights}


def _scoring(table: Table, name: str, floors: Mapping[str, Fraction]) -> Scoring:
    value: Any = table.value[name]
    if not isinstance(value, dict):
        raise UsageError(f"{table.place}: {name} has no reason", hint=_REASON)
    one = table.table(name)
    one.only(("score", "reason", "from", "worst", "best"))
    if ("score" in one.value) == ("from" in one.value):
        raise UsageError(f"{one.place}: either score or from is needed", hint=_REASON)
    if "score" in one.value:
        one.only(("score", "reason"))
        score = one.number("score")
        if score is None or not 0 <= score <= 10:
            raise one.refuse("score", "a number from 0 to 10")
        if not one.text("reason"):
            raise UsageError(f"{one.place}: the score has no reason", hint=_REASON)
        return Scoring(score=score, reason=one.text("reason"))
    measure = one.text("from")
    if measure not in MEASURES:
        raise UsageError(
            f"{one.place}: nothing is measured as {measure!a}", hint=near(measure, MEASURES)
        )
    known, worst, best = MEASURES[measure], one.number("worst"), one.number("best")
    worst = floors.get(measure) if worst is None else worst
    best = known.best if best is None else best
    if worst is None or best is None:
        lacking = "worst (0 points; else the floor)" if worst is None else "best (10 points)"
        raise UsageError(f"{one.place}: {lacking} is needed", hint="a figure of the same unit")
    if (best > worst) != (known.better == "up") or best == worst:
        way = "above" if known.better == "up" else "below"
        raise UsageError(f"{one.place}: best is {way} worst for {measure}", hint="change the two")
    return Scoring(reason=one.text("reason"), measure=measure, worst=worst, best=best)
