"""The extra ``eval``: what to say where numpy is not installed."""

from __future__ import annotations

from importlib.util import find_spec

from rolecall.errors import UsageError


def no_numpy() -> UsageError:
    """The error that names what to install."""
    return UsageError(
        "measuring and comparing engines needs numpy", hint="pip install 'rolecall[eval]'"
    )


def demand_numpy() -> None:
    """Raise `UsageError` where numpy is missing, without loading it where it is there."""
    if find_spec("numpy") is None:
        raise no_numpy()
