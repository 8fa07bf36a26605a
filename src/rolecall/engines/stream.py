"""A chat completion that comes in chunks: when each came, and the answer that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.engines.answers import Answered, read_choice, read_completion, read_usage
from rolecall.engines.protocol import Timing
from rolecall.engines.retry import NOTHING, no_answer, plain
from rolecall.engines.sse import Events
from rolecall.engines.wire import EVENTS, Reply

_SAID: Final = ("content", "reasoning_content", "reasoning")
"""Members of a chunk that hold what the model wrote."""


class Timed(Struct, frozen=True):
    """An answer and when its parts came."""

    answer: Answered
    timing: Timing


class StreamReading:
    """Takes the bytes of one reply as they come, by the clock ``monotonic``.

    A server that does not stream gives the same answer, with a `Timing` without chunks.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._events = Events()
        self._sent = self._ended = monotonic()
        self._chunks: list[float] = []
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._spoke = self._done = False
        self._finish: Any = None
        self._model: Any = None
        self._usage = NOTHING

    def begin(self) -> None:
        """The request goes out now."""
        self._sent = self._ended = self._now()

    def take(self, part: bytes) -> None:
        """Read the events that ``part`` completes.

        Raises:
            Fault: an event that is no chunk of an answer, or an error of the server's.
        """
        now = self._now()
        for data in self._events.feed(part):
            self._event(data, now)

    def read(self, reply: Reply) -> Timed:
        """What the whole reply says; its body is empty if it came as events.

        Raises:
            Fault: it holds no answer, or breaks off before its end.
        """
        if EVENTS not in reply.headers.get("content-type", "").lower():
            answer = read_completion(reply)
            return Timed(answer, Timing(sent=self._sent, ended=self._now()))
        for data in self._events.close():
            self._event(data, self._now())
        if self._finish is None:
            told = "the stream ended before the answer did"
            raise no_answer("truncated_stream", told, self._usage)
        message = {
            "content": "".join(self._text) if self._spoke else None,
            "refusal": "".join(self._refusal),
        }
        choice = {"message": message, "finish_reason": self._finish}
        answer = read_choice(choice, self._model, self._usage)
        timing = Timing(sent=self._sent, chunks=tuple(self._chunks), ended=self._ended)
        return Timed(answer, timing)

    def _event(self, data: bytes, now: float) -> None:
        if self._done or not data.strip():
            return
        if data.strip() == b"[DONE]":
            self._done = True
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise no_answer("invalid_json", "a chunk is no JSON", self._usage) from None
        if not isinstance(chunk, dict):
            raise no_answer("bad_answer", "a chunk is no JSON object", self._usage)
        if chunk.get("usage"):
            self._usage = read_usage(chunk["usage"])
        if error := chunk.get("error"):
            said = error.get("message") if isinstance(error, dict) else error
            told = f"the server broke off: {plain(str(said))}"
            raise no_answer("error_in_answer", told, self._usage)
        self._model = self._model or chunk.get("model")
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0], now)

    def _choice(self, choice: dict[str, Any], now: float) -> None:
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        if isinstance(content := delta.get("content"), str):
            self._spoke = True
            self._text.append(content)
        if isinstance(refusal := delta.get("refusal"), str):
            self._refusal.append(refusal)
        if choice.get("finish_reason") is not None:
            self._finish = choice["finish_reason"]
        # The first chunk often names the role and says nothing: no token has come yet.
        if self._chunks or any(delta.get(name) for name in _SAID) or self._refusal:
            self._chunks.append(now)
        self._ended = now
