"""Which of the declared engines are not local."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.drive.connect import declared_engines
from rolecall.errors import SettingsError
from rolecall.settings import Settings


def cloud_engines(settings: Settings, environ: Mapping[str, str]) -> frozenset[str]:
    """The names of engines that are declared and are not local; of wrong settings, none."""
    try:
        found = declared_engines(settings, environ)
    except SettingsError:
        return frozenset()
    return frozenset(one.name for one in found if not one.local)
