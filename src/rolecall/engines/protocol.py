"""What every engine offers, and what is said of one in the settings."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct

from rolecall.core import Completion, EngineInfo, Price, Prompt


class Engine(Protocol):
    """A way of having a model complete prompts; made by an async context manager ``connect``.

    An engine keeps its own limits: it tries again where that can help, never beyond its wall
    clock, and holds no more calls open than ``info.concurrency``.
    """

    info: EngineInfo

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """The tokens of the messages as the model counts them; ``None`` if it cannot tell."""

    async def complete(self, prompt: Prompt) -> Completion:
        """Answer ``prompt``; raises `EngineError` after the last try.

        Cancelling the task aborts the request, so that the engine is free again.
        """


class Timing(Struct, frozen=True, kw_only=True):
    """When the parts of one answer came, in seconds of one monotonic clock.

    ``sent`` is when the request went out, ``chunks`` when each chunk of the answer came (the first
    one that says something, and all after it), ``ended`` when the last one did. A server that did
    not stream leaves ``chunks`` empty.
    """

    sent: float
    chunks: tuple[float, ...] = ()
    ended: float


@runtime_checkable
class TimedEngine(Protocol):
    """What an `Engine` may offer as well: answers over a stream, with the times of their parts."""

    async def complete_timed(self, prompt: Prompt) -> tuple[Completion, Timing]:
        """Answer ``prompt`` in one try, so that what is measured is that try.

        Raises:
            EngineError: no answer came, or it broke off; ``failed`` holds the try.
        """


@runtime_checkable
class FollowingEngine(Protocol):
    """What an `Engine` may offer as well: it goes where its server goes, also to another model.

    ``info`` is of the server that new calls are made to. A ``Completion.model`` of such an engine
    is the name by which the one that answered was asked, whatever ``info`` says by then.
    """

    async def now(self) -> EngineInfo:
        """``info`` after a look at where the server is; waits for one that is expected back."""


class EngineSettings(Struct, frozen=True, kw_only=True):
    """One ``[engines.NAME]`` table of the settings.

    Several ``urls`` are replicas of one model. ``local`` is known from the address where it is not
    said. The key comes from the environment variable ``key_env`` or the file ``key_file``.
    ``call_seconds`` is the wall clock of one call with all its tries, ``tries`` their number.
    ``forms`` narrows down what the engine may be asked to enforce; empty means all that it proves.
    ``running`` names the server of ``rolecall up`` from which address, model and window come.
    """

    name: str
    kind: str = "openai"
    urls: tuple[str, ...] = ()
    vendor: str = ""
    model: str = ""
    local: bool | None = None
    key_env: str = ""
    key_file: str = ""
    window: int | None = None
    concurrency: int = 0
    call_seconds: float = 120.0
    tries: int = 8
    forms: tuple[str, ...] = ()
    price: Price | None = None
    path: str = ""
    tokenizer: str = ""
    running: str = ""
