"""The catalogue of cards, and how forgiving its names are."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.plan.devices import SEVERAL, device_named, devices, find_device, near
from rolecall.plan.nouns import GIB

NAMES = [
    ("rtx4090-laptop", "RTX 4090 Laptop 16GB"),
    ("RTX 4090 Laptop GPU", "RTX 4090 Laptop 16GB"),
    ("4090 laptop 16gb", "RTX 4090 Laptop 16GB"),
    ("rtx4090laptop", "RTX 4090 Laptop 16GB"),
    ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX 4090 Laptop 16GB"),
    ("4090", "RTX 4090 24GB"),
    ("RTX_4080_SUPER", "RTX 4080 Super 16GB"),
    ("NVIDIA GeForce RTX 4070 Ti SUPER", "RTX 4070 Ti Super 16GB"),
    ("4060 Ti 16 GB", "RTX 4060 Ti 16GB"),
    ("NVIDIA A100-SXM4-40GB", "A100 SXM 40GB"),
    ("NVIDIA A100 80GB PCIe", "A100 PCIe 80GB"),
    ("NVIDIA H100 80GB HBM3", "H100 SXM 80GB"),
    ("NVIDIA H200 MIG 1g.18gb", "H200 MIG 1g.18gb"),
    ("NVIDIA A100-SXM4-80GB MIG 1g.10gb", "A100 80GB MIG 1g.10gb"),
    ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "RTX PRO 6000 Blackwell 96GB"),
    ("Tesla T4", "T4 16GB"),
    ("A10G", "A10G 24GB"),
    ("NVIDIA A10", "A10 24GB"),
    ("mi300x", "MI300X 192GB"),
    ("strix halo", "Strix Halo (Radeon 8060S) 96GB"),
]


@pytest.mark.parametrize(("said", "meant"), NAMES)
def test_a_card_is_found_however_it_is_written(said, meant):
    assert device_named(said).name == meant


@pytest.mark.parametrize("device", devices(), ids=lambda one: one.name)
def test_every_card_is_found_by_its_names_and_makes_sense(device):
    for name in (device.name, device.name.upper(), *device.aliases):
        assert device_named(name).name == device.name
    assert 4 * GIB < device.memory < 200 * GIB
    assert 150e9 < device.bandwidth <= 8e12
    assert device.flops_8 in (0, pytest.approx(2 * device.flops_16, rel=0.02))
    # 8-bit floats came with Ada (89); elsewhere weights alone are stored so
    assert bool(device.flops_8) == (device.capability >= 89 or device.name.startswith("MI300"))
    assert "memory: " in device.source
    assert "speed: " in device.source
    assert any(word in device.source for word in ("logged", "derived"))


def test_the_memory_is_what_drivers_report_and_not_what_the_box_says():
    totals = {"h100": 79.18, "h200": 139.8, "3090": 23.58, "l4": 22.03, "a10g": 22.06}
    totals |= {"4080": 15.57, "5090": 31.37, "a100 40gb": 39.49, "l40s": 44.4, "4090": 23.52}
    for name, gib in totals.items():
        assert device_named(name).memory / GIB == pytest.approx(gib, abs=0.05), name
    assert len(devices()) >= 30


@pytest.mark.parametrize("name", ["a100", "NVIDIA A100", "V100", "4060 Ti", "RTX 6000"])
def test_a_name_of_cards_with_different_memory_is_asked_about(name):
    with pytest.raises(UsageError, match="several cards") as told:
        device_named(name)
    for choice in told.value.hint.removeprefix("say ").split(" or "):
        assert device_named(choice)
    assert find_device(name) is None


def test_every_choice_that_is_offered_is_a_card():
    assert all(find_device(one) for choices in SEVERAL.values() for one in choices)


def test_the_usual_card_of_a_name_is_taken_and_said():
    assert device_named("h100").name == "H100 SXM 80GB"
    assert "taken as H100 SXM" in device_named("h100").source
    assert "taken as" not in device_named("h100 pcie").source


def test_an_unknown_card_is_refused_with_those_that_are_near():
    with pytest.raises(UsageError) as told:
        device_named("4090 48gb")  # no such card is sold: 48 GB are not 24
    assert "RTX 4090 24GB" in told.value.hint
    for name in ("", "  ", "GPU", "banana", "RTX"):
        with pytest.raises(UsageError) as told:
            device_named(name)
        assert told.value.hint
    assert near("rtx 3099")[0].startswith("RTX 3090")


def test_a_card_of_ones_own():
    card = device_named("16GiB@576GB/s")
    assert (card.memory, card.bandwidth, card.flops_8) == (16 * GIB, 576 * 10**9, 0)
    assert "130 operations a byte" in card.source
    assert device_named("24gb @ 1.2TB/s @ 90 TFLOPS").flops_16 == 90 * 10**12
    assert device_named("24gb@1TB/s").memory == 24 * 10**9
    for wrong in ("0GiB@576GB/s", "16GiB@0GB/s", "16GiB@1GB/s@0TFLOPS", "16@576", "16GiB@"):
        with pytest.raises(UsageError):
            device_named(wrong)


@given(st.text(max_size=40))
def test_any_words_are_a_card_or_refused(words):
    with contextlib.suppress(UsageError):
        assert device_named(words).memory > 0
