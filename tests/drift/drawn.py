"""Windows drawn at random, of pages as they usually are or of ones that have changed."""

import random

from rolecall.drift.counts import Window, kept

SIZES = {"4096": 0.05, "8192": 0.25, "16384": 0.4, "32768": 0.2, "65536": 0.1}
LANGUAGES = {"de": 0.9, "en": 0.1}
SURE = {"300": 0.05, "500": 0.1, "700": 0.25, "800": 0.35, "900": 0.25}
FIELDS = {"title": 1.0, "company": 0.95, "salary": 0.35, "skills": 0.8}
SITES = {f"site{n}.example": 1 / (n + 1) for n in range(60)}
PAGES = 200
USUAL = {
    "size": SIZES, "language": LANGUAGES, "confidence": SURE, "site": SITES,
    "outcome": {"ok": 0.8, "partial": 0.1, "not_a_posting": 0.08, "failed": 0.02},
    "route": {"embedded": 0.9, "small": 0.1}, "filled": FIELDS,
}  # fmt: skip


def drawn(source: random.Random, shares: dict, pages: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for cell in source.choices(list(shares), list(shares.values()), k=pages):
        found[cell] = found.get(cell, 0) + 1
    return found


def window(source: random.Random, moment=0, changed=None, after=0, **told) -> Window:
    """A window; of its pages all but the first ``after`` are as ``changed`` says."""
    parts = [(after if changed else PAGES, USUAL | told)]
    if changed:
        parts.append((PAGES - after, USUAL | told | changed))
    counts: dict[str, dict[str, int]] = {}
    for pages, shares in parts:
        for name, cells in shares.items():
            into = counts.setdefault(name, {})
            if name == "filled":
                into[""] = into.get("", 0) + pages
                found = {
                    f: sum(source.random() < s for _ in range(pages)) for f, s in cells.items()
                }
            else:
                found = drawn(source, cells, pages)
            for cell, times in found.items():
                into[cell] = into.get(cell, 0) + times
    return Window(starts=moment, ends=moment + 1_000, pages=PAGES, counts=kept(counts))


SHIFTS = {
    "twice as long": ({"size": {str(2 * int(k)): v for k, v in SIZES.items()}}, "size"),
    "another mix of languages": ({"language": {"de": 0.6, "en": 0.4}}, "language"),
    "a new site": (
        {"site": {name: 0.7 * v / sum(SITES.values()) for name, v in SITES.items()}
         | {"new.example": 0.3}}, "site",
    ),
    "a field vanishes": ({"filled": FIELDS | {"skills": 0.2}}, "field skills"),
    "less sure": ({"confidence": {"300": 0.3, "500": 0.3, "700": 0.2, "800": 0.1, "900": 0.1}},
                  "confidence"),
}  # fmt: skip
