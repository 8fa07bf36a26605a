"""Which engine is asked about a page, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

from rolecall.core import EngineInfo, Extraction
from rolecall.schema.posting import REQUIRED, UNITS
from rolecall.settle import doubtful

Privacy = Literal["local-only", "cloud-over-threshold", "cloud-on-doubt", "cloud-for-audits"]

PAGES_TO_CLOUD: Final = frozenset({"cloud-over-threshold", "cloud-on-doubt"})
"""Policies under which pages may go to the cloud engine. Under ``cloud-for-audits`` only a second
opinion on a page may come from there; pages are answered as under ``local-only``."""

NULL_TRUST: Final[Mapping[str, float]] = MappingProxyType(
    {
        "responsibilities": 0.29, "requirements": 0.33, "places": 0.64, "benefits": 0.73,
        "application_email": 0.89, "workplace": 0.92,
    }
)  # fmt: skip
"""Unit -> the share of pages on which nothing was found and nothing is there, where that is under
0.95 and it can be asked for: ``python -m rolecall.evaluate.nulls`` (101 annotated pages, each read
without its site). A null has a threshold of its own, for it has no confidence of its own."""


class Policy(Struct, frozen=True, kw_only=True):
    """When an engine is asked, and which.

    A value less sure than ``doubt`` is asked for, and an empty unit whose nulls are right less
    often than ``null_doubt``; required fields that are empty always are. A prompt and answer of
    more than ``threshold`` tokens is long: ``cloud-over-threshold`` sends it to ``cloud``, and a
    local engine gets it in windows. ``cloud`` names the one cloud engine that may be used.
    """

    privacy: Privacy = "local-only"
    cloud: str = ""
    threshold: int = 8_192
    doubt: float = 0.5
    null_doubt: float = 0.75


DEFAULT_POLICY: Final = Policy()


class Choice(Struct, frozen=True, kw_only=True):
    """An engine in its turn. One ``after_failure`` stands in where an earlier one failed and none
    has answered."""

    engine: str
    why: str
    after_failure: bool = False


def wanted(extraction: Extraction, policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
    """The units an engine should be asked for, in the order of the schema."""
    data = extraction.data or {}
    unsure = set(doubtful(extraction, below=policy.doubt))
    return tuple(
        unit
        for unit, names in UNITS.items()
        if unit in unsure
        or (
            all(data.get(name) is None for name in names)
            and (unit in REQUIRED or NULL_TRUST.get(unit, 1.0) < policy.null_doubt)
        )
    )


def allowed(engines: Sequence[EngineInfo], policy: Policy) -> list[EngineInfo]:
    """The engines that the policy lets see a page."""
    cloud = policy.cloud if policy.privacy in PAGES_TO_CLOUD else None
    return [one for one in engines if one.local or one.name == cloud]


def route(
    engines: Sequence[EngineInfo], policy: Policy, *, over: bool
) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    """The engines in the order of asking, and what is to be said of those left out.

    ``over`` says that the page is longer than the threshold. A cloud engine that may be used at all
    also stands in for a local one that failed.
    """
    fit = allowed(engines, policy)
    out = [f"{e.name} is kept out by the policy {policy.privacy}" for e in engines if e not in fit]
    local = [one for one in fit if one.local]
    cloud = [one for one in fit if not one.local]
    size = "over" if over else "within"
    told = f"{size} the threshold of {policy.threshold:,} tokens"
    near = [Choice(engine=one.name, why=told) for one in local]
    if policy.privacy == "cloud-on-doubt":
        doubt = "still missing or in doubt"
        return (*near, *(Choice(engine=one.name, why=doubt) for one in cloud)), tuple(out)
    if over and cloud:
        far = [Choice(engine=one.name, why=told) for one in cloud]
        why = "the cloud engine failed"
        return (*far, *_instead(local, why)), tuple(out)
    if cloud and not local:
        why = "no local engine is there"
        return tuple(Choice(engine=one.name, why=why) for one in cloud), tuple(out)
    return (*near, *_instead(cloud, "the local engine failed")), tuple(out)


def _instead(engines: Sequence[EngineInfo], why: str) -> list[Choice]:
    return [Choice(engine=one.name, why=why, after_failure=True) for one in engines]
