"""Servers of ``rolecall up`` among the declared engines, and which models answered a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from rolecall.core import Extraction
from rolecall.engines.local import is_local
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.state import running, state_file
from rolecall.engines.whereabouts import running_name
from rolecall.settings import Settings

ADDRESS: Final = frozenset({"url", "urls", "key_file", "key_env"})
"""Keys of a running server's table that may differ at each start."""
TAKEN_FROM: Final = ("model", "window")
"""Keys that an engine without them takes from the running server that it is."""


def with_running(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """``settings`` in which the servers of ``rolecall up`` are declared as well.

    Their tables have no address but ``running``: the engine looks where the server is, and the
    address is no part of what a record is said to come from. The model and the window are. An
    engine of the user's own that is a running server is given them too, as far as it has none.

    Raises:
        SettingsError: the state file cannot be used.
    """
    if settings.engine.strip() == "none" and not settings.set_aside():
        return settings
    servers = running(environ)
    if not servers:
        return settings
    own = [word.strip() for word in settings.local_networks.split(",") if word.strip()]
    tables: dict[str, Mapping[str, Any]] = {}
    origins = dict(settings.origins)
    for name, table in servers.items():
        if name not in settings.engines:
            tables[name] = MappingProxyType(_without_address(name, table, own))
            origins[f"engines.{name}"] = f"rolecall up, in {state_file(environ)}"
    for name, table in settings.engines.items():
        tables[name] = MappingProxyType(_as_running(name, table, servers, own))
    return replace(settings, engines=MappingProxyType(tables), origins=MappingProxyType(origins))


def _without_address(name: str, table: Mapping[str, Any], own: list[str]) -> dict[str, Any]:
    """The table of a running server, with ``running`` in the place of its address."""
    if table.get("kind") != "vllm":
        return dict(table)
    kept = {key: value for key, value in table.items() if key not in ADDRESS}
    return kept | {"local": _local(table, own), "running": name}


def _local(table: Mapping[str, Any], own: list[str]) -> Any:
    """Whether a running server is on the user's machines; what its table says goes first."""
    if "local" in table:
        return table["local"]
    urls = [table["url"]] if "url" in table else table.get("urls", ())
    return all(isinstance(url, str) and is_local(url, own) for url in urls)


def _as_running(
    name: str, table: Mapping[str, Any], servers: Mapping[str, Mapping[str, Any]], own: list[str]
) -> dict[str, Any]:
    """A declared table; what it leaves to the running server that it is, is filled in."""
    found = dict(table)
    if found.get("kind") != "vllm" or "url" in found or "urls" in found:
        return found
    named = found.get("running", "")
    if not isinstance(named, str):
        return found
    server = named or running_name(EngineSettings(name=name), servers)
    if server not in servers:
        return found
    found.setdefault("local", _local(servers[server], own))
    if named or "model" not in found:
        taken = {key: servers[server][key] for key in TAKEN_FROM if key in servers[server]}
        return found | {"running": server} | taken
    return found


def with_models(settings: Settings, models: Mapping[str, str]) -> Settings:
    """``settings`` as they would be if the engines had these models; for a record's ``config``."""
    tables = {
        name: MappingProxyType({**table, "model": models[name]}) if name in models else table
        for name, table in settings.engines.items()
    }
    return replace(settings, engines=MappingProxyType(tables))


def models_of(extraction: Extraction, settings: Settings, now: Mapping[str, str]) -> dict[str, str]:
    """Engine -> the models that answered about a page, where they are not those of ``settings``.

    Only engines in ``now`` are looked at, which maps those that follow their server to the model
    there. Of an engine that gave no answer, that model counts. Two that both answered stand with a
    ``+`` between them.
    """
    found = {}
    for name, model in now.items():
        answered = [
            one.model
            for one in extraction.attempts
            if one.engine == name and one.result in ("stop", "length", "refusal")
        ]
        told = "+".join(dict.fromkeys(answered)) or model
        if told != settings.engines.get(name, {}).get("model", ""):
            found[name] = told
    return found
