"""One line or one sidecar -> a sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.check import check_keys, checked_day, checked_labels, kind_of, near
from rolecall.schema.posting import FIELDS
from rolecall.schema.schema import Schema


def sample_of(
    row: Any, where: str, folder: Path, schema: Schema | None = None, number: int = 0
) -> Sample:
    """The sample that a line describes; pages are looked for from ``folder``.

    ``where`` names the line in messages. Raises `UsageError` for what cannot be used.
    """
    if not isinstance(row, dict):
        raise UsageError(
            f"{where}: a sample is a JSON object, not {kind_of(row)}",
            hint='such as {"source": "page.html", "expected": {"title": "Baker"}}',
        )
    check_keys(row, where)
    kinds = [key for key in ("source", "html", "text") if key in row]
    if len(kinds) != 1:
        told = "no page" if not kinds else f"several pages: {', '.join(kinds)}"
        raise UsageError(
            f"{where}: the sample has {told}", hint="give one of source (a file), html, or text"
        )
    posting = row.get("posting", True)
    if "expected" not in row and posting:
        raise UsageError(
            f"{where}: the sample has no labels",
            hint='add "expected": {…}; or "posting": false, if the page is no vacancy',
        )
    expected = checked_labels(row.get("expected", {}), where, schema)
    path, body, media_type = _page(row, kinds[0], where, folder)
    name = row.get("id") or (row["source"] if path else f"line {number}")
    return Sample(
        id=name,
        site=site_of(row.get("site", ""), row.get("url"), row.get("source", "")),
        path=path,
        body=body,
        url=row.get("url") or None,
        media_type=media_type,
        captured=checked_day(row.get("captured"), where),
        language=row.get("language") or _language(expected),
        expected=expected,
        also=_also(row.get("also", {}), where, schema),
        evidence=row.get("evidence", {}),
        posting=posting,
    )


def site_of(site: str, url: str | None, source: str) -> str:
    """What a split may not cut through: as given, else the host of the address, else the folder.

    A leading ``www.`` does not count. A page without any of these has the site ``-``.
    """
    if site:
        return site
    try:
        host = (urlsplit(url).hostname or "") if url else ""
    except ValueError:
        host = ""
    return host.removeprefix("www.") or PurePosixPath(source).parent.name or "-"


def _page(
    row: Mapping[str, Any], kind: str, where: str, folder: Path
) -> tuple[str, bytes | None, str | None]:
    if kind != "source":
        media_type = "text/html" if kind == "html" else "text/plain"
        return "", row[kind].encode("utf-8", "replace"), media_type
    path = folder / row["source"]
    if "\0" in row["source"] or not path.is_file():
        raise UsageError(
            f"{where}: there is no page {str(path)!a}",
            hint="source is a file, relative to the file of samples",
        )
    return str(path), None, None


def _also(
    value: Mapping[str, Any], where: str, schema: Schema | None
) -> dict[str, tuple[Any, ...]]:
    known = FIELDS if schema is None or schema.is_posting else _dotted(schema)
    out = {}
    for name, values in value.items():
        if name not in known:
            raise UsageError(f"{where}: also: there is no field {name!r}", hint=near(name, known))
        if not isinstance(values, list):
            raise UsageError(
                f"{where}: also: {name} must be a list of values, not {kind_of(values)}",
                hint=f'write "also": {{"{name}": […]}} with each value that is right too',
            )
        out[name] = tuple(values)
    return out


def _dotted(schema: Schema) -> tuple[str, ...]:
    return tuple(".".join(one.path) for one in schema.fields)


def _language(expected: Mapping[str, Any]) -> str:
    language = expected.get("posting_language")
    return language if isinstance(language, str) else ""
