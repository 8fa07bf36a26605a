"""Everything a page states as data about postings, in schema.org's ``JobPosting`` shape."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Notice, Statement
from rolecall.page.jsonld import is_jsonld, read_jsonld
from rolecall.page.microdata import read_microdata
from rolecall.page.state import read_state


def read_statements(
    tree: LexborHTMLParser,
) -> tuple[tuple[Statement, ...], tuple[Notice, ...]]:
    """The postings stated by JSON-LD, microdata and framework state, and what was wrong.

    ``tree`` must still have its scripts. State is searched only where neither of the others gives
    a title and a description: it repeats them, in a shape that has to be guessed.
    """
    linked: list[str] = []
    scripts: list[tuple[str, str, str]] = []
    for node in tree.tags("script"):
        attributes = node.attributes
        kind = attributes.get("type") or ""
        if is_jsonld(kind):
            linked.append(node.text())
        elif "src" not in attributes:
            scripts.append((kind, attributes.get("id") or "", node.text()))
    statements, notices = read_jsonld(linked) if linked else ((), ())
    statements += read_microdata(tree)
    if any(s.data.get("title") and s.data.get("description") for s in statements):
        return statements, notices
    return statements + read_state(tree, scripts), notices
