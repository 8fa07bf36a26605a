import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.plan.laptop import LAPTOP, qwen3_4b

from rolecall.plan.command import FLAGS, Place, command_lines, command_of, left_out
from rolecall.plan.nouns import Serving

SERVING = Serving(kv_dtype="fp8", utilisation=0.5128, sequences=48)


def made(serving: Serving = SERVING, **place: object) -> list[str]:
    return list(command_of(qwen3_4b(), LAPTOP, serving, Place(**place)).words)  # type: ignore[arg-type]


def value(words: list[str], flag: str) -> str:
    return words[words.index(flag) + 1]


def test_the_command_says_what_the_plan_says() -> None:
    words = made()
    assert words[:3] == ["vllm", "serve", "Qwen/Qwen3-4B-Instruct-2507-FP8"]
    assert value(words, "--gpu-memory-utilization") == "0.5128"
    assert value(words, "--kv-cache-dtype") == "fp8"
    assert value(words, "--max-model-len") == "8192"
    assert value(words, "--max-num-seqs") == "48"
    assert value(words, "--max-num-batched-tokens") == "2048"
    assert json.loads(value(words, "--structured-outputs-config")) == {
        "backend": "guidance",
        "disable_any_whitespace": True,
    }


def test_it_listens_on_the_loopback_alone_and_runs_no_foreign_code() -> None:
    words = made()
    assert value(words, "--host") == "127.0.0.1"
    assert "--trust-remote-code" not in words
    assert "--trust-remote-code" in made(trust=True)


def test_a_checkpoint_that_is_quantised_needs_no_flag_for_it() -> None:
    assert "--quantization" not in made()
    assert value(made(replace(SERVING, quantise="fp8")), "--quantization") == "fp8"


def test_a_folder_is_served_under_its_own_name() -> None:
    words = list(command_of(qwen3_4b("/models/qwen3"), LAPTOP, SERVING, Place()).words)
    assert value(words, "--served-model-name") == "qwen3"


def test_older_versions_get_their_own_flags_and_are_told_what_they_lack() -> None:
    old = command_of(qwen3_4b(), LAPTOP, replace(SERVING, version=(0, 11)), Place())
    assert value(list(old.words), "--guided-decoding-backend") == "guidance"
    assert "--structured-outputs-config" not in old.words
    assert "--shutdown-timeout" not in old.words
    told = "\n".join(old.notices)
    assert "vLLM 0.11 has no --shutdown-timeout" in told
    assert "take 0.24 or newer" in told


def test_a_model_that_also_sees_is_loaded_without_its_eyes() -> None:
    shape = qwen3_4b(encoder_params=400_000_000)
    blind = replace(SERVING, text_only=True)
    assert "--language-model-only" in command_of(shape, LAPTOP, blind, Place()).words
    old = command_of(shape, LAPTOP, replace(blind, version=(0, 12)), Place()).words
    assert value(list(old), "--limit-mm-per-prompt") == '{"image":0}'
    assert "--language-model-only" not in command_of(shape, LAPTOP, SERVING, Place()).words


def test_a_card_without_bfloat16_is_given_the_other_16_bits() -> None:
    turing = replace(LAPTOP, capability=75)
    assert value(list(command_of(qwen3_4b(), turing, SERVING, Place()).words), "--dtype") == "half"


def test_windows_needs_a_variable() -> None:
    command = command_of(qwen3_4b(), LAPTOP, SERVING, Place(wsl=True))
    assert command.environment == {"VLLM_WSL2_ENABLE_PIN_MEMORY": "1"}
    assert command.line.startswith("VLLM_WSL2_ENABLE_PIN_MEMORY=1 vllm serve ")


@pytest.mark.parametrize("setting", ["swap_space", "calculate_kv_scales"])
def test_what_the_record_set_and_vllm_dropped_is_named(setting: str) -> None:
    assert "vLLM 0.33 does not have it" in left_out(setting, (0, 33))
    assert setting in left_out(setting, (0, 17))


@given(
    version=st.tuples(st.just(0), st.integers(6, 60)),
    kv_bytes=st.none() | st.integers(1, 2**40),
    ngram=st.booleans(),
    eager=st.booleans(),
    cards=st.integers(1, 8),
)
def test_no_version_gets_a_flag_that_it_lacks(
    version: tuple[int, int], kv_bytes: int | None, ngram: bool, eager: bool, cards: int
) -> None:
    serving = replace(
        SERVING, version=version, kv_bytes=kv_bytes, ngram=ngram, eager=eager, cards=cards
    )
    command = command_of(qwen3_4b(), LAPTOP, serving, Place())
    flags = [word for word in command.words if word.startswith("--")]
    assert len(set(flags)) == len(flags)
    assert all(FLAGS[flag].known_to(version) for flag in flags)


def test_the_shell_reads_back_the_same_words() -> None:
    command = command_of(qwen3_4b("./my models/q"), LAPTOP, SERVING, Place())
    assert tuple(shlex.split(command.line)) == command.words
    lines = command_lines(command.words, {}, "  ")
    assert tuple(shlex.split(lines.replace("\\\n", ""))) == command.words
