import sys
from pathlib import Path

import pytest

from rolecall.errors import UsageError
from rolecall.plan.flags import check_flags, version_of

CLI_ARGS = """
import argparse, os

def make_arg_parser(_):
    parser = argparse.ArgumentParser(prog="vllm serve", allow_abbrev=False)
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--max-num-seqs", type=int)
    if os.environ.get("VLLM_TARGET_DEVICE") != "cpu":
        raise RuntimeError("Failed to infer device type, please set the environment variable")
    return parser
"""


@pytest.fixture(params=["common", "launchers", "openai"])
def python(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An interpreter that imports a vLLM whose parser knows one flag, where each version has it.

    Like the build for cards on a machine without one, it wants to be told of the CPU.
    """
    site, place = tmp_path / "site", f"vllm/entrypoints/{request.param}"
    for folder in (place, "vllm/utils"):
        (site / folder).mkdir(parents=True)
    for folder in ("vllm", "vllm/entrypoints", place, "vllm/utils"):
        (site / folder / "__init__.py").touch()
    (site / place / "cli_args.py").write_text(CLI_ARGS)
    (site / "vllm/utils/argparse_utils.py").write_text(
        "def FlexibleArgumentParser(prog): return None\n"
    )
    return script(tmp_path / "python", f'PYTHONPATH="{site}" exec "{sys.executable}" "$@"')


def script(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be run"):
        check_flags(("vllm", "serve", "m"), tmp_path / "none")


def test_vllms_own_parser_finds_what_it_does_not_know(python: Path) -> None:
    known = check_flags(("vllm", "serve", "m", "--max-num-seqs", "4"), python)
    assert known.well
    unknown = check_flags(("vllm", "serve", "m", "--swap-space", "4"), python)
    assert unknown.unknown[0] == "--swap-space"
    refused = check_flags(("vllm", "serve", "m", "--max-num-seqs", "many"), python)
    assert "--max-num-seqs" in refused.refused
    assert not unknown.well
    assert not refused.well


def test_a_broken_vllm_is_an_error(tmp_path: Path) -> None:
    bare = script(tmp_path / "bare", f'exec "{sys.executable}" -S -E "$@"')
    with pytest.raises(UsageError, match="could not be loaded"):
        check_flags(("vllm", "serve", "m"), bare)


@pytest.mark.parametrize(
    ("text", "version"),
    [("0.33", (0, 33)), ("v0.33.0", (0, 33)), ("0.32.1rc2+cu130", (0, 32)), ("1.0", (1, 0))],
)
def test_versions_are_read(text: str, version: tuple[int, int]) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize("text", ["", "newest", "33", "0.33; rm", "0.x"])
def test_other_words_are_no_version(text: str) -> None:
    with pytest.raises(UsageError, match="no version"):
        version_of(text)
