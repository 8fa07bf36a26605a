import gzip
import io
import zipfile
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.inputs.made import LIMIT, codes, read, record, response

from rolecall.inputs.archive import archive
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.unpacked import plain

PAGE = b"<h1>Gardener</h1>" + b"<p>lawns and hedges" * 30


def inputs(data: bytes, left: Left | None = None) -> list[Input]:
    return list(archive(plain(iter((data,))), "a.warc", LIMIT, left or Left()))


def coded(coding: str, body: bytes) -> bytes:
    return response(body, fields=f"Content-Type: text/html\r\nContent-Encoding: {coding}\r\n")


def test_a_response_is_a_page_with_all_that_is_known_of_it() -> None:
    fields = 'content-type: Text/HTML; Charset="ISO-8859-2"\nSet-Cookie: a\n'
    (entry,) = inputs(response(PAGE, "<http://a.example/ü>", fields.replace("\n", "\r\n")))
    assert entry.line == PAGE
    assert entry.locator == "a.warc:1"
    assert entry.url == "http://a.example/ü"
    assert (entry.media_type, entry.charset) == ("text/html", "iso-8859-2")
    assert entry.captured == date(2026, 5, 17)


def test_every_record_is_counted_and_what_is_left_out_is_told() -> None:
    left = Left()
    data = b"".join(
        (
            record("warcinfo", b"a: b", media="application/warc-fields"),
            record("request", b"GET / HTTP/1.1\r\n\r\n"),
            response(PAGE),
            record("response", b"HTTP/1.1 301 Gone\r\nLocation: /\r\n\r\n"),
            response(b"\x89PNG", fields="Content-Type: image/png\r\n"),
            record("revisit", b"HTTP/1.1 200 OK\r\n\r\n"),
            record("response", b"example.org. 1 IN A 1.2.3.4", url="dns:a", media="text/dns"),
            record("resource", PAGE, url="file:///a.html", media="text/html"),
            record("resource", b"%PDF", media="application/pdf"),
            record("metadata", b"a: b"),
            record("invented", b"a: b"),
            response(PAGE, fields=""),
        )
    )
    found = inputs(data, left)
    assert [entry.locator for entry in found] == ["a.warc:3", "a.warc:8", "a.warc:12"]
    assert [entry.url for entry in found][1] == "file:///a.html"
    assert left.records == {
        "records about the crawl": 3,
        "requests": 1,
        "responses with another status than 200": 1,
        "responses of other types": 1,
        "revisits, whose page is another record": 1,
        "responses of other protocols": 1,
        "resources of other types": 1,
    }


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 7] for start in range(0, len(body), 7)]
    return b"".join(b"%X;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw deflate", "br", "zstd", ""])
@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize("undone", [False, True], ids=["coded", "undone by the crawler"])
def test_codings_are_undone(coding: str, in_chunks: bool, undone: bool) -> None:
    body = PAGE
    if not undone:
        if "gzip" in coding:
            body = gzip.compress(PAGE)
        elif coding == "deflate":
            body = zlib.compress(PAGE)
        elif coding == "raw deflate":
            engine = zlib.compressobj(wbits=-15)
            body = engine.compress(PAGE) + engine.flush()
        elif coding == "br":
            pytest.importorskip("fastwarc")
            body = pytest.importorskip("brotli").compress(PAGE)
        elif coding == "zstd":
            body = pytest.importorskip("zstandard").compress(PAGE)
    fields = "Content-Type: text/html\r\n"
    if coding:
        fields += f"Content-Encoding: {coding.removeprefix('raw ')}\r\n"
    if in_chunks:
        fields += "Transfer-Encoding: chunked\r\n"
        body = chunked(body) if not undone else body
    (entry,) = inputs(response(body, fields=fields))
    assert entry.fault is None
    assert entry.line == PAGE


def test_broken_and_unknown_codings_fail_alone() -> None:
    found = inputs(
        coded("gzip", b"\x1f\x8b\x08" + b"\xff" * 50)
        + coded("invented", b"?")
        + coded("gzip", gzip.compress(PAGE)[:-9])
        + coded(",".join(["gzip"] * 9), PAGE)
        + record("response", b"HTTP/1.1 garbage", url="http://a")
        + response(PAGE)
    )
    broken = "decode_error"
    assert codes(found) == [broken, broken, None, broken, broken, None]
    assert found[2].line
    assert PAGE.startswith(found[2].line)


def test_pages_that_are_too_large_fail_alone_however_they_are_coded() -> None:
    much = b"\0" * 50_000_000
    found = inputs(
        response(much[: LIMIT + 1])
        + response(much)
        + coded("gzip", gzip.compress(much))
        + response(PAGE)
    )
    assert codes(found) == ["too_large", "too_large", "too_large", None]


def test_a_page_in_countless_parts_fails_soon() -> None:
    nothing = gzip.compress(b"", mtime=0)
    found = inputs(
        coded("gzip", nothing * 63 + gzip.compress(PAGE))
        + coded("gzip", nothing * 10_000)
        + response(PAGE)
    )
    assert codes(found) == [None, "decode_error", None]
    assert found[0].line == PAGE


def test_a_page_that_the_crawler_cut_says_so() -> None:
    data = record(
        "response", b"HTTP/1.1 200 OK\r\n\r\n<p>", url="http://a", WARC_Truncated="length"
    )
    (entry,) = inputs(data)
    assert entry.notice is not None
    assert entry.notice[0] == "warc_truncated"


@settings(max_examples=60)
@given(st.integers(0, 3000), st.booleans())
def test_what_was_read_before_an_archive_breaks_off_is_kept(size: int, packed: bool) -> None:
    whole = [response(PAGE, f"http://a.example/{n}") for n in range(4)]
    parts = [gzip.compress(part) if packed else part for part in whole]
    data = b"".join(parts)
    data = data[: size % len(data)]
    found = inputs(data)
    read_whole, at = 0, 0
    while at + len(parts[read_whole]) <= len(data):
        at += len(parts[read_whole])
        read_whole += 1
    *kept, last = found
    if last.fault is None:
        kept.append(last)
    else:
        assert last.locator in (f"a.warc:{len(kept) + 1}", "a.warc")
    assert len(kept) in (read_whole, read_whole + 1)  # the blank line behind a record is no loss
    assert [entry.line for entry in kept] == [PAGE] * len(kept)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n" * 99,
        b"WARC/1.0\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999999999999\r\n\r\nHTTP/1.1 200",
        b"WARC/1.0\r\n" + b"x" * 200_000,
        b"WARC/1.0\r\n" + b"a: b\r\n" * 2000,
        b"\r\n" * 200_000,
    ],
)
def test_what_is_no_archive_is_one_failed_input(data: bytes) -> None:
    assert codes(inputs(data)) == ["decode_error"]


@given(st.binary(max_size=300))
@example(b"\n" + bytes(9))
def test_any_bytes_end_in_inputs_or_are_told(data: bytes) -> None:
    assert len(inputs(response(PAGE) + data)) in (1, 2)
    left = Left()
    told = codes(inputs(b"WARC/1.0\r\nContent-Length: 9\r\n" + data, left))
    assert told or left.records == {"records about the crawl": 1}


def test_archives_of_another_writer_are_read() -> None:
    """FastWARC, written apart from this, writes what is read here, and counts the same."""
    warc = pytest.importorskip("fastwarc.warc")
    buffer = io.BytesIO()
    for number in range(5):
        one = warc.WarcRecord()
        one.init_headers(warc.response, b"urn:uuid:00000000-0000-0000-0000-00000000000%d" % number)
        one.headers["WARC-Target-URI"] = f"http://a.example/{number}"
        one.is_http = True
        one.set_bytes_content(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
        one.write(buffer)
    found = inputs(gzip.compress(buffer.getvalue()))
    assert [entry.line for entry in found] == [PAGE] * 5
    assert [entry.url for entry in found] == [f"http://a.example/{n}" for n in range(5)]


def test_a_wacz_is_read_and_names_in_it_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("../archive/x.warc", "archive/../../x.warc", "/archive/x.warc", "x.warc"):
            zipped.writestr(name, response(PAGE))
        zipped.writestr("archive/b.warc.gz", gzip.compress(response(PAGE)))
        zipped.writestr("archive/a.warc", b"\n" * 5_000_000)
    found = read(path)
    places = [f"{path}#archive/a.warc:1", f"{path}#archive/b.warc.gz:1"]
    assert [entry.locator for entry in found] == places
    assert codes(found) == ["decode_error", None]
    assert [one.name for one in tmp_path.iterdir()] == ["a.wacz"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04hello", b"hello" * 99])
def test_what_is_no_wacz_is_one_failed_input(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wacz"
    path.write_bytes(data)
    assert codes(read(path)) == ["decode_error"]


def test_a_broken_member_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("archive/a.warc", response(PAGE))
        zipped.writestr("archive/b.warc", response(PAGE))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"lawns", b"LAWNS", 1))
    assert codes(read(path)) == ["decode_error", None]
