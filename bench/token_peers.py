"""The peers, each as its own documentation uses it: ``token_peers.py WAY ADDRESS < pages``.

Runs in an environment of its own. Reads rows ``{"page", "path"}`` as JSON lines, lets one peer
extract each page with a model at ``ADDRESS/WAY/PAGE/v1``, and prints the pages that failed. The
endpoint counts; nothing is counted here.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "full_time", "part_time", "contract", "temporary", "internship", "volunteer", "apprenticeship",
    "freelance",
]  # fmt: skip
Level = Literal[
    "internship", "entry", "junior", "mid", "senior", "lead", "principal", "staff", "manager",
    "director", "executive",
]  # fmt: skip
Text, Number, Several = str | None, float | None, list[str] | None

FIELDS: dict[str, tuple[Any, str]] = {
    "title": (Text, "The role title, verbatim"),
    "company": (Text, "The hiring organisation, verbatim"),
    "location": (Several, "Places of work, verbatim"),
    "workplace": (Literal["remote", "hybrid", "onsite"] | None, "Where the work is done"),
    "employment_type": (list[Kind] | None, "Kinds of employment"),
    "seniority": (Level | None, "Level, if stated"),
    "salary_min": (Number, "Lowest pay as a number"),
    "salary_max": (Number, "Highest pay as a number"),
    "salary_currency": (Text, "ISO 4217 code"),
    "salary_period": (
        Literal["hour", "day", "week", "month", "year", "project"] | None,
        "What the pay is for",
    ),
    "experience_years_min": (Number, "Fewest years of experience asked for"),
    "experience_years_max": (Number, "Most years of experience asked for"),
    "education": (Text, "The degree asked for, verbatim"),
    "skills": (Several, "Hard skills, tools and technologies, verbatim"),
    "languages_required": (Several, "Human languages asked for, English names"),
    "description": (Text, "The whole body of the posting, verbatim"),
    "responsibilities": (Several, "Duties, verbatim items"),
    "requirements": (Several, "Requirements, verbatim items"),
    "benefits": (Several, "What is offered, verbatim items"),
    "application_url": (Text, "Address to apply at"),
    "application_email": (Text, "E-mail address to apply to"),
    "date_posted": (Text, "ISO date"),
    "valid_through": (Text, "ISO date, the last day to apply"),
}
TASK = "Extract the job posting. Leave a field null if the page does not state it."


def main_text(html: str) -> str:
    """What trafilatura takes for the page's main text, with a preference for too much."""
    import trafilatura

    return trafilatura.extract(html, favor_recall=True) or ""


def posting() -> Any:
    """The fields as a Pydantic model."""
    from pydantic import Field, create_model

    made: Any = create_model
    fields = {name: (kind, Field(None, description=told)) for name, (kind, told) in FIELDS.items()}
    return made("JobPosting", **fields)


def instructor(mode: str) -> Callable[[str, str], None]:
    """instructor in one of its modes, over trafilatura's text."""
    import instructor as library
    from openai import OpenAI

    model = posting()

    def extract(html: str, address: str) -> None:
        inner = OpenAI(base_url=address, api_key="none", max_retries=0)
        client = library.from_openai(inner, mode=library.Mode[mode])
        client.chat.completions.create(
            model="gpt-4o-mini",
            response_model=model,
            messages=[
                {"role": "system", "content": TASK},
                {"role": "user", "content": main_text(html)},
            ],
        )

    return extract


def langextract(html: str, address: str) -> None:
    """LangExtract with its defaults (chunks of 1,000 characters), over trafilatura's text."""
    import langextract as library

    text = main_text(html)
    if not text:
        raise ValueError("no text")
    library.extract(
        text_or_documents=text,
        prompt_description="Extract the facts of a job posting in order of appearance. Use exact "
        "text for extractions. Do not paraphrase or overlap entities.",
        examples=[example(library.data)],
        model_id="gpt-4o-mini",
        api_key="none",
        language_model_params={"base_url": address},
        show_progress=False,
        max_workers=1,  # one after the other, so that chunks arrive in the order of the text
    )


def example(data: Any) -> Any:
    """The one example that LangExtract needs: a made-up posting with every class."""
    text = (
        "Senior Baker\nCrumb & Sons, Bath, England. Full time, hybrid. £28,000 to £31,000 a year\n"
        "You shape loaves\nAt least 3 years of baking\nHygiene certificate level 2\n"
        "A degree in food science\nFree bread\nPosted 1 May 2026, apply by 8 June 2026 to "
        "dough@crumb.example"
    )
    pay = {"min": 28000, "max": 31000, "currency": "GBP", "period": "year"}
    rows: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("title", "Senior Baker", {"seniority": "senior"}),
        ("company", "Crumb & Sons", {}),
        ("location", "Bath, England", {}),
        ("employment_type", "Full time", {"kinds": ["full_time"]}),
        ("workplace", "hybrid", {"kind": "hybrid"}),
        ("salary", "£28,000 to £31,000 a year", pay),
        ("responsibility", "You shape loaves", {}),
        ("experience", "At least 3 years", {"years_min": 3, "years_max": None}),
        ("skill", "baking", {}),
        ("requirement", "Hygiene certificate level 2", {}),
        ("education", "degree in food science", {}),
        ("benefit", "Free bread", {}),
        ("date_posted", "1 May 2026", {"date": "2026-05-01"}),
        ("valid_through", "8 June 2026", {"date": "2026-06-08"}),
        ("application_email", "dough@crumb.example", {}),
    )
    made = [
        data.Extraction(extraction_class=name, extraction_text=words, attributes=known)
        for name, words, known in rows
    ]
    return data.ExampleData(text=text, extractions=made)


def crawl4ai(html: str, address: str) -> None:
    """crawl4ai's extraction by a model over its Markdown, with its default chunks."""
    asyncio.run(_crawl(html, address))


async def _crawl(html: str, address: str) -> None:
    import crawl4ai as library
    from crawl4ai.async_crawler_strategy import AsyncHTTPCrawlerStrategy

    strategy = library.LLMExtractionStrategy(
        llm_config=library.LLMConfig(
            provider="openai/gpt-4o-mini", api_token="none", base_url=address
        ),
        schema=posting().model_json_schema(),
        extraction_type="schema",
        instruction=TASK,
        extra_args={"max_tokens": 8000},
    )
    config = library.CrawlerRunConfig(
        extraction_strategy=strategy, cache_mode=library.CacheMode.BYPASS, verbose=False
    )
    async with library.AsyncWebCrawler(crawler_strategy=AsyncHTTPCrawlerStrategy()) as crawler:
        found = await crawler.arun(f"raw:{html}", config=config)
    if not found.success:
        raise RuntimeError(found.error_message)


WAYS: dict[str, tuple[str, Callable[[], Callable[[str, str], None]]]] = {
    "instructor-json": ("instructor", lambda: instructor("JSON_SCHEMA")),
    "instructor-tools": ("instructor", lambda: instructor("TOOLS")),
    "langextract": ("langextract", lambda: langextract),
    "crawl4ai": ("crawl4ai", lambda: crawl4ai),
}


def main(way: str, address: str) -> dict[str, Any]:
    """Extract every page; the version of the peer, and what went wrong by page."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    warnings.simplefilter("ignore")
    package, make = WAYS[way]
    extract = make()
    failed: dict[str, str] = {}
    for row in map(json.loads, sys.stdin):
        html = Path(row["path"]).read_bytes().decode("utf-8", "replace")
        try:
            extract(html, f"{address}/{way}/{row['page']}/v1")
        except Exception as error:  # a peer's fault costs the peer one page, not the run
            failed[row["page"]] = f"{type(error).__name__}: {error}"[:200]
    return {"version": version(package), "failed": failed}


if __name__ == "__main__":
    print("\n" + json.dumps(main(*sys.argv[1:])))
