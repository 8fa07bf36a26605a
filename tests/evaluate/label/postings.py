"""Pages and tasks for the tests of labelling; all of them are written here."""

from __future__ import annotations

from functools import cache

from rolecall.core import Source
from rolecall.evaluate.label.rows import fault_of, filled, rows_for
from rolecall.evaluate.label.state import Task
from rolecall.evaluate.label.text import PageText
from rolecall.page import clean
from rolecall.pipeline import extract_record, prepare

TRADES = ("Night Baker", "Crane Operator", "Library Assistant", "Data Analyst", "Florist")
TOWNS = ("Leeds", "Hull", "York", "Bath", "Derby", "Truro")
PAGE = """<!doctype html><html lang="en"><head><title>{title} - {company}</title></head><body>
<nav><a href="/">Home</a> <a href="/jobs">All vacancies</a></nav>
<main><h1>{title}</h1><p>Company: {company}</p><p>Location: {town}, United Kingdom</p>
<p>Full-time, hybrid</p>
<h2>About the role</h2><p>You work with a small team of four people in {town}. Vacancy
number {number}. The shop opens at six and closes at noon.</p>
<h2>Your duties</h2><ul><li>Prepare the orders of the day</li><li>Keep the stock list</li></ul>
<h2>Requirements</h2><ul><li>Two years of experience in a similar role</li>
<li>Excel and a forklift licence</li><li>Fluent English</li></ul>
<p>Salary: £28,000 - £32,000 per year</p><p>Apply by 03/04/2026 or write to
<a href="mailto:work@{town}.example">work@{town}.example</a></p>
<p><a href="https://apply.example/{number}">Apply now</a></p></main>
<footer>Imprint</footer></body></html>"""


def html(number: int) -> str:
    title, town = TRADES[number % len(TRADES)], TOWNS[number % len(TOWNS)]
    return PAGE.format(title=title, company=f"{town} Works Ltd", town=town, number=number)


@cache
def task(number: int = 0) -> Task:
    pipeline = prepare()
    source = Source(body=html(number).encode(), locator=f"p{number}.html")
    page = clean(source, pipeline.limits)
    links = tuple((one.span.start, one.span.end, one.href) for one in page.links)
    record = extract_record(source, 0, pipeline)
    return Task(
        key=f"p{number}",
        name=f"p{number}.html",
        page=PageText(page.text, page.language, links),
        fault=fault_of(None),
        rows=filled(rows_for(None), record, page.text),
    )
