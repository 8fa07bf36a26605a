"""Made-up requests to every route of the API, by its own OpenAPI document (schemathesis).

    python bench/fuzz_api.py                 20,000 requests to a real server with its worker
    python bench/fuzz_api.py --count 2000

Each answer must be below 500, of a status, media type and shape that the document names. What is
not is printed, and the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PAGE = {"pages": [{"html": "<h1>Nurse</h1>", "source": "a"}, {"text": "Nurse"}]}
SESSION = requests.Session()
KNOWN = ("t1", "b1")
"""Ids that are there: random ones hardly ever are."""


@dataclass
class Told:
    """What came of the requests: how many, their statuses by route, and what was wrong."""

    cases: int = 0
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def fuzz(url: str, token: str | None, count: int, number: int = 1) -> Told:
    """Send about ``count`` requests to each route of the server at ``url``, half of them wrong."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    asked = urllib.request.Request(f"{url}/openapi.json", headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        document = json.load(answer)
    _signed(document)
    found = schemathesis.openapi.from_dict(document)
    told = Told()
    for result in found.get_all_operations():
        operation = result.ok()
        look = _streamed if operation.path == "/v1/events" else _whole
        given_ids: list[Any] = [None]
        if "{id}" in operation.path:
            given_ids += [{"id": one} for one in KNOWN]
        for ids in given_ids:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                each = max(1, count // (2 * len(given_ids)))
                more = {} if ids is None else {"path_parameters": ids}
                try:
                    strategy = operation.as_strategy(generation_mode=mode, **more)
                    _many(
                        strategy,
                        each,
                        number,
                        lambda case, look=look: look(case, url, headers, told),
                    )
                except (Unsatisfiable, ValueError, TypeError) as error:
                    if mode is GenerationMode.POSITIVE:
                        told.faults.append(f"{operation.label}: no request can be made: {error}")
    return told


def _signed(document: dict[str, Any]) -> None:
    """Leave out how one signs in: nearly all requests would be made with wrong tokens."""
    del document["components"]["securitySchemes"]
    for methods in document["paths"].values():
        for route in methods.values():
            route.pop("security", None)


def _many(strategy: Any, count: int, number: int, look: Callable[[Any], None]) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=strategy)
    def each(case: Any) -> None:
        look(case)

    each()


def _whole(case: Any, url: str, headers: dict[str, str], told: Told) -> None:
    wait = (case.query or {}).get("wait")
    if isinstance(wait, int | float) and 0 < wait <= 60:
        case.query["wait"] = 0.01  # nothing is worked on that would be worth a wait
    response = case.call(base_url=url, session=SESSION, headers=headers, timeout=60)
    _count(told, case, response.status_code)
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        for failure in group.exceptions:
            told.faults.append(
                f"{case.operation.label}: {response.status_code} {type(failure).__name__}"
                f" {str(failure)[:300]} | {case.as_curl_command()[:600]} | {response.text[:300]}"
            )


def _streamed(case: Any, url: str, headers: dict[str, str], told: Told) -> None:
    """An answer that does not end: only its head is looked at."""
    sent = case.as_transport_kwargs(base_url=url, headers=headers)
    with requests.request(**sent, stream=True, timeout=30) as response:
        _count(told, case, response.status_code)
        documented = {int(one) for one in case.operation.definition.raw["responses"]}
        if response.status_code >= 500 or response.status_code not in documented:
            told.faults.append(f"{case.operation.label}: {response.status_code}")


def _count(told: Told, case: Any, status: int) -> None:
    told.cases += 1
    told.statuses.setdefault(case.operation.label, Counter())[status] += 1


@contextmanager
def server(folder: str) -> Iterator[str]:
    """The address of a real server, with its data in ``folder``; it has a task and a batch."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ROLECALL_")}
    environ |= {"ROLECALL_DATA_FOLDER": folder, "ROLECALL_ENGINE": "none"}
    words = [sys.executable, "-m", "rolecall", "serve", "--port", "0"]
    with subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            url = process.stderr.readline().split()[-1]
            body = json.dumps(PAGE).encode()
            told = {"Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(f"{url}/v1/tasks", body, told)).close()
            yield url
        finally:
            process.terminate()
            process.wait(60)


def main() -> int:
    """Run, print what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000, help="requests, at least (20,000)")
    parser.add_argument("--seed", type=int, default=1, help="another number: other requests")
    asked = parser.parse_args()
    began = time.monotonic()
    told = Told()
    with tempfile.TemporaryDirectory() as folder, server(folder) as url:
        number = asked.seed
        while told.cases < asked.count and len(told.faults) < 100:
            one = fuzz(url, None, max(10, min(300, asked.count // 16)), number)
            told.cases += one.cases
            told.faults += one.faults
            for label, statuses in one.statuses.items():
                told.statuses.setdefault(label, Counter()).update(statuses)
            number += 1
            print(f"{told.cases:,} requests, {len(told.faults)} faults", file=sys.stderr)
    for label, statuses in sorted(told.statuses.items()):
        shown = ", ".join(f"{status}: {times:,}" for status, times in sorted(statuses.items()))
        print(f"{label:<36} {shown}")
    took = time.monotonic() - began
    print(f"\n{told.cases:,} requests in {took:.0f} s: {len(told.faults)} faults")
    for fault in sorted(set(told.faults))[:50]:
        print(f"  {fault}")
    Path("build").mkdir(exist_ok=True)
    figures = {"cases": told.cases, "faults": len(told.faults), "seconds": round(took, 1)}
    Path("build/fuzz_api.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")
    return 1 if told.faults else 0


if __name__ == "__main__":
    sys.exit(main())
