"""A server of OpenAI's protocol that does wrong what servers have done wrong, on demand."""

import asyncio
import json
import random
import time
from contextlib import suppress
from email.utils import formatdate
from functools import cache

from .streams import streamed
from .wrongs import RAW, replies

OK_TEXT = '{"title":"Nurse"}'
KEY = "sk-secret-canary-8842"

TRANSIENT = (
    "429", "429_after_0", "429_after_ms", "500", "502_html", "503", "reset", "disconnect_mid",
    "empty_200", "html_200", "wrong_type", "truncated_json", "no_choices", "null_content",
    "nan", "lone_surrogate", "not_an_object", "no_model", "odd_finish", "error_in_200",
    "408", "409", "504", "packed", "204",
)  # fmt: skip
"""Faults after which the same request can go well."""

FINAL = ("429_quota", "400", "401", "403", "404", "422", "redirect", "400_too_long", "402", "413")
"""Faults that another try cannot mend."""


def completion(text=OK_TEXT, finish="stop", model="tiny", **message):
    """The body of a good answer."""
    return {
        "id": "x",
        "object": "chat.completion",
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 7,
            "total_tokens": 107,
            "prompt_tokens_details": {"cached_tokens": 64},
        },
    }


def error(message, kind="error", code=None):
    return {"error": {"message": message, "type": kind, "code": code}}


TOO_LONG = (
    "This model's maximum context length is 8192 tokens. However, your prompt contains at least "
    "8193 input tokens"
)


def _reply(name):
    """(status, headers, body) of the faults that are whole replies."""
    good = json.dumps(completion())
    typed = {"content-type": "application/json"}
    html = "<html><body>Bad gateway</body></html>"
    statuses = {
        "400": error("unknown field", "BadRequestError"),
        "400_too_long": error(TOO_LONG, "BadRequestError"),
        "401": error(f"Incorrect API key provided: {KEY}", "invalid_request_error"),
        "402": error("nothing left"),
        "403": error(f"key {KEY} has no rights"),
        "404": error("The model does not exist", "NotFoundError"),
        "408": error("slow"),
        "409": error("conflict"),
        "413": error("too large"),
        "422": error(f"unprocessable, said {KEY}"),
        "429": error("slow down", "rate_limit_error"),
        "429_quota": error("You exceeded your current quota", code="insufficient_quota"),
        "500": error("internal"),
        "503": error("overloaded"),
        "504": error("gateway"),
    }
    bodies = {
        "ok": good,
        "empty_200": "",
        "truncated_json": good[:-20],
        "no_choices": json.dumps(completion() | {"choices": []}),
        "null_content": json.dumps(completion(None)),
        "empty_content": json.dumps(completion("")),
        "refusal": json.dumps(completion(None, refusal="I cannot help with that")),
        "content_filter": json.dumps(completion(None, "content_filter")),
        "length": json.dumps(completion('{"title":"Nu', "length")),
        "length_null": json.dumps(completion(None, "length")),
        "nan": good.replace('"completion_tokens": 7', '"completion_tokens": NaN'),
        "duplicate_keys": good.replace('"id": "x"', '"id": "x", "id": "y"'),
        "lone_surrogate": good.replace("Nurse", "\\ud800"),
        "not_an_object": "[1, 2]",
        "no_model": json.dumps(completion(model=None)),
        "odd_finish": json.dumps(completion(finish="abort")),
        "error_in_200": json.dumps(error("upstream failed")),
        "deep": '{"choices":' + "[" * 100_000 + "]" * 100_000 + "}",
    }
    if name in bodies:
        return 200, typed, bodies[name]
    if name in statuses:
        return int(name[:3]), typed, json.dumps(statuses[name])
    return (
        {
            "429_after_0": (429, typed | {"retry-after": "0"}, "{}"),
            "429_after_ms": (429, typed | {"retry-after-ms": "120"}, "{}"),
            "429_after_1": (429, typed | {"retry-after": "1"}, "{}"),
            "429_after_date": (429, typed | {"retry-after": formatdate(time.time() + 2)}, "{}"),
            "429_after_9999": (429, typed | {"retry-after": "9999"}, "{}"),
            "503_after_1": (503, typed | {"retry-after": "1"}, "{}"),
            "502_html": (502, {"content-type": "text/html"}, html),
            "html_200": (200, {"content-type": "text/html"}, html),
            "wrong_type": (200, {"content-type": "text/plain"}, good),
            "packed": (200, typed | {"content-encoding": "gzip"}, good),
            "204": (204, typed, ""),
            "redirect": (307, typed | {"location": "http://169.254.169.254/v1"}, ""),
        }.get(name)
        or _more().get(name)
        or (int(name), typed, json.dumps(error("odd status")))
    )


@cache
def _more():
    return replies(completion)


class FaultServer:
    """Answers chat completions as ``script`` says, one name per request, then ``ok``.

    ``chats`` holds the moment and the body of each; ``open`` counts live connections. ``enforces``
    lists the forms that are held to, ``refuses`` names the fault that a form meets (``""``:
    all that are no chats), ``answer`` makes the text otherwise.
    """

    def __init__(self, script=(), *, enforces=(), refuses=None, answer=None, models=("tiny",)):
        self.script = script if hasattr(script, "__next__") else list(script)
        self.enforces, self.refuses, self.port = set(enforces), refuses or {}, 0
        self.answer = answer or (lambda body: OK_TEXT)
        self.models, self.chats, self.paths, self.keys = models, [], [], set()
        self.connections, self.waits = set(), []
        self.special, self.version, self.slot = "text", "0.32.0", 0
        self.canary = ""  # where redirects lead
        self.pause = lambda body, number: asyncio.sleep(0)  # before each chunk of a stream
        self.gone = asyncio.Event()
        self.asked = asyncio.Event()
        self.three = asyncio.Event()
        self.now, self.most = 0, 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def open(self):
        return len(self.connections)

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in list(self.connections):
            writer.transport.abort()
        while self.connections:
            await asyncio.sleep(0.001)

    async def _serve(self, reader, writer):
        self.connections.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split(" ", 2)
                fields = dict(
                    line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line
                )
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                self.paths.append(path)
                self.keys.add(fields.get("authorization", ""))
                if path.endswith("/chat/completions") and method == "POST":
                    await self._chat(reader, writer, json.loads(body))
                elif self.refuses.get("") == "hang":
                    await self.until_gone(reader, writer, dripping=False)
                else:
                    self._other(writer, path, json.loads(body or b"null"))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()
            self.gone.set()

    async def _chat(self, reader, writer, body):
        name = "ok"
        if self.script:
            name = self.script.pop(0) if isinstance(self.script, list) else next(self.script)
        name = self.refuses.get(_form(body), name)
        self.chats.append((asyncio.get_running_loop().time(), body, name))
        self.asked.set()
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now >= 3:
            self.three.set()
        try:
            await self._act(reader, writer, body, name)
        finally:
            self.now -= 1

    async def _act(self, reader, writer, body, name):
        if body.get("stream") and (name == "ok" or name.startswith("stream_")):
            await streamed(self, reader, writer, body, name)
            return
        if name == "third":
            await self.three.wait()
        if name in ("ok", "third"):
            _write(writer, 200, {"content-type": "application/json"}, self._good(body))
        elif name == "reset":
            writer.transport.abort()
            raise ConnectionResetError
        elif name in ("hang", "drip", "drip_head", "short"):
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            ends = {"drip": b"content-length: 400\r\n\r\n", "drip_head": b"x-slow: a"}
            ends["short"] = b'content-length: 400\r\n\r\n{"choices": ['
            writer.write(head + ends[name] if name in ends else b"")
            await self.until_gone(reader, writer, dripping=name.startswith("drip"))
        elif name == "disconnect_mid":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b'content-length: 400\r\n\r\n{"choices": [')
            await writer.drain()
            raise ConnectionResetError
        elif name.startswith("to_canary_"):
            place = {"location": self.canary + "/v1/chat/completions"}
            _write(writer, int(name[-3:]), place, "")
        elif name in RAW:
            writer.write(RAW[name])
            await writer.drain()
            raise ConnectionResetError
        elif name in ("huge", "huge_said"):
            await self._huge(writer, said=name == "huge_said")
        else:
            _write(writer, *_reply(name))

    async def until_gone(self, reader, writer, *, dripping):
        """Wait until the caller has closed the connection."""
        gone = asyncio.ensure_future(reader.read(1))
        while not gone.done():
            if dripping:
                writer.write(b" ")
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(gone), 0.02)
        raise ConnectionResetError

    async def _huge(self, writer, *, said):
        size = 11_000_000
        head = f"content-length: {size}\r\n" if said else "connection: close\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n".encode())
        for _ in range(size // 100_000):
            writer.write(b" " * 100_000)
            await writer.drain()
        raise ConnectionResetError

    def text(self, body):
        """The text of a good answer."""
        form = _form(body)
        return PROOFS[form] if form in self.enforces else self.answer(body)

    def _good(self, body):
        return json.dumps(completion(self.text(body), model=body["model"]))

    def _other(self, writer, path, body):
        typed = {"content-type": "application/json"}
        if path == "/v1/models" and self.models is not None:
            data = [{"id": one, "max_model_len": 8192} for one in self.models]
            _write(writer, 200, typed, json.dumps({"object": "list", "data": data}))
        elif path == "/tokenize":
            text = " ".join(one["content"] for one in body["messages"])
            if self.special == "read":
                text = text.replace("<|im_end|>", "~")
            data = {"count": len(text), "max_model_len": 8192, "tokens": [0] * len(text)}
            _write(writer, 200, typed, json.dumps(data))
        elif path == "/props" and self.slot:
            told = {"default_generation_settings": {"n_ctx": self.slot}}
            _write(writer, 200, typed, json.dumps(told))
        elif path == "/version" and self.version:
            _write(writer, 200, typed, json.dumps({"version": self.version}))
        elif path == "/metrics":
            _write(writer, 200, {"content-type": "text/plain"}, METRICS)
        else:
            _write(writer, 404, typed, json.dumps({"detail": "Not Found"}))


PROOFS = {
    "grammar": "kz7Qx41-vb9J",
    "json_schema": '{"kz7Qx41": "vb9Jt"}',
    "json_object": "{}",
}
"""Answers that only a constraint explains."""


def _form(body):
    if "structured_outputs" in body or "ebnf" in body:
        return "grammar"
    return (body.get("response_format") or {}).get("type", "text")


METRICS = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 3.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="tiny"} 0.25
vllm:prefix_cache_queries_total{engine="0",model_name="tiny"} 1200.0
vllm:prefix_cache_hits_total{engine="0",model_name="tiny"} 1.1e+03
vllm:prefix_cache_hits_created{engine="0",model_name="tiny"} 1.7e+09
"""


def _write(writer, status, headers, body):
    body = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    if status not in (204, 304) and "content-length" not in headers:
        lines.append(f"content-length: {len(body)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)


def mixed(seed, share, faults=TRANSIENT):
    """An endless script in which ``share`` of the requests meet one of ``faults``."""
    chance = random.Random(seed)
    while True:
        yield chance.choice(faults) if chance.random() < share else "ok"
