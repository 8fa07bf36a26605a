import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.plan.laptop import LAPTOP, POSTINGS, qwen3_4b

from rolecall.models.nouns import Attention, Quantisation
from rolecall.plan.bar import Look, look_of, memory_bar
from rolecall.plan.devices import device_named
from rolecall.plan.document import document
from rolecall.plan.explain import explained
from rolecall.plan.fit import plan_for
from rolecall.plan.nouns import GIB, Plan
from rolecall.plan.report import compared, text_of
from rolecall.plan.wanted import Wanted

ASCII = Look(width=80)


def plan(wanted: Wanted = Wanted(cap=8 * GIB)) -> Plan:  # noqa: B008
    return plan_for(qwen3_4b(), LAPTOP, POSTINGS, wanted)


def test_a_plan_that_fits_shows_figures_and_command() -> None:
    text = text_of(plan(), ASCII)
    assert "RTX 4090 Laptop 16 GB: fits" in text
    assert "fewer than the ten of PR-3" in text
    assert "--gpu-memory-utilization 0.5128" in text
    for name in ("weights", "KV cache", "tokens in it", "postings at once"):
        assert name in text


def test_a_plan_that_does_not_fit_shows_what_is_lacking_and_no_command() -> None:
    short = plan(Wanted(cap=4 * GIB))
    assert not short.fits
    assert short.command == ()
    assert short.speed == ()
    text = text_of(short, ASCII)
    assert "DOES NOT FIT" in text
    assert "vllm serve" not in text
    assert "--vram-cap" in text


def test_the_warnings_say_what_breaks_the_record() -> None:
    told = " ".join(plan(Wanted(mode="maximum_throughput")).warnings)
    assert "more than the 8 GiB of NFR-1" in told
    assert "NFR-1" not in " ".join(plan().warnings)
    moe = replace(
        qwen3_4b(), attention=Attention(full=9, full_width=2_048, state=27, state_bytes=1)
    )
    assert "few starts" in " ".join(plan_for(moe, LAPTOP, POSTINGS).warnings)


def test_room_for_more_than_the_mode_takes_is_said() -> None:
    h100 = device_named("H100 SXM")
    told = " ".join(plan_for(qwen3_4b(), h100, POSTINGS).warnings)
    assert "--sequences N takes more" in told
    asked = plan_for(qwen3_4b(), h100, POSTINGS, Wanted(sequences=512))
    assert asked.serving.sequences == 512
    assert "--sequences N" not in " ".join(asked.warnings)


def test_a_slow_card_is_held_to_the_records_speed() -> None:
    told = " ".join(plan_for(qwen3_4b(), device_named("100GiB@20GB/s"), POSTINGS).warnings)
    assert "fewer than the 50 of PR-1" in told
    assert "fewer than the 30 of NFR-2" in told
    assert "--kv-dtype fp8 halves it" in told
    assert "PR-1" not in " ".join(plan(Wanted()).warnings)


def test_cards_below_ada_are_told_how_they_reckon() -> None:
    ampere = plan_for(qwen3_4b(), device_named("RTX 3090"), POSTINGS)
    assert "Marlin" in " ".join(ampere.warnings)
    assert "--kv-cache-dtype" not in ampere.command
    asked = plan_for(qwen3_4b(), device_named("RTX 3090"), POSTINGS, Wanted(kv_dtype="fp8"))
    assert "FlashInfer" in " ".join(asked.warnings)
    volta = plan_for(qwen3_4b(), device_named("V100 16GB"), POSTINGS)
    assert not volta.fits
    assert "from compute capability 7.5 on" in volta.refused[0]
    assert "Marlin" not in " ".join(volta.warnings)
    text = text_of(volta, look_of(80, "utf-8", terminal=False, environ={}))
    assert "vLLM WOULD NOT START IT" in text
    assert "vllm serve" not in text
    turing = plan_for(qwen3_4b(), device_named("T4"), POSTINGS)
    assert "float16" in " ".join(turing.warnings)


def test_a_name_that_vllm_cannot_find_is_said() -> None:
    told = " ".join(plan_for(qwen3_4b("qwen3 4b"), LAPTOP, POSTINGS).warnings)
    assert "is no id of a hub" in told
    assert "is no id of a hub" not in " ".join(plan().warnings)


def test_a_gguf_file_wants_a_package_of_its_own() -> None:
    shape = qwen3_4b("q.gguf", quantisation=Quantisation(method="gguf", bits=4), tensor_bytes=GIB)
    assert "vllm-gguf-plugin" in " ".join(plan_for(shape, LAPTOP, POSTINGS).warnings)
    old = plan_for(shape, LAPTOP, POSTINGS, Wanted(version=(0, 20)))
    assert "vllm-gguf-plugin" not in " ".join(old.warnings)


def test_postings_that_the_context_cannot_hold_are_counted() -> None:
    told = " ".join(plan(Wanted(context=4_200)).warnings)
    assert "10 of 100 requests" in told


@given(
    cap=st.integers(GIB, 15 * GIB),
    width=st.integers(40, 100),
    unicode=st.booleans(),
    colours=st.booleans(),
)
def test_the_bar_is_as_wide_as_it_may_be(
    cap: int, width: int, unicode: bool, colours: bool
) -> None:
    look = Look(width=width, unicode=unicode, colours=colours)
    bar = memory_bar(plan_for(qwen3_4b(), LAPTOP, POSTINGS, Wanted(cap=cap)), look)
    assert bar.isascii() or unicode
    assert ("\x1b" in bar) == colours
    if not colours:
        lines = bar.splitlines()
        assert len(lines[0]) == width
        assert all(len(line) <= width for line in lines)


def test_the_legend_says_what_the_bar_shows() -> None:
    assert "KV cache for one sequence" in memory_bar(plan(Wanted(cap=4 * GIB)), ASCII)
    assert "is what vLLM may take" in memory_bar(plan(Wanted(cap=4 * GIB)), ASCII)
    assert "KV cache at the least" in memory_bar(plan(), ASCII)
    assert "overhead or free" in memory_bar(plan(Wanted(kv_bytes=GIB)), ASCII)


def test_the_look_follows_the_terminal() -> None:
    assert look_of(120, "utf-8", terminal=True, environ={}) == Look(
        width=100, unicode=True, colours=True
    )
    assert not look_of(80, "utf-8", terminal=True, environ={"NO_COLOR": "1"}).colours
    assert not look_of(80, "utf-8", terminal=True, environ={"TERM": "dumb"}).colours
    assert not look_of(80, "utf-8", terminal=False, environ={}).colours
    assert not look_of(80, "ascii", terminal=True, environ={}).unicode
    assert not look_of(80, None, terminal=True, environ={}).unicode
    assert look_of(0, "UTF8", terminal=False, environ={}).width == 40


def test_each_term_is_explained_with_its_figures() -> None:
    text = " ".join(explained(plan(), 80).split())
    assert "36 layers x 2,048 values x 1 byte = 73,728 bytes" in text
    assert "262,144 positions" in text
    assert "1.2 GB" in text
    plain = qwen3_4b("other", quantisation=Quantisation())
    text = " ".join(explained(plan_for(plain, LAPTOP, POSTINGS), 80).split())
    assert "1.2 GB" not in text
    assert "2 bytes each" in text


@pytest.mark.parametrize("cap", [4 * GIB, 8 * GIB])
def test_programs_get_every_figure(cap: int) -> None:
    made = plan(Wanted(cap=cap))
    told = json.loads(json.dumps(document(made)))
    assert told["form"] == "rolecall.plan/1"
    assert told["fits"] == made.fits
    assert told["memory"]["kv_cache"]["low"] == made.memory.kv.low
    assert told["postings_at_once"]["expected"] == made.at_once.expected
    assert (told["command_line"] is None) == (not made.fits)
    assert told["short_bytes"] == made.short
    assert bool(told["remedies"]) == (not made.fits)


def test_several_models_stand_side_by_side() -> None:
    text = compared([plan(), plan(Wanted(cap=4 * GIB))])
    assert text.count("Qwen/Qwen3-4B-Instruct-2507-FP8") == 2
    assert "short" in text
