"""Job postings to validated JSON in which every value points to its evidence on the page.

    >>> import rolecall
    >>> result = rolecall.extract(rolecall.Source(body=html))      # doctest: +SKIP
    >>> result.data["title"], result.evidence["/title"].quote      # doctest: +SKIP

Importing this package loads none of its parts; each name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.client.aclient import AsyncClient
    from rolecall.client.client import Client
    from rolecall.core import (
        Block,
        Candidate,
        Evidence,
        Extraction,
        Notice,
        Page,
        Problem,
        Reason,
        Source,
        Span,
    )
    from rolecall.drive.pages import aextract, extract, extract_many
    from rolecall.engines.replay import Recorder, ReplayEngine
    from rolecall.errors import (
        BudgetError,
        CallbackError,
        EngineError,
        Error,
        SchemaError,
        ServerError,
        SettingsError,
        SourceError,
        UsageError,
    )
    from rolecall.page import clean
    from rolecall.record import to_record
    from rolecall.schema.schema import Schema
    from rolecall.schema.schema_org import to_schema_org
    from rolecall.schema.validate import validate
    from rolecall.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Block",
    "BudgetError",
    "CallbackError",
    "Candidate",
    "Client",
    "EngineError",
    "Error",
    "Evidence",
    "Extraction",
    "Notice",
    "Page",
    "Problem",
    "Reason",
    "Recorder",
    "ReplayEngine",
    "Schema",
    "SchemaError",
    "ServerError",
    "Settings",
    "SettingsError",
    "Source",
    "SourceError",
    "Span",
    "UsageError",
    "__version__",
    "aextract",
    "clean",
    "extract",
    "extract_many",
    "to_record",
    "to_schema_org",
    "validate",
]

_HOMES = {
    "AsyncClient": "rolecall.client.aclient",
    "Client": "rolecall.client.client",
    "clean": "rolecall.page",
    "aextract": "rolecall.drive.pages",
    "extract": "rolecall.drive.pages",
    "extract_many": "rolecall.drive.pages",
    "Recorder": "rolecall.engines.replay",
    "ReplayEngine": "rolecall.engines.replay",
    "to_record": "rolecall.record",
    "to_schema_org": "rolecall.schema.schema_org",
    "validate": "rolecall.schema.validate",
    "Schema": "rolecall.schema.schema",
    "Settings": "rolecall.settings",
    **dict.fromkeys(
        (
            "BudgetError",
            "CallbackError",
            "EngineError",
            "Error",
            "SchemaError",
            "ServerError",
            "SettingsError",
            "SourceError",
            "UsageError",
        ),
        "rolecall.errors",
    ),
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from the part it lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES.get(name, "rolecall.core")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
