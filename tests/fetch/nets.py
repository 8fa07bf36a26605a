"""A small internet on this machine: servers with any behaviour, a resolver, a canary."""

import asyncio
import contextlib
import ssl
import threading
from dataclasses import dataclass, field

import httpcore2

from rolecall.fetch import FetchError, Rules
from rolecall.fetch.fetcher import Fetcher

PAGE = b"<html><body><h1>Welder</h1></body></html>"
PUBLIC = "93.184.216.34"
OTHER = "8.8.8.8"


def answer(body=PAGE, *, status=200, media="text/html; charset=utf-8", length=None, **fields):
    """The bytes of a well-formed answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media}"]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location, status=302):
    """The bytes of a redirect."""
    return answer(b"", status=status, Location=location)


class Server:
    """Answers each request with what ``behave(path, writer)`` gives or writes."""

    def __init__(self, behave, trust=None):
        self.behave, self.trust = behave, trust
        self.heads = []
        self.writers = set()
        self.bodies = []
        self.running = 0
        self.most = 0

    @property
    def paths(self):
        return [head.split(b" ")[1].decode() for head in self.heads]

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.trust)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        self.writers.add(writer)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    self.bodies.append(await reader.readexactly(int(line.split(b":")[1])))
            path = head.split(b" ")[1].decode()
            told = self.behave(path, writer)
            if asyncio.iscoroutine(told):
                told = await told
            if told is not None:
                writer.write(told)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.running -= 1
            with contextlib.suppress(OSError, ssl.SSLError):
                writer.close()


def page_only(behave):
    """``behave``, with no robots.txt."""

    def told(path, writer):
        return answer(b"", status=404) if path == "/robots.txt" else behave(path, writer)

    return told


@dataclass
class Canary:
    """Stands wherever nobody may go: counts who comes."""

    hits: list = field(default_factory=list)

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        self.hits.append(writer.get_extra_info("peername"))
        writer.write(answer(b"secret"))
        writer.close()


class Internet(httpcore2.AnyIOBackend):
    """Connections to ``public`` addresses go to the server there, all others to the canary.

    So an address that is checked badly hits the canary for whatever port and address it has.
    """

    def __init__(self, canary, servers):
        self.canary, self.servers = canary, servers
        self.dialled = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.dialled.append((host, port))
        server = self.servers.get(host, self.canary)
        stream = await super().connect_tcp("127.0.0.1", server.port, timeout)
        return Masked(stream, host, port)


class Masked(httpcore2.AsyncNetworkStream):
    """A connection that says it goes where it was meant to."""

    def __init__(self, inner, host, port):
        self.inner, self.peer = inner, (host, port)

    async def read(self, max_bytes, timeout=None):
        return await self.inner.read(max_bytes, timeout)

    async def write(self, buffer, timeout=None):
        await self.inner.write(buffer, timeout)

    async def aclose(self):
        await self.inner.aclose()

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return await self.inner.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info):
        return self.peer if info == "server_addr" else self.inner.get_extra_info(info)


class Names:
    """A resolver that knows some names, each with one answer or one per look-up; else loopback."""

    def __init__(self, **known):
        self.known = {name.replace("_", "."): told for name, told in known.items()}
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        told = self.known.get(host, ["127.0.0.1"])
        if isinstance(told, Exception):
            raise told
        if told and isinstance(told[0], list):
            told = told[min(self.asked.count(host), len(told)) - 1]
        return told


def local(rules=None, **more):
    """A fetcher that may reach this machine, and finds all names there."""
    chosen = {"allow": ("127.0.0.1",), "delay": 0, "robots": False, "timeout": 5} | more
    return Fetcher(rules or Rules(**chosen), resolver=Names())


async def refusal(fetching):
    """The `FetchError` that ``fetching`` raises; fails for a page and for any other error."""
    try:
        found = await fetching
    except FetchError as error:
        return error
    raise AssertionError(f"was fetched: {found}")


def fetched(behave, url="http://jobs.example:{port}/", trust=None, **rules):
    """Fetch from a server that does ``behave``: the page or the `FetchError`."""

    async def go():
        async with Server(behave, trust) as server:
            try:
                return await local(**rules).fetch(url.format(port=server.port))
            except FetchError as error:
                return error

    return asyncio.run(go())


class Site:
    """A server in a thread of its own, for what runs no event loop or another process."""

    def __init__(self, pages, robots=b""):
        self.pages, self.robots = pages, robots
        self.server = Server(self._behave)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def _behave(self, path, writer):
        if path == "/robots.txt":
            return answer(self.robots, media="text/plain")
        told = self.pages.get(path, answer(b"", status=404))
        return told(path, writer) if callable(told) else told

    def __enter__(self):
        self.thread.start()
        self._do(self.server.__aenter__())
        self.url = f"http://127.0.0.1:{self.server.port}"
        return self

    def __exit__(self, *_):
        self._do(self.server.__aexit__())
        self._do(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _end(self):
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, step):
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(10)
