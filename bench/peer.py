"""The peer: extruct for data that the page states, trafilatura for the main text.

Runs in an environment of its own: ``peer.py RECORDS``. Does what a careful user of the two would:
JSON-LD and microdata only (all of extruct's syntaxes take some ten times longer), a stated value
first, trafilatura's title and text where nothing is stated.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import extruct
import trafilatura

import pages

WARM_PAGE = "<html><head><title>Engineer</title></head><body><h1>Engineer</h1><p>Apply.</p></body>"


def postings(found: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in ``found`` whose type is JobPosting."""
    if isinstance(found, list):
        for item in found:
            yield from postings(item)
    elif isinstance(found, dict):
        if "JobPosting" in str(found.get("@type") or found.get("type") or ""):
            yield found.get("properties") or found
        yield from postings(found.get("@graph"))


def extract(html: str) -> dict[str, str | None]:
    """Title, company and description of one page; ``None`` where neither tool finds one."""
    try:
        data = extruct.extract(html, syntaxes=["json-ld", "microdata"], errors="ignore")
    except Exception:  # the peer's own faults cost the peer one page, not the run
        data = {}
    stated: Mapping[str, Any] = next(postings(list(data.values())), {})
    body = trafilatura.bare_extraction(html, with_metadata=True, favor_recall=True)
    main = body.as_dict() if body is not None else {}
    employer = stated.get("hiringOrganization")
    employer = employer.get("properties") or employer if isinstance(employer, dict) else employer
    company = employer.get("name") if isinstance(employer, dict) else employer
    description = stated.get("description")
    if isinstance(description, str) and "<" in description:
        description = trafilatura.html2txt(f"<html><body>{description}</body></html>")
    return {
        "title": stated.get("title") or main.get("title"),
        "company": company or main.get("sitename"),
        "description": description or main.get("text"),
    }


def main(records: Path) -> dict[str, float]:
    """Read, extract and write every measured page once; seconds without start-up."""
    extract(WARM_PAGE)
    paths, _ = pages.measured()
    start = time.perf_counter()
    with records.open("w", encoding="utf-8") as out:
        for path in paths:
            data = extract(path.read_bytes().decode("utf-8", "replace"))
            out.write(json.dumps({"source": path.name, "data": data}) + "\n")
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return {"pages": len(paths), "seconds": seconds, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
