"""The commands of plans, given to the parser of the vLLM that is here."""

from pathlib import Path

from rolecall.models.catalogue import shape_named
from rolecall.plan.command import Place, command_of
from rolecall.plan.devices import device_named
from rolecall.plan.flags import check_flags
from rolecall.plan.nouns import MIB, Serving

PYTHON = Path(__file__).resolve().parents[1] / ".venv-vllm" / "bin" / "python"


def test_vllm_knows_every_flag_that_a_plan_may_hold():
    """One command with all of them, for the version of the real parser."""
    shape = shape_named("google/gemma-3-4b-it")
    assert shape is not None
    serving = Serving(
        version=(0, 32),
        kv_dtype="fp8",
        quantise="fp8",
        kv_bytes=256 * MIB,
        eager=True,
        text_only=True,
        ngram=True,
        cards=2,
    )
    place = Place(port=8_123, served="name", trust=True)
    command = command_of(shape, device_named("T4"), serving, place)
    assert not any("has no" in notice for notice in command.notices)
    checked = check_flags(command.words, PYTHON)
    assert checked.well, checked
    unknown = check_flags((*command.words, "--swap-space", "4"), PYTHON)
    assert unknown.unknown[0] == "--swap-space"
