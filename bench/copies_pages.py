"""Pages with known copies, made from a seed: the same vacancy on several boards, edited, and pages
that look like copies and are none.

A copy shows the same vacancy: the same role of the same employer, whose text differs in edits only.
Another role, or the same role with other duties, is another vacancy, however much they share.
"""

from __future__ import annotations

import html
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from copies_texts import MONTHS, WORLDS, Tongue

EDITS = (
    "none", "typos", "added", "removed", "reordered", "reformatted", "dated", "moved", "paid",
)  # fmt: skip
"""What is done to a copy beside putting it on a board."""

LEVELS = (" Band {}", " (Level {})", " Grade {}")


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    """One vacancy before a board shows it."""

    tongue: Tongue
    title: str
    company: str
    city: str
    pay: tuple[int, int]
    day: tuple[int, int, int]
    about: str
    duties: tuple[str, ...]
    wants: tuple[str, ...]
    gives: tuple[str, ...]
    extra: tuple[str, ...] = ()
    flat: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """A page: its bytes, the number of its vacancy, what was done to it, and how it came about."""

    body: bytes
    vacancy: int
    edit: str
    kind: str
    truth: Vacancy = field(repr=False)


def pages(world: str, seed: int, vacancies: int = 60, copies: int = 4) -> list[Made]:
    """Pages of ``vacancies`` groups, each with look-alikes, up to ``copies`` copies of each, mixed.

    A group is a vacancy of its own, and in two of three cases another one of the same employer that
    shares what it can: all but title and duties, all but the duties, or all but the level.
    """
    draw = random.Random(f"{world} {seed}")
    out: list[Made] = []
    number = 0
    for at in range(vacancies):
        one = vacancy(draw, draw.choice(WORLDS[world]))
        family = [(one, "alone")]
        if at % 3 == 1:
            duties, wants = _duties(draw, one.tongue)
            other = replace(one, duties=duties, wants=wants)
            title = draw.choice([t for t in one.tongue.titles.split("|") if t != one.title])
            family.append((replace(other, title=title), "other title"))
            family.append((other, "other duties"))
        elif at % 3 == 2:
            level = draw.choice(LEVELS)
            family = [
                (_levelled(draw, one, level.format(grade), grade), "other level")
                for grade in (5, 6, 7)
            ]
        for each, kind in family:
            for _ in range(1 + draw.randrange(copies + 1)):
                edit = draw.choice(EDITS)
                changed = edited(draw, each, edit)
                out.append(
                    Made(
                        body=page(draw, changed),
                        vacancy=number,
                        edit=edit,
                        kind=kind,
                        truth=changed,
                    )
                )
            number += 1
    draw.shuffle(out)
    return out


def vacancy(draw: random.Random, tongue: Tongue) -> Vacancy:
    """A vacancy of its own."""
    company = draw.choice(tongue.companies.split("|"))
    duties, wants = _duties(draw, tongue)
    low = draw.randrange(22, 70)
    return Vacancy(
        tongue=tongue,
        title=draw.choice(tongue.titles.split("|")),
        company=company,
        city=draw.choice(tongue.cities.split("|")),
        pay=(low, low + draw.randrange(3, 12)),
        day=_day(draw),
        about=draw.choice(tongue.about.split("|")).format(
            company=company, n=draw.randrange(12, 80)
        ),
        gives=_drawn(draw, tongue.gives, draw.randrange(3, 6), 20),
        duties=duties,
        wants=wants,
    )


def _duties(draw: random.Random, tongue: Tongue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = [each.split("|") for each in (tongue.verbs, tongue.things, tongue.ends)]
    duties = sorted({" ".join(map(draw.choice, parts)) for _ in range(draw.randrange(7, 14))})
    return (
        tuple(draw.sample(duties, len(duties))),
        _drawn(draw, tongue.wants, draw.randrange(4, 7), 2),
    )


def _levelled(draw: random.Random, one: Vacancy, level: str, grade: int) -> Vacancy:
    """The same role at another level: a duty or two and the pay are others."""
    duties = list(one.duties)
    fresh, _ = _duties(draw, one.tongue)
    duties[: draw.randrange(3)] = fresh[:2]
    low = one.pay[0] + 6 * (grade - 5)
    return replace(one, title=one.title + level, duties=tuple(duties), pay=(low, low + 5))


def _drawn(draw: random.Random, field: str, count: int, least: int) -> tuple[str, ...]:
    every = field.split("|")
    found = draw.sample(every, min(count, len(every)))
    return tuple(one.format(n=draw.randrange(least, least + 10)) for one in found)


def _day(draw: random.Random) -> tuple[int, int, int]:
    return 2026, draw.randrange(1, 11), draw.randrange(1, 29)


def edited(draw: random.Random, one: Vacancy, edit: str) -> Vacancy:
    """The vacancy as another page words it."""
    if edit == "typos":
        duties = list(one.duties)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(duties))
            duties[at] = _typo(draw, duties[at])
        return replace(one, duties=tuple(duties), about=_typo(draw, one.about))
    if edit == "added":
        extra = draw.choice(one.tongue.extra.split("|"))
        return replace(one, extra=(extra,))
    if edit == "removed":
        gone = draw.randrange(len(one.duties))
        return replace(one, duties=one.duties[:gone] + one.duties[gone + 1 :])
    if edit == "reordered":
        return replace(one, duties=tuple(draw.sample(one.duties, len(one.duties))))
    if edit == "dated":
        return replace(one, day=_day(draw))
    if edit == "moved":
        cities = [city for city in one.tongue.cities.split("|") if city != one.city]
        return replace(one, city=draw.choice(cities))
    if edit == "paid":
        return replace(one, pay=(one.pay[0] + 2, one.pay[1] + 3))
    return replace(one, flat=edit == "reformatted")


def _typo(draw: random.Random, text: str) -> str:
    places = [at for at in range(1, len(text) - 2) if text[at : at + 2].isalpha()]
    at = draw.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def page(draw: random.Random, one: Vacancy) -> bytes:
    """The vacancy on one of five boards."""
    board = draw.choice((_plain_board, _table_board, _card_board, _data_board, _careers_site))
    return board(draw, one).encode()


def _esc(text: str) -> str:
    return html.escape(text, quote=False)


def _facts(one: Vacancy) -> list[tuple[str, str]]:
    names = one.tongue.facts.split("|")
    words = one.tongue.board.split("|")
    year, month, day = one.day
    date = one.tongue.date.format(y=year, m=f"{month:02}", d=f"{day:02}", month=MONTHS[month - 1])
    pay = one.tongue.pay.format(low=one.pay[0], high=one.pay[1])
    return list(zip(names, (one.city, pay, words[12], words[13], date), strict=True))


def _text(one: Vacancy, tag: str = "h2") -> str:
    heads = [f"<{tag}>{_esc(head)}</{tag}>" for head in one.tongue.heads.split("|")]
    duties, wants, gives = (_list(each, one.flat) for each in (one.duties, one.wants, one.gives))
    extra = "".join(f"<p>{_esc(each)}</p>" for each in one.extra)
    return (
        f"{heads[3]}<p>{_esc(one.about)}</p>{heads[0]}{duties}{heads[1]}{wants}"
        f"{heads[2]}{gives}{extra}"
    )


def _list(items: tuple[str, ...], flat: bool) -> str:
    if flat:
        return "<div>" + "<br>".join(f"- {_esc(each)}" for each in items) + "</div>"
    return "<ul>" + "".join(f"<li>{_esc(each)}</li>" for each in items) + "</ul>"


def _similar(draw: random.Random, one: Vacancy) -> str:
    words = one.tongue.board.split("|")
    titles = draw.sample(one.tongue.titles.split("|"), 4)
    cities = one.tongue.cities.split("|")
    rows = "".join(
        f"<li><a href='/v/{draw.randrange(10**6)}'>{_esc(title)} - {draw.choice(cities)}</a></li>"
        for title in titles
    )
    return f"<section class='similar-jobs'><h3>{_esc(words[8])}</h3><ul>{rows}</ul></section>"


def _frame(draw: random.Random, one: Vacancy, name: str, main: str) -> str:
    """Menu, consent, main part, other postings, footer."""
    words, notes = one.tongue.board.split("|"), one.tongue.notes.split("|")
    menu = "".join(f"<a href='/{n}'>{_esc(word)}</a> " for n, word in enumerate(words[:5]))
    foot = " ".join(f"<a href='/f{n}'>{_esc(word)}</a>" for n, word in enumerate(words[5:8]))
    title = f"{one.title} - {one.company} | {name}"
    return (
        f"<!DOCTYPE html><html lang={one.tongue.code}><head><title>{_esc(title)}</title></head>"
        f"<body>"
        f"<nav>{menu}</nav><div class='cookie-banner'>{_esc(notes[0])}</div><main>{main}</main>"
        f"{_similar(draw, one)}<footer><p>© 2026 {name}</p>{foot}</footer></body></html>"
    )


def _apply(draw: random.Random, one: Vacancy) -> str:
    word = one.tongue.board.split("|")[9]
    return f"<a class='button' href='/apply/{draw.randrange(10**6)}'>{_esc(word)}</a>"


def _plain_board(draw: random.Random, one: Vacancy) -> str:
    facts = "".join(f"<p>{_esc(key)}: {_esc(value)}</p>" for key, value in _facts(one))
    main = f"<h1>{_esc(one.title)}</h1><p>{_esc(one.company)}</p>{facts}{_text(one)}"
    return _frame(draw, one, "Workfinder", main + _apply(draw, one))


def _table_board(draw: random.Random, one: Vacancy) -> str:
    rows = "".join(f"<tr><th>{_esc(k)}</th><td>{_esc(v)}</td></tr>" for k, v in _facts(one))
    note = one.tongue.notes.split("|")[1]
    main = (
        f"<h1>{_esc(one.title)}</h1><h2>{_esc(one.company)}</h2><table>{rows}</table>"
        f"<article>{_text(one, 'h3')}</article>{_apply(draw, one)}<aside><p>{_esc(note)}</p>"
        f"</aside>"
    )
    return _frame(draw, one, "Post & Place", main)


def _card_board(draw: random.Random, one: Vacancy) -> str:
    words = one.tongue.board.split("|")
    tags = "".join(f"<span class=tag>{_esc(value)}</span> " for _, value in _facts(one)[:4])
    date = _facts(one)[4]
    warning = one.tongue.notes.split("|")[2]
    main = (
        f"<div class=card><h1>{_esc(one.title)}</h1><div>{_esc(one.company)} ·"
        f" {_esc(one.city)}</div>"
        f"<div>{tags}</div><button>{_esc(words[10])}</button><button>{_esc(words[11])}</button>"
        f"<p>{_esc(date[0])} {_esc(date[1])}</p></div><div class=text>{_text(one, 'h4')}</div>"
        f"{_apply(draw, one)}<p><small>{_esc(warning)}</small></p>"
    )
    return _frame(draw, one, "Jobkarte", main)


def _data_board(draw: random.Random, one: Vacancy) -> str:
    """A board that states the posting as data, too."""
    year, month, day = one.day
    data = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": one.title,
        "datePosted": f"{year}-{month:02}-{day:02}",
        "hiringOrganization": {"@type": "Organization", "name": one.company},
        "jobLocation": {"@type": "Place", "address": {"addressLocality": one.city}},
        "employmentType": "FULL_TIME",
        "description": _text(one),
    }
    told = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    main = (
        f"<script type='application/ld+json'>{told}</script><h1>{_esc(one.title)}</h1>"
        f"<p>{_esc(one.company)}, {_esc(one.city)}</p><p>{_esc(_facts(one)[1][1])}</p>{_text(one)}"
    )
    return _frame(draw, one, "Datajobs", main + _apply(draw, one))


def _careers_site(draw: random.Random, one: Vacancy) -> str:
    """The employer's own site, which names itself in its first heading."""
    facts = "".join(f"<li><b>{_esc(k)}</b> {_esc(v)}</li>" for k, v in _facts(one)[:4])
    main = (
        f"<header><p>{_esc(one.company)}</p></header><h1>{_esc(one.title)}</h1>"
        f"<ul class=facts>{facts}</ul>{_text(one)}"
    )
    return _frame(draw, one, one.company, main + _apply(draw, one))


def truth_pairs(made: list[Made]) -> Iterator[tuple[int, int]]:
    """All pairs of pages that show the same vacancy, earlier page first."""
    seen: dict[int, list[int]] = {}
    for at, one in enumerate(made):
        for before in seen.setdefault(one.vacancy, []):
            yield before, at
        seen[one.vacancy].append(at)
