"""Servers of one model each, and the state file that says which of them is there."""

import asyncio
import json
import os

from rolecall.engines import state

from .faults import FaultServer, _write, completion, error

FORMS = ("grammar", "json_schema", "json_object")
TYPED = {"content-type": "application/json"}


class ModelServer(FaultServer):
    """Serves one model: others are not found. ``draining``: new requests are refused with 503.

    ``gate`` holds answers back while it is not set, as it is after ``holds_after`` of them;
    ``answered`` counts those that were given.
    """

    def __init__(self, model, *, enforces=FORMS, **more):
        super().__init__(enforces=enforces, models=(model,), **more)
        self.model, self.draining, self.answered = model, False, 0
        self.holds_after, self.gate = 0, asyncio.Event()
        self.gate.set()

    def text(self, body):
        proving = "this single word" in body["messages"][-1]["content"]
        return super().text(body) if proving else self.answer(body)

    async def __aexit__(self, *_):
        for writer in list(self.connections):
            writer.transport.abort()  # killed: what it was about to say is not said
        self.gate.set()
        await super().__aexit__()

    async def _act(self, reader, writer, body, name):
        if self.draining:
            _write(writer, 503, TYPED, json.dumps(error("shutting down")))
        elif body["model"] != self.model:
            _write(writer, 404, TYPED, json.dumps(error("no such model", "NotFoundError")))
        else:
            await self.gate.wait()
            text = self.text(body)
            _write(writer, 200, TYPED, json.dumps(completion(text, model=self.model)))
            self.answered += 1
            if self.answered == self.holds_after:
                self.gate.clear()


class Written:
    """The state file, as a supervisor writes it: whole, in one step."""

    def __init__(self, folder):
        self.environ = {"XDG_STATE_HOME": str(folder)}
        self.path = state.state_file(self.environ)
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def say(self, server, name="gpu", **more):
        table = {"kind": "vllm", "url": server.url, "model": server.model} | more
        self.raw(json.dumps({name: table}))

    def raw(self, text):
        beside = self.path.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self.path)


async def until(true):
    """Wait until something has come true; fails after a while."""
    async with asyncio.timeout(90):
        while not true():
            await asyncio.sleep(0.002)
