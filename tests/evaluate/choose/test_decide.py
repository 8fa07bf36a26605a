"""Floors, intervals, missing evidence, the record and what changed since an older one."""

import json
import re
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from rolecall.errors import UsageError
from rolecall.evaluate.choose.block import data_of, fenced, read_record
from rolecall.evaluate.choose.decide import decide, weigh
from rolecall.evaluate.choose.evidence import Evidence
from rolecall.evaluate.choose.file import parse_selection, read_selection
from rolecall.evaluate.choose.nouns import Figure, Trace
from rolecall.evaluate.choose.record import Made, document_of, html_record, markdown_record
from rolecall.evaluate.choose.since import compare
from rolecall.evaluate.choose.together import correlations, root
from rolecall.evaluate.choose.words import sentences

EXAMPLE = Path(__file__).parents[3] / "examples" / "choose" / "candidates.toml"
MADE = Made(date="2026-01-02", command="rolecall choose f.toml", rolecall="0.1.0")


def file_of(*names, floors="accuracy = 0.8", extra=""):
    text = f"[weights]\nvalue = 1\nease = 1\n[floors]\n{floors}\n"
    for name in names:
        text += f"""
[[candidate]]
name = "{name}"
model = "m"
{extra}
[candidate.scores]
value = {{ from = "accuracy", worst = 0.5 }}
ease = {{ score = 5, reason = "r" }}
"""
    return parse_selection(text.encode(), "f.toml")


def measured(mid, low=None, high=None, measure="accuracy"):
    trace = Trace(file="run/results.json", fingerprint="abc", made="2026-01-01", command="cmd")
    ends = [None if one is None else Fraction(str(one)) for one in (low, high)]
    value = Fraction(str(mid))
    return Figure(measure=measure, value=value, low=ends[0], high=ends[1], trace=trace)


def chosen(selection, **figures):
    evidence = {
        one.name: Evidence(figures={f.measure: f for f in figures.get(one.name, ())})
        for one in selection.candidates
    }
    return weigh(selection, evidence, draws=2_000)


def test_floors_hold_break_are_unresolved_or_not_shown():
    decision = chosen(
        file_of("a", "b", "c", "d"),
        a=[measured(0.9, 0.85, 0.95)],
        b=[measured(0.7, 0.6, 0.78)],
        c=[measured(0.81, 0.78, 0.84)],
    )
    checks = {
        one.name: (one.floors[0].verdict, one.floors[0].resolved) for one in decision.standings
    }
    assert checks == {
        "a": ("held", True),
        "b": ("broken", True),
        "c": ("held", False),
        "d": ("not shown", False),
    }
    assert decision.first == ("a",)
    assert [one.rank for one in decision.standings] == [1, 0, 2, 0]
    assert "80.0 % is asked" in decision.standings[1].floors[0].text


def test_a_ceiling_is_a_floor_upside_down():
    selection = file_of("a", "b", floors="vram_gib = 8")
    both = [measured(0.9)]
    decision = chosen(
        selection,
        a=[*both, measured(7.99, measure="vram_gib")],
        b=[*both, measured(8.01, measure="vram_gib")],
    )
    assert [one.floors[0].verdict for one in decision.standings] == ["held", "broken"]


def test_a_requirement_that_was_verified_can_be_a_floor():
    selection = file_of("a", "b", "c", floors='requirements = ["FR-2"]')
    accuracy = {"accuracy": measured(0.9)}
    told = {
        "a": ({"id": "FR-2", "verdict": "pass", "figure": "4 of 4"},),
        "b": ({"id": "FR-2", "verdict": "fail", "figure": "3 of 4"},),
        "c": ({"id": "FR-2", "verdict": "not_run", "reason": "no records"},),
    }
    evidence = {n: Evidence(figures=accuracy, findings=found) for n, found in told.items()}
    decision = weigh(selection, evidence, draws=200)
    checks = [one.floors[0] for one in decision.standings]
    assert [one.verdict for one in checks] == ["held", "broken", "not shown"]
    assert checks[1].text == "fail: 3 of 4"
    assert decision.first == ("a",)
    with pytest.raises(UsageError, match="no requirement"):
        file_of("a", floors='requirements = ["FR-99"]')


def test_without_any_evidence_nobody_is_chosen():
    decision = chosen(file_of("a", "b"))
    assert decision.first == ()
    assert sentences(decision)[0].startswith("No candidate can be chosen")
    markdown_record(decision, MADE)  # and the record says so
    html_record(decision, MADE)


def test_points_without_a_figure_are_not_assumed():
    decision = chosen(file_of("a", "b", floors=""), a=[measured(0.6)])
    assert decision.first == ("a",)
    assert decision.standings[1].total is None
    assert decision.standings[1].points[0].how == "no figure for accuracy"


def test_overlapping_intervals_are_not_resolved_and_apart_they_are():
    near = chosen(file_of("a", "b"), a=[measured(0.90, 0.86, 0.94)], b=[measured(0.89, 0.85, 0.93)])
    assert near.first == ("a",)
    assert not near.resolved
    assert 0.5 < near.chances.chances["a"] < 0.8
    assert any("Not resolved" in one for one in sentences(near))
    far = chosen(file_of("a", "b"), a=[measured(0.95, 0.94, 0.96)], b=[measured(0.85, 0.84, 0.86)])
    assert far.resolved
    assert far.chances.chances == {"a": 1.0, "b": 0.0}


def test_draws_are_those_of_normal_distributions():
    # Two normals half a standard deviation of their difference apart: 69.1 % (Phi of 0.5).
    reach, apart = 0.0196, 0.5 * 0.01 * 2**0.5
    a = measured(0.9 + apart, 0.9 + apart - reach, 0.9 + apart + reach)
    decision = weigh(
        file_of("a", "b"),
        {
            "a": Evidence(figures={"accuracy": a}),
            "b": Evidence(figures={"accuracy": measured(0.9, 0.9 - reach, 0.9 + reach)}),
        },
        draws=20_000,
    )
    assert decision.chances.chances["a"] == pytest.approx(0.6915, abs=0.012)


def on_sites(figure, *means):
    sites = {f"s{i}": (mean, 4) for i, mean in enumerate(means)}
    return structs.replace(figure, sites=sites, trace=structs.replace(figure.trace, samples="x"))


def test_candidates_on_the_same_samples_move_together():
    means = (0.7, 0.95, 0.8, 1.0, 0.9, 0.85, 0.96)
    worse = tuple(mean - 0.01 for mean in means)
    a, b = measured(0.90, 0.84, 0.95), measured(0.89, 0.83, 0.94)
    apart = chosen(file_of("a", "b"), a=[a], b=[b])
    pair = {"a": [on_sites(a, *means)], "b": [on_sites(b, *worse)]}
    together = chosen(file_of("a", "b"), **pair)
    assert apart.chances.chances["a"] < 0.75
    assert together.chances.chances["a"] == 1.0  # a is better on every site alike
    assert together.resolved
    assert together.chances.together == ((1, 0, pytest.approx(1.0)),)


@pytest.mark.parametrize("seed", range(3))
def test_chances_are_those_of_a_bootstrap_of_sites(seed):
    """Sites drawn anew, the same for both candidates: how often the one mean is above the other."""
    source = np.random.default_rng(seed)
    sizes = source.integers(1, 9, 40).astype(float)
    hard = source.normal(0.85, 0.06, 40)
    scores = {name: np.clip(hard + source.normal(0, 0.03, 40), 0, 1) for name in ("a", "b")}
    drawn = source.integers(0, 40, (4_000, 40))
    means = {n: (v * sizes)[drawn].sum(1) / sizes[drawn].sum(1) for n, v in scores.items()}
    figures = {}
    for name, values in scores.items():
        mid = float((values * sizes).sum() / sizes.sum())
        figure = measured(mid, *(float(x) for x in np.quantile(means[name], (0.025, 0.975))))
        sites = {
            f"s{i}": (float(v), int(n)) for i, (v, n) in enumerate(zip(values, sizes, strict=True))
        }
        trace = structs.replace(figure.trace, samples="x")
        figures[name] = [structs.replace(figure, sites=sites, trace=trace)]
    decision = chosen(file_of("a", "b", floors=""), **figures)
    expected = float((means["a"] > means["b"]).mean())
    assert decision.chances.chances["a"] == pytest.approx(expected, abs=0.07)


def test_candidates_on_different_samples_are_not_resolved():
    a = on_sites(measured(0.95, 0.94, 0.96), 0.9, 0.99)
    b = measured(0.85, 0.84, 0.86)
    other = structs.replace(b, trace=structs.replace(b.trace, samples="y"))
    decision = chosen(file_of("a", "b"), a=[a], b=[other])
    assert decision.chances.chances["a"] == 1.0
    assert not decision.resolved
    assert "The candidates were measured on different samples (a on `x`; b on `y`)." in sentences(
        decision
    )


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(0, 1), min_size=6, max_size=6), min_size=2, max_size=5))
def test_the_root_of_correlations_gives_them_back(rows):
    matrix = correlations([on_sites(measured(0.5, 0.4, 0.6), *row) for row in rows])
    lower = root(matrix)
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            back = sum(x * y for x, y in zip(lower[i], lower[j], strict=True))
            assert back == pytest.approx(value, abs=1e-3)


def test_the_better_one_that_is_out_is_named_with_its_reason():
    decision = chosen(
        file_of("a", "b", floors="accuracy = 0.8\nvram_gib = 8"),
        a=[measured(0.9), measured(4, measure="vram_gib")],
        b=[measured(0.99), measured(12, measure="vram_gib")],
    )
    told = " ".join(sentences(decision))
    assert "b has 7.40 points and cannot be chosen (vram_gib: 12.00 GiB" in told


def test_the_example_gathers_its_evidence_from_runs_and_benches():
    decision = decide(read_selection(EXAMPLE), EXAMPLE.parent)
    alder = decision.standings[0]
    assert decision.first == ("alder-4b fp8",)
    assert alder.figures["postings_per_min"].value == 171
    assert alder.figures["accuracy"].trace.file == "runs/made-up/results.json"
    assert round(float(alder.figures["tokens_per_s"].value), 1) == 61.3
    assert [bool(one.out) for one in decision.standings] == [False, False, True, True]
    assert "latency_p95_ms is left out: dogwood-3b" in " ".join(decision.front.left_out)


def test_every_measured_figure_of_a_record_has_its_source():
    decision = decide(read_selection(EXAMPLE), EXAMPLE.parent)
    text = markdown_record(decision, MADE)
    for part in ("Status", "Context", "Decision drivers", "Alternatives", "Decision framework",
                 "Decision", "Requirements", "Consequences", "Update triggers", "Evidence",
                 "Changelog"):  # fmt: skip
        assert f"\n## {part}\n" in text
    for one in decision.standings:
        for figure in one.figures.values():
            trace = figure.trace
            assert trace.declared or (trace.file in text and trace.fingerprint in text)


def test_the_html_record_needs_neither_network_nor_script():
    decision = decide(read_selection(EXAMPLE), EXAMPLE.parent)
    text = html_record(decision, MADE)
    assert text.count("<svg") >= 4
    assert "<script" not in text
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert "url(" not in text


def test_names_cannot_break_out_of_a_record():
    name = r"a|b`<script>alert(1)</script> [x](y) **z**"
    text = file_of("x").candidates
    assert len(text) == 1
    selection = parse_selection(
        f"""
[weights]
ease = 1
[[candidate]]
name = '{name}'
scores.ease = {{ score = 1, reason = "```\\n## no" }}
""".encode(),
        "f.toml",
    )
    decision = weigh(selection, {selection.candidates[0].name: Evidence(figures={})})
    assert "<script>" not in html_record(decision, MADE)
    record = markdown_record(decision, MADE).partition("```json")[0]
    assert "<script>" not in record
    assert not re.search(r"(?<!\\)\]\(y", record)
    assert "\n## no" not in record


def kept(decision, tmp_path, name="old.md"):
    path = tmp_path / name
    path.write_text(markdown_record(decision, MADE), "utf-8")
    return read_record(path)


def fired(old, decision):
    return {one.name for one in compare(old, decision).triggers if one.fired}


def test_nothing_changed_fires_nothing(tmp_path):
    decision = decide(read_selection(EXAMPLE), EXAMPLE.parent)
    since = compare(kept(decision, tmp_path), decision)
    assert since.changes == ()
    assert not any(one.fired for one in since.triggers)


def test_a_new_candidate_that_is_better_fires_and_one_that_is_not_does_not(tmp_path):
    old = kept(chosen(file_of("a"), a=[measured(0.9)]), tmp_path)
    worse = chosen(file_of("a", "b"), a=[measured(0.9)], b=[measured(0.85)])
    assert fired(old, worse) == set()
    assert "b is a new candidate" in compare(old, worse).changes
    better = chosen(file_of("a", "b"), a=[measured(0.9)], b=[measured(0.95)])
    assert fired(old, better) == {"new candidate"}


def test_an_older_candidate_that_comes_first_fires(tmp_path):
    old = kept(chosen(file_of("a", "b"), a=[measured(0.9)], b=[measured(0.85)]), tmp_path)
    now = chosen(file_of("a", "b"), a=[measured(0.9)], b=[measured(0.95)])
    assert fired(old, now) == {"alternative"}


def test_a_better_quantisation_of_the_same_model_fires(tmp_path):
    old = kept(chosen(file_of("a", extra='quantisation = "fp16"'), a=[measured(0.9)]), tmp_path)
    now = file_of("a", "b", extra='quantisation = "fp8"')
    decision = chosen(now, a=[measured(0.9)], b=[measured(0.95)])
    assert fired(old, decision) == {"new candidate", "quantisation"}


def test_changed_weights_and_floors_fire(tmp_path):
    old = kept(chosen(file_of("a"), a=[measured(0.9)]), tmp_path)
    now = chosen(file_of("a", floors="accuracy = 0.85"), a=[measured(0.9)])
    assert fired(old, now) == {"requirements"}
    assert "floor accuracy: 0.8 before, 0.85 now" in compare(old, now).changes


def test_a_fall_in_accuracy_fires_only_with_the_intervals_apart(tmp_path):
    old = kept(chosen(file_of("a"), a=[measured(0.95, 0.93, 0.97)]), tmp_path)
    slight = chosen(file_of("a"), a=[measured(0.94, 0.92, 0.96)])
    assert fired(old, slight) == set()
    trigger = next(one for one in compare(old, slight).triggers if one.name == "accuracy fell")
    assert "not resolved" in trigger.why
    assert fired(old, chosen(file_of("a"), a=[measured(0.85, 0.82, 0.88)])) == {"accuracy fell"}
    broken = chosen(file_of("a"), a=[measured(0.7, 0.67, 0.73)])
    assert fired(old, broken) == {"accuracy fell", "floor"}


def test_the_changelog_goes_on(tmp_path):
    decision = chosen(file_of("a"), a=[measured(0.9)])
    old = kept(decision, tmp_path)
    made = Made(date="2026-02-03", command="c", rolecall="0.1.0", history=tuple(old["changelog"]))
    lines = document_of(decision, made, compare(old, decision)).parts[-1].blocks[0].lines
    assert [line[:10] for line in lines] == ["2026-02-03", "2026-01-02"]


@pytest.mark.parametrize("body", ["", "# a page\n", "```json rolecall-decision\n{]\n```\n",
                                  "```json rolecall-decision\n{}\n```\n", "\udcff"])  # fmt: skip
def test_a_page_that_is_no_record_is_refused(body, tmp_path):
    path = tmp_path / "old.md"
    path.write_bytes(body.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError):
        read_record(path)
    with pytest.raises(UsageError):
        read_record(tmp_path / "none.md")


@cache
def a_decision():
    return chosen(file_of("a", "b"), a=[measured(0.9, 0.8, 0.95)], b=[measured(0.85)])


@settings(deadline=None)
@given(st.data())
def test_a_damaged_record_is_refused_or_compared(data):
    decision = a_decision()
    value = data_of(decision, date="d", command="c", rolecall="0")
    place = value
    for _ in range(data.draw(st.integers(1, 5))):
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key]:
            break
        place = place[key]
    key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(st.sampled_from([None, 3, "x", [], [[]], {}, [1], {"a": 1}]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old.md"
        path.write_text(fenced(value), "utf-8")
        try:
            old = read_record(path)
        except UsageError:
            return
    compare(old, decision)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("evaluation", "nowhere:x", "there is no folder nowhere"),
        ("evaluation", "nowhere", 'write evaluation = "DIR:ENGINE"'),
        ("evaluation", "run:b", "there are: a"),
        ("bench", "none.json", "cannot read"),
        ("bench", "run/run.json", "is no bench"),
        ("bench", "bad.json", "is no JSON"),
        ("verify", "run/run.json", "has no findings"),
    ],
)
def test_evidence_that_is_named_must_be_there(key, value, told, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps({"version": 1, "made": "m"}))
    results = {"engines": [{"name": "a", "macro": {"mid": 0.5}}]}
    (tmp_path / "run" / "results.json").write_text(json.dumps(results))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(UsageError) as error:
        decide(file_of("a", extra=f'{key} = "{value}"'), tmp_path)
    assert told in f"{error.value} | {error.value.hint}"
