"""Plots and pages: well-formed, whatever they are given, and with nothing from elsewhere."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.report.page import Cell, Section, page, plot, prose, table
from rolecall.evaluate.report.plots import Bar, Line, Point, bars, histogram, lines, scatter
from rolecall.evaluate.report.svg import Axis

SVG = "{http://www.w3.org/2000/svg}"
shares = st.floats(0, 1)
sizes = st.floats(0.001, 1e7)
words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=40)


def read(svg):
    """The picture as a tree; every number in it is one."""
    tree = ElementTree.fromstring(svg)
    for one in tree.iter():
        for name, value in one.attrib.items():
            assert name == "aria-label" or not re.search("nan|inf", value)
    return tree


@given(st.lists(st.tuples(words, st.lists(shares, min_size=3, max_size=3)), max_size=6))
def test_bars_show_each_row_with_its_value(rows):
    told = [Bar(name=name, values=(Interval(*sorted(ends)), None)) for name, ends in rows]
    tree = read(bars(told, ["one", "two"], title="By field"))
    shown = [one.text for one in tree.iter(f"{SVG}text")]
    assert shown.count("no value") >= len(rows)
    for _, ends in rows:
        assert f"{100 * sorted(ends)[1]:.1f}" in shown


@given(st.lists(st.tuples(words, sizes, sizes, st.booleans()), max_size=8))
def test_points_stay_inside_the_picture(rows):
    points = [Point(name=n, x=x, y=y, front=f) for n, x, y, f in rows]
    tree = read(scatter(points, title="Pareto"))
    width, height = float(tree.get("width")), float(tree.get("height"))
    circles = list(tree.iter(f"{SVG}circle"))
    assert len(circles) == len(rows)
    for one in circles:
        assert 0 <= float(one.get("cx")) <= width
        assert 0 <= float(one.get("cy")) <= height


@given(st.lists(sizes, max_size=50))
def test_a_histogram_counts_every_value_once(values):
    tree = read(histogram(values, title="Tokens", label="tokens", marks=[(8192, "8K")]))
    assert len(list(tree.iter(f"{SVG}rect"))) <= len(values)
    assert any(one.text == "8K" for one in tree.iter(f"{SVG}text"))


@given(st.lists(st.tuples(shares, shares), max_size=12))
def test_lines_take_any_points(points):
    one = Line(name="a", points=tuple(points), band=tuple(points), dots=True)
    axis = Axis(low=0, high=1, percent=True)
    tree = read(lines([one, Line(name="b", points=())], axis, axis, title="Curve"))
    assert len(list(tree.iter(f"{SVG}circle"))) == len(points)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.9, 0.95), (0, 12345), (3, 3), (1e-6, 2e-6)])
def test_ticks_are_few_and_inside(low, high):
    found = Axis(low=low, high=high).ticks()
    assert 1 <= len(found) <= 10
    assert all(low - 1e-9 <= one <= high + 1e-9 for one in found)


def test_a_page_is_one_file_and_escapes_what_it_is_given():
    evil = "<script>alert(1)</script>"
    svg = bars([Bar(name=evil, values=(0.5,))], [evil], title=evil)
    made = page(
        evil,
        evil,
        [
            Section(title=evil, parts=(prose(evil), plot(svg, evil))),
            Section(title="B", parts=(table([evil], [[Cell(evil, "bad")]]),)),
            Section(title="C", parts=(prose("the command `a < b` again"),)),
        ],
    )
    assert "<script" not in made
    assert "<code>a &lt; b</code>" in made
    assert not re.search(r'(src|href)="(?!#)', made)
    assert "url(" not in made
