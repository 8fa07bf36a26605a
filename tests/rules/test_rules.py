"""Each rule: where it holds, where not, and where nothing can be told."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.drift import Dimension, Reference, Shift
from rolecall.drift.changed import Changed, changed, in_words
from rolecall.monitor.intervals import wilson
from rolecall.rules.facts import (
    Audited,
    Better,
    Drift,
    Facts,
    Labelled,
    Money,
    Served,
    Share,
    Trials,
    Untold,
)
from rolecall.rules.intervals import by_page
from rolecall.rules.nouns import Rule
from rolecall.rules.rules import evaluate

USUAL = Reference(
    made=1, starts=0, ends=9, pages=5_000, number=25, chosen="first", counts={}, windows={}, days={}
)


CELL_COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**6))


def dimension(psi=0.05, since=None, day=None):
    shift = Shift(name="size", psi=psi, bound=0.2, p=0.5, drifts=since is not None)
    return Dimension(name="size", ends=5, since=since, shift=shift, day=day)


def facts(**told):
    base = {
        "local": Share(990, 1_000), "long_context": Share(1, 1_000), "failed": Share(1, 1_000),
        "labelled": Labelled(pages=50, right=490, values=500, low=0.96, high=0.99),
        "better": Better(looked=3), "trials": Trials(),
        "audits": (Audited(field="title", same=90, differs=1, low=0.0),),
        "servers": (Served(name="vllm", version="0.33.0", model="o/m", compared=True,
                           revision_known=True),),
        "drift": Drift(dimensions=(dimension(),), reference=USUAL),
        "money": Money(month=3.0, cap=30.0, low=6.0, forecast=8.0, high=11.0),
    }  # fmt: skip
    return Facts(**(base | told))


def rule(name, **told):
    return next(one for one in evaluate(facts(**told)) if one.name == name)


def test_where_all_is_well_no_rule_holds_and_there_is_nothing_to_do():
    found = evaluate(facts())
    assert [one.name for one in found if one.holds is not False] == []
    assert {one.next for one in found} == {""}


DAY = Shift(name="size", psi=0.15, bound=0.1, p=1e-9, drifts=True)


@pytest.mark.parametrize(
    ("name", "told", "says"),
    [
        ("local_share", {"local": Share(940, 1_000)}, "94.0% of 1,000 pages"),
        ("accuracy_floor",
         {"labelled": Labelled(pages=50, right=450, values=500, low=0.87, high=0.93)},
         "90.0% of 500 values"),
        ("long_context", {"long_context": Share(30, 1_000)}, "3.0% of 1,000 calls"),
        ("better_candidate", {"better": Better(looked=1, named=("adr.md chose small",))},
         "adr.md chose small"),
        ("better_candidate", {"better": Untold("never"), "trials": Trials(better=("b beats a",))},
         "b beats a"),
        ("engine_behind", {"servers": (Served(name="old", version="0.32.1"),)}, "old runs vLLM"),
        ("engine_behind", {"servers": (Served(name="c", version="0.31", cpu=True),)}, "0.31"),
        ("model_behind", {"servers": (Served(name="s", version="", model="o/m", revision_known=True,
                                             newer="2026-01-02"),)}, "from before 2026-01-02"),
        ("drift", {"drift": Drift(dimensions=(dimension(0.7, since=3),), reference=USUAL)},
         "size (PSI 0.70)"),
        ("drift", {"drift": Drift(dimensions=(dimension(day=DAY),), reference=USUAL)}, "0.15"),
        ("failures", {"failed": Share(3, 100)}, "3.0% of 100 pages failed"),
        ("budget_forecast", {"money": Money(month=20, cap=30, low=28, forecast=32, high=40)},
         "$32.00 ($28.00 to $40.00) by the end of the month, of $30.00"),
        ("plan_versus_reported", {"servers": (Served(name="s", version="0.33", compared=True,
                                                     outside=("kv",)),)}, "s: kv"),
        ("trial_stopped", {"trials": Trials(stopped=("b failed more",))}, "b failed more"),
        ("audits_disagree", {"audits": (Audited(field="salary", same=60, differs=40, low=0.31),)},
         "salary: 40% of 100 pages"),
    ],
)  # fmt: skip
def test_a_rule_that_holds_says_what_was_found_and_what_to_do(name, told, says):
    found = rule(name, **told)
    assert found.holds is True
    assert says in found.told
    assert found.next
    assert found.figure is not None


@pytest.mark.parametrize(
    ("name", "told", "says"),
    [
        ("local_share", {"local": Share(0, 199)}, "199 pages with values"),
        ("long_context", {"long_context": Share(9, 10)}, "10 calls"),
        ("failures", {"failed": Share(99, 99)}, "99 pages"),
        ("accuracy_floor", {"labelled": None}, "label 30 more"),
        ("accuracy_floor", {"labelled": Labelled(pages=12, right=1, values=50, low=0, high=0.2)},
         "label 18 more"),
        ("better_candidate", {"better": Untold("rolecall choose was never run here")}, "never run"),
        ("engine_behind", {"servers": Untold("none")}, "none"),
        ("engine_behind", {"servers": (Served(name="s", version="main"),)}, "tells its version"),
        ("model_behind", {"servers": (Served(name="s", version="0.1"),)}, "no revision"),
        ("plan_versus_reported", {"servers": (Served(name="s", version="1.0"),)}, "reported"),
        ("drift", {"drift": Untold("no reference")}, "no reference"),
        ("budget_forecast", {"money": Untold("there is no cap on a month")}, "no cap"),
        ("trial_stopped", {"trials": Untold("no trial")}, "no trial"),
        ("audits_disagree", {"audits": Untold("no page was audited")}, "no page was audited"),
        ("audits_disagree", {"audits": (Audited(field="t", same=0, differs=29, low=0.88),)},
         "no field was audited on 30 pages yet"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_says_why(name, told, says):
    found = rule(name, **told)
    assert found.holds is None
    assert says in found.told


def test_a_newer_version_is_not_behind_and_few_labels_prove_nothing():
    for version, cpu in (("0.33.0", False), ("v1.2", False), ("0.32.0+cpu", True)):
        servers = (Served(name="s", version=version, cpu=cpu),)
        assert rule("engine_behind", servers=servers).holds is False
    wide = rule(
        "accuracy_floor", labelled=Labelled(pages=31, right=90, values=100, low=0.8, high=0.96)
    )
    assert wide.holds is False
    assert "too few" in wide.told
    assert "label" in wide.next
    # Agreement of two engines is no accuracy: audits alone never move that rule.
    audits = (Audited(field="salary", same=0, differs=500, low=0.99),)
    assert rule("accuracy_floor", audits=audits).holds is False


CELLS = (
    Changed(cell="de\n", usual=0.1, now=0.4),
    Changed(cell="en", usual=0.8, now=0.6),
)


def off(name="language", psi=1.58, *, drifts=True, cells=CELLS):
    return Shift(name=name, psi=psi, bound=0.2, p=1e-9, drifts=drifts, cells=cells)


def test_drift_says_what_has_changed_and_of_what_is_over_how_it_was():
    now = Dimension(name="language", ends=5, since=3, shift=off(), change=off(), changed=4)
    told = rule("drift", drift=Drift(dimensions=(now,), reference=USUAL)).told
    assert "language (PSI 1.58: de  10% -> 40%)" in told
    assert "without a change" not in told
    later = 1_700_000_000_000
    over = Dimension(
        name="language", ends=5, since=3, shift=off(psi=0.1, drifts=False), change=off(),
        changed=later,
    )  # fmt: skip
    found = rule("drift", drift=Drift(dimensions=(over,), reference=USUAL))
    assert "PSI was 1.58 at 2023-11-14 22:13, 0.10 now: de  10% -> 40%" in found.told
    assert "holds until 25 windows come without a change" in found.told
    assert found.figure == 1.58


@pytest.mark.parametrize(
    ("name", "cell", "says"),
    [
        ("size", "16384", "up to 16,384 bytes"), ("context", "8192", "up to 8,192 tokens"),
        ("confidence", "400", "from 0.4"), ("site", "*", "others"), ("site", "", "none"),
        ("language", "x\x1b[2J", "x [2J"), ("size", "x", "x"),
    ],
)  # fmt: skip
def test_cells_in_words(name, cell, says):
    assert in_words(name, Changed(cell=cell, usual=0.1, now=0.25)) == f"{says} 10% -> 25%"


@given(CELL_COUNTS, CELL_COUNTS)
def test_the_cells_that_differ_most_come_first(cells, usual):
    found = changed(cells, usual)
    differences = [abs(one.now - one.usual) for one in found]
    assert len(found) <= 3
    assert differences == sorted(differences, reverse=True)
    assert all(0 <= share <= 1 for one in found for share in (one.usual, one.now))
    assert changed(cells, cells) == ()


def test_a_reference_that_nothing_was_held_against_yet_tells_nothing():
    found = rule("drift", drift=Drift(dimensions=(), reference=USUAL))
    assert found.holds is None
    assert "cannot be told: no window of 200 pages was held" in found.told


def test_of_fields_on_which_engines_disagree_the_worst_three_are_named():
    audits = [
        Audited(field=f"f{n}", who="judge beside usual", same=60, differs=33 + n, low=0.2 + n / 100)
        for n in range(5)
    ]
    few = Audited(field="few", same=0, differs=29, low=0.88)
    found = rule("audits_disagree", audits=(few, *audits))
    assert found.told.startswith(
        "engines disagree on f4: 38% of 97 pages (judge beside usual), f3: 38% of 96 pages"
        " (judge beside usual), f2: 37% of 95 pages (judge beside usual) and 2 more; "
    )
    assert found.figure == pytest.approx(0.24)


def test_a_reference_that_nobody_pinned_says_so():
    assert "nobody has pinned" in rule("drift").told


SHARES = st.builds(
    lambda whole, part: Share(min(part, whole), whole), st.integers(0, 10**9), st.integers(0, 10**9)
)
MONEY = st.floats(0, 1e9)


@given(
    SHARES,
    SHARES,
    SHARES,
    st.builds(Money, month=MONEY, low=MONEY, forecast=MONEY, high=MONEY, cap=MONEY),
)
def test_any_figures_give_rules_that_can_be_kept(local, long_context, failed, money):
    found = evaluate(facts(local=local, long_context=long_context, failed=failed, money=money))
    assert len({one.name for one in found}) == len(found) == 12
    for one in found:
        assert msgspec.json.decode(msgspec.json.encode(one), type=Rule) == one
        assert one.figure is None or math.isfinite(one.figure)
        assert one.told
        assert not one.holds or one.next


def test_wilsons_interval():
    # 8 of 10, as in Agresti & Coull (1998).
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 50)[0] == 0.0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_values_that_stand_together_on_pages_never_narrow_an_interval(pairs):
    pages = [(min(pair), max(pair)) for pair in pairs]
    low, high = by_page(pages)
    part, whole = sum(a for a, _ in pages), sum(b for _, b in pages)
    assert 0 <= low <= high <= 1
    if whole:
        assert low - 1e-9 <= part / whole <= high + 1e-9
        alone = wilson(part, whole)
        assert high - low >= alone[1] - alone[0] - 1e-9


def test_pages_that_are_all_right_or_all_wrong_count_as_so_many_pages():
    pages = [(10, 10)] * 40 + [(0, 10)] * 10
    assert by_page(pages) == pytest.approx(wilson(40, 50), abs=0.01)
