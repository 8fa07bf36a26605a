"""What servers answer, honest and hostile, and what becomes of it."""

import asyncio
import datetime
import gzip
import resource
import ssl
import time
import zlib

import brotli
import httpcore2
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fetch.nets import (
    PAGE,
    Names,
    Server,
    answer,
    fetched,
    local,
    redirect,
    refusal,
)  # fmt: skip

from rolecall.errors import SettingsError, UsageError
from rolecall.fetch import Fetched, FetchError, Rules
from rolecall.fetch.fetcher import Fetcher
from rolecall.fetch.names import addresses_of
from rolecall.fetch.unpack import accepted, unpacker


def test_a_page_and_what_is_told_of_it():
    found = fetched(lambda path, writer: answer(), "http://jobs.example:{port}/a?b=c#d")
    assert isinstance(found, Fetched)
    assert found.body == PAGE
    assert (found.status, found.media_type, found.charset) == (200, "text/html", "utf-8")
    assert found.url.endswith("/a?b=c")
    assert found.asked.endswith("/a?b=c#d")
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("status", "kind", "code", "retryable"),
    [
        (204, "no_content", "unreadable", False), (205, "no_content", "unreadable", False),
        (206, "bad_status", "unreadable", False), (300, "bad_status", "unreadable", False),
        (304, "bad_status", "unreadable", False), (400, "bad_status", "unreadable", False),
        (401, "denied", "unreadable", False), (403, "denied", "unreadable", False),
        (404, "not_found", "unreadable", False), (410, "not_found", "unreadable", False),
        (408, "server_error", "unreadable", True), (429, "rate_limited", "rate_limited", True),
        (451, "denied", "unreadable", False), (500, "server_error", "unreadable", True),
        (501, "server_error", "unreadable", False), (503, "server_error", "unreadable", True),
        (599, "server_error", "unreadable", True), (999, "server_error", "unreadable", True),
    ],
)  # fmt: skip
def test_each_status_has_its_meaning(status, kind, code, retryable):
    error = fetched(lambda path, writer: answer(b"", status=status))
    assert (error.kind, error.code, error.retryable) == (kind, code, retryable)
    assert error.status == status
    assert str(error).startswith(f"{kind}: ")


@pytest.mark.parametrize("status", [200, 201, 202, 203, 226])
def test_success_is_a_page(status):
    assert fetched(lambda path, writer: answer(status=status)).status == status


def test_when_to_ask_again_is_told():
    error = fetched(lambda path, writer: answer(b"", status=429, Retry_After="120"))
    at = datetime.datetime.fromisoformat(error.retry_at)
    assert 100 < at.timestamp() - time.time() < 125
    told = "Fri, 31 Dec 1999 23:59:59 GMT"
    past = fetched(lambda path, writer: answer(b"", status=503, Retry_After=told))
    assert abs(datetime.datetime.fromisoformat(past.retry_at).timestamp() - time.time()) < 5
    for odd in ("soon", "-5", "1e9", "9" * 400, "Fri, 99 Foo 99999"):
        error = fetched(lambda path, writer, odd=odd: answer(b"", status=503, Retry_After=odd))
        assert error.kind == "server_error"


@pytest.mark.parametrize("media", ["application/pdf", "image/png", "video/mp4", "text/css", "x"])
def test_what_is_no_page_is_not_read(media):
    async def endless(path, writer):
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n\r\n".encode())
        while True:
            writer.write(b"%PDF" * 1000)
            await writer.drain()

    assert fetched(endless).kind == "not_html"


@pytest.mark.parametrize(
    "media",
    ["text/html", "Text/HTML;Charset=UTF-8", "application/xhtml+xml", "text/plain",
     "application/json", "text/html, text/html", ""],
)  # fmt: skip
def test_pages_have_these_types(media):
    assert fetched(lambda path, writer: answer(media=media)).body == PAGE


def test_redirects_are_followed_and_named():
    pages = {f"/{one}": redirect(f"{one + 1}", 301 + one % 3) for one in range(5)}
    pages["/5"] = answer()
    found = fetched(lambda path, writer: pages[path], "http://jobs.example:{port}/0")
    assert found.body == PAGE
    assert found.url.endswith("/5")
    assert [one.code for one in found.warnings] == ["redirected"] * 5
    pages["/5"] = redirect("/6")
    pages["/6"] = answer()
    error = fetched(lambda path, writer: pages[path], "http://jobs.example:{port}/0")
    assert error.kind == "too_many_redirects"
    loop = fetched(lambda path, writer: redirect("/"))
    assert loop.kind == "too_many_redirects"
    nowhere = fetched(lambda path, writer: answer(b"", status=302))
    assert nowhere.kind == "bad_answer"


def certificate(folder, name="jobs.example"):
    """A certificate for ``name`` that nobody but its owner trusts."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


async def _in_the_open(reader, writer):
    writer.write(answer())
    writer.close()


def test_certificates_are_checked_against_the_name(tmp_path):
    file = certificate(tmp_path)
    near = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    near.load_cert_chain(file)
    asked_for = []
    near.sni_callback = lambda _, name, __: asked_for.append(name)
    trusting = ssl.create_default_context(cafile=str(file))

    async def go():
        async with Server(lambda path, writer: answer(), near) as server:
            rules = Rules(allow=("127.0.0.1",), delay=0, robots=False, timeout=5)
            good = Fetcher(rules, resolver=Names(), trust=trusting)
            found = await good.fetch(f"https://jobs.example:{server.port}/")
            assert found.body == PAGE
            assert asked_for == ["jobs.example"]
            wrong_name = await refusal(good.fetch(f"https://other.example:{server.port}/"))
            wrong_address = await refusal(good.fetch(f"https://127.0.0.1:{server.port}/"))
            unknown = await refusal(local().fetch(f"https://jobs.example:{server.port}/"))
            no_tls = await refusal(local().fetch(f"http://jobs.example:{server.port}/"))
        plain = await asyncio.start_server(_in_the_open, "127.0.0.1", 0)
        async with plain:
            port = plain.sockets[0].getsockname()[1]
            no_server = await refusal(local().fetch(f"https://jobs.example:{port}/"))
        for error in (wrong_name, wrong_address, unknown, no_server):
            assert (error.kind, error.code, error.retryable) == ("tls", "unreadable", False)
        assert no_tls.kind in ("broken", "bad_answer")

    asyncio.run(go())


def test_a_handshake_that_hangs_is_given_up_and_closed():
    ended = []

    async def silent(reader, writer):
        await reader.read(10_000)
        ended.append(await reader.read())
        writer.close()

    async def go():
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            fetcher = local(timeout=0.2)
            error = await refusal(fetcher.fetch(f"https://jobs.example:{port}/"))
            assert error.kind == "timeout"
            async with asyncio.timeout(5):
                while not ended:
                    await asyncio.sleep(0.01)

    asyncio.run(go())


def test_going_from_safe_to_unsafe_is_named(tmp_path):
    file = certificate(tmp_path)
    near = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    near.load_cert_chain(file)

    async def go():
        async with Server(lambda path, writer: answer()) as plain:
            there = redirect(f"http://jobs.example:{plain.port}/")
            async with Server(lambda path, writer: there, near) as safe:
                rules = Rules(allow=("127.0.0.1",), delay=0, robots=False)
                trust = ssl.create_default_context(cafile=str(file))
                fetcher = Fetcher(rules, resolver=Names(), trust=trust)
                found = await fetcher.fetch(f"https://jobs.example:{safe.port}/")
        assert [one.code for one in found.warnings] == ["insecure_redirect"]

    asyncio.run(go())


async def _drip(path, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _drip_head(path, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _silent(path, writer):
    await asyncio.sleep(5)


async def _not_yet(path, writer):
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("behave", [_drip, _drip_head, _silent, _not_yet])
def test_the_clock_runs_over_everything(behave):
    begun = time.monotonic()
    error = fetched(behave, timeout=0.3)
    assert (error.kind, error.code, error.retryable) == ("timeout", "timeout", True)
    assert time.monotonic() - begun < 2


def test_the_clock_runs_over_redirects_and_names():
    async def slowly(path, writer):
        await asyncio.sleep(0.15)
        return redirect("/")

    assert fetched(slowly, timeout=0.3).kind == "timeout"

    async def no_names(host, port):
        await asyncio.sleep(5)

    async def go():
        fetcher = Fetcher(Rules(timeout=0.1, delay=0, robots=False), resolver=no_names)
        assert (await refusal(fetcher.fetch("http://jobs.example/"))).kind == "timeout"

    asyncio.run(go())


def _endless(head):
    async def behave(path, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        while True:
            writer.write(b"8000\r\n" + b"<" * 0x8000 + b"\r\n")
            await writer.drain()

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        _endless(b"Content-Type: text/html\r\n\r\n"),
        _endless(b"Transfer-Encoding: chunked\r\n\r\n"),
        _endless(b"X: "),
        _endless(b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: "),
        lambda path, writer: answer(length=10**12),
        lambda path, writer: answer(length="9" * 19),
        lambda path, writer: answer(b"<" * 100_001),
        lambda path, writer: answer(X="y" * 70_000),
        lambda path, writer: b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    ],
)
def test_what_is_too_large_is_given_up(behave):
    error = fetched(behave, max_bytes=100_000)
    assert (error.kind, error.code, error.retryable) == ("too_large", "too_large", False)


def test_a_page_of_exactly_the_limit_is_read():
    assert len(fetched(lambda path, writer: answer(b"<" * 1000), max_bytes=1000).body) == 1000


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (answer(length=len(PAGE) + 1), "broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad_answer"),
        (b"", "broken"),
        (b"HTTP/1.1 200 OK\r\nContent-", "broken"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "bad_answer"),
        (b"\x16\x03\x01\x00\x01", "bad_answer"),
    ],
)
def test_broken_answers_have_names(sent, kind):
    error = fetched(lambda path, writer: sent)
    assert (error.kind, error.code) == (kind, "unreadable")


def test_more_than_announced_is_cut():
    assert fetched(lambda path, writer: answer(b"12345", length=3)).body == b"123"


def test_a_body_without_a_length_ends_with_the_connection():
    assert fetched(lambda path, writer: b"HTTP/1.0 200 OK\r\n\r\nhello").body == b"hello"


def test_nobody_there():
    async def go():
        async with Server(lambda path, writer: answer()) as server:
            port = server.port
        error = await refusal(local().fetch(f"http://jobs.example:{port}/"))
        assert (error.kind, error.retryable) == ("unreachable", True)
        names = Names(gone_example=OSError("no such name"), empty_example=[])
        for host in ("gone.example", "empty.example"):
            assert (await refusal(addresses_of(host, 80, names))).kind == "no_such_host"

    asyncio.run(go())


class Slow(httpcore2.AnyIOBackend):
    async def connect_tcp(self, host, port, *rest, **more):
        if host == "127.0.0.4":
            raise httpcore2.ConnectTimeout
        return await super().connect_tcp(host, port, *rest, **more)


def test_another_address_of_the_host_is_tried():
    async def go():
        async with Server(lambda path, writer: answer()) as server:
            rules = Rules(allow=("127.0.0.0/8", "::1"), delay=0, robots=False)
            names = Names(three_example=["127.0.0.4", "127.0.0.3", "127.0.0.1"])
            fetcher = Fetcher(rules, resolver=names, backend=Slow())
            assert (await fetcher.fetch(f"http://three.example:{server.port}/")).body == PAGE
            names.known["three.example"] = ["127.0.0.4"]
            error = await refusal(fetcher.fetch(f"http://three.example:{server.port}/"))
            assert (error.kind, error.retryable) == ("unreachable", True)

    asyncio.run(go())


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "": bytes,
    "identity": bytes,
}


def _raw_deflate(data):
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [*PACKED.items(), ("deflate", _raw_deflate), ("GZip", lambda data: gzip.compress(data) + b"\0"),
     ("gzip", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]))],
)  # fmt: skip
def test_codings_that_are_asked_for_are_undone(coding, pack):
    assert accepted() == "gzip, deflate, zstd, br"
    found = fetched(lambda path, writer: answer(pack(PAGE), Content_Encoding=coding))
    assert found.body == PAGE


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "br"])
def test_a_bomb_is_given_up_in_little_memory(coding):
    bomb = PACKED[coding](b"\0" * 50_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = fetched(lambda path, writer: answer(bomb, Content_Encoding=coding), max_bytes=1_000_000)
    assert error.kind == "too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 25_000  # kilobytes


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "br"])
def test_broken_codings_have_a_name(coding):
    packed = PACKED[coding](PAGE * 50)
    for body in (packed[: len(packed) // 2], b"\xff" + packed[1:], b"<html>not packed</html>"):
        error = fetched(lambda path, writer, body=body: answer(body, Content_Encoding=coding))
        assert (error.kind, error.code) == ("decode_error", "decode_error")


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "x" * 500, "gzip, br"])
def test_codings_that_nobody_asked_for_are_refused(coding):
    error = fetched(lambda path, writer: answer(gzip.compress(PAGE), Content_Encoding=coding))
    assert error.kind == "decode_error"


def test_an_empty_body_is_no_broken_coding():
    assert fetched(lambda path, writer: answer(b"", Content_Encoding="gzip")).body == b""


@settings(max_examples=150)
@given(
    data=st.binary(max_size=3000), coding=st.sampled_from(sorted(PACKED)), step=st.integers(1, 99)
)
def test_packed_in_any_parts_gives_the_same(data, coding, step):
    packed = PACKED[coding](data)
    engine = unpacker(coding)
    parts = [
        piece
        for place in range(0, len(packed), step)
        for piece in engine.feed(packed[place : place + step])
    ]
    engine.end()
    assert b"".join(parts) == data


@settings(max_examples=150)
@given(data=st.binary(max_size=300), coding=st.sampled_from(sorted(PACKED)))
def test_any_bytes_are_a_body_or_one_typed_error(data, coding):
    engine = unpacker(coding)
    kind = "decode_error"
    try:
        assert sum(len(piece) for piece in engine.feed(data)) < 10_000_000
        engine.end()
    except FetchError as error:
        kind = error.kind
    assert kind == "decode_error"


@settings(max_examples=60)
@given(data=st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(answer(b"").__add__)))
def test_any_answer_is_a_page_or_one_typed_error(data):
    found = fetched(lambda path, writer: data, max_bytes=1000)
    assert isinstance(found, Fetched | FetchError)


def test_callbacks_are_posted():
    async def go():
        async with Server(lambda path, writer: answer(b"", status=202)) as server:
            told = await local().post(
                f"http://hook.example:{server.port}/x?y", b'{"a":1}',
                {"Content-Type": "application/json", "X-Signature": "abc"},
            )  # fmt: skip
            assert told.status == 202
            assert server.bodies == [b'{"a":1}']
            assert b"X-Signature: abc" in server.heads[0]
            assert server.paths == ["/x?y"]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("sent", "kind", "retryable"),
    [
        (answer(b"", status=500), "server_error", True),
        (answer(b"", status=429), "rate_limited", True),
        (answer(b"", status=410), "not_found", False),
        (redirect("/"), "bad_status", False),
        (answer(b"", status=304), "bad_status", False),
        (b"", "broken", True),
    ],
)
def test_callbacks_that_fail_say_whether_to_try_again(sent, kind, retryable):
    async def go():
        async with Server(lambda path, writer: sent) as server:
            url = f"http://hook.example:{server.port}/"
            error = await refusal(local().post(url, b"{}", {}))
            assert (error.kind, error.retryable) == (kind, retryable)
            assert len(server.heads) == 1

    asyncio.run(go())


@pytest.mark.parametrize(
    "headers", [{"Host": "x"}, {"A": "b\r\nC: d"}, {"A\r\n": "b"}, {"A": "ü"}, {"": "x"}]
)
def test_fields_of_callbacks_cannot_be_forged(headers):
    with pytest.raises(UsageError):
        asyncio.run(local().post("http://hook.example/", b"", headers))


def test_who_asks_is_told():
    assert Rules(contact="me@example.org").agent.startswith("Rolecall/")
    assert Rules(contact="me@example.org").agent.endswith(" (+me@example.org)")
    for odd in ("a\r\nb", "a)b", "ü", " a", "x" * 300):
        with pytest.raises(SettingsError):
            Rules(contact=odd)
    with pytest.raises(SettingsError):
        Rules(allow=("intranet",))
