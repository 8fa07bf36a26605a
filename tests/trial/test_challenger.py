"""What the settings say of challengers, and whose a page is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import SettingsError
from rolecall.settings import Settings
from rolecall.trial.challenger import Challenger, live_one, lot, read_challengers, shadows

ENGINES = {"a": {"kind": "replay"}, "b": {"kind": "replay"}}
PAGES = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(20_000)]


def read(*tables):
    return read_challengers(Settings(engines=ENGINES, engine="a", challengers=tables))


def one(name="new", share=0.1, mode="live"):
    return Challenger(name=name, engine="a", share=share, mode=mode)


def test_a_challenger_is_read_with_what_is_usual():
    (found,) = read({"name": "new", "engine": " a , b", "share": 0.1})
    assert found == Challenger(name="new", engine="a,b", share=0.1, mode="shadow")
    assert (found.alpha, found.floor, found.slower) == (0.05, 0.0, 1.2)
    assert read({"name": "new", "engine": "none", "share": 1})[0].share == 1.0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"engine": "c"}, "there is no engine 'c'; declared are: a, b"),
        ({"engine": 3}, "engine is needed"),
        ({"engine": "a,"}, "engine is needed"),
        ({"share": 0}, "share is a number from 0.001 to 1"),
        ({"share": 1, "mode": "live"}, "share is a number from 0.001 to 0.9"),
        ({"share": True}, "share is a number"),
        ({"share": float("nan")}, "share is a number"),
        ({"mode": "canary"}, "mode is shadow or live"),
        ({"name": "A B"}, "a name is needed"),
        ({"shares": 0.1}, "there is no key 'shares'"),
        ({"alpha": 0.9}, "alpha is a number"),
        ({"floor": 0.9, "mode": "live"}, "floor is for mode = 'shadow'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(table, told):
    with pytest.raises(SettingsError, match=told):
        read({"name": "new", "engine": "a", "share": 0.1} | table)


def test_live_challengers_leave_the_champion_a_part():
    with pytest.raises(SettingsError, match="the champion none"):
        read(
            {"name": "x", "engine": "a", "share": 0.6, "mode": "live"},
            {"name": "y", "engine": "b", "share": 0.4, "mode": "live"},
        )


def test_each_challenger_gets_its_share_and_no_page_two():
    tried = [one("x", 0.1), one("y", 0.3), one("z", 0.2, "shadow")]
    live = [live_one(page, tried) for page in PAGES]
    assert abs(live.count(tried[0]) / len(PAGES) - 0.1) < 0.01
    assert abs(live.count(tried[1]) / len(PAGES) - 0.3) < 0.015
    assert live.count(tried[2]) == 0
    looked = [page for page in PAGES if live_one(page, tried) is None]
    shadowed = [page for page in looked if shadows(page, tried)]
    assert abs(len(shadowed) / len(looked) - 0.2) < 0.015


@given(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64), st.text(max_size=9))
def test_a_page_goes_the_same_way_for_ever(page, salt):
    assert 0 <= lot(page, salt) < 1
    assert lot(page, salt) == lot(page, salt)
    more = [one("x", 0.2)]
    if live_one(page, [one("x", 0.1)]):
        assert live_one(page, more)  # a larger share keeps the pages it had


def test_the_place_of_a_page_is_written_down():
    assert lot("00" * 32) == pytest.approx(PLACE, abs=1e-12)


PLACE = int.from_bytes(hashlib.sha256(b"trial  " + b"00" * 32).digest()[:8]) / 2**64
"""Another version must not move pages that are under way: the formula is a promise."""


def test_what_a_challenger_goes_wrong_with_by_chance_follows_from_all_shares():
    x = {"name": "x", "engine": "a", "share": 0.1, "mode": "live"}
    first = read(x, {"name": "y", "engine": "b", "share": 0.3, "mode": "live"})[0]
    assert first.chance == pytest.approx(0.1 / 0.7)
    assert read(x)[0].chance == pytest.approx(0.1)
    assert read(x)[0].design != first.design  # counts of both are not told together


def test_auto_must_leave_the_champion_an_engine():
    table = {"name": "new", "engine": "b,a", "share": 0.1}
    with pytest.raises(SettingsError, match="leaves the champion no engine"):
        read_challengers(Settings(engines=ENGINES, challengers=(table,)))
    (found,) = read_challengers(Settings(engines=ENGINES, engine="none", challengers=(table,)))
    assert not found.asks
    (found,) = read_challengers(Settings(engines=ENGINES, engine="a,b", challengers=(table,)))
    assert found.asks
    assert not read({"name": "new", "engine": "none", "share": 0.1})[0].asks
