"""Connecting to an engine by its kind: the built-in ones, and those of installed packages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from rolecall.engines.protocol import Engine, EngineSettings
from rolecall.engines.settings import nearest
from rolecall.errors import SettingsError

GROUP: Final = "rolecall.engines"
"""The entry-point group; a point's name is a kind, its object a function like `connect`."""

BUILT_IN: Final[Mapping[str, str]] = {
    "openai": "rolecall.engines.openai:connect",
    "vllm": "rolecall.engines.vllm:connect",
    "replay": "rolecall.engines.replay:connect",
}
"""Registered in the group too; named here so that no search is needed for them."""


def connect(
    settings: EngineSettings, environ: Mapping[str, str]
) -> AbstractAsyncContextManager[Engine]:
    """A context that connects on entry, gives the engine, and closes it on exit.

    Raises:
        SettingsError: no engine of this kind is installed.
        EngineError: on entry, if the engine cannot be used.
    """
    if settings.kind in BUILT_IN:
        module, _, name = BUILT_IN[settings.kind].partition(":")
        made: Any = getattr(import_module(module), name)
    else:
        made = _installed(settings).load()
    context: AbstractAsyncContextManager[Engine] = made(settings, environ)
    return context


def kinds() -> tuple[str, ...]:
    """All kinds of engines that can be connected to."""
    others = (one.name for one in entry_points(group=GROUP))
    return tuple(dict.fromkeys((*BUILT_IN, *sorted(others))))


def _installed(settings: EngineSettings) -> EntryPoint:
    for point in entry_points(group=GROUP):
        if point.name == settings.kind:
            return point
    raise SettingsError(
        f"engines.{settings.name}: there is no kind {settings.kind}",
        hint=nearest(settings.kind, kinds()),
    )
