"""What every engine offers, and what is said of one in the settings."""

from __future__ import annotations

from typing import Protocol

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


class EngineSettings(Struct, frozen=True, kw_only=True):
    """One ``[engines.NAME]`` table of the settings.

    Several ``urls`` are replicas of one model. ``local`` is known from the address where it is not
    said. The key comes from the environment variable ``key_env`` or the file ``key_file``.
    ``call_seconds`` is the wall clock of one call with all its tries, ``tries`` their number.
    ``forms`` narrows down what the engine may be asked to enforce; empty means all that it proves.
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
