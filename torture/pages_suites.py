"""Public suites as pages: naughty strings, and JSON in all its states."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any, Final

from rolecall.errors import SourceError
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load
from torture.nouns import Case, Class, Group, Terms
from torture.pages_posting import BODY, HEAD, TITLE, TOP, linked
from torture.pages_tried import Hostile, judged, strict, tried

ANY: Final = ("ok", "partial", "not_a_posting", "failed:decode_error", "failed:too_large")
PARTS: Final[dict[str, str]] = {
    "title": "<h1>{}</h1>" + HEAD + BODY,
    "company": f"<h1>{TITLE}</h1><p>Company: {{}}</p><p>Location: Leeds</p>" + BODY,
    "location": f"<h1>{TITLE}</h1><p>Company: Northgate Ltd</p><p>Location: {{}}</p>" + BODY,
    "salary": f"<h1>{TITLE}</h1><p>Company: Northgate Ltd</p><p>Salary: {{}}</p>" + BODY,
    "item": f"<h1>{TITLE}</h1>{HEAD}<h2>Requirements</h2><ul><li>{{}}</li><li>{{}}</li></ul>{BODY}",
    "body": f"<h1>{TITLE}</h1>{HEAD}<h2>About the role</h2><p>{{}}</p>{BODY}",
    "link": f'<h1>{TITLE}</h1>{HEAD}{BODY}<a href="{{}}" title="{{}}">Apply now</a>',
    "raw": f"<h1>{TITLE}</h1>{HEAD}%s{BODY}",
}
STATED: Final = ("title", "description", "datePosted", "validThrough", "employmentType", "skills",
                 "baseSalary", "hiringOrganization", "jobLocation", "url")  # fmt: skip
SHOWN: Final = ("title", "company", "location")


def blns(terms: Terms) -> Group:
    """Each naughty string in each part of a page, shown and stated."""
    said = "515 naughty strings in every field of a page: output strict, values verbatim or absent"
    if terms.shared is None:
        return Group(said=said, skipped="no ../shared/cases/blns")
    path = terms.shared / "cases" / "blns" / "blns.json"
    strings: list[str] = json.loads(path.read_text("utf-8"))
    pages = [one for n, text in enumerate(strings) for one in naughty(n, text, terms)]
    words = {one.name: " ".join(strings[int(one.name.split("_")[0])].split()) for one in pages}
    found = []
    for one, seen in zip(pages, tried(pages), strict=True):
        record = strict(seen.line)
        case = judged(one, record, seen.seconds)
        if case.found is Class.RIGHT:
            case = verbatim(one.name, record, words[one.name])
        found.append(case)
    return Group(said=said, cases=tuple(found))


def naughty(number: int, text: str, terms: Terms) -> Iterator[Hostile]:
    """Pages with ``text``; the short form takes one of them for each string."""
    made = {
        name: part.replace("%s", text) if name == "raw" else part.replace("{}", html.escape(text))
        for name, part in PARTS.items()
    }
    chosen = made if terms.full else [list(made)[number % len(made)]]
    for name in chosen:
        body = f"{TOP}</head><body><main>{made[name]}</main></body></html>"
        yield Hostile(name=f"{number:03}_{name}", body=body.encode(), wants=ANY)
    if terms.full or number % 4 == 0:
        data = {"@type": "JobPosting", **dict.fromkeys(STATED, text)}
        script = json.dumps(data).replace("</", "<\\/")
        yield Hostile(name=f"{number:03}_stated", body=linked(script), wants=ANY)


def verbatim(name: str, record: dict[str, Any], given: str) -> Case:
    """That fields which show words show words of the page, or what it stated."""
    text = " ".join((record.get("text") or "").split())
    for field in SHOWN:
        value = (record.get("data") or {}).get(field)
        folded = " ".join(value.split()) if isinstance(value, str) else ""
        if (
            folded
            and folded not in text
            and folded not in given
            and folded not in html.unescape(given)
        ):
            return Case(name=name, found=Class.WRONG, note=f"{field}: {value!r}")
    return Case(name=name, found=Class.RIGHT)


def jsontestsuite(terms: Terms) -> Group:
    """Each file as a line of a list, and as the JSON-LD of a page."""
    said = "JSONTestSuite: as a line, 95 accepted and 188 refused; as JSON-LD, output strict"
    if terms.shared is None:
        return Group(said=said, skipped="no ../shared/cases/jsontestsuite")
    folder = terms.shared / "cases" / "jsontestsuite" / "test_parsing"
    files = sorted(folder.iterdir())
    cases = [as_line(path.name, path.read_bytes()) for path in files]
    step = 1 if terms.full else 3
    pages = [as_page(path.name, path.read_bytes()) for path in files[::step]]
    for one, seen in zip(pages, tried(pages), strict=True):
        cases.append(judged(one, strict(seen.line), seen.seconds))
    return Group(said=said, cases=tuple(cases))


def as_line(name: str, content: bytes) -> Case:
    """A file as a line of JSON Lines, on its own, and within an object that has a page."""
    refused = said_of(Input(0, "-", line=content, json=True))
    wrapped = said_of(
        Input(0, "-", line=b'{"html": "<p>x</p>", "more": ' + content + b"}", json=True)
    )
    right = {
        "y": refused in ("accepted", "no page") and wrapped == "accepted",
        "n": refused in ("refused", "no page") and wrapped in ("refused", "told"),
    }.get(name[0], True)
    told = f"alone {refused}, within {wrapped}"
    if "crashed" in told:
        return Case(name=f"line_{name}", found=Class.CRASHED, note=told)
    return Case(name=f"line_{name}", found=Class.RIGHT if right else Class.WRONG, note=told)


def said_of(entry: Input) -> str:
    """What is said of a line: ``told`` is a page with a warning that the line is no JSON."""
    try:
        _, notices = load(entry, limit=1_000_000)
    except SourceError as error:
        return "refused" if "is not JSON" in str(error) else "no page"
    except Exception as error:
        return f"crashed {error!r}"
    return "told" if notices else "accepted"


def as_page(name: str, content: bytes) -> Hostile:
    """A file as the JSON-LD of a posting."""
    body = linked("@").replace(b"@</script>", content + b"</script>")
    return Hostile(name=f"page_{name}", body=body, wants=ANY)
