"""What people come for: find a posting, correct it, make a sample of it; try; hold the queue."""

from __future__ import annotations

import json
import re

import httpx2
from playwright.sync_api import expect
from tests_ui.conftest import EXAMPLES, fill, made_pages

from rolecall.evaluate.samples import read_samples
from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue
from rolecall.serve.labels import Labels
from ui_server import served


def test_from_a_search_to_a_sample(visit, site, tmp_path):
    page = visit()
    page.goto("/", wait_until="load")
    page.keyboard.press("/")
    page.keyboard.type("vehicle mechanic")
    page.keyboard.press("Enter")
    expect(page.locator("#tally")).to_contain_text("1 page found")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Vehicle Mechanic (Night Shift)")
    value = page.locator("#row-company .value")
    value.hover()
    expect(page.locator("#text .q.on")).to_have_text("Tamar Valley Buses")
    page.locator("#text .q", has_text="£19.85 per hour").focus()
    expect(page.locator("#row-salary .value")).to_have_class(re.compile(r"\bon\b"))

    page.locator("#row-education summary").click()
    select(page, "City & Guilds or NVQ Level 3")
    form = page.locator("#row-education form")
    expect(form.locator("input[name=words]")).to_have_value("City & Guilds or NVQ Level 3")
    form.get_by_role("button", name="Take the words").click()
    expect(page.locator("#row-education .said")).to_have_text("City & Guilds or NVQ Level 3")
    page.locator("#row-salary summary").click()
    page.locator("#row-salary input[name=part-salary_max]").fill("much")
    page.locator("#row-salary").get_by_role("button", name="Save").click()
    expect(page.locator("#fault")).to_contain_text("is no number")
    page.locator("#row-salary input[name=part-salary_max]").fill("21.5")
    page.locator("#row-salary").get_by_role("button", name="Save").click()
    expect(page.locator("#row-salary .said")).to_contain_text("19.85 to 21.5")
    page.locator("#row-benefits summary").click()
    page.locator("#row-benefits").get_by_role("button", name="The page says none").click()
    expect(page.locator("#row-benefits .chip")).to_have_text("says none")
    task = re.search(r"t(\d+)", page.url)[1]
    page.get_by_role("button", name="Finish: the rest is right").click()

    page.goto("/labels", wait_until="load")
    expect(page.locator(f"a[href='/postings/t{task}?label']").first).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="samples.jsonl").click()
    kept.value.save_as(tmp_path / "samples.jsonl")
    (sample,) = [
        one
        for one in read_samples(tmp_path / "samples.jsonl").samples
        if one.id.endswith(f"-t{task}")
    ]
    assert sample.expected["education"] == "City & Guilds or NVQ Level 3"
    assert sample.expected["salary_max"] == 21.5
    assert sample.expected["benefits"] is None
    assert sample.expected["company"] == "Tamar Valley Buses"
    assert sample.evidence["/education"]["quote"] == "City & Guilds or NVQ Level 3"


def select(page, words):
    """Select words of the text as a mouse does."""
    page.evaluate(
        """(words) => {
          const text = document.getElementById("text");
          const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
          const nodes = []; let whole = "";
          while (walk.nextNode()) {
            nodes.push([walk.currentNode, whole.length]);
            whole += walk.currentNode.data;
          }
          const at = whole.indexOf(words), end = at + words.length;
          const find = (place) => nodes.findLast(([, start]) => start < place || place === 0);
          const [first, before] = nodes.findLast(([, start]) => start <= at);
          const [last, until] = find(end);
          getSelection().setBaseAndExtent(first, at - before, last, end - until);
        }""",
        words,
    )


def test_a_page_is_tried(visit):
    page = visit()
    page.goto("/try", wait_until="load")
    page.get_by_role("button", name="Extract").click()
    expect(page.locator("[role=alert]")).to_contain_text("there is no page yet")
    page.set_input_files("input[name=file]", EXAMPLES / "03-bus-mechanic-table.html")
    page.get_by_role("button", name="Extract").click()
    expect(page.locator("#rows .value .said").first).to_have_text("Vehicle Mechanic (Night Shift)")
    page.locator("#rows .value").first.hover()
    expect(page.locator("#text .q.on")).to_have_text("Vehicle Mechanic (Night Shift)")


def test_the_queue_is_held_and_seen_live(visit, site):
    page = visit()
    page.goto("/queue", wait_until="load")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".state .chip")).to_have_text("paused")
    sent = {"pages": [{"html": f"<h1>Cook {n}</h1><p>Acme Ltd</p>"} for n in range(3)]}
    batch = site.call("POST", "/v1/tasks", sent)["batch"]
    row = page.locator("tr", has=page.locator("td", has_text=re.compile(rf"^{batch}$")))
    expect(row).to_contain_text("0 of 3")
    page.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("3 of 3", timeout=15_000)
    expect(page.locator("#live")).to_have_text("live")
    row.get_by_role("link", name=batch).click()
    expect(page.locator("#tally")).to_contain_text(f"3 pages of batch {batch} found")
    expect(page.locator("#list .row")).to_have_count(3)


def test_the_long_list_goes_anywhere(visit):
    page = visit(viewport={"width": 1000, "height": 600})
    page.goto("/", wait_until="load")
    total = int(page.locator("#list").get_attribute("data-total"))
    assert total > 110
    expect(page.locator(".pager")).to_be_hidden()
    assert page.locator("#list .row").count() <= 100
    page.keyboard.press("G")
    last = page.locator(f"#list .row[data-at='{total - 1}'] a")
    expect(last).to_be_focused()
    assert last.get_attribute("href") == "/postings/t1"
    page.keyboard.press("k")
    expect(page.locator(f"#list .row[data-at='{total - 2}'] a")).to_be_focused()
    page.keyboard.press("g")
    expect(page.locator("#list .row[data-at='0'] a")).to_be_focused()


ROWS = ("title", "company", "education")


def test_thirty_corrections_survive_a_killed_server(tmp_path):
    """Each is acknowledged, so each is in the samples, whatever becomes of page and server."""
    database = Database(tmp_path / "rolecall.db")
    tasks = fill(Queue(database), made_pages(10, 10))
    database.close()
    with served(tmp_path, "--no-worker") as server, httpx2.Client(base_url=server.base) as client:
        for task in tasks:
            correct(client, task)
        assert "<dd>30</dd>" in client.get("/labels").text
        for task in tasks:
            answer = client.post(f"/postings/t{task}/finish", data={"how": "said"})
            assert answer.status_code == 303
        server.kill()
    database = Database(tmp_path / "rolecall.db")
    told = b"".join(Labels(database).samples()).decode()
    database.close()
    (tmp_path / "samples.jsonl").write_text(told)
    samples = read_samples(tmp_path / "samples.jsonl").samples
    wanted = [{row: f"{row} of t{task}" for row in ROWS} for task in tasks]
    assert [one.expected for one in samples] == wanted
    assert len({json.loads(line)["html"] for line in told.splitlines()}) == 10


def correct(client, task):
    """What the buttons send; that they do is seen where pages work without JavaScript."""
    for row in ROWS:
        form = {"row": row, "op": "save", "value": f"{row} of t{task}"}
        assert client.post(f"/postings/t{task}/label", data=form).status_code == 303
