"""The pages that are measured: annotated ones beside the checkout, the examples, generated ones."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from realistic import realistic

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
EXAMPLES = ROOT / "examples"
REPEATS = 20
SUFFIXES = {".html", ".htm"}
WORD = re.compile(r"\w+")

TRADES = ("Carpenter", "Nurse", "Data Analyst", "Bus Driver", "Chef de Partie", "Accountant")
PLACES = ("Leeds, UK", "Cork, Ireland", "Porto, Portugal", "Austin, TX", "Lyon, France")
VERBS = ("Plan", "Repair", "Document", "Check", "Deliver", "Improve", "Order", "Teach")
THINGS = ("the weekly rota", "older machines", "every visit", "incoming goods", "the test plan")


def measured() -> tuple[list[Path], str]:
    """The pages of one round, and what to call them."""
    if (CORPUS / "pages").is_dir():
        return sorted((CORPUS / "pages").glob("*.html")), "annotated corpus"
    pages = [path for path in sorted(EXAMPLES.iterdir()) if path.suffix in SUFFIXES]
    return pages * REPEATS, f"examples, {REPEATS} times"


def gold() -> dict[str, dict[str, Any]]:
    """Page name -> what people read on it; empty where there are no annotations."""
    answers = {}
    for path in sorted((CORPUS / "gold").glob("*.json")):
        answer = json.loads(path.read_text("utf-8"))
        if answer["kind"] != "not_vacancy":
            answers[path.stem] = answer
    return answers


def word_recall(found: str | None, wanted: str) -> float:
    """The share of the words of ``wanted`` that ``found`` has, each word counted once."""
    words = set(WORD.findall(wanted.casefold()))
    return len(words & set(WORD.findall((found or "").casefold()))) / len(words)


def alike(found: str | None, wanted: str) -> bool:
    """The word sets overlap by four fifths (Jaccard), the decision record's measure."""
    a, b = (set(WORD.findall((text or "").casefold())) for text in (found, wanted))
    return len(a & b) >= 0.8 * len(a | b)


def kinds() -> dict[str, Callable[[int], Iterator[bytes]]]:
    """Ways to make pages, by name: ``tiny`` ones of 1 KB, ``realistic`` ones of 8 to 15 KB, and
    those of the annotated ``corpus`` again and again."""
    return {"tiny": generated, "realistic": realistic, "corpus": repeated}


def repeated(count: int) -> Iterator[bytes]:
    """``count`` pages: the measured ones, shuffled anew in each round."""
    paths, draw = list(measured()[0]), random.Random(7)
    for number in range(count):
        if number % len(paths) == 0:
            draw.shuffle(paths)
        yield paths[number % len(paths)].read_bytes()


def generated(count: int, seed: int = 7) -> Iterator[bytes]:
    """``count`` pages that differ in title, place, pay and length, made from the seed alone."""
    draw = random.Random(seed)
    for number in range(count):
        trade, place = draw.choice(TRADES), draw.choice(PLACES)
        duties = "".join(
            f"<li>{draw.choice(VERBS)} {draw.choice(THINGS)}, part {draw.randrange(10**6)}.</li>"
            for _ in range(draw.randrange(4, 24))
        )
        pay = draw.randrange(24, 90)
        yield (
            f"<!DOCTYPE html><html lang=en><head><title>{trade} {number} | Acme {number % 97}"
            f"</title></head><body><nav><a href='/'>Home</a> <a href='/jobs'>Jobs</a></nav>"
            f"<h1>{trade}</h1><p>Acme {number % 97} Ltd</p><p>{place}</p><p>Full time</p>"
            f"<p>Salary: £{pay},000 - £{pay + 6},000 a year. Reference {draw.randrange(10**9)}.</p>"
            f"<h2>What you will do</h2><ul>{duties}</ul><h2>Requirements</h2><ul>"
            f"<li>{draw.randrange(1, 9)} years of experience</li><li>SQL, Excel or a driving "
            f"licence</li></ul><p>Apply to jobs{number}@acme.example.</p><footer>Terms</footer>"
            f"</body></html>"
        ).encode()
