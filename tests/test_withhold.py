"""Values that are less sure than the user wants are left out, and the record says so."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall import Settings, extract
from rolecall.errors import SettingsError
from rolecall.schema.posting import FIELDS, REQUIRED, UNITS
from rolecall.settle import read_least, withhold

PAGE = """<html lang="en"><head><title>Baker - Corner Bakery</title></head><body>
<h1>Baker</h1><p>Corner Bakery</p><p>Location: Leeds, United Kingdom</p><p>Full-time</p>
<h2>What you will do</h2><ul><li>Bake bread through the night</li><li>Clean the ovens</li></ul>
<h2>What we ask</h2><ul><li>3 years of experience</li><li>A certificate in baking</li></ul>
<p>Salary: £26,000 to £29,000 a year</p></body></html>"""
names = st.sampled_from(tuple(UNITS))


@cache
def read():
    return extract(PAGE)


@settings(deadline=None)  # the first page waits for the reader to be loaded
@given(st.dictionaries(names, st.floats(0, 1)))
def test_what_is_left_is_sure_enough_and_what_went_is_named(least):
    before = read()
    after = withhold(before, least)
    units = {name: unit for unit, fields in UNITS.items() for name in fields}
    for key, one in after.evidence.items():
        if one.confidence is not None:
            assert one.confidence >= least.get(units[key.split("/")[1]], 0)
    told = {one.message.split(":")[0] for one in after.warnings if one.code == "withheld"}
    for name in FIELDS:
        if after.data[name] != before.data[name]:
            assert after.data[name] is None
            assert units[name] in told or name == "posting_language"
        assert after.data[name] is None or any(
            key.split("/")[1] in UNITS[units[name]] for key in after.evidence
        )
    missing = any(after.data[name] is None for name in REQUIRED)
    assert after.outcome == ("partial" if missing else before.outcome)


def test_the_setting_is_heard():
    assert read().data["company"] is not None
    none = extract(PAGE, settings=Settings(least_sure="1"))
    assert none.data["title"] is None
    assert none.outcome == "partial"
    some = extract(PAGE, settings=Settings(least_sure="experience_years_max=1"))
    assert some.data["experience_years_min"] is None
    assert some.data["company"] is not None


def test_names_of_fields_and_units_are_read():
    assert read_least("") == {}
    assert read_least("0.5")["title"] == 0.5
    assert read_least("0.5, salary_max=0.8")["salary"] == 0.8
    assert read_least("location=0.3") == {"places": 0.3}


@pytest.mark.parametrize("words", ["salery=0.5", "title=2", "title=", "high", "nan"])
def test_what_cannot_be_read_is_refused(words):
    with pytest.raises(SettingsError):
        read_least(words)


def test_without_the_reader_only_the_pages_own_data_counts():
    bare = extract(PAGE, settings=Settings(reader=False))
    assert bare.outcome == "not_a_posting"
    data = '<script type="application/ld+json">{"@type":"JobPosting","title":"Baker"}</script>'
    page = PAGE.replace("</head>", f"{data}</head>")
    told = extract(page, settings=Settings(reader=False))
    assert told.data["title"] == "Baker"
    assert {one.origin for one in told.evidence.values() if one.match != "derived"} == {"stated"}
