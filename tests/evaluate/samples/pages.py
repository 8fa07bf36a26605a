"""Invented pages and files of samples."""

import json
from pathlib import Path
from typing import Any

PAGE = """<!doctype html><html><head><title>{title}</title>{head}</head><body>
<main><h1>{title}</h1><p>Company: {company}</p><p>Location: {place}</p>
<h2>About the role</h2><p>{body}</p></main></body></html>"""
DATA = """<script type="application/ld+json">{"@context": "https://schema.org",
"@type": "JobPosting", "title": "Night Baker", "datePosted": "2026-03-02",
"hiringOrganization": {"@type": "Organization", "name": "Harbour Bakery Ltd"},
"employmentType": "FULL_TIME", "description": "You bake bread at night and lead four people. The
ovens are lit at ten and the last loaves leave at six."}</script>"""
BODY = "You bake bread at night and lead four people. The ovens are lit at ten."


def page(title: str = "Night Baker", head: str = "", body: str = BODY, **more: str) -> str:
    told = {"company": "Harbour Bakery Ltd", "place": "Leeds, United Kingdom"} | more
    return PAGE.format(title=title, head=head, body=body, **told)


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
