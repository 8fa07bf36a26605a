"""The plan beside the report."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.launch.compare import compared, off_plan, planned_on_cpu, table
from rolecall.launch.learned import calibrations, remember
from rolecall.models.config import shape_of
from rolecall.plan.nouns import GIB, Calibration, Estimate, Reported, Serving

TINY = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "intermediate_size": 768,
    "vocab_size": 151_936,
    "max_position_embeddings": 40_960,
    "tie_word_embeddings": True,
}


def figures(**estimates: tuple[int, int, int]) -> dict[str, object]:
    return {name: msgspec.to_builtins(Estimate(*one)) for name, one in estimates.items()}


def test_the_cpus_cache_is_known_exactly() -> None:
    serving = Serving(kv_bytes=GIB // 4, context=8_192)
    planned = planned_on_cpu(shape_of(TINY, "tiny"), serving)
    rows = compared(planned, Reported(kv=GIB // 4, tokens=65_536))
    assert [(row.name, row.verdict) for row in rows] == [("kv", "within"), ("tokens", "within")]
    [wrong] = compared(planned, Reported(tokens=65_552))[1:]
    assert wrong.verdict == "above"


def test_each_verdict() -> None:
    planned = figures(kv=(7 * GIB, 8 * GIB, 9 * GIB))
    for gib, verdict in ((6.9, "below"), (7.0, "within"), (9.004, "within"), (9.1, "above")):
        [row] = compared(planned, Reported(kv=round(gib * GIB)))
        assert row.verdict == verdict
    [row] = compared(planned, Reported())
    assert (row.verdict, row.share) == ("not printed", None)


def test_what_is_off_the_plan_is_said_in_words() -> None:
    planned = figures(kv=(7 * GIB, 8 * GIB, 9 * GIB), graphs=(1, 1, 1))
    assert off_plan(compared(planned, Reported(kv=8 * GIB))) == ""
    told = off_plan(compared(planned, Reported(kv=6 * GIB)))
    assert told == "KV cache below the plan, -25.0% of expected"


def test_weights_are_compared_as_they_were_printed() -> None:
    planned = figures(weights=(1, 2, 3), consumed=(4, 5, 6), kv=(1, 1, 1))
    assert [row.name for row in compared(planned, Reported(weights=2))] == ["weights", "kv"]
    assert [row.name for row in compared(planned, Reported(consumed=5))] == ["consumed", "kv"]
    assert [row.name for row in compared(planned, Reported())] == ["weights", "kv"]


def test_the_table_is_read_at_a_glance() -> None:
    planned = figures(kv=(7 * GIB, 8 * GIB, 9 * GIB), tokens=(90_000, 100_000, 110_000))
    lines = table(compared(planned, Reported(kv=10 * GIB, tokens=101_000)))
    assert lines[0].split() == ["planned", "low", "expected", "high", "reported"]
    assert "10.00 GiB  ABOVE the plan, +25.0% of expected" in lines[1]
    assert "within, +1.0% of expected" in lines[2]
    assert table(()) == []


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40))
def test_any_figures_make_a_table(low: int, more: int, most: int, told: int) -> None:
    planned = figures(kv=(low, low + more, low + more + most))
    rows = compared(planned, Reported(kv=told))
    assert len(table(rows)) == 2


def test_what_was_learned_is_kept_for_each_device(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    base = tmp_path / "rolecall"
    base.mkdir()
    assert calibrations(environ) == {}
    one = Calibration(device="A", model="m", version=(0, 33), overhead=2, expected=1)
    other = Calibration(device="B", model="m", version=(0, 33), overhead=4, expected=1)
    remember(base, one)
    remember(base, other)
    assert calibrations(environ) == {"A": one, "B": other}
    (base / "calibrations.json").write_text("{broken")
    assert calibrations(environ) == {}
    remember(base, one)
    assert calibrations(environ) == {"A": one}


@pytest.mark.parametrize("field", ["attention"])
def test_a_cache_with_states_is_not_reckoned_in_tokens(field: str) -> None:
    shape = shape_of(TINY, "tiny")
    mixed = msgspec.structs.replace(
        shape, **{field: msgspec.structs.replace(shape.attention, state=2, state_bytes=10)}
    )
    assert "tokens" not in planned_on_cpu(mixed, Serving(kv_bytes=GIB))
