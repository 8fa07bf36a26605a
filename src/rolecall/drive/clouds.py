"""All engines that the settings name, also for trials and audits; and which are not local."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rolecall.drive.connect import declared_engines
from rolecall.drive.running import with_running
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import SettingsError
from rolecall.settings import Settings


def every_engine(settings: Settings, environ: Mapping[str, str]) -> tuple[EngineSettings, ...]:
    """The engines that pages may be asked of, and after them those that ``auto`` leaves to trials
    and audits.

    Raises:
        SettingsError: a table or a name is wrong.
    """
    usual = declared_engines(settings, environ)
    known = with_running(settings, environ).engines
    names = {one.name for one in usual}
    more = [one for one in known if one in settings.set_aside() and one not in names]
    if not more:
        return usual
    return usual + declared_engines(replace(settings, engine=",".join(more)), environ)


def cloud_engines(settings: Settings, environ: Mapping[str, str]) -> frozenset[str]:
    """The names of engines that are declared and are not local; of wrong settings, none."""
    try:
        found = every_engine(settings, environ)
    except SettingsError:
        return frozenset()
    return frozenset(one.name for one in found if not one.local)
