"""Each page: without serious faults of accessibility, within the width, with what belongs there."""

from __future__ import annotations

import os

import pytest
from tests_ui.conftest import EXAMPLES

PAGES = {
    "/": "Postings",
    "/?q=made&outcome=ok": "Postings",
    "/postings/t101?label": "Head Gardener",
    "/labels": "Labels",
    "/try": "Try one page",
    "/queue": "Queue",
    "/engines": "Engines",
    "/monitor": "Monitor",
    "/monitor?since=30d": "Monitor",
    "/runs": "Evaluation runs",
    "/runs/first": "first",
    "/postings/t99999": "That is not possible",
}
LOOKS = {
    "light desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}

LOOKED_AT = {
    "light desktop": ("/postings/t101?label", "/queue"),
    "dark phone": ("/", "/labels", "/monitor"),
}
"""By axe, which takes a second a page; with ``UI_LOOKS=all`` every page in every look."""


def faults(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # What stands in frames has no script to ask with, and is somebody else's.
    options = {"iframes": False, "resultTypes": ["violations"]}
    told = axe.Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in told
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(visit, look):
    page = visit(**LOOKS[look], reduced_motion="reduce")
    whole = os.environ.get("UI_LOOKS") == "all"
    for path, heading in PAGES.items():
        if not (whole or "phone" in look or path in LOOKED_AT[look]):
            continue  # what fits a phone fits a desktop
        page.goto(path, wait_until="load")
        assert page.locator("h1").inner_text() == heading, path
        if "?label" in path:
            page.locator(".edit summary").first.click()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        if whole or path in LOOKED_AT[look]:
            assert not faults(page), path


def test_the_sign_in_page_is_accessible(browser, site):
    context = browser.new_context(color_scheme="dark", viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site.base}/sign-in", wait_until="load")
    assert not faults(page)
    context.close()


def test_one_can_sign_out(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.base}/queue", wait_until="load")
    page.fill("input[name=token]", site.reader)
    page.click("button.primary")
    assert page.locator("button[value=pause]").count() == 0, "a reader may not pause"
    page.goto(f"{site.base}/postings/t101", wait_until="load")
    assert page.locator(".edit").count() == 0, "a reader may not label"
    page.get_by_role("button", name="Sign out").click()
    assert "/sign-in" in page.url
    page.goto(f"{site.base}/", wait_until="load")
    assert "/sign-in" in page.url
    context.close()


def test_the_theme_is_kept(visit):
    page = visit(color_scheme="light")
    page.goto("/queue", wait_until="load")
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/labels", wait_until="load")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_pages_work_without_javascript(visit):
    page = visit(java_script_enabled=False)
    page.goto("/?q=made", wait_until="load")
    assert page.locator("#list .row").count() > 5
    page.goto("/", wait_until="load")
    page.get_by_role("link", name="Older postings").click()
    assert page.locator("#list .row").count() == 50
    page.goto("/postings/t101", wait_until="load")
    page.locator("#row-title a.quoted bdi").click()
    assert page.url.endswith("#q-v0-0")
    page.locator("#row-education summary").click()
    form = page.locator("#row-education form")
    form.locator("input[name=value]").fill("a diploma in horticulture")
    form.get_by_role("button", name="Save").click()
    assert page.locator("#row-education .chip").inner_text() == "corrected"
    page.goto("/try", wait_until="load")
    page.fill("textarea[name=page]", (EXAMPLES / "03-bus-mechanic-table.html").read_text())
    page.get_by_role("button", name="Extract").click()
    assert "Vehicle Mechanic" in page.locator("#rows").inner_text()
    page.goto("/queue", wait_until="load")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    assert page.get_by_role("button", name="Pause").count() == 1


def test_a_report_is_shown_in_a_sandbox(visit):
    page = visit()
    page.goto("/runs/first", wait_until="load")
    frame = page.frame_locator("iframe.report")
    assert frame.locator("h1").inner_text() == "Report"


def test_the_page_itself_is_shown_in_a_sandbox(visit):
    page = visit()
    page.goto("/postings/t101", wait_until="load")
    page.locator(".preview summary").click()
    assert "Gardener" in page.frame_locator(".preview iframe").locator("body").inner_text()
