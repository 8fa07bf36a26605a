"""The simulation of trials, in small: few false alarms, harm is found, intervals hold."""

import json
import sys

import pytest

pytest.importorskip("numpy")

import sequential

SMALL = sequential.Size(300, 4000)
MOST = 0.05 + 0.038  # three standard errors of a share of 300


def by_name(rows):
    return {(one.what, one.case): one for one in rows}


def test_equal_sides_seldom_alarm_and_the_usual_test_often_does():
    found = by_name(sequential.no_harm(SMALL))
    ours = [one.value for (what, _), one in found.items() if what == "false alarms"]
    assert len(ours) == 13
    assert max(ours) <= MOST
    assert found["  z-test at every look", "10% bad, share 0.5"].value > 0.25
    assert found["  if copies are counted, 3 of each", "5% bad, share 0.5"].value > 0.05


def test_harm_is_found_in_time():
    found = sequential.waits(SMALL, 0.5, (0.05, 0.1), 6000, seed=1)
    median, most = sequential._quantiles(found)
    assert median <= 1_500
    assert most <= 3_000


def test_a_trial_of_stretches_seldom_alarms():
    found = list(sequential.breaks_late(sequential.Size(100, 0)))
    assert [one.value for one in found if one.goal][1] <= 0.05 + 0.066
    late = by_name(found)
    whole, ends = (
        late[what, "5 % to 20% after 10,000"].value
        for what in ("one sequence", "stretches of 1,000 pages")
    )
    assert ends < whole


@pytest.mark.parametrize("part", ["several_kinds", "latency", "floor", "shadow"])
def test_other_kinds_seldom_alarm_either(part):
    rows = list(getattr(sequential, part)(SMALL))
    false = [one.value for one in rows if one.goal]
    assert false
    assert max(false) <= MOST
    assert all(one.value < 6_000 for one in rows if one.goal is None)


def test_intervals_seldom_ever_miss():
    rows = list(sequential.coverage(SMALL))
    assert len(rows) == 13
    assert max(one.value for one in rows) <= MOST


def test_the_table_is_written(tmp_path, monkeypatch, capsys):
    part = {"A floor": sequential.floor}
    monkeypatch.setattr(sequential, "PARTS", part)
    monkeypatch.setattr(sys, "argv", ["s", "--streams", "50", "--out", str(tmp_path / "rows")])
    sequential.main()
    rows = json.loads((tmp_path / "rows").read_text())
    assert rows[0]["part"] == "A floor"
    assert "written to" in capsys.readouterr().out
