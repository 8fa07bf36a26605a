"""A small program that behaves like vLLM's server, as far as ``rolecall up`` can tell.

It prints what vLLM prints while it starts, listens where it is told, wants the key, and answers the
proof. ``FAKE_VLLM`` in its environment names a file of JSON that says how it is to fail; it is read
at the start and at each request, so that a test can change it. It starts a child in a session of
its own, as vLLM starts its engine.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

START = """\
(APIServer pid=7) INFO 11-25 23:18:20 [api_utils.py:347]  ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.33.0
(APIServer pid=7) WARNING 11-25 23:18:20 [utils.py:1] OSError: [Errno 24] may come (harmless)
(Worker pid=9) INFO 11-25 23:19:13 [gpu_model_runner.py:5040] Starting to load model MODEL...
\rLoading safetensors checkpoint shards:   0% Completed | 0/2 [00:00<?, ?it/s]\
\rLoading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<00:00,  2.10it/s]\
\rLoading safetensors checkpoint shards: 100% Completed | 2/2 [00:00<00:00,  2.10it/s]
(Worker pid=9) INFO 11-25 23:19:14 [gpu_model_runner.py:5150] Model loading took 4.2 GiB memory \
and 6.356814 seconds
(Worker pid=9) INFO 11-25 23:19:15 [backends.py:1167] Dynamo bytecode transform time: 4.12 s
(Worker pid=9) INFO 11-25 23:19:16 [gpu_worker.py:760] Available KV cache memory: 7.65 GiB
(EngineCore pid=8) INFO 11-25 23:19:16 [kv_cache_utils.py:2327] GPU KV cache size: 111,392 tokens, \
Maximum concurrency for 8,192 tokens per request: 13.60x
\rCapturing CUDA graphs (mixed prefill-decode, PIECEWISE): 100%|████| 67/67 [00:03<00:00, 21.9it/s]
(Worker pid=9) INFO 11-25 23:19:20 [gpu_model_runner.py:6582] Graph capturing finished in 4 secs, \
took 0.53 GiB
"""
DEATHS = {
    "memory": "(Worker pid=9) ERROR 11-25 23:19:16 [core.py:1510] torch.OutOfMemoryError: CUDA out "
    "of memory. Tried to allocate 2.00 GiB.",
    "flag": "vllm: error: unrecognized arguments: --swap-space",
    "port": "OSError: [Errno 98] Address already in use",
    "model": "OSError: NOBODY/NOTHING is not a local folder and is not a valid model identifier "
    "listed on 'https://huggingface.co/models'",
}


def orders() -> dict[str, Any]:
    """How the program is to behave now."""
    try:
        found: dict[str, Any] = json.loads(Path(os.environ["FAKE_VLLM"]).read_text())
    except (OSError, KeyError, ValueError):
        found = {}
    return found


class Answers(BaseHTTPRequestHandler):
    """The routes that are asked for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served = ""

    def do_GET(self) -> None:
        told = orders()
        if told.get("hang"):
            time.sleep(600)
        if self.path == "/health":
            self.answer(503 if told.get("ill") else 200, b"")
        elif self.path == "/version":
            self.answer(200, b'{"version": "0.33.0"}')
        elif self.path == "/metrics":
            self.answer(200, metrics(told).encode())
        elif self.headers.get("authorization") != f"Bearer {os.environ['VLLM_API_KEY']}":
            self.answer(401, b'{"error": "Unauthorized"}')
        else:
            listed = [{"id": self.served, "max_model_len": 8192}]
            self.answer(200, json.dumps({"object": "list", "data": listed}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/tokenize":
            self.answer(200, b'{"count": 9}')
            return
        if orders().get("silent"):
            while orders().get("spinning"):  # at work on something that its counts do not tell
                time.process_time()
            if orders().get("silent"):
                time.sleep(600)
        if orders().get("dead"):
            self.answer(500, b'{"error": {"message": "EngineCore encountered an issue"}}')
            return
        text = "yes"
        if not orders().get("unheld"):
            if "grammar" in json.dumps(body.get("structured_outputs", {})):
                text = "kz7Qx41-vb9J"
            elif "json_schema" in json.dumps(body):
                text = '{"kz7Qx41": "vb9Jt"}'
            elif "json_object" in json.dumps(body):
                text = '{"a": 1}'
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        told = {"id": "1", "model": self.served, "choices": [choice], "usage": usage}
        self.answer(200, json.dumps(told).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def metrics(told: dict[str, Any]) -> str:
    return (
        f'vllm:num_requests_running{{engine="0"}} {told.get("running", 0)}\n'
        'vllm:num_requests_waiting{engine="0"} 0\n'
        'vllm:kv_cache_usage_perc{engine="0"} 0.25\n'
        f'vllm:generation_tokens_total{{engine="0"}} {told.get("tokens", 7)}\n'
    )


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--served-model-name")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    told, _ = parser.parse_known_args()
    if not os.fork():
        os.setsid()
        if orders().get("unmarked"):
            os.execve("/bin/sleep", ["sleep", "600"], {})
        time.sleep(600)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    death = orders().get("die")
    print(START.replace("MODEL", told.model), end="", flush=True)
    if death:
        print(DEATHS.get(death, death), flush=True)
        sys.exit(1)
    if orders().get("mute"):
        time.sleep(600)
    Answers.served = told.served_model_name
    server = ThreadingHTTPServer((told.host, told.port), Answers)
    print("(APIServer pid=7) INFO 11-25 23:19:22 [entry.py:140] Starting vLLM server", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
