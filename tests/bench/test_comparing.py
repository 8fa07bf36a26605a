"""The simulation of comparisons, in small: equal engines are equal, intervals hold the truth."""

import json
import sys

import pytest

import comparing

pytest.importorskip("numpy")


def test_equal_engines_are_told_apart_about_as_seldom_as_is_said():
    found = list(comparing.equal_engines(4000))
    assert len(found) == 16
    assert all(0.03 < one.share < 0.065 for one in found)
    by_site = [one for one in comparing.equal_engines_by_site(300) if "larger" in one.what]
    assert all(one.share < 0.07 for one in by_site)


def test_intervals_hold_the_truth_about_as_often_as_is_said():
    found = list(comparing.intervals(1, [10, 29]))
    assert len(found) == 20
    assert all(one.share > 0.9 for one in found)


def test_a_gap_is_found_as_often_as_the_number_of_labels_says():
    assert all(0.72 < one.share < 0.88 for one in comparing.as_many_as_said(4000))


def test_a_sure_threshold_is_seldom_too_low():
    found = [one for one in comparing.thresholds(1) if one.what.startswith("sure")]
    assert all(one.share < 0.09 for one in found)


def test_whole_comparisons_of_equal_engines_seldom_name_a_winner():
    assert all(one.share < 0.25 for one in comparing.whole_comparisons(1))  # of 20


def test_the_shares_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(comparing, "PARTS", {"a true gap": comparing.unequal_engines})
    monkeypatch.setattr(sys, "argv", ["comparing.py", "--pairs", "50", "--out", f"{tmp_path}/s"])
    comparing.main()
    rows = json.loads((tmp_path / "s").read_text())
    assert len(rows) == 12
    assert rows[0]["held"] is None
    assert "0 of 12 outside their band" in capsys.readouterr().out
