"""Attacks: orders in pages, addresses that lead inside, cells that run, routes, patterns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torture import attacks_csv, attacks_flagged, attacks_net, attacks_regex, attacks_serve
from torture import attacks_injection as injection
from torture.nouns import Try

GROUPS: Final[Mapping[str, Try]] = {
    "injection_hidden": injection.hidden,
    "injection_visible": injection.visible,
    "injection_public": injection.public,
    "injection_flagged": attacks_flagged.flagged,
    "ssrf": attacks_net.ssrf,
    "csv": attacks_csv.cells,
    "routes": attacks_serve.routes,
    "json": attacks_serve.refusals,
    "xss": attacks_serve.xss,
    "api_fuzz": attacks_serve.fuzzed,
    "regex": attacks_regex.patterns,
}
