"""An ordinary posting in our own words, around which hostile pages are built."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Senior Bridge Engineer"
NEEDLE: Final = "Needleword seventeen must not be lost"
HIDDEN: Final = "Hiddenword that nobody can see"
HEAD: Final = (
    "<p>Company: Northgate Structures Ltd</p><p>Location: Leeds, United Kingdom</p>"
    "<p>Employment type: Full-time</p><p>Salary: £52,000 - £61,000 per year</p>"
)
BODY: Final = (
    "<h2>About the role</h2><p>Northgate Structures Ltd is looking for a senior bridge engineer"
    " who designs steel bridges for roads and railways, from the first sketch to the last bolt,"
    " and who explains to councils and contractors why a bridge stands.</p>"
    "<h2>Your responsibilities</h2><ul><li>Design steel and concrete bridges</li><li>Check the"
    " calculations of younger colleagues</li><li>Visit building sites twice a month</li></ul>"
    "<h2>Requirements</h2><ul><li>A degree in civil engineering</li><li>At least five years of"
    " experience in the design of bridges</li><li>Knowledge of Eurocode 3</li></ul>"
    "<h2>We offer</h2><ul><li>28 days of holiday</li><li>A pension scheme</li></ul>"
    "<p>Apply by e-mail to bridges@northgate.example before 31 March 2027.</p>"
)
TOP: Final = "<!doctype html><html lang=en><head><meta charset=utf-8><title>" + TITLE + "</title>"


def posting(
    inside: str = "", *, head: str = "", before: str = "", after: str = "", title: str = TITLE
) -> bytes:
    """The posting with markup in its head, before it, within it, and after it."""
    return (
        f"{TOP}{head}</head><body>{before}<main><h1>{title}</h1>{HEAD}{inside}{BODY}</main>"
        f"{after}</body></html>"
    ).encode("utf-8", "surrogatepass")


def linked(data: str, *, kind: str = "application/ld+json") -> bytes:
    """The posting with a script of data."""
    return posting(head=f'<script type="{kind}">{data}</script>')
