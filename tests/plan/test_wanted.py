import math

import pytest

from rolecall.errors import UsageError
from rolecall.plan.nouns import GIB
from rolecall.plan.wanted import Wanted, check_wanted, wanted_of_environment


def test_the_mode_follows_from_the_cap() -> None:
    assert (Wanted().chosen, Wanted().most) == ("balanced", None)
    assert (Wanted(cap=6 * GIB).chosen, Wanted(cap=6 * GIB).most) == ("capped", 6 * GIB)
    assert Wanted(mode="capped").most == 8 * GIB
    assert Wanted(mode="balanced", cap=6 * GIB).most == 6 * GIB


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(cap=0),
        Wanted(cap=-1),
        Wanted(context=0),
        Wanted(at_once=0),
        Wanted(at_once=10**9),
        Wanted(sequences=-5),
        Wanted(batched_tokens=0),
        Wanted(cards=0),
        Wanted(kv_bytes=0),
        Wanted(cap=math.nan),  # type: ignore[arg-type]
        Wanted(context=8192.5),  # type: ignore[arg-type]
        Wanted(at_once=True),
        Wanted(utilisation=0.0),
        Wanted(utilisation=1.5),
        Wanted(utilisation=math.nan),
    ],
)
def test_what_nobody_can_want_is_refused(wanted: Wanted) -> None:
    with pytest.raises(UsageError):
        check_wanted(wanted)


def test_the_records_variables_are_read_as_wishes() -> None:
    record = {
        "MODEL_NAME": "Qwen/Qwen3-4B-Instruct-2507-FP8",
        "MODEL_QUANTIZATION": "fp8",
        "KV_CACHE_DTYPE": "fp8_e4m3",
        "MAX_MODEL_LENGTH": "8192",
        "GPU_MEMORY_UTILIZATION": "0.9",
        "SWAP_SPACE": "4",
        "MAX_NUM_SEQS": "256",
        "VLLM_HOST": "0.0.0.0",
        "VLLM_PORT": "8001",
        "VLLM_TRUST_REMOTE_CODE": "true",
    }
    wanted, told = wanted_of_environment(record, (0, 33))
    assert (wanted.context, wanted.sequences, wanted.utilisation) == (8_192, 256, 0.9)
    assert (wanted.kv_dtype, wanted.place.port, wanted.place.trust) == ("fp8", 8_001, False)
    for word in ("swap_space is left out", "0.0.0.0 is not followed", "TRUST_REMOTE_CODE"):
        assert any(word in one for one in told)


def test_an_empty_environment_wishes_nothing() -> None:
    assert wanted_of_environment({}, (0, 32)) == (Wanted(version=(0, 32)), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_MODEL_LENGTH", "long"),
        ("MAX_NUM_SEQS", "0"),
        ("GPU_MEMORY_UTILIZATION", "90%"),
        ("GPU_MEMORY_UTILIZATION", "nan"),
        ("GPU_MEMORY_UTILIZATION", "1.2"),
        ("KV_CACHE_DTYPE", "int3"),
        ("VLLM_PORT", "70000"),
        ("VLLM_PORT", "http"),
    ],
)
def test_a_variable_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        wanted_of_environment({name: value}, (0, 33))
