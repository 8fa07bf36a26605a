import contextlib
import gzip
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import SourceError
from rolecall.page.decode import decode, sniff_binary, unpack
from rolecall.page.limits import Limits


def codes(found):
    return [notice.code for notice in found]


def test_byte_order_mark_beats_the_declared_charset():
    assert decode("\ufeffGröße".encode(), "iso-8859-1").text == "Größe"
    assert decode(b"\xff\xfe" + "Größe".encode("utf-16-le"), "utf-8").text == "Größe"


def test_declared_charset_is_read_as_browsers_do():
    found = decode("“Café” costs 5 €".encode("cp1252"), "ISO-8859-1")
    assert found.text == "“Café” costs 5 €"
    assert found.notices == ()


def test_wrong_single_byte_label_on_utf8_is_overruled_and_named():
    found = decode("Zkušený vývojář".encode(), "windows-1252")
    assert found.text == "Zkušený vývojář"
    assert codes(found.notices) == ["charset_overruled"]


def test_unknown_label_is_named_and_skipped():
    found = decode(b"plain", "klingon-8")
    assert found.text == "plain"
    assert codes(found.notices) == ["charset_unknown"]


@pytest.mark.parametrize("label", ["utf-7", "UTF7", "rot13", "base64", "unicode_escape", "idna"])
def test_codecs_that_no_browser_reads_are_never_used(label):
    assert decode(b"+ADw-script+AD4-", label).text == "+ADw-script+AD4-"


def test_meta_charset_counts_when_bytes_are_not_utf8():
    html = '<html><head><meta charset="windows-1250"></head><p>Příliš žluťoučký kůň</p>'
    assert "Příliš žluťoučký kůň" in decode(html.encode("cp1250")).text


def test_utf16_without_mark_is_seen_by_its_zero_bytes():
    assert decode("<p>Hello there</p>".encode("utf-16-le")).text == "<p>Hello there</p>"
    assert decode("<p>Hello there</p>".encode("utf-16-be")).text == "<p>Hello there</p>"


def test_utf32_has_its_own_mark():
    assert decode(("\ufeff" + "<p>Größe").encode("utf-32-le")).text == "<p>Größe"
    assert decode(("\ufeff" + "<p>Größe").encode("utf-32-be")).text == "<p>Größe"


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Мы ищем бухгалтера с опытом", "我们正在寻找会计", "เรากำลังมองหานักบัญชี", "كاتب حسابات"]
)
def test_utf16_without_mark_may_be_in_any_script(charset, text):
    html = f"<html><body><p>{text * 20}</p></body></html>"
    assert decode(html.encode(charset)).text == html


def test_numbers_of_two_bytes_are_no_text():
    assert sniff_binary(b"".join(number.to_bytes(2, "little") for number in range(2000))[:400])
    assert sniff_binary(bytes(range(1, 30)) * 20 + b"\0\1\0\2" * 90)


def test_a_wide_label_on_narrow_bytes_is_overruled_and_named():
    found = decode("<p>Größe</p>".encode(), "utf-16")
    assert found.text == "<p>Größe</p>"
    assert codes(found.notices) == ["charset_overruled"]


def test_japanese_in_seven_bits_is_read():
    html = "<p>勤務地は京都です。</p>"
    assert decode(html.encode("iso2022_jp"), "ISO-2022-JP").text == html
    found = decode(html.encode("iso2022_jp"))
    assert found.text == html
    assert codes(found.notices) == ["charset_guessed"]
    assert decode(b"<p>\x1b$B\x7f\x7f").text == "<p>\x1b$B\x7f\x7f"


def test_a_label_within_a_comment_is_none():
    text = "<!-- <meta charset=koi8-r> --><p>Für unser Büro in Köln suchen wir Köche</p>"
    assert decode(text.encode("cp1252")).text == text


def test_a_label_that_makes_no_sense_is_followed_and_doubted():
    text = "Мы ищем бухгалтера с опытом работы от трёх лет"
    found = decode(text.encode("koi8-r"), "windows-1251")
    assert found.charset == "cp1251"
    assert codes(found.notices) == ["charset_doubtful"]
    assert codes(decode(text.encode("koi8-r"), "koi8-r").notices) == []


def test_a_row_of_stray_bytes_does_not_turn_utf8_into_something_else():
    found = decode("Größe für Köln".encode() + b"\xff" * 200)
    assert found.text.startswith("Größe für Köln")
    assert codes(found.notices) == ["decode_replaced"]


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp1250", "Szukamy doświadczonego księgowego, oferujemy świetną atmosferę i szkolenia."),
        ("cp1251", "Мы ищем бухгалтера. Требования: опыт работы от трёх лет, знание программ."),
        ("koi8-r", "Мы ищем бухгалтера. Требования: опыт работы от трёх лет, знание программ."),
        ("cp1252", "Wir suchen für unser Büro in Köln eine Aushilfe – später auch länger."),
        ("cp932", "私たちはパン職人を探しています。勤務地は京都です。"),
    ],
)
def test_undeclared_charset_is_guessed_and_said(charset, text):
    found = decode(text.encode(charset))
    assert found.text == text
    assert "charset_guessed" in codes(found.notices)


def test_stray_bytes_in_utf8_are_replaced_with_a_notice():
    found = decode("Größe für Büro, Köln, Düsseldorf".encode() + b"\x96 x", None)
    assert found.text.startswith("Größe für Büro")
    assert "\ufffd" in found.text
    assert "decode_replaced" in codes(found.notices)


def test_page_cut_within_a_character_is_still_utf8():
    found = decode("Größe".encode()[:-1] + "é".encode()[:1])
    assert found.charset == "utf-8"
    assert found.text == "Größ"


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "latin1", "gbk", "utf-16", "x"]))
def test_any_bytes_become_text_that_can_be_written_as_utf8(body, charset):
    decode(body, charset).text.encode("utf-8")


def test_gzip_is_unpacked_once():
    assert unpack(gzip.compress(b"hello")) == (b"hello", ())
    twice, _ = unpack(gzip.compress(gzip.compress(b"hello")))
    assert sniff_binary(twice) == "application/gzip"


def test_gzip_members_are_joined_and_trailing_junk_ignored():
    assert unpack(gzip.compress(b"a") + gzip.compress(b"b") + b"junk")[0] == b"ab"


def test_gzip_bomb_is_too_large():
    with pytest.raises(SourceError) as caught:
        unpack(gzip.compress(b"\0" * 3_000_000), Limits(bytes_=1_000_000))
    assert caught.value.code == "too_large"


def test_truncated_gzip_gives_what_there_is_with_a_notice():
    packed = gzip.compress(os.urandom(50_000))
    body, notices = unpack(packed[: len(packed) // 2])
    assert 0 < len(body) < 50_000
    assert codes(notices) == ["gzip_damaged"]


def test_gzip_without_any_content_cannot_be_decoded():
    with pytest.raises(SourceError) as caught:
        unpack(b"\x1f\x8b\x08garbage")
    assert caught.value.code == "decode_error"


@given(st.binary(max_size=300))
def test_gzip_header_with_any_rest_ends_in_bytes_or_an_error(rest):
    with contextlib.suppress(SourceError):
        unpack(b"\x1f\x8b" + rest)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\n%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"PK\x03\x04rest", "application/zip"),
        (b"\x00\x01\x02\x03" * 50, "application/octet-stream"),
    ],
)
def test_bytes_that_are_no_text_are_named(body, media_type):
    assert sniff_binary(body) == media_type


def test_office_documents_are_told_from_other_archives():
    body = b"PK\x03\x04" + b"\0" * 20 + b"word/document.xml"
    assert "wordprocessing" in sniff_binary(body)


@pytest.mark.parametrize("body", [b"", b"hello", "текст".encode("koi8-r"), b"<p>a\0b</p>"])
def test_text_is_not_taken_for_binary(body):
    assert sniff_binary(body) is None


@pytest.mark.parametrize("text", ["и" * 300_000, "\xa0" * 300_000])
def test_a_guess_takes_time_in_proportion_to_its_sample(text: str) -> None:
    begun = time.process_time()
    decode(f"<h1>{text[:20]}</h1><p>{text}</p>".encode("cp1251"))
    assert time.process_time() - begun < 1.5
