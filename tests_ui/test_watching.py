"""From pages to a decision: two engines, a trial, audits, and a challenger that goes bad."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect
from tests.engines.faults import FaultServer

import rolecall
from rolecall.client import verify_callback
from rolecall.ledger.database import Database
from rolecall.serve.tokens import add_token
from rolecall.trial.challenger import lot
from ui_server import served

COUNT, GOOD = 2_000, 700
KEY = "a secret that is long enough"
PAGE = """<html lang=en><head><title>Baker {n}</title></head><body><h1>Baker {n}</h1>
<p>Bath, England. Full time.</p><h2>What you will do</h2><ul>
<li>Mix dough from {n} minutes past four</li><li>Shape loaves for the shop, which opens at 8</li>
<li>Look after the ovens with two others</li></ul><h2>What we ask</h2><ul>
<li>Three years of baking</li><li>Care for rye</li></ul><h2>What we offer</h2><ul><li>Bread</li>
<li>25 days of leave</li></ul><p>Letters go to crumb, the bakery in Bath.</p></body></html>"""
ANSWER = json.dumps({"company": "crumb"})

SETTINGS = """
audit_engine = "judge"
audit_share = 0.05
cache = false
alert_url = "{alert}"
alert_key_file = "alert.key"
[engines.usual]
{usual}
[engines.tried]
{tried}
[engines.judge]
{judge}
[[challenger]]
name = "new"
engine = "tried"
share = 0.5
mode = "live"
"""


class Degrading:
    """The script of a server: good, and from the moment ``bad`` is set every third answer is cut
    off."""

    def __init__(self):
        self.bad, self.asked = False, 0

    def __next__(self):
        self.asked += 1
        return "length" if self.bad and self.asked % 3 == 0 else "ok"


class Listener(BaseHTTPRequestHandler):
    """Takes what the webhook is told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        told = ("webhook-id", "webhook-timestamp", "webhook-signature")
        headers = {name: self.headers[name] for name in told}
        self.server.heard.append(verify_callback(headers, body, KEY))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def listening():
    """A server that is told of rules, on a port of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def engines(*servers):
    """Servers in an event loop of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(step):
        return asyncio.run_coroutine_threadsafe(step, loop).result(30)

    try:
        for server in servers:
            do(server.__aenter__())
        yield
    finally:
        for server in servers:
            do(server.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def table(server):
    return (
        f'kind = "openai"\nurl = "{server.url}"\nmodel = "tiny"\nconcurrency = 8\ntries = 1\n'
        'forms = ["text"]'
    )


def bodies(first, count):
    return [PAGE.format(n=n).encode() for n in range(first, first + count)]


def judged(body):
    """What the second engine says: of some pages, another employer."""
    title = re.search(r"Baker \d+", str(body["messages"]))
    odd = title is not None and int(title[0].split()[1]) % 5 == 0
    company = "the bakery in Bath" if odd else "crumb"
    return json.dumps({"title": title[0] if title else None, "company": company})


def test_a_challenger_that_goes_bad_is_stopped_and_nothing_is_lost(browser, tmp_path):
    script = Degrading()
    servers = {
        "usual": FaultServer(answer=lambda body: ANSWER),
        "tried": FaultServer(script, answer=lambda body: ANSWER),
        "judge": FaultServer(answer=judged),
    }
    (tmp_path / "alert.key").write_text(KEY)
    with Database(tmp_path / "rolecall.db") as database:
        _, token = add_token(database, "anna", frozenset({"admin"}))
    with engines(*servers.values()), listening() as told:
        tables = {name: table(server) for name, server in servers.items()}
        tables["alert"] = f"http://127.0.0.1:{told.server_port}/rules"
        (tmp_path / "rolecall.toml").write_text(SETTINGS.format(**tables))
        with served(tmp_path, "--workers", "2", token=token) as site:
            with rolecall.Client(site.base, token) as client:
                first = client.submit(bodies(0, GOOD))
                first.wait(timeout=300)
                assert verb(tmp_path, "trials", "list", "--json")["state"] == "running"
                script.bad = True
                second = client.submit(bodies(GOOD, COUNT - GOOD))
                second.wait(timeout=300)
                found = [*first.results(), *second.results()]
                records = [json.loads(one.raw) for one in found]
            until(lambda: "trial_stopped" in [one["name"] for one in told.heard if one["holds"]])
            until(lambda: verb(tmp_path, "audits", "--json")["standing"]["due"] == 0)
            seen = look(browser, site)
        stopped = verb(tmp_path, "trials", "show", "new", "--json")
        audits = verb(tmp_path, "audits", "--json")
        rules = verb(tmp_path, "watch", "check", "--json", code=5)
    complete(records)
    assert stopped["state"] == "stopped"
    assert "cut off" in stopped["trial"]["why"]
    assert "new was stopped" in seen
    # From the moment of the stop on, the champion has done the challenger's pages.
    mine = [one for one in records if lot(one["source_id"]) < 0.5]
    late = [one for one in mine if one["attempts"][-1]["engine"] == "usual"]
    assert 0 < len(late) < len(mine)
    assert len(servers["tried"].chats) < len(mine) + 10
    # A share of twenty of the pages was done once more; of the employers, a fifth differ.
    assert 60 < audits["figures"]["pages"] < 150
    usual = next(one for one in audits["figures"]["pairs"] if one["route"] == "usual")
    assert usual["fields"]["title"]["mid"] == 1.0
    assert usual["fields"]["company"]["low"] < 0.8 < usual["fields"]["company"]["high"]
    assert "judge" in seen
    held = {one["name"]: one for one in rules if one["holds"]}
    assert "cut off" in held["trial_stopped"]["told"]
    assert held["trial_stopped"]["next"]


def complete(records):
    """Each page has one record, with the value that only an engine finds unless it was cut off."""
    assert len(records) == COUNT
    assert len({one["source_id"] for one in records}) == COUNT
    assert {one["outcome"] for one in records} <= {"ok", "partial"}
    for one in records:
        cut = any(attempt["result"] == "length" for attempt in one["attempts"])
        assert cut or one["data"]["company"] == "crumb"


def look(browser, site):
    """The page Monitor, as a person who signs in sees it."""
    context = browser.new_context(base_url=site.base)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto("/monitor")
    page.fill("input[name=token]", site.token)
    page.click("button.primary")
    expect(page.locator("#trials")).to_be_visible()
    text = page.inner_text("main")
    page.screenshot(path=os.environ.get("SCREENSHOT") or None, full_page=True)
    context.close()
    assert not wrong
    return text


def until(condition, seconds=120.0):
    """Wait until ``condition`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def verb(folder, *words, code=0):
    """What a verb prints as JSON, in that folder."""
    environ = os.environ | {"ROLECALL_DATA_FOLDER": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "rolecall", *words],
        cwd=folder,
        env=environ,
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)
