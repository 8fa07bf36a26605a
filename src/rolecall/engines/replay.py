"""Engines without a model: answers that were recorded, or that a script gives."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Final, get_args

import orjson

from rolecall.core import Completion, EngineInfo, Form, Prompt, Usage
from rolecall.engines.protocol import Engine, EngineSettings
from rolecall.errors import EngineError, SettingsError

Answer = str | Completion
Answers = Callable[[Prompt], Answer | None] | Mapping[str, Answer] | Sequence[Answer]

FORMS: Final[tuple[Form, ...]] = get_args(Form)


def prompt_sha256(prompt: Prompt) -> str:
    """The sha256 of everything that ``prompt`` asks, in hexadecimal."""
    asked = [prompt.messages, prompt.form, prompt.grammar, prompt.json_schema, prompt.max_tokens]
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


class ReplayEngine:
    """Answers from ``answers``: the same for the same prompts, at once, without a model.

    ``answers`` is a function of the prompt (``None`` is no answer); a mapping whose keys are a
    prompt's `prompt_sha256` or a text that one of its messages holds, the first that fits; or a
    sequence, taken in the order of the calls. An answer is a text or a whole `Completion`.
    ``count`` counts tokens. ``info`` replaces what the engine says of itself.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        name: str = "replay",
        info: EngineInfo | None = None,
        count: Callable[[Prompt], int] | None = None,
    ) -> None:
        self.info = info or EngineInfo(
            name=name, kind="replay", model="replay", local=True, forms=FORMS
        )
        self.asked = 0
        self._count = count
        self._find = _finder(answers)

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """What ``count`` says; ``None`` without it."""
        return self._count(prompt) if self._count else None

    async def complete(self, prompt: Prompt) -> Completion:
        """The answer to ``prompt``.

        Raises:
            EngineError: there is none; the hint says how to record it.
        """
        self.asked += 1
        found = self._find(prompt)
        if found is None:
            raise EngineError(
                f"engine {self.info.name}: no answer is kept for {prompt_sha256(prompt)[:12]}",
                hint="record it: wrap an engine that has a model in Recorder(engine, path)",
                retryable=False,
            )
        if isinstance(found, str):
            found = Completion(text=found, finish_reason="stop")
        return replace(
            found, engine=self.info.name, model=found.model or self.info.model, seconds=0.0
        )


class Recorder:
    """An engine that passes everything on to ``engine`` and keeps the answers in ``path``.

    The file is one of JSON Lines that the kind ``replay`` reads; lines are added at its end.
    """

    def __init__(self, engine: Engine, path: Path | str) -> None:
        self._engine, self._path, self._lock = engine, Path(path), Lock()

    @property
    def info(self) -> EngineInfo:
        """What the wrapped engine says of itself."""
        return self._engine.info

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """The count of the wrapped engine."""
        return await self._engine.count_tokens(prompt)

    async def complete(self, prompt: Prompt) -> Completion:
        """The answer of the wrapped engine, which is on disk when it is returned."""
        answer = await self._engine.complete(prompt)
        line = {
            "prompt_sha256": prompt_sha256(prompt),
            "text": answer.text,
            "finish_reason": answer.finish_reason,
            "model": answer.model,
            "usage": {
                "input_tokens": answer.usage.input_tokens,
                "cached_tokens": answer.usage.cached_tokens,
                "output_tokens": answer.usage.output_tokens,
            },
        }
        with self._lock, self._path.open("ab") as file:
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        return answer


@asynccontextmanager
async def connect(
    settings: EngineSettings, environ: Mapping[str, str]
) -> AsyncIterator[ReplayEngine]:
    """An engine on the file ``settings.path``; ``environ`` is not read.

    Raises:
        SettingsError: no path, or a line that is none of a recording.
        EngineError: the file cannot be read.
    """
    if not settings.path:
        raise SettingsError(
            f"engines.{settings.name}: no path", hint="name a file that a Recorder wrote"
        )
    forms = tuple(one for one in FORMS if not settings.forms or one in settings.forms)
    info = EngineInfo(
        name=settings.name,
        kind="replay",
        model=settings.model or "replay",
        window=settings.window,
        local=True if settings.local is None else settings.local,
        forms=forms,
        price=settings.price,
        concurrency=settings.concurrency or 8,
    )
    yield ReplayEngine(read_answers(Path(settings.path).expanduser()), info=info)


def read_answers(path: Path) -> Callable[[Prompt], Completion | None]:
    """The answers of a recording, as a function of the prompt.

    A line is ``{"prompt_sha256": …}`` or ``{"contains": …}`` with a ``text`` and, if wanted,
    ``finish_reason``, ``usage`` and ``model``. The first line that fits a prompt answers it.

    Raises:
        SettingsError: a line that is none of these.
        EngineError: the file cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise EngineError(
            f"{path} cannot be read: {error.strerror}",
            hint="record answers first: Recorder(engine, path)",
            retryable=False,
        ) from error
    exact: dict[str, Completion] = {}
    contained: list[tuple[str, Completion]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            data = _line(f"{path}:{number}", line)
            if "prompt_sha256" in data:
                exact.setdefault(data["prompt_sha256"], _completion(data))
            else:
                contained.append((data["contains"], _completion(data)))

    def find(prompt: Prompt) -> Completion | None:
        found = exact.get(prompt_sha256(prompt)) if exact else None
        return found or _containing(prompt, contained)

    return find


def _line(place: str, line: bytes) -> dict[str, Any]:
    """A line as an object whose fields are of the right kinds."""
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{place}: no JSON ({error})", hint="remove the line") from error
    right = (
        isinstance(data, dict)
        and isinstance(data.get("prompt_sha256", data.get("contains")), str)
        and isinstance(data.get("text"), str)
        and data.get("finish_reason", "stop") in ("stop", "length", "refusal")
        and isinstance(data.get("model", ""), str)
        and isinstance(data.get("usage", {}), dict)
    )
    if not right:
        raise SettingsError(
            f"{place}: no recorded answer",
            hint='a line is like {"contains": "a text of the prompt", "text": "the answer"}',
        )
    found: dict[str, Any] = data
    return found


def _completion(data: Mapping[str, Any]) -> Completion:
    used = data.get("usage", {})
    names = ("input_tokens", "cached_tokens", "output_tokens")
    counts = {name: used[name] for name in names if type(used.get(name)) is int}
    return Completion(
        text=data["text"],
        finish_reason=data.get("finish_reason", "stop"),
        usage=Usage(**counts),
        model=data.get("model", ""),
    )


def _finder(answers: Answers) -> Callable[[Prompt], Answer | None]:
    if callable(answers):
        return answers
    if isinstance(answers, Mapping):
        kept = dict(answers)
        pairs = list(kept.items())

        def find(prompt: Prompt) -> Answer | None:
            found = kept.get(prompt_sha256(prompt))
            return _containing(prompt, pairs) if found is None else found

        return find
    if isinstance(answers, str):
        raise TypeError("answers is a sequence of answers, not one text")
    rest = iter(tuple(answers))
    return lambda prompt: next(rest, None)


def _containing(prompt: Prompt, pairs: Sequence[tuple[str, Any]]) -> Any:
    for part, answer in pairs:
        if any(part in text for _, text in prompt.messages):
            return answer
    return None
