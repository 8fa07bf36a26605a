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
        SettingsError: OpenTelemetry is asked for and not installed.
    """
    found: list[Sink] = []
    if registry is not None:
        from rolecall.monitor.figures import Figures

        found.append(Figures(registry, cloud_engines(settings, environ)))
    if settings.events_log:
        from rolecall.monitor.log_lines import LogLines

        found.append(LogLines(settings.events_log))
    if settings.otel:
        try:
            from rolecall.monitor.otel import Otel
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "rolecall":
                raise
            raise SettingsError(
                f"otel ({settings.origin('otel')}): OpenTelemetry is not installed",
                hint='pip install "rolecall[otel]"',
            ) from error
        found.append(Otel(_providers(settings, environ)))
    return found


def _providers(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Who provides each engine, as the conventions of OpenTelemetry name them."""
    try:
        engines = declared_engines(settings, environ)
    except SettingsError:
        return {}
    # "openai" as a kind is a way to speak, which most servers know.
    kinds = {"openai": "generic"}
    return {one.name: one.vendor or kinds.get(one.kind, one.kind) for one in engines}
