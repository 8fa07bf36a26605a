"""A server that answers as a test says, over real connections."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Scripted:
    """``replies`` are taken in turn: (status, headers, body), or a word for a fault.

    ``cut`` closes the connection without an answer, ``half`` in the middle of one. The last one is
    given again and again. ``heard`` are the requests: (method, path, headers, body), the names of
    headers in small letters.
    """

    def __init__(self, *replies):
        self.replies, self.heard = list(replies), []
        self._lock = threading.Lock()

    def next(self):
        with self._lock:
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def problem(status, headers=None, **told):
    """A refusal as the server tells it."""
    body = json.dumps({"status": status, "title": "No", **told}).encode()
    return status, {"Content-Type": "application/problem+json", **(headers or {})}, body


def told(value, status=200):
    """A value as JSON."""
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


@contextmanager
def serving(*replies):
    """A scripted server and its address."""
    script = Scripted(*replies)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            script.heard.append(
                (self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            )
            reply = script.next()
            if reply == "cut":
                self.close_connection = True
                return
            if reply == "half":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
                self.close_connection = True
                return
            status, headers, content = reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield script, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
