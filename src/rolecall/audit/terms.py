"""How an audit asks: the settings of the second opinion, and whether they are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rolecall.climb import EVERYTHING
from rolecall.drive.connect import Terms, declared_engines, is_local_engine, priced_engines
from rolecall.errors import SettingsError
from rolecall.ledger.budget import Part
from rolecall.settings import Settings

PART: Final = "audits"
"""The part of the budget out of which audits are paid."""


def audit_settings(settings: Settings, environ: Mapping[str, str]) -> Settings | None:
    """The settings by which pages are extracted once more: the audit engine alone, asked for
    everything. ``None`` where nothing is audited.

    Raises:
        SettingsError: the engine is not declared, may not be sent pages, or has no price, or a
            setting of audits has a value that it cannot have.
    """
    name = settings.audit_engine.strip()
    if not 0.0 <= settings.audit_share <= 1.0:
        raise SettingsError(
            f"audit_share is {settings.audit_share:g} ({settings.origin('audit_share')}), which is"
            " no share",
            hint="give a number from 0 to 1; 0.01 audits one page in a hundred",
        )
    if not name or not settings.audit_share:
        return None
    told = replace(
        settings,
        engine=name,
        policy="local-only",
        cloud_engine="",
        ask_below=EVERYTHING,
        ask_null_below=EVERYTHING,
        engine_failure="fail",
        reader=False,
        least_sure="",
        with_text=False,
        # An answer that was kept for the page would be the first opinion again.
        cache=settings.cache and not same_engine(settings, environ),
        origins={**settings.origins, "engine": f"audit_engine, {settings.origin('audit_engine')}"},
    )
    found = declared_engines(told, environ)
    if len(found) != 1:
        raise SettingsError(
            f"audit_engine is {name!r}, and has to be one engine", hint="name one of [engines.NAME]"
        )
    if not is_local_engine(found[0]):
        _demand_allowed(settings, name)
        told = replace(told, policy="cloud-on-doubt", cloud_engine=name)
    priced_engines(found, told)
    return told


def _demand_allowed(settings: Settings, name: str) -> None:
    """No page leaves the user's machines unless they allowed it, for this engine, by name."""
    allow = f'set policy = "cloud-for-audits" and cloud_engine = "{name}"'
    if settings.policy == "local-only":
        raise SettingsError(
            f"the audit engine {name} is not on your machines, and the policy local-only lets no"
            " page leave them",
            hint=f"name an engine on your machines in audit_engine; or, if pages may go to {name},"
            f" {allow}",
        )
    if settings.cloud_engine != name:
        raise SettingsError(
            f"the audit engine {name} is not on your machines, and the one engine elsewhere that"
            f" may get pages is {settings.cloud_engine or 'none'} (cloud_engine)",
            hint=f"name that one in audit_engine, or {allow}",
        )


def same_engine(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether the audit engine answers pages as well: then an audit is no other's opinion, but a
    stronger form of the question, for all fields and without what was found before."""
    name = settings.audit_engine.strip()
    return any(one.name == name for one in declared_engines(settings, environ))


def audit_terms(settings: Settings) -> Terms:
    """How the engine is used."""
    return Terms(alone=True, part=Part(PART, settings.budget_audits))
