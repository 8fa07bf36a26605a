"""Why a start failed, from what vLLM printed."""

from __future__ import annotations

import pytest

from rolecall.launch.failures import LaunchError, bare, failure_of, why_ended

C = "(EngineCore pid=88) ERROR 11-25 23:19:16 [core.py:1510] "

SAID = [
    (
        "no_memory",
        C + "ValueError: To serve at least one request with the model's max seq len (40960), (5.62 "
        "GiB KV cache is needed, which is larger than the available KV cache memory (2.19 GiB). "
        "Based on the available memory, the estimated maximum model length is 15936. Try",
        "15936",
    ),
    (
        "no_memory",
        "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens "
        "that can be stored in KV cache (21344). Try increasing `gpu_memory_utilization`",
        "21344",
    ),
    ("no_memory", C + "ValueError: No available memory for the cache blocks. Try", "rolecall plan"),
    (
        "no_memory",
        C + "ValueError: Free memory on device cuda:0 (3.1/23.99 GiB) on startup is less than "
        "desired GPU memory utilization (0.92, 22.07 GiB). Decrease GPU memory utilization or",
        "--vram-cap",
    ),
    ("no_memory", C + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "--context"),
    (
        "no_memory",
        "RuntimeError: CUDA out of memory occurred when warming up sampler with 256 dummy requests",
        "--sequences",
    ),
    (
        "no_memory",
        "ValueError: Available memory on node 0 (1.2/12.96 GiB) on kv cache allocation is less "
        "than requested memory for kv (4.0 GiB). Decrease --kv-cache-memory-bytes",
        "--kv-cache",
    ),
    (
        "no_model",
        "OSError: NOBODY/NO is not a local folder and is not a valid model identifier listed on",
        "config.json",
    ),
    (
        "no_model",
        "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find the requested files in the "
        "disk cache and outgoing traffic has been disabled.",
        "models pull",
    ),
    (
        "no_access",
        "OSError: You are trying to access a gated repo. Make sure to have access to it at",
        "HF_TOKEN",
    ),
    ("no_room", "OSError: [Errno 28] No space left on device", "HF_HOME"),
    (
        "bad_driver",
        C + "RuntimeError: The NVIDIA driver on your system is too old (found version 12020).",
        "driver",
    ),
    ("bad_driver", "RuntimeError: Failed to infer device type, please set", "make vllm-cpu"),
    ("bad_driver", C + "RuntimeError: UVA is not available", "WSL2_ENABLE_PIN_MEMORY"),
    ("port_taken", "OSError: [Errno 98] Address already in use", "--port"),
    (
        "bad_flag",
        "  Value error, User-specified max_model_len (1000000) is greater than the derived "
        "max_model_len (max_position_embeddings=32768.0 or model_max_length=None in",
        "--context: 32768 would fit",
    ),
    ("bad_flag", "vllm: error: unrecognized arguments: --swap-space 4", "does not take"),
    (
        "unsupported",
        "pydantic_core._pydantic_core.ValidationError: Model architectures ['Foo'] are not "
        "supported for now. Supported architectures: ...",
        "renew vLLM",
    ),
    (
        "unsupported",
        "ValueError: The quantization method fp8 is not supported for the current GPU. Minimum "
        "capability: 89. Current capability: 75.",
        "quantisation",
    ),
    (
        "unsupported",
        "ValueError: Please pass the argument `trust_remote_code=True` to allow custom code",
        "--trust-remote-code",
    ),
    ("no_vllm", "/usr/bin/python3: No module named vllm", "make vllm"),
]


@pytest.mark.parametrize(("reason", "line", "remedy"), SAID)
def test_each_reason_and_its_remedy(reason: str, line: str, remedy: str) -> None:
    found = failure_of(["(APIServer pid=1) INFO 11-25 23:18:20 [x.py:1] hello", line])
    assert found is not None
    assert found.reason == reason
    assert remedy in found.remedy
    assert "{" not in found.remedy


def test_the_root_cause_counts_and_not_what_follows() -> None:
    lines = [
        C + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
        "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.",
        "OSError: [Errno 98] Address already in use",
    ]
    found = failure_of(lines)
    assert found is not None
    assert found.reason == "no_memory"


def test_warnings_are_no_reasons() -> None:
    lines = [
        "(APIServer pid=1) WARNING 11-25 23:18:20 [u.py:2] errors like `OSError: [Errno 24]`; the "
        "quantization method x is not supported for the current GPU. Minimum capability: 89",
        "(APIServer pid=1) INFO 11-25 23:18:20 [u.py:2] No space left on device was handled",
        "/x/y.py:51: DeprecationWarning: Unknown quantization method is gone",
    ]
    assert failure_of(lines) is None
    error = why_ended(1, lines)
    assert (error.reason, str(error)) == ("crashed", "vLLM ended: exit status 1")


def test_an_unknown_end_is_told_with_the_last_error() -> None:
    lines = [
        "Traceback (most recent call last):",
        C + "KeyError: 'rope_theta'",
        "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.",
    ]
    error = why_ended(1, lines)
    assert error.reason == "crashed"
    assert "KeyError: 'rope_theta'" in str(error)
    assert "--logs" in (error.hint or "")


def test_a_kill_is_told_as_one() -> None:
    error = why_ended(137, ["(APIServer pid=1) INFO 11-25 [x.py:1] all is well"])
    assert "killed" in str(error)
    assert "memory" in (error.hint or "")


def test_what_the_logger_puts_before_a_line_is_left_out() -> None:
    assert bare(C + "ValueError: no") == "ValueError: no"
    assert bare("(A pid=1) (B pid=2) ValueError: no") == "ValueError: no"
    assert len(bare("ValueError: " + "x" * 1000)) == 300


def test_a_reason_is_the_errors_code() -> None:
    error = LaunchError("no_memory", "too big", hint="smaller")
    assert (error.code, error.reason, error.hint) == ("no_memory", "no_memory", "smaller")
