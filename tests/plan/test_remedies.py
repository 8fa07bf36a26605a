import re
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plan.laptop import LAPTOP, POSTINGS, qwen3_4b

from rolecall.models.nouns import Quantisation, Shape
from rolecall.plan.devices import device_named, devices
from rolecall.plan.nouns import GIB, Device, Remedy
from rolecall.plan.reckon import reckon
from rolecall.plan.remedies import NOTHING, Offers, remedies_of
from rolecall.plan.wanted import Wanted

FP8 = qwen3_4b()
PLAIN = qwen3_4b("Qwen/Qwen3-4B-Instruct-2507", quantisation=Quantisation())
SMALL = qwen3_4b("small", linear_params=400_000_000, layers=28)
OFFERS = Offers(kin=(FP8, PLAIN), models=(FP8, PLAIN, SMALL), devices=devices())


def remedies(
    wanted: Wanted, shape: Shape = PLAIN, device: Device = LAPTOP, offers: Offers = OFFERS
) -> tuple[Remedy, ...]:
    return remedies_of(shape, device, POSTINGS, wanted, offers)


FLAGS = {
    "kv-dtype": ("kv_dtype", str),
    "quantise": ("quantise", str),
    "batched-tokens": ("batched_tokens", int),
    "context": ("context", int),
    "postings-at-once": ("at_once", int),
    "cards": ("cards", int),
    "vram-cap": ("cap", lambda text: int(float(text.removesuffix("GiB")) * GIB)),
}


def followed(remedy: Remedy, wanted: Wanted) -> Wanted:
    """The wishes with the flags that a remedy names."""
    wishes: dict[str, Any] = {"eager": True} if "--eager" in remedy.change else {}
    for flag, value in re.findall(r"--([a-z-]+) ([\w.]+)", remedy.change):
        name, kind = FLAGS[flag]
        wishes[name] = kind(value)
    return replace(wanted, **wishes)


@pytest.mark.parametrize(
    ("wanted", "shape"),
    [
        (Wanted(cap=7 * GIB), PLAIN),
        (Wanted(cap=4 * GIB), FP8),
        (Wanted(cap=8 * GIB, at_once=60), FP8),
        (Wanted(cap=10 * GIB, kv_dtype="auto", at_once=60), FP8),
        (Wanted(cap=8 * GIB, context=32_768), FP8),
        (Wanted(at_once=500), FP8),
    ],
)
def test_a_remedy_that_is_enough_is_enough(wanted: Wanted, shape: Shape) -> None:
    before = reckon(shape, LAPTOP, POSTINGS, wanted, None)
    assert not before.fits
    found = remedies(wanted, shape)
    assert any(one.enough for one in found)
    for one in found:
        assert one.frees > 0
        if "--" in one.change and "--gpu" not in one.change:
            after = reckon(shape, LAPTOP, POSTINGS, followed(one, wanted), None)
            assert after.fits == one.enough, one
            assert before.lacks - after.lacks == one.frees, one


def test_a_plan_that_fits_needs_none() -> None:
    assert remedies(Wanted(), FP8) == ()


def test_the_same_model_in_fewer_bits_comes_before_a_smaller_one() -> None:
    told = [one.change for one in remedies(Wanted(cap=8 * GIB))]
    assert "the same model as Qwen/Qwen3-4B-Instruct-2507-FP8" in told
    smaller = [one.change for one in remedies(Wanted(cap=int(5.5 * GIB)))]
    assert "a smaller model: small" in smaller


def test_a_card_that_fits_is_the_smallest_one() -> None:
    wanted = Wanted(mode="maximum_throughput")
    huge = qwen3_4b("huge", linear_params=25_000_000_000)
    found = [one.change for one in remedies(wanted, huge) if "another card" in one.change]
    assert len(found) == 1
    name = found[0].removeprefix("another card: ").removesuffix(" (--gpu)")
    card = device_named(name)
    assert reckon(huge, card, POSTINGS, wanted, None).fits
    for one in devices():
        if LAPTOP.memory < one.memory < card.memory and one.grade == card.grade:
            assert not reckon(huge, one, POSTINGS, wanted, None).fits


def test_without_offers_only_flags_and_cards_are_named() -> None:
    for one in remedies(Wanted(cap=4 * GIB), FP8, offers=NOTHING):
        assert "--" in one.change
