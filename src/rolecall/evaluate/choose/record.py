"""The decision record: a document in the style of ADR-009, every number traced to its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from rolecall.evaluate.choose import firmness, plots, sources
from rolecall.evaluate.choose.block import data_of, fenced
from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.exact import percent, shown
from rolecall.evaluate.choose.matrix import stated
from rolecall.evaluate.choose.measures import MEASURES, QUALITY
from rolecall.evaluate.choose.nouns import FloorCheck, Standing
from rolecall.evaluate.choose.since import TRIGGERS, Since
from rolecall.evaluate.choose.words import points, sentences, title_of, verdict_of
from rolecall.evaluate.report.document import (
    Block,
    Document,
    Grid,
    Items,
    Part,
    Prose,
    to_html,
    to_markdown,
)


class Made(Struct, frozen=True, kw_only=True):
    """When and by what a record was made; ``history`` has the lines of older changelogs."""

    date: str
    command: str
    rolecall: str
    history: tuple[str, ...] = ()


def document_of(decision: Decision, made: Made, since: Since | None = None) -> Document:
    """The whole record."""
    parts = [
        Part(title="Status", blocks=(Prose(_status(decision, made)),)),
        Part(title="Context", blocks=tuple(_context(decision))),
        Part(title="Decision drivers", blocks=tuple(_drivers(decision))),
        Part(title="Alternatives", blocks=(Items(tuple(map(_alternative, decision.standings))),)),
        Part(title="Decision framework", blocks=tuple(_framework(decision))),
        Part(title="Floors", blocks=tuple(_floors(decision))),
        Part(title="Decision", blocks=tuple(Prose(one) for one in sentences(decision))),
        Part(title="How firmly it stands", blocks=tuple(firmness.blocks(decision))),
        Part(title="Requirements", blocks=tuple(_requirements(decision))),
        Part(title="Consequences", blocks=tuple(_consequences(decision))),
        Part(title="Update triggers", blocks=tuple(_triggers(since))),
    ]
    if since is not None:
        changes = since.changes or ("Nothing changed.",)
        title = f"What changed since {since.date or 'the older record'}"
        parts.append(Part(title=title, blocks=(Items(changes),)))
    parts.append(Part(title="Evidence", blocks=tuple(sources.blocks(decision))))
    parts.append(Part(title="Changelog", blocks=(Items(changelog(decision, made, since)),)))
    lead = " ".join(sentences(decision)[:2])
    return Document(title=decision.selection.title, lead=lead, parts=tuple(parts))


def _status(decision: Decision, made: Made) -> str:
    resolved = "" if decision.resolved else " (not resolved by the evidence)"
    return (
        f"{decision.selection.status}{resolved}. {made.date}, Rolecall {made.rolecall}, made by "
        f"`{made.command}`; the file of candidates is `{decision.selection.file}`, fingerprint "
        f"`{decision.selection.fingerprint}`."
    )


def _context(decision: Decision) -> Iterator[Block]:
    if decision.selection.context:
        yield Prose(decision.selection.context)
    figures = [f for one in decision.standings for f in one.figures.values()]
    measured = [one for one in figures if not one.trace.declared]
    files = {one.trace.file for one in measured}
    yield Prose(
        f"{len(decision.standings)} candidates; {len(measured)} figures measured, from "
        f"{len(files)} files; {len(figures) - len(measured)} figures declared."
    )


def _drivers(decision: Decision) -> Iterator[Block]:
    selection = decision.selection
    yield Items(
        tuple(
            f"{title_of(name)}: weight {percent(weight)}"
            for name, weight in selection.weights.items()
        )
    )
    if sum(selection.given.values()) not in (1, 100):
        given = ", ".join(f"{name} {shown(one)}" for name, one in selection.given.items())
        yield Prose(f"The weights were given as {given}; each is divided by their sum.")
    asked = [
        f"{name} {'at least' if MEASURES[name].better == 'up' else 'at most'} "
        f"{MEASURES[name].shown(floor)}"
        for name, floor in selection.floors.items()
    ]
    if selection.licences:
        asked.append(f"licence {' or '.join(selection.licences)}")
    if selection.requirements:
        asked.append(f"passed by `rolecall verify`: {', '.join(selection.requirements)}")
    if asked:
        yield Prose(f"Floors, before any points count: {'; '.join(asked)}.")


def _alternative(one: Standing) -> str:
    candidate = one.candidate
    facts = [
        f"{key} {value}"
        for key, value in (
            ("engine", candidate.engine),
            ("model", candidate.model),
            ("quantisation", candidate.quantisation),
            ("plan", candidate.plan),
            ("licence", candidate.licence),
            ("context", f"{candidate.context:,} tokens" if candidate.context else ""),
        )
        if value
    ]
    told = f"{one.name}: {', '.join(facts)}" if facts else one.name
    return f"{told} ({'; '.join(one.missing)})" if one.missing else told


def _framework(decision: Decision) -> Iterator[Block]:
    weights, first = decision.selection.weights, decision.first
    told = any(one.candidate.stated_total is not None for one in decision.standings)
    short = {name: name.replace("_", " ").capitalize() for name in weights}
    head = ["Candidate", *(f"{short[name]} ({percent(w, 0)})" for name, w in weights.items())]
    rows = []
    for one in decision.standings:
        scores = [points(p.score) for p in one.points]
        total = "none" if one.total is None else shown(one.total)
        row = [one.name, *scores, total]
        if told:
            row.append(_stated(one))
        rows.append((*row, verdict_of(one, first)))
    extra = ("Stated total",) if told else ()
    last = len(head) + 1 + len(extra)
    words = tuple(range(len(head) + 1, last + 1))
    yield Grid(head=(*head, "Total", *extra, "Decision"), rows=tuple(rows), words=words)
    yield Prose(
        "Points go from 0 to 10. Totals are exact sums of points times weights; only what is shown "
        "is rounded, to two decimals, a half upwards."
    )
    yield plots.totals(decision)
    how = [
        (one.name, short[p.criterion], points(p.score), p.how)
        for one in decision.standings
        for p in one.points
    ]
    yield Grid(head=("Candidate", "Criterion", "Points", "Why"), rows=tuple(how), words=(1, 3))


def _stated(one: Standing) -> str:
    if one.candidate.stated_total is None:
        return "none"
    if one.total is None:
        return f"{one.candidate.stated_total}: cannot be checked"
    return stated(one.total, one.candidate.stated_total)


def _floors(decision: Decision) -> Iterator[Block]:
    rows = tuple(
        (
            one.name,
            floor.floor,
            _verdict(floor),
            floor.text,
        )
        for one in decision.standings
        for floor in one.floors
    )
    if not rows:
        yield Prose("No floors are asked.")
        return
    yield Grid(head=("Candidate", "Floor", "Verdict", "Figure"), rows=rows, words=(1, 2, 3))
    for measure in QUALITY:
        if any(measure in one.figures for one in decision.standings):
            yield plots.quality(decision, measure)


def _verdict(floor: FloorCheck) -> str:
    doubt = floor.verdict != "not shown" and not floor.resolved
    return f"{floor.verdict}, not resolved" if doubt else floor.verdict


def _requirements(decision: Decision) -> Iterator[Block]:
    there = [one for one in decision.standings if one.findings]
    if not there:
        yield Prose(
            "No candidate names a file of `rolecall verify --json`: the requirements of ADR-009 "
            "were not run for this record."
        )
    for one in there:
        yield Prose(f"{one.name}, from `{one.candidate.verify}`:")
        yield from requirement_blocks(one.findings)


def requirement_blocks(findings: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """The findings of ``rolecall verify`` (as plain data): a table, and the commands behind it."""
    rows, commands = [], dict[str, list[str]]()
    for finding in findings:
        name, *cells = (
            str(finding.get(key) or "") for key in ("id", "text", "goal", "figure", "reason")
        )
        rows.append((name, str(finding.get("verdict", "")).replace("_", " "), *cells))
        if command := str(finding.get("command") or ""):
            commands.setdefault(command, []).append(name)
    head = ("Requirement", "Verdict", "What", "Goal", "Figure", "Reason")
    told = tuple(f"{', '.join(names)}: `{command}`" for command, names in commands.items())
    table = Grid(head=head, rows=tuple(rows), words=(1, 2, 3, 4, 5))
    return (table, Prose("The commands behind the figures:"), Items(told)) if told else (table,)


def _consequences(decision: Decision) -> Iterator[Block]:
    selection, winner = decision.selection, decision.winner
    good, bad = list(selection.positive), list(selection.negative)
    if winner is not None:
        best, worse = _beside_others(decision, winner)
        good += best
        bad += worse
        bad += [f"Not shown for {winner.name}: {one}" for one in winner.missing]
    yield Prose("Positive:" if good else "Positive: none are known.")
    yield Items(tuple(good))
    yield Prose("Negative:" if bad else "Negative: none are known.")
    yield Items(tuple(bad))


def _beside_others(decision: Decision, winner: Standing) -> tuple[list[str], list[str]]:
    """Where the chosen one is best of those that stand, and where another one is better."""
    good, bad = [], []
    others = [one for one in decision.standings if one.stands and one.name != winner.name]
    for i, own in enumerate(winner.points):
        theirs = [(one.points[i].score or Fraction(0), one.name) for one in others]
        top = max((score for score, _ in theirs), default=None)
        if top is None or own.score is None:
            continue
        name = title_of(own.criterion)
        if own.score > top:
            good.append(f"{name}: the most points of all, {points(own.score)}")
        for score, other in theirs:
            if score > own.score:
                mine = points(own.score)
                bad.append(f"{name}: {other} has {points(score)} points, the chosen one {mine}")
    for measure, figure in winner.figures.items():
        for one in others:
            there = one.figures.get(measure)
            if there is not None and not MEASURES[measure].holds(figure.value, there.value):
                theirs_, own_ = map(MEASURES[measure].shown, (there.value, figure.value))
                bad.append(f"{measure}: {one.name} has {theirs_}, the chosen one {own_}")
    return good, bad


def _triggers(since: Since | None) -> Iterator[Block]:
    if since is None:
        yield Prose("`rolecall choose FILE --since THIS.md` says whether one of these fired:")
        yield Items(tuple(f"{name}: {text}" for name, text in TRIGGERS.items()))
        return
    rows = tuple(
        (one.name, TRIGGERS[one.name], "fired" if one.fired else "not fired", one.why)
        for one in since.triggers
    )
    yield Grid(head=("Trigger", "Fires when", "Verdict", "Why"), rows=rows, words=(1, 2, 3))


def changelog(decision: Decision, made: Made, since: Since | None) -> tuple[str, ...]:
    """This record's line, and those of the older ones."""
    chosen = ", ".join(decision.first) or "none"
    what = f"{made.date}: {chosen}"
    if since is not None:
        fired = [one.name for one in since.triggers if one.fired]
        told = f"fired: {', '.join(fired)}" if fired else "no trigger fired"
        what += f" ({len(since.changes)} changes since {since.date or 'the older record'}; {told})"
    return (what, *made.history)


def markdown_record(decision: Decision, made: Made, since: Since | None = None) -> str:
    """The record as Markdown, with its data in a fenced block at the end."""
    data = data_of(decision, date=made.date, command=made.command, rolecall=made.rolecall)
    data["changelog"] = list(changelog(decision, made, since))
    return to_markdown(document_of(decision, made, since)) + "\n" + fenced(data)


def html_record(decision: Decision, made: Made, since: Since | None = None) -> str:
    """The record as one HTML file with plots; no script, no network."""
    return to_html(document_of(decision, made, since))
