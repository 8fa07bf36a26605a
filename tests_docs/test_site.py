"""The built site in a browser: opened as files, without a network, on a desk and on a phone."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def site():
    """The site, built anew."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing")
    done = subprocess.run(
        ["make", "site"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode and "Setting up .venv-docs" in done.stderr and not SITE.exists():
        pytest.skip("what builds the site cannot be installed here")
    assert done.returncode == 0, done.stdout + done.stderr
    return SITE


@pytest.fixture(scope="module")
def browser(site):
    """A Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fetch_nothing_and_the_search_finds(site, browser, width):
    """No request leaves the machine, nothing goes wrong, and a word is found."""
    wide, high = WIDTHS[width]
    page = browser.new_page(viewport={"width": wide, "height": high})
    asked, wrong = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("pageerror", lambda one: wrong.append(str(one)))
    for name in ("tutorial.html", "reference/record.html", "how-to/export.html", "index.html"):
        page.goto(f"file://{site}/{name}", wait_until="load")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{name} is {over} pixels too wide"
    openers = page.locator("label[for=__search], .md-search__button").all()
    next(one for one in openers if one.is_visible()).click()
    page.keyboard.type("insecure_redirect", delay=20)
    page.get_by_text(re.compile("the address led")).first.wait_for(timeout=60_000)
    page.get_by_text(re.compile(r"^\s*[1-9] results?")).wait_for(timeout=60_000)
    if folder := os.environ.get("DOCS_SHOTS"):
        page.screenshot(path=f"{folder}/{width}-search.png")
        for name in ("index", "tutorial", "reference/record", "comparison"):
            page.goto(f"file://{site}/{name}.html", wait_until="load")
            page.screenshot(path=f"{folder}/{width}-{name.replace('/', '-')}.png")
    outside = [one for one in asked if not one.startswith(("file:", "data:", "blob:"))]
    assert outside == []
    assert wrong == []
    page.close()
