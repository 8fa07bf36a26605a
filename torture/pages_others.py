"""Pages that are no single posting, each with what it is: none may give a field."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from typing import Final

from torture.pages_posting import BODY, HEAD, TITLE, TOP, posting
from torture.pages_tried import Hostile

NOTHING: Final = ("empty_text", "needs_javascript", "other")
WALL: Final = ("login_wall", "blocked_page", "other")
MENU: Final = "<nav><a href=/>Home</a> <a href=/jobs>Jobs</a> <a href=/about>About us</a></nav>"
FOOT: Final = "<footer>© 2026 Northgate Structures Ltd · Imprint · Privacy</footer>"


def pages() -> Iterator[Hostile]:
    """All of them."""
    for name, body, wants in (
        *blank(),
        *no_text(),
        *shells(),
        *walls(),
        *gone(),
        *several(),
        *else_(),
    ):
        yield Hostile(name=name, body=body, wants=wants)


Told = tuple[str, bytes, tuple[str, ...]]


def html(inside: str, *, title: str = "Northgate", head: str = "") -> bytes:
    """A page in the site's frame."""
    top = TOP.replace(TITLE, title)
    return f"{top}{head}</head><body>{MENU}{inside}{FOOT}</body></html>".encode()


def blank() -> Iterator[Told]:
    """Nothing at all, in many forms."""
    for name, body in {
        "empty": b"",
        "white_space": b" \r\n\t " * 5_000,
        "no_break_spaces": "\u00a0\u2003".encode() * 900,
        "mark_only": b"\xef\xbb\xbf",
        "mark_utf16": b"\xff\xfe",
        "one_letter": b"x",
        "tag_only": b"<",
        "zero_width": "\u200b\u2060".encode() * 500,
        "comment_only": b"<!-- nothing here -->",
        "empty_body": b"<html><head><title></title></head><body></body></html>",
        "only_an_image": b"<html><body><img src=vacancy.png alt='Baker wanted'></body></html>",
        "only_hidden": posting().replace(b"<main>", b"<main hidden>").replace(TITLE.encode(), b""),
        "only_styles": b"<style>p{color:red}</style>" * 500,
        "packed_empty": gzip.compress(b""),
    }.items():
        yield f"blank_{name}", body, (*NOTHING, "not_html", "failed:decode_error")
    yield "blank_one_nul", b"\0", (*NOTHING, "not_html")


def no_text() -> Iterator[Told]:
    """Bytes of other kinds, whatever their name says."""
    rest = random.Random(9).randbytes(20_000)
    for name, head in {
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "pdf_after_lines": b"\r\n\r\n%PDF-1.4\n",
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
        "gif": b"GIF89a",
        "zip": b"PK\x03\x04",
        "word": b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml",
        "elf": b"\x7fELF",
        "old_word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "webp": b"RIFF\0\0\0\0WEBPVP8 ",
        "bzip2": b"BZh9",
        "mp4": b"\0\0\0 ftypisom",
        "woff2": b"wOF2",
        "sqlite": b"SQLite format 3\0",
        "noise": b"",
        "rtf": b"{\\rtf1\\ansi\\deff0 ",
        "avif": b"\0\0\0 ftypavif",
        "xz": b"\xfd7zXZ\0",
    }.items():
        yield f"bytes_{name}", head + rest, ("not_html",)
    twice = gzip.compress(gzip.compress(posting()))
    yield "bytes_packed_twice", twice, ("not_html", "failed:decode_error")


def shells() -> Iterator[Told]:
    """Pages that show their content only with scripts, or elsewhere."""
    script = "<script src=/assets/main.4f3a.js></script>"
    wants = ("needs_javascript", "empty_text", "other")
    shell = "<!doctype html><html><head><title>{}</title>{}</head><body>{}</body></html>"
    for name, (title, head, body) in {
        "react": ("Careers", script, '<div id="root"></div>'),
        "noscript": (
            "Jobs",
            "",
            "<noscript>You need to enable JavaScript to run this app.</noscript>"
            f'<div id="root"></div>{script}',
        ),
        "angular": ("Careers", "", f"<app-root></app-root>{script}"),
        "loading": ("Senior Bridge Engineer", "", f'<div id="app">Loading…</div>{script}'),
        "said_so": ("Jobs", "", "<p>Please enable JavaScript to view this page.</p>" + script),
        "state_of_nothing": (
            "Jobs",
            "",
            "<div id=__next></div><script id=__NEXT_DATA__ "
            'type=application/json>{"props":{}}</script>',
        ),
        "bundle": (
            "Jobs",
            "",
            "<div id=root></div><script>" + "function f(){}" * 20_000 + "</script>",
        ),
        "refresh": ("Moved", '<meta http-equiv=refresh content="0;url=https://a.example/">', ""),
        "frames": (
            "Jobs",
            "",
            "</body><frameset cols=50%,*><frame src=a.html><frame src=b></frameset>",
        ),
        "iframe": ("Jobs", "", '<iframe src="https://boards.example/embed?job=1"></iframe>'),
    }.items():
        yield f"shell_{name}", shell.format(title, head, body).encode(), wants


def walls() -> Iterator[Told]:
    """Something in the place of the posting."""
    for name, (title, text) in {
        "login": (
            "Sign in",
            "<h1>Sign in</h1><p>Sign in to see this job</p><form><label>E-mail</label>"
            "<label>Password</label><button>Sign in</button></form><a>Forgot password?</a>",
        ),
        "login_german": (
            "Anmelden",
            "<h1>Anmelden</h1><p>Bitte melden Sie sich an, um fortzufahren.</p>"
            "<form><label>E-Mail</label><label>Passwort</label></form>",
        ),
        "captcha": (
            "Just a moment...",
            "<h1>Checking your browser before accessing the site</h1>"
            "<p>Please complete the security check. I am not a robot.</p>",
        ),
        "denied": (
            "Access Denied",
            "<h1>Access Denied</h1><p>You don't have permission to access this"
            " page on this server.</p><p>Reference #18.2f1c</p>",
        ),
        "too_many": ("429", "<h1>Too Many Requests</h1><p>You have sent too many requests.</p>"),
        "robot": ("Verify", "<h1>Verify you are human</h1><p>Press and hold the button.</p>"),
        "cookies": (
            "Northgate",
            "<div class=cookie-banner><h2>We value your privacy</h2><p>We use"
            " cookies to improve this site.</p><button>Accept all</button></div>",
        ),
        "country": ("Not available", "<h1>This content is not available in your country</h1>"),
        "maintenance": (
            "Maintenance",
            "<h1>We'll be back soon</h1><p>The site is down for maintenance.</p>",
        ),
        "server": ("502", "<h1>502 Bad Gateway</h1><hr><p>nginx/1.18.0</p>"),
    }.items():
        yield f"wall_{name}", html(text, title=title), (*WALL, *NOTHING)


def gone() -> Iterator[Told]:
    """A posting that is no longer there."""
    wants = ("expired_notice", "other", "empty_text")
    for name, text in {
        "expired": "<h1>This job has expired</h1><p>The position is no longer available.</p>",
        "filled": "<h1>Senior Bridge Engineer</h1><p>This position has been filled.</p>",
        "soft_404": "<h1>Page not found</h1><p>Sorry, we could not find the page you wanted.</p>",
        "soft_404_spanish": "<h1>Página no encontrada</h1><p>La oferta ya no está disponible.</p>",
        "expired_french": "<h1>Offre expirée</h1><p>Cette offre n'est plus disponible.</p>",
        "expired_german": "<h1>Diese Stelle ist nicht mehr verfügbar</h1><p>Die Anzeige wurde"
        " deaktiviert.</p>",
        "closed": "<p>Applications for this job are closed. We no longer accept applications.</p>",
    }.items():
        yield f"gone_{name}", html(text, title="Northgate careers"), wants


def several() -> Iterator[Told]:
    """More than one posting."""
    roles = ("Bridge Engineer", "Site Manager", "Crane Operator", "Cost Accountant", "Welder",
             "Surveyor", "Draughtsman", "Office Assistant")  # fmt: skip
    cards = "".join(
        f"<li><h3><a href=/jobs/{n}>{role}</a></h3><p>Leeds · Full-time · 2 days ago</p></li>"
        for n, role in enumerate(roles)
    )
    many = ("list_page", "several_postings")
    yield "several_cards", html(f"<h1>8 open positions</h1><ul>{cards}</ul>", title="Jobs"), many
    whole = "".join(f"<article><h1>{role}</h1>{HEAD}{BODY}</article>" for role in roles[:3])
    yield "several_whole", html(whole, title="Vacancies"), many
    rows = "".join(f"<tr><td><a href=/{n}>{role}</a><td>Leeds" for n, role in enumerate(roles))
    table = f"<h1>Vacancies</h1><table><tr><th>Role<th>Place{rows}</table>"
    yield "several_rows", html(table, title="Vacancies"), many


def else_() -> Iterator[Told]:
    """Pages about something else, and texts that are no pages."""
    article = "The council has agreed to renew the old bridge over the river. Work begins in May. "
    wants = ("other", "list_page", "not_html", "empty_text", "needs_javascript")
    for name, body in {
        "article": html(f"<article><h1>Bridge renewed</h1><p>{article * 12}</p></article>"),
        "home": html("<h1>We build bridges</h1><p>Since 1951.</p><a href=/contact>Contact</a>"),
        "privacy": html(
            "<h1>Privacy policy</h1><p>" + "We process your data lawfully. " * 60 + "</p>"
        ),
        "thanks": html("<h1>Thank you for your application</h1><p>We will be in touch.</p>"),
        "json": b'{"status": "error", "message": "not found", "items": []}',
        "feed": b"<?xml version='1.0'?><rss><channel><title>News</title></channel></rss>",
        "style": b"body { margin: 0 } .a > b { color: red }" * 50,
        "code": b"import os\nfor path in os.listdir('.'):\n    print(path)\n" * 20,
        "sitemap": b'<?xml version="1.0"?><urlset><url><loc>https://a.example/</loc></url></urlset>',
        "index": html("<h1>Index of /files</h1><pre><a href=a>a.zip</a> 2026-01-01 10K</pre>"),
        "product": html("<h1>Steel bolt M12</h1><p>Price: £1.20</p><button>Add to basket</button>"),
        "lorem": html("<h1>Lorem</h1><p>" + "lorem ipsum dolor sit amet " * 40 + "</p>"),
        "same_letter": b"a" * 300_000,
        "numbers": b"1,2,3,4,5\n" * 20_000,
    }.items():
        yield f"else_{name}", body, wants
