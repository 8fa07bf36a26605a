"""Cards as NVIDIA's library tells of them, matched with the catalogue."""

import pytest
from tests.plan.nvml_stand_in import MIB, Nvml

from rolecall.plan.devices import device_named
from rolecall.plan.nouns import GIB
from rolecall.plan.nvml import cards_here, in_wsl, read_cards, visible

LINUX = "Linux version 6.8.0-45-generic (buildd@lcy02) (gcc 13.2.0)"
WSL = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f)"
DESKTOP = {
    "name": "NVIDIA GeForce RTX 4090", "total": 24_564, "reserved": 480, "used": 900,
    "capability": (8, 9), "bus": 384, "clock": 10_501, "screen": 1, "uuid": "GPU-aa-1",
}  # fmt: skip
LAPTOP = DESKTOP | {
    "name": b"NVIDIA GeForce RTX 4090 Laptop GPU", "total": 16_376, "reserved": 428, "used": 0,
    "bus": 256, "clock": 9_001, "screen": 0, "uuid": "GPU-bb-2",
}  # fmt: skip


def here(*cards, kernel=LINUX, environ=None, **told):
    library = Nvml(*cards, **told)
    found, reason = cards_here(lambda: library, environ=environ or {}, kernel=kernel)
    assert library.closed == (not told.get("fails"))
    return found, reason


def only(*cards, **told):
    (device,), reason = here(*cards, **told)
    assert reason == ""
    return device


def test_memory_is_that_of_cuda_and_speed_that_of_the_catalogue():
    device = only(DESKTOP)
    known = device_named("4090")
    assert device.name == "NVIDIA GeForce RTX 4090"
    assert device.memory == (24_564 - 480) * MIB
    assert device.memory / GIB == pytest.approx(known.memory / GIB, abs=0.01)
    assert (device.used, device.free) == (900 * MIB, (24_564 - 480 - 900) * MIB)
    assert (device.bandwidth, device.flops_8) == (known.bandwidth, known.flops_8)
    assert (device.capability, device.grade, device.shared) == (89, "consumer", True)
    assert "less what the driver reserves" in device.source
    assert "catalogue, RTX 4090 24GB" in device.source


def test_a_name_may_be_bytes_and_a_card_without_a_screen_is_not_shared():
    device = only(LAPTOP)
    assert device.name == "NVIDIA GeForce RTX 4090 Laptop GPU"
    assert device.bandwidth == device_named("4090 laptop").bandwidth
    assert not device.shared


def test_under_wsl_windows_shares_the_card_and_cuda_reports_it_all():
    device = only(LAPTOP, kernel=WSL)
    assert device.memory == 16_376 * MIB
    assert device.shared
    assert in_wsl(WSL)
    assert not in_wsl(LINUX)
    assert not in_wsl("")


def test_an_old_driver_does_not_tell_what_it_reserves():
    old = {name: told for name, told in DESKTOP.items() if name != "reserved"}
    device = only(old)
    assert device.memory == device_named("4090").memory
    assert "does not tell what it reserves" in device.source
    unknown = only(old | {"name": "NVIDIA Graphics Device"})
    assert unknown.memory == 24_564 * MIB


def test_an_unknown_card_is_as_fast_as_its_memory():
    device = only(DESKTOP | {"name": "NVIDIA GeForce RTX 9999"})
    assert device.bandwidth == pytest.approx(1008e9, rel=0.001)
    assert device.flops_16 == device.bandwidth * 130
    assert device.flops_8 == 0
    assert "bandwidth: NVML" in device.source
    blind = DESKTOP | {"name": "NVIDIA Thing"}
    del blind["bus"], blind["capability"], blind["screen"]
    device = only(blind)
    assert (device.bandwidth, device.capability) == (256 * 10**9, 0)
    assert "not known" in device.source
    assert (device.grade, device.shared) == ("other", False)


@pytest.mark.parametrize(
    ("card", "bus", "clock"),
    [("4090", 384, 10_501), ("l4", 192, 6_251), ("h100", 5120, 2_619), ("a100 40gb", 5120, 1_215),
     ("t4", 256, 5_001), ("4090 laptop", 256, 9_001)],
)  # fmt: skip
def test_the_bandwidth_of_bus_and_clock_is_that_of_the_data_sheet(card, bus, clock):
    device = only(DESKTOP | {"name": "NVIDIA Thing", "bus": bus, "clock": clock})
    assert device.bandwidth == pytest.approx(device_named(card).bandwidth, rel=0.005)


def test_a_card_that_somebody_gave_more_memory_keeps_it():
    device = only(DESKTOP | {"total": 49_140})
    assert device.memory == (49_140 - 480) * MIB
    assert device.flops_8 == device_named("4090").flops_8
    assert "whose memory is another" in device.source


def test_a_name_of_several_cards_is_told_by_the_memory():
    card = DESKTOP | {"name": "NVIDIA GeForce RTX 4060 Ti", "total": 16_380}
    assert only(card).flops_8 == device_named("4060 ti 16gb").flops_8
    assert "RTX 4060 Ti 8GB" in only(card | {"total": 8_188}).source


def test_slices_are_listed_and_not_the_card_they_are_cut_from():
    one = {"name": "NVIDIA H200 MIG 1g.18gb", "total": 16_384, "reserved": 20, "uuid": "MIG-1"}
    card = {
        "name": "NVIDIA H200", "total": 143_771, "reserved": 600, "capability": (9, 0),
        "bus": 6144, "clock": 3_201, "screen": 0, "slices": [one, one | {"uuid": "MIG-2"}],
    }  # fmt: skip
    found, reason = here(card)
    assert not reason
    assert [device.name for device in found] == ["NVIDIA H200 MIG 1g.18gb"] * 2
    assert found[0].memory == (16_384 - 20) * MIB
    assert found[0].bandwidth == 600 * 10**9
    assert found[0].capability == 90
    cards, _ = read_cards(lambda: Nvml(card, DESKTOP))
    assert [card.slice for card in cards] == [True, True, False]
    whole, _ = here(card | {"slices": []})  # the mode is on and nothing is cut
    assert [device.name for device in whole] == ["NVIDIA H200"]


def test_a_card_that_shares_the_processors_memory_is_the_catalogues():
    device = only({"name": "NVIDIA GB10", "capability": (12, 1)})
    assert device.memory == device_named("gb10").memory
    found, reason = here({"name": "NVIDIA Thing"})
    assert found == ()
    assert "stopped working: Not Supported" in reason


def test_versions_are_told():
    (card,), _ = read_cards(lambda: Nvml(DESKTOP, driver=b"535.1", cuda=12_080), wsl=True)
    assert (card.driver, card.cuda, card.uuid, card.wsl) == ("535.1", "12.8", "GPU-aa-1", True)


def test_hidden_cards_are_not_seen():
    def seen(named):
        found, reason = here(DESKTOP, LAPTOP, environ={"CUDA_VISIBLE_DEVICES": named})
        return [device.name.removeprefix("NVIDIA GeForce RTX ") for device in found], reason

    assert seen("1")[0] == ["4090 Laptop GPU"]
    assert seen("1,0")[0] == ["4090 Laptop GPU", "4090"]
    assert seen("GPU-aa")[0] == ["4090"]
    assert seen("0,9,1")[0] == ["4090"]  # CUDA stops at the first that is none
    assert seen("0,0")[0] == ["4090"]
    for none in ("", "-1", "NoDevFiles", "99999999999"):
        assert seen(none) == ([], "CUDA_VISIBLE_DEVICES hides all cards")
    assert visible((), None) == ()


def test_without_a_library_or_a_card_the_reason_is_told():
    def missing():
        raise ImportError

    assert cards_here(missing, environ={}, kernel="") == (
        (),
        "the package nvidia-ml-py is not installed",
    )
    assert here(fails="Driver Not Loaded") == ((), "NVML does not work here: Driver Not Loaded")
    assert here() == ((), "NVML finds no card")
