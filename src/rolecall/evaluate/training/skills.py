"""Trains the skill reader and measures it with one site left out at a time.

``python -m rolecall.evaluate.training.skills CORPUS [--folds N] [--out FOLDER]`` prints the F1 per
site (``N`` groups of sites instead of one fold per site is quicker) or writes the model.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pycrfsuite

from rolecall.evaluate.annotated import Annotated, load_annotated
from rolecall.evaluate.training.labels import label_blocks
from rolecall.evaluate.training.logistic import fit
from rolecall.evaluate.training.skill_score import right, set_f1
from rolecall.reader.lines import prepare
from rolecall.reader.skill_features import (
    Feature,
    Terms,
    ahead_features,
    behind_features,
    compile_terms,
    first_features,
    inside,
    line_traits,
    list_features,
    listed,
    paren_features,
    place_features,
    spans,
    term_features,
    word_features,
)
from rolecall.reader.skill_groups import group, group_features, group_traits
from rolecall.reader.skills import FILE, UNREAD, Section, SkillLine, SkillReader

SECTIONS: Mapping[str, Section] = {
    "R": "requirements",
    "D": "responsibilities",
    "B": "benefits",
    "P": "about",
    "H": "other",
}
TERMS = ("skill_terms.txt", "skill_terms_local.txt")
CHAIN = {"c1": 0.2, "c2": 0.5, "max_iterations": 80}
COPIES = 6
INNER = 3
UNSURE = 0.3
LOST = 0.1
HIDDEN = 0.25
BARE = {"licence": 8, "language": 8}
AND = {
    "en": "and", "de": "und", "fr": "et", "nl": "en", "cs": "a", "pt": "e", "it": "e", "ru": "и",
    "es": "y", "da": "og", "sv": "och", "pl": "i",
}  # fmt: skip
SLOT = re.compile(r"\[([^\]]*)\]")
Row = tuple[list[list[str]], list[str]]
"""A line as the tagger learns it: the features and the label of each word."""


@dataclass(frozen=True, slots=True)
class Posting:
    """The body of one annotated page, and the skills that are right for it."""

    id: str
    site: str
    language: str
    skills: tuple[str, ...]
    lines: tuple[SkillLine, ...]


def posting(sample: Annotated) -> Posting:
    """The body lines of ``sample`` with the sections its annotations give them."""
    lines = prepare(sample.page)
    marks = label_blocks(lines, sample.gold)
    body = tuple(
        SkillLine(line.text, line.block.span.start, SECTIONS[mark], line.block.kind)
        for line, mark in zip(lines, marks, strict=True)
        if mark in SECTIONS
    )
    return Posting(sample.id, sample.site, sample.language, tuple(sample.gold["skills"]), body)


def train_skills(
    samples: Sequence[Annotated], out: Path, *, exclude_site: str | None = None
) -> SkillReader:
    """Train on every sample whose site is not ``exclude_site`` and write the model to ``out``."""
    data = learn([posting(s) for s in samples if s.site != exclude_site])
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (out / FILE).write_text(text + "\n", "utf-8")
    return SkillReader.of(data)


def learn(postings: Sequence[Posting]) -> dict[str, Any]:
    """The model's data: the tagger from all ``postings``, the judge from taggers of parts."""
    terms = Terms.of(compile_terms(term_rows()))
    invented = [row for line in invented_lines() for row in [_row(*line, terms)]]
    rows = {p.id: _rows(p, terms) for p in postings}
    judged: list[tuple[list[str], bool]] = []
    for part in split(postings, INNER):
        held = {p.id for p in part}
        known = [row for p in postings if p.id not in held for row in rows[p.id]]
        reader = SkillReader.of(_chain([*known, *invented], terms))
        for one in part:
            groups = group(reader.mentions(blur(one)))
            looks = map(group_features, group_traits(groups))
            judged += zip(looks, right(groups, one.skills), strict=True)
    data = _chain([row for p in postings for row in rows[p.id]] + invented, terms)
    data["judge"] = dict(fit(judged, l1=0.02, l2=3.0).weights)
    return data


def split(postings: Sequence[Posting], parts: int) -> list[list[Posting]]:
    """``postings`` in ``parts`` groups of whole sites with about as many pages each."""
    sizes: dict[str, int] = {}
    for one in postings:
        sizes[one.site] = sizes.get(one.site, 0) + 1
    load = [0] * parts
    home: dict[str, int] = {}
    for site in sorted(sizes, key=lambda s: (-sizes[s], s)):
        home[site] = load.index(min(load))
        load[home[site]] += sizes[site]
    return [[p for p in postings if home[p.site] == i] for i in range(parts) if load[i]]


def blur(one: Posting) -> list[SkillLine]:
    """The lines with some sections lost or wrong, as a section tagger would give them."""
    draw = random.Random(one.id)
    everywhere = draw.random()
    lines = []
    for line in one.lines:
        section = line.section
        if everywhere < UNSURE:
            section = "about" if everywhere < UNSURE / 2 or section == "benefits" else "other"
        elif draw.random() < LOST:
            section = draw.choice(("about", "requirements", "responsibilities"))
        lines.append(SkillLine(line.text, line.start, section, line.kind))
    return lines


def term_rows() -> list[str]:
    """The lines of the term lists."""
    folder = files("rolecall.reader") / "data"
    return [row for name in TERMS for row in (folder / name).read_text("utf-8").splitlines()]


def _chain(rows: Iterable[Row], terms: Terms) -> dict[str, Any]:
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=CHAIN, verbose=False)
    for features, labels in rows:
        trainer.append(features, labels)
    weights: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "chain")
        trainer.train(path)
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
        info = tagger.info()
        tagger.close()
    for (name, label), weight in info.state_features.items():
        pair = weights.setdefault(name, [0.0, 0.0])
        if label != "I":
            pair[0] += weight if label == "B" else -weight
        if label != "B":
            pair[1] += weight if label == "I" else -weight
    return {
        "weights": {
            name: [round(b, 3), round(i, 3)]
            for name, (b, i) in weights.items()
            if abs(b) + abs(i) > 0.004
        },
        "steps": {a + b: round(weight, 4) for (a, b), weight in info.transitions.items()},
        "terms": dict(terms.entries),
        "lengths": {stem: list(sizes) for stem, sizes in terms.lengths.items()},
        "stems": sorted(terms.stems),
        "judge": {},
    }


def _rows(one: Posting, terms: Terms) -> list[Row]:
    wanted = sorted(set(one.skills), key=lambda s: (-len(s), s))
    draw = random.Random(one.id)
    rows = []
    for line in blur(one):
        if line.section in UNREAD or not (at := spans(line.text)):
            continue
        labels = _mark(line.text, at, wanted)
        words = [line.text[a:b] for a, b in at]
        hide = draw.random() < HIDDEN
        rows.append((_features((line.text, words, line.section), terms, hide), labels))
    return rows


def _row(
    text: str,
    section: str,
    slots: Sequence[tuple[int, int]],
    terms: Terms,
) -> Row:
    at = spans(text)
    labels = ["O"] * len(at)
    for i, (a, b) in enumerate(at):
        for start, end in slots:
            if start <= a and b <= end:
                labels[i] = "B" if a == start else "I"
    words = [text[a:b] for a, b in at]
    return _features((text, words, section), terms, False), labels


def _mark(text: str, at: Sequence[tuple[int, int]], wanted: Sequence[str]) -> list[str]:
    """Labels of the words of ``text``: every occurrence of the skills, longer skills first."""
    labels = ["O"] * len(at)
    starts = {a: i for i, (a, _) in enumerate(at)}
    ends = {b: i for i, (_, b) in enumerate(at)}
    low = text.lower()
    for skill in wanted:
        exact = len(skill) < 3 or (len(skill) < 4 and not skill.isupper()) or len(low) != len(text)
        where, what = (text, skill) if exact else (low, skill.lower())
        found = where.find(what)
        while found >= 0:
            first, last = starts.get(found), ends.get(found + len(what))
            free = first is not None and last is not None and "B" not in labels[first : last + 1]
            if first is not None and last is not None and free and labels[first] == "O":
                labels[first : last + 1] = ["B"] + ["I"] * (last - first)
            found = where.find(what, found + 1)
    return labels


def _features(line: tuple[str, Sequence[str], str], terms: Terms, hide: bool) -> list[list[str]]:
    """The features of every word of a line (text, words, section), as ``Chain`` sums them.

    ``hide`` leaves the known terms out of it.
    """
    text, said, section = line
    words = [terms.read(word) for word in said]
    hits = {} if hide else terms.mark(words)
    traits = line_traits(section, text, words, len(hits))
    size = len(words)
    out: list[list[Feature]] = [place_features(traits, word.shape) for word in words]
    for i, word in enumerate(words):
        for offset, features in zip((0, 2, 1, -1, -2), word_features(word), strict=True):
            if 0 <= i + offset < size:
                out[i + offset] += features
    out[0] += first_features(words[0].shape)
    for i in inside(words):
        out[i] += paren_features(words[i].shape)
    for i, hit in hits.items():
        out[i] += term_features(hit, words[i].shape)
        if i:
            out[i - 1] += ahead_features(hit)
        if i + 1 < size:
            out[i + 1] += behind_features(hit)
    for i, side in listed(words, hits).items():
        out[i] += list_features(side)
    return [[f"{name}={value}" if value else name for name, value in row] for row in out]


def invented_lines() -> list[tuple[str, str, list[tuple[int, int]]]]:
    """The written lines, and copies with other known terms in the brackets."""
    text = (files("rolecall.evaluate.training") / "skill_lines.txt").read_text("utf-8")
    pools = _pools()
    draw = random.Random(7)
    out: list[tuple[str, str, list[tuple[int, int]]]] = []
    for row in text.splitlines():
        head, colon, line = row.partition(": ")
        if row.startswith("#") or not colon:
            continue
        language, mark = head.split(" ")
        for copy in range(COPIES if "[" in line else 1):
            made, slots = "", []
            for i, part in enumerate(SLOT.split(line)):
                if i % 2:
                    if copy and draw.random() < 0.7:
                        part = _other(part, language, pools, draw)
                    slots.append((len(made), len(made) + len(part)))
                made += part
            out.append((made, SECTIONS[mark], slots))
    return out + _bare_lines(pools, draw)


def _bare_lines(
    pools: Mapping[tuple[str, str], list[str]], draw: random.Random
) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """Requirements that are nothing but known terms, the first one written with a capital."""
    out: list[tuple[str, str, list[tuple[int, int]]]] = []
    for (name, language), terms in sorted(pools.items()):
        for _ in range(BARE.get(name, 0)):
            made, slots = "", []
            count = draw.choice((1, 1, 2, 2, 3))
            for i in range(count):
                if i:
                    made += f" {AND[language]} " if i == count - 1 else ", "
                term = draw.choice(terms)
                slots.append((len(made), len(made) + len(term)))
                made += term
            out.append((made[0].upper() + made[1:], "requirements", slots))
    return out


def _pools() -> dict[tuple[str, str], list[str]]:
    """Known terms by class and language."""
    pools: dict[tuple[str, str], list[str]] = {}
    for row in term_rows():
        head, colon, tail = row.partition(": ")
        if colon and not row.startswith("#"):
            name, _, languages = head.partition(" ")
            terms = [t for term in tail.split(";") if (t := term.strip()) and "*" not in t]
            for language in (languages or "en").split("/"):
                pools.setdefault((name, language), []).extend(terms)
    return pools


def _other(
    term: str, language: str, pools: Mapping[tuple[str, str], list[str]], draw: random.Random
) -> str:
    """Another term of the same class and language, or a tool where the class is not known."""
    homes = [
        home
        for home, terms in pools.items()
        if term in terms and (home[1] == language or home[0] in ("tech", "office", "standard"))
    ]
    if homes:
        return draw.choice(pools[draw.choice(homes)])
    return draw.choice(pools["tech", "en"]) if draw.random() < 0.3 else term


def leave_out(
    postings: Sequence[Posting], folds: int | None
) -> list[tuple[Posting, list[tuple[str, float]]]]:
    """Every posting with the skills that a model without its site finds, and their confidence."""
    sites = {p.site for p in postings}
    parts = split(postings, folds or len(sites))
    out = []
    for part in parts:
        held = {p.site for p in part}
        reader = SkillReader.of(learn([p for p in postings if p.site not in held]))
        out += [
            (one, [(s.text, s.confidence) for s in reader.find_skills(one.lines)]) for one in part
        ]
    return out


def report(found: Sequence[tuple[Posting, list[tuple[str, float]]]]) -> str:
    """F1 over all pages, per site and per language, and how far confidence can be trusted."""
    scores: dict[str, list[float]] = {}
    sure: dict[int, list[bool]] = {}
    for one, skills in found:
        value = set_f1([text for text, _ in skills], one.skills)
        for name in ("all", f"site {one.site}", f"language {one.language}"):
            scores.setdefault(name, []).append(value)
        left = list(one.skills)
        for text, confidence in skills:
            match = next((x for x in left if set_f1([text], [x])), None)
            if match is not None:
                left.remove(match)
            sure.setdefault(int(confidence * 10), []).append(match is not None)
    rows = [f"{k:36}{len(v):4}  {sum(v) / len(v):.3f}" for k, v in sorted(scores.items())]
    rows += [
        f"confidence {k / 10:.1f} to {k / 10 + 0.1:.1f} {len(v):17}  {sum(v) / len(v):.3f}"
        for k, v in sorted(sure.items())
    ]
    return "\n".join(rows)


def main() -> None:
    """Read the arguments, then measure or train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--folds", type=int)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    began = time.perf_counter()
    samples = load_annotated(args.corpus)
    if args.out:
        train_skills(samples, args.out)
    else:
        print(report(leave_out([posting(s) for s in samples], args.folds)))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
