"""Pages as crawls bring them, made up from a seed: sites with furniture, postings of their own.

How much repeats was chosen by what the pages of one site share in the annotated corpus (16 sites of
three pages or more): 66 % of a page's lines stand on another page of its site too (mean; 26 to 85 %
by site), 20 to 60 % of the lines of its main part, 10 to 72 % of all characters (40 % and 44 % as
means over sites), and 7 % of the lines stand on another site. Of 2,000 pages made here, 62 % of a
page's lines stand on another page of its site, 38 % of its main part's, 40 % of all characters, and
29 % stand on another site, for the sites are few languages' and share headings and facts.

Made pages have 88 lines and 10 KB in the median, and words that are fewer than those of real ones;
pages of the corpus have 143 lines and 74 KB, most of it scripts, styles and attributes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vocabulary import LANGUAGES, SKILLS, Words

SITES: Final = 100
SYLLABLES: Final = "ka ri mo ten va lo sur bel an dor pi gra nu set hol ver mi ra fen".split()
CLASSES: Final = "wrap inner row col box main-content item link btn text block grid card".split()


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a site share."""

    name: str
    host: str
    words: Words
    head: str
    top: str
    foot: str
    benefits: tuple[str, ...]
    about: str
    layout: int


def realistic(count: int, seed: int = 7) -> Iterator[bytes]:
    """``count`` pages of ``SITES`` sites in four languages, made from the seed alone."""
    draw = random.Random(seed)
    sites = [_site(draw, number) for number in range(SITES)]
    for number in range(count):
        yield _page(draw, draw.choice(sites), number).encode()


def _name(draw: random.Random, parts: int = 3) -> str:
    return "".join(draw.choices(SYLLABLES, k=parts)).title()


def _site(draw: random.Random, number: int) -> Site:
    words = LANGUAGES[number % len(LANGUAGES)]
    name = f"{_name(draw)} {draw.choice(('Group', 'GmbH', 'Ltd', 'SA', '& Co', 'Works'))}"
    host = f"www.{name.split()[0].lower()}{number}.example"
    names = [f"{draw.choice(CLASSES)}-{_name(draw, 2).lower()}" for _ in range(12)]
    style = "".join(
        f".{draw.choice(names)}{{margin:{draw.randrange(40)}px;color:#{draw.randrange(4096):03x}}}"
        for _ in range(draw.randrange(20, 50))
    )
    script = "".join(
        f"window.q{i}=function(a){{return a&&a.{_name(draw, 2).lower()}({draw.randrange(999)})}};"
        for i in range(draw.randrange(12, 40))
    )
    menu = _own(draw, draw.sample(words.menu, draw.randrange(9, len(words.menu))))
    terms = _own(draw, draw.sample(words.terms, draw.randrange(7, len(words.terms))))
    places = draw.sample(words.cities, 8)
    benefits = _own(draw, draw.sample(words.benefits, 8))
    top = "".join(
        f'<li class="{draw.choice(names)}"><a href="/{i}">{text}</a></li>'
        for i, text in enumerate(menu)
    )
    foot = "".join(
        f'<li><a class="{draw.choice(names)}" href="/l/{i}">{text}</a></li>'
        for i, text in enumerate(
            [*terms, *(f"{words.menu[3]} {name.split()[0]} {place}" for place in places)]
        )
    )
    cookies = "".join(f"<p>{text}</p>" for text in _own(draw, list(words.cookies[:2])))
    cookies += "".join(f"<button>{text}</button>" for text in words.cookies[2:])
    return Site(
        name=name,
        host=host,
        words=words,
        head=f"<style>{style}</style><script>{script}</script>",
        top=f'<div id="cookie-banner" class="consent">{cookies}</div><header class="{names[0]}">'
        f'<a href="/"><img src="/logo.svg" alt="{name}"></a><nav><ul>{top}</ul></nav></header>',
        foot=f'<footer class="{names[1]}"><ul>{foot}</ul><p>© 2026 {name}</p></footer>',
        benefits=tuple(benefits),
        about=". ".join(f"{name} {text}" for text in draw.sample(words.about, len(words.about))),
        layout=draw.randrange(3),
    )


def _own(draw: random.Random, texts: list[str]) -> list[str]:
    """Texts as one site words them: most with a name that no other site has."""
    return [f"{text} {_name(draw)}" if draw.random() < 0.85 else text for text in texts]


def _sentence(draw: random.Random, words: Words) -> str:
    """One line of a posting; a few hundred thousand differ in each language."""
    verb, tail = draw.choice(words.verbs), draw.choice(words.tails)
    one, two = draw.choice(words.objects), draw.choice(words.objects)
    kind = draw.random()
    if kind < 0.4:
        return f"{verb} {one} {tail}"
    if kind < 0.7:
        return f"{verb} {one} {words.joined} {two}, {tail}"
    if kind < 0.8:
        return f"{verb} {one}"
    return f"{verb} {one} ({_name(draw)}, {draw.choice(SKILLS)}) {tail}"


def _wanted(draw: random.Random, words: Words) -> str:
    kind = draw.random()
    if kind < 0.35:
        return f"{draw.choice(words.knows)} {', '.join(draw.sample(SKILLS, draw.randrange(1, 4)))}"
    said = _sentence(draw, words)
    return f"{draw.choice(words.knows)} {said[0].lower()}{said[1:]}"


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _page(draw: random.Random, site: Site, number: int) -> str:
    words = site.words
    title = f"{draw.choice(words.levels)}{draw.choice(words.roles)}"
    city, low = draw.choice(words.cities), draw.randrange(24, 90)
    day = f"{draw.randrange(1, 29)}.{draw.randrange(1, 13)}.2026"
    pay = words.pay.format(low=low, high=low + draw.randrange(3, 16))
    time = draw.choice(words.times)
    intro = ". ".join(_sentence(draw, words) for _ in range(draw.randrange(2, 8)))
    duties = [_sentence(draw, words) for _ in range(draw.randrange(6, 26))]
    asked = [_wanted(draw, words) for _ in range(draw.randrange(4, 17))]
    offers = draw.sample(site.benefits, draw.randrange(4, 8))
    asked.insert(draw.randrange(len(asked)), words.years.format(n=draw.randrange(1, 9)))
    body = "".join(
        [
            f"<p>{intro}.</p>",
            f"<h2>{words.headings[0]}</h2>{_list(duties)}",
            f"<h2>{words.headings[1]}</h2>{_list(asked)}",
            f"<h2>{words.headings[2]}</h2>{_list(offers)}",
            f"<h2>{words.headings[3]}</h2><p>{site.about}.</p>",
            f"<p>{words.apply.format(day=day)} jobs{number}@{site.host[4:]}.</p>",
        ]
    )
    similar = "".join(
        f'<li><a href="/v/{draw.randrange(10**6)}">{draw.choice(words.roles)}</a>'
        f" <span>{draw.choice(words.cities)}</span></li>"
        for _ in range(4)
    )
    facts = list(zip(words.facts, (city, time, pay, day), strict=True))
    stated = _stated(site, title, city, day, low, body) if draw.random() < 1 / 3 else ""
    return (
        f'<!DOCTYPE html><html lang="{words.code}"><head><meta charset="utf-8">'
        f"<title>{title} - {city} | {site.name}</title>"
        f'<link rel="canonical" href="https://{site.host}/v/{number}">{site.head}{stated}</head>'
        f'<body>{site.top}<main class="vacancy"><h1>{title}</h1>'
        f'<div class="company">{site.name}</div>{_facts(site.layout, facts)}'
        f'<div class="description">{body}</div><a class="apply" href="/apply/{number}">'
        f"{words.menu[3]}</a></main><aside class='similar-jobs'><ul>{similar}</ul></aside>"
        f"{site.foot}</body></html>"
    )


def _facts(layout: int, facts: list[tuple[str, str]]) -> str:
    """The facts of a posting as a list, a definition list or a table."""
    if layout == 0:
        return (
            f"<ul class='meta'>{''.join(f'<li>{name}: {value}</li>' for name, value in facts)}</ul>"
        )
    if layout == 1:
        return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in facts)}</dl>"
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
    return f"<table>{rows}</table>"


def _stated(site: Site, title: str, city: str, day: str, low: int, body: str) -> str:
    """The posting as data, as a third of sites' pages carry it."""
    date, month, year = day.split(".")
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": title,
        "datePosted": f"{year}-{int(month):02}-{int(date):02}",
        "hiringOrganization": {"@type": "Organization", "name": site.name},
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressLocality": city.split(",")[0]},
        },
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "EUR",
            "value": {"@type": "QuantitativeValue", "minValue": low * 1000, "unitText": "YEAR"},
        },
        "description": body,
    }
    text = json.dumps(posting, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'
