"""What is measured: engines by name, and variants that are settings of one's own."""

import pytest

from rolecall.errors import SettingsError, UsageError
from rolecall.evaluate.ways import ways_of
from rolecall.settings_load import load


def ways(*engines, variants=()):
    return ways_of(engines, variants, lambda flags: load(flags))


def test_names_that_are_no_engines():
    reader, stated, other = ways("reader", "stated", "small")
    assert (reader.name, reader.settings.engine, reader.settings.reader) == ("reader", "none", True)
    assert (stated.settings.engine, stated.settings.reader) == ("none", False)
    assert other.settings.engine == "small"


def test_a_variant_is_read_with_the_kinds_of_the_settings():
    (one,) = ways(variants=["alone:engine=a,b,reader=false,ask_below=1"])
    assert one.name == "alone"
    assert one.settings.engine == "a,b"  # a comma that starts no setting is part of the value
    assert one.settings.reader is False
    assert one.settings.ask_below == 1.0


@pytest.mark.parametrize(
    "variant", ["alone", "alone:", "alone:engine", "a b:engine=none", "../x:engine=none", ":a=b"]
)
def test_a_variant_that_is_none_is_refused(variant):
    with pytest.raises(UsageError):
        ways(variants=[variant])


def test_a_setting_that_does_not_exist_is_named():
    with pytest.raises(SettingsError, match="reeder"):
        ways(variants=["x:reeder=false"])


def test_a_name_comes_once_and_cannot_hide_the_runs_own_files():
    with pytest.raises(UsageError, match="twice"):
        ways("reader", "reader")
    with pytest.raises(UsageError, match="name"):
        ways("results")
