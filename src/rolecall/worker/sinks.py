"""The sinks that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rolecall.drive.clouds import cloud_engines
from rolecall.drive.connect import declared_engines
from rolecall.errors import SettingsError
from rolecall.monitor.events import Sink
from rolecall.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


def sinks_of(
    settings: Settings, environ: Mapping[str, str], registry: CollectorRegistry | None = None
) -> list[Sink]:
    """The sinks of events; figures for Prometheus go into ``registry``, if there is one.

    Close the `Watch` that they are given to at the end.

    Raises:
        SettingsError: OpenTelemetry is asked for and is not installed or cannot be set up.
    """
    found: list[Sink] = []
    if registry is not None:
        from rolecall.monitor.figures import Figures

        found.append(Figures(registry, cloud_engines(settings, environ)))
    if settings.events_log:
        from rolecall.monitor.log_lines import LogLines

        found.append(LogLines(settings.events_log))
    if settings.otel and environ.get("OTEL_SDK_DISABLED", "").lower() != "true":
        found.append(_otel(settings, environ))
    return found


def _otel(settings: Settings, environ: Mapping[str, str]) -> Sink:
    said = f"otel ({settings.origin('otel')})"
    try:
        from rolecall.monitor.otel import Otel
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "rolecall":
            raise
        hint = 'pip install "rolecall[otel]"'
        raise SettingsError(f"{said}: OpenTelemetry is not installed", hint=hint) from error
    try:
        return Otel(_providers(settings, environ))
    except (ValueError, OSError) as error:
        hint = "look at the OTEL_ variables"
        raise SettingsError(f"{said}: it cannot be set up: {error}", hint=hint) from error


def _providers(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Who provides each engine, as the conventions of OpenTelemetry name them."""
    try:
        engines = declared_engines(settings, environ)
    except SettingsError:
        return {}
    # "openai" as a kind is a way to speak, which most servers know.
    kinds = {"openai": "generic"}
    return {one.name: one.vendor or kinds.get(one.kind, one.kind) for one in engines}
