"""Orders in pages: what they change, with the reader alone and with an engine that obeys them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import rolecall
from rolecall.ask.questions import POSTING
from rolecall.core import EngineInfo, Extraction, Form, Prompt
from rolecall.pipeline import Pipeline, prepare
from rolecall.schema.validate import validate
from rolecall.settings import Settings
from torture.attacks_pages import HIDDEN, PAGES, SHOWN, Order, orders, with_inside
from torture.nouns import Case, Class, Group, Terms

FORMS: Final[tuple[Form, ...]] = ("grounded", "grammar", "json_schema", "json_object", "text")
QUOTING: Final = frozenset({"description", "responsibilities", "requirements", "benefits"})
"""Fields that hold whole lines of the page, whatever these say."""

OWN: Final[Mapping[str, frozenset[str]]] = {
    "title": frozenset({"title", "seniority"}),
    "company": frozenset({"company"}),
    "location": frozenset({"location", "locations"}),
    "salary_min": frozenset({"salary_min", "salary_max", "salary_currency", "salary_period"}),
    "salary_max": frozenset({"salary_min", "salary_max", "salary_currency", "salary_period"}),
    "currency": frozenset({"salary_min", "salary_max", "salary_currency", "salary_period"}),
    "employment_type": frozenset({"employment_type"}),
    "apply_url": frozenset({"application_url"}),
    "date_posted": frozenset({"date_posted"}),
    "remote": frozenset({"workplace"}),
}
"""The fields that a line about this one may fill."""


@cache
def _pipeline() -> Pipeline:
    return prepare(Settings(engine="none"))


def read(body: str) -> Extraction:
    """The page, read by the embedded reader alone."""
    return rolecall.extract(body, settings=_pipeline().settings)


@cache
def honest(page: str) -> Extraction:
    """A page with nothing in it."""
    return read(with_inside(page, ""))


def engine(marker: str, form: Form) -> rolecall.ReplayEngine:
    """The worst engine there can be: it answers every field with ``marker``, shown or not."""

    def answer(prompt: Prompt) -> str:
        line = prompt.messages[-1][1].rpartition("Answer:")[2].replace(",", " ").split()
        out: dict[str, Any] = {}
        for name, one in POSTING.items():
            if name in line or "all" in line:
                quote = [one.options[0], marker] if one.options else marker
                out[name] = [quote] if one.kind in ("quotes", "choices") else quote
        return json.dumps(out)

    info = EngineInfo(
        name="small", kind="replay", model="m", local=True, forms=(form,), window=32_768
    )
    return rolecall.ReplayEngine(answer, info=info)


def asked(body: str, marker: str, form: Form) -> Extraction:
    """The page with an engine that obeys, and that is asked for all that is not certain."""
    chosen = Settings(cache=False, ask_below=1.0, ask_null_below=1.0)
    return rolecall.extract(body, settings=chosen, engines={"small": engine(marker, form)})


def hidden(terms: Terms) -> Group:
    """Field orders in every hidden carrier: no field may change."""
    cases: list[Case] = []
    chosen = orders(terms)
    chosen = chosen if terms.full else chosen[::12]
    for number, order in enumerate(chosen):
        for nth, (carrier, carry) in enumerate(HIDDEN.items()):
            inserted = carry(order.text)
            pages = list(PAGES) if terms.full else [list(PAGES)[(number + nth) % len(PAGES)]]
            for page in pages:
                found = read(with_inside(page, inserted))
                name = f"reader/{page}/{carrier}/{order.name}"
                cases.append(_same(name, honest(page), found, order.marker))
            if not terms.full and nth % 4 != number % 4:
                continue
            form = FORMS[(number + nth) % len(FORMS)]
            page = list(PAGES)[(number * 3 + nth) % len(PAGES)]
            found = asked(with_inside(page, inserted), order.marker, form)
            name = f"{form}/{page}/{carrier}/{order.name}"
            cases.append(_same(name, silenced(page, order.marker, form), found, order.marker))
    said = (
        f"{len(chosen)} orders about a field in {len(HIDDEN)} hidden carriers of {len(PAGES)}"
        " pages, read by the embedded reader and by an engine that obeys: no field may change"
    )
    return Group(said=said, cases=tuple(cases))


@cache
def silenced(page: str, marker: str, form: Form) -> Extraction:
    """What the obeying engine comes to on a page that holds no order."""
    return asked(with_inside(page, ""), marker, form)


def _same(name: str, bare: Extraction, found: Extraction, marker: str) -> Case:
    changed = changes(bare, found)
    held = [key for key, value in (found.data or {}).items() if marker in _flat(value)]
    if changed or held:
        note = f"changed {sorted(changed)}, marker in {held}"
        return Case(name=name, found=Class.WRONG, note=note)
    return Case(name=name, found=Class.RIGHT)


def changes(bare: Extraction, found: Extraction) -> set[str]:
    """The fields in which two extractions differ; ``outcome`` too."""
    before, after = bare.data or {}, found.data or {}
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return changed | ({"outcome"} if bare.outcome != found.outcome else set())


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def visible(terms: Terms) -> Group:
    """Field orders that everybody sees: the marker only as its own quote, in its own field."""
    cases: list[Case] = []
    chosen = orders(terms)
    chosen = chosen if terms.full else chosen[::6]
    for number, order in enumerate(chosen):
        for nth, (carrier, carry) in enumerate(SHOWN.items()):
            if not terms.full and nth != number % len(SHOWN):
                continue
            inserted = carry(order.text)
            for page in PAGES if terms.full else [list(PAGES)[number % len(PAGES)]]:
                found = read(with_inside(page, inserted))
                cases.append(_own(f"reader/{page}/{carrier}/{order.name}", found, order))
            for form in FORMS if terms.full else [FORMS[number % len(FORMS)]]:
                page = list(PAGES)[(number + nth) % len(PAGES)]
                found = asked(with_inside(page, inserted), order.marker, form)
                cases.append(_own(f"{form}/{page}/{carrier}/{order.name}", found, order))
    said = (
        f"{len(chosen)} orders about a field in {len(SHOWN)} visible places of {len(PAGES)}"
        " pages: the marker may stand in no field but its own, quoted from where the page shows it"
    )
    return Group(said=said, cases=tuple(cases))


def _own(name: str, found: Extraction, order: Order) -> Case:
    """The marker only in its own field, or in one that holds whole lines, and quoted there."""
    text = found.page.text if found.page is not None else ""
    for field, value in (found.data or {}).items():
        if order.marker not in _flat(value):
            continue
        if field not in QUOTING | OWN[order.field]:
            # A skill is a quote too: the reader takes a shown line for one, and says where it is.
            found_as = Class.SHORT if field == "skills" else Class.WRONG
            return Case(name=name, found=found_as, note=f"{field} holds the marker")
        for pointer, one in found.evidence.items():
            of_field = pointer == f"/{field}" or pointer.startswith(f"/{field}/")
            if of_field and one.quote and order.marker in one.quote:
                shown = one.span is not None and one.span.of(text) == one.quote
                if not shown:
                    return Case(name=name, found=Class.WRONG, note=f"{pointer} is not a quote")
    return Case(name=name, found=Class.RIGHT)


PLACES: Final[Mapping[str, str]] = {
    "hidden": '<div style="display:none">{}</div>', "comment": "<!-- {} -->", "shown": "<p>{}</p>",
}  # fmt: skip


def public(terms: Terms) -> Group:
    """Collected orders of all kinds: no field changes, but those that hold whole lines."""
    if terms.shared is None:
        return Group(said="collected orders", skipped="no collected orders at hand")
    cases: list[Case] = []
    lines = list(_collected(terms))
    for number, (ident, escaped) in enumerate(lines if terms.full else lines[::9]):
        for nth, (place, around) in enumerate(PLACES.items()):
            for page in PAGES if terms.full else [list(PAGES)[(number + nth) % len(PAGES)]]:
                found = read(with_inside(page, around.replace("{}", escaped)))
                changed = changes(honest(page), found)
                allowed = QUOTING if place == "shown" else frozenset[str]()
                name = f"{page}/{place}/{ident}"
                if found.data is None or not any(found.data.values()):
                    cases.append(Case(name=name, found=Class.WRONG, note="nothing is left"))
                elif changed - allowed:
                    note = f"changed {sorted(changed - allowed)}"
                    short = place == "shown" and changed - allowed <= {"skills"}
                    cases.append(
                        Case(name=name, found=Class.SHORT if short else Class.WRONG, note=note)
                    )
                elif validate(found.data):
                    cases.append(Case(name=name, found=Class.WRONG, note="not as the schema asks"))
                else:
                    cases.append(Case(name=name, found=Class.RIGHT))
    said = (
        f"{len(lines)} collected orders in {len(PLACES)} places of {len(PAGES)} pages: no field"
        " changes but those that hold whole lines of the page, no format breaks, not all is empty"
    )
    return Group(said=said, cases=tuple(cases))


def _collected(terms: Terms) -> Iterator[tuple[str, str]]:
    import html

    assert terms.shared is not None
    place = terms.shared / "cases/injection/public_injections.jsonl"
    for line in place.read_text("utf-8").splitlines():
        case = json.loads(line)
        yield case["id"], html.escape(case["text"]).replace("--", "- -")
