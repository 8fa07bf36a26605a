"""A hub on this machine that behaves like the real one, and goes wrong on demand."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 500
"""Files of more bytes are kept beside git, as the real hub does with weights."""


def git_hash(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Standin:
    """Models by name, each a dict of files; each part that is sent takes one of ``faults``.

    ``"flip"`` changes its last bit, ``"no ranges"`` sends the whole file, a number is a status
    instead, and ``(n,)`` breaks off after ``n`` bytes. Large parts lie
    ``elsewhere``, if that names another one. While ``held``, a large body stops half-way
    until ``go_on``.
    """

    def __init__(self):
        self.models, self.requests, self.faults = {}, [], []
        self.private, self.gated, self.token = set(), set(), "hf_good"
        self.listed = None
        self.url = self.elsewhere = ""
        self.held, self.half, self.go_on = False, threading.Event(), threading.Event()

    def listing(self, name):
        if self.listed is not None:
            return self.listed
        files = []
        for file, data in self.models[name].items():
            told = {"rfilename": file, "size": len(data), "blobId": git_hash(data)}
            if len(data) > LARGE:
                digest = hashlib.sha256(data).hexdigest()
                told["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 130}
            files.append(told)
        return {"id": name, "sha": COMMIT, "siblings": files, "cardData": {"license": "mit"}}


class Speaker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self):
        return self.server.hub

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = unquote(self.path)
        self.hub.requests.append(
            (path, {key.lower(): value for key, value in self.headers.items()})
        )
        if path.startswith("/api/models/"):
            name = path.removeprefix("/api/models/").split("/revision/")[0]
            if self.refused(name):
                return
            self.say(200, json.dumps(self.hub.listing(name)).encode())
        elif "/resolve/" in path:
            name, rest = path[1:].split("/resolve/")
            commit, file = rest.split("/", 1)
            if self.refused(name):
                return
            data = self.hub.models[name].get(file)
            if data is None or commit != COMMIT:
                self.say(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
            elif len(data) > LARGE:
                place = f"{self.hub.elsewhere}/cdn/{name}/{file}?X-Signature=abc"
                self.say(302, b"", {"Location": place, "X-Repo-Commit": COMMIT})
            else:
                self.send_part(data)
        elif path.startswith("/cdn/"):
            owner, model, file = path.removeprefix("/cdn/").split("?")[0].split("/", 2)
            self.send_part(self.hub.models[f"{owner}/{model}"][file])

    def refused(self, name):
        token = self.headers.get("Authorization")
        good = token == f"Bearer {self.hub.token}"
        if token and not good:
            self.say(401, b"Invalid credentials", {})
        elif name in self.hub.gated and not good:
            self.say(401 if not token else 403, b"", {"X-Error-Code": "GatedRepo"})
        elif name not in self.hub.models or (name in self.hub.private and not good):
            code = "RepoNotFound"
            self.say(404 if token else 401, b"Repository not found", {"X-Error-Code": code})
        else:
            return False
        return True

    def send_part(self, data):
        fault = self.hub.faults.pop(0) if self.hub.faults else None
        asked = self.headers.get("Range")
        start, stop, status, headers = 0, len(data), 200, {}
        if asked and fault != "no ranges":
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last) + 1, len(data)) if last else len(data)
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        part = data[start:stop]
        if fault == "flip":
            part = part[:-1] + bytes([part[-1] ^ 1])
        if isinstance(fault, int):
            self.say(fault, b"")
        elif isinstance(fault, tuple):
            self.say(status, part, headers, cut=fault[0])
        else:
            self.say(status, part, headers)

    def say(self, status, body, headers=None, cut=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.hub.held and len(body) > 100_000:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.hub.half.set()
            self.hub.go_on.wait(20)
            body = body[len(body) // 2 :]
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


@contextmanager
def standin_hub():
    """A running hub; its address is ``url``."""
    hub = Standin()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaker)
    server.hub = hub
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
