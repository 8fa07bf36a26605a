"""Postings are read, other pages are refused with the reason that fits."""

import json
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import NOT_A_POSTING, Source
from rolecall.page import clean
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.model import Model, load_model
from rolecall.reader.verdict import closed_notice, judge
from rolecall.reader.verdict_phrases import phrases
from rolecall.stated import stated

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
BODY = (
    "<p>We are a bakery with forty staff and two shops, and need another pair of hands.</p>"
    "<p>You will bake bread and rolls from four in the morning and keep the ovens clean.</p>"
    "<p>You have a trade certificate or three years of experience in a bakery.</p>"
    "<p>We pay 14 pounds an hour and five weeks of leave. Write to bread@oven.example.</p>"
)
ROLES = ("Nurse", "Cook", "Driver", "Sales Manager", "Java Developer", "Baker", "Teacher")


@cache
def model() -> Model:
    return load_model()


def read(html: str | bytes) -> Tagged:
    body = html.encode() if isinstance(html, str) else html
    return tag(clean(Source(body=body)), model().tagger)


def verdict(html: str | bytes) -> str | None:
    tagged = read(html)
    reason = judge(tagged, stated(tagged.page))
    return reason.code if reason else None


def cards(start: str, end: str) -> str:
    rows = (
        f"<div>{start.format(i)}{role}{end}<p>Firm {i}</p><p>Leeds</p><p>{i} days ago</p></div>"
        for i, role in enumerate(ROLES)
    )
    return "".join(rows)


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Baker</title><h1>Baker</h1>{BODY}",
        f"<title>Join us</title><b>Baker wanted</b>{BODY}",
        f"<title>Baker</title><h1>Baker</h1><p>Open until the position is filled</p>{BODY}",
        f"<h3>Sign in to continue</h3><p>Forgot password?</p><h1>Baker</h1>{BODY}",
        f"<h1>Baker</h1>{BODY}<h4>You may fancy</h4>{cards('<a href=/{}>', '</a>')}",
        "<h1>Accountant</h1><p>Ovens Ltd</p><p>Leeds</p><img src=a.png><a href=/x>Apply now</a>"
        "<script></script>",
        "<html lang=ja><h1>エンジニア募集</h1><h2>仕事内容</h2><p>"
        + "自社サービスの開発をお任せします。設計から運用まで担当していただきます。" * 4,
    ],
)
def test_posting_is_not_refused(html: str) -> None:
    """Short ones, ones beside a login form or a list, without a body, in other scripts."""
    assert verdict(html) is None


@pytest.mark.parametrize(
    ("html", "code"),
    [
        (b"%PDF-1.7\n\x00\x01\x02", "not_html"),
        (b"", "empty_text"),
        ("<title>Jobs</title><div id=root></div><script src=a.js></script>", "needs_javascript"),
        ("<div id=root></div><p>Abilita JavaScript per usare il sito</p>", "needs_javascript"),
        ("<h1>Zaloguj</h1><p>E-mail</p><p>Nie pamiętasz hasła?</p>", "login_wall"),
        ("<h1>Sorry, you have been blocked</h1><p>Request 17</p>", "blocked_page"),
        ("<h1>La oferta ya no está disponible</h1><p>Gracias.</p>", "expired_notice"),
        (
            "<h1>This job has expired</h1>" + cards("<h3><a href=/{}>", "</a></h3>"),
            "expired_notice",
        ),
        ("<h1>7 jobs found</h1>" + cards("<h3><a href=/{}>", "</a></h3>"), "list_page"),
        ("<h1>Our openings</h1>" + cards("<div class=t>", "</div>"), "list_page"),
        ("<h1>Error 404</h1><p>Page not found</p>", "other"),
        ("1,2,3,4,5\n" * 300, "other"),
        ("<h1>Lorem</h1><p>" + "lorem ipsum dolor sit amet " * 40, "other"),
        ("<p>" + "字典" * 900, "other"),
        ("<h1>About us</h1>" + "<p>We have made ovens since 1950 and sell them.</p>" * 9, "other"),
    ],
)
def test_other_page_is_refused_with_its_reason(html: str | bytes, code: str) -> None:
    """Each kind of page has its own code."""
    assert verdict(html) == code


def test_text_in_a_language_that_nobody_knows_here_is_read_on() -> None:
    """A wrong refusal would lose the page."""
    words = (
        "tunatafuta mwokaji mikate mwenye uzoefu wa miaka mitatu katika duka letu jijini mombasa"
        " kazi inaanza saa kumi alfajiri kila siku isipokuwa jumapili mshahara mzuri pamoja na"
        " likizo ya wiki tano tuma maombi yako kwa barua pepe kabla ya mwisho wa mwezi huu pia"
        " utasafisha tanuri na kuwahudumia wateja wetu kwa heshima mahitaji cheti cha ufundi"
        " uwezo wa kufanya kazi na wenzako afya njema na uaminifu karibu sana"
    )
    assert verdict(f"<h1>Mwokaji</h1><p>{words}</p>") is None


def test_several_postings_with_their_own_sections() -> None:
    """Two roles that each have the same section are two postings; one role twice is one."""
    text = "<h3>Requirements</h3><p>A licence and three years of experience in the trade.</p>"
    two = f"<h1>Work here</h1><h2>Cook</h2>{text}<h2>Driver</h2>{text}"
    one = f"<h1>Work here</h1><h2>Cook (m/w/d)</h2>{text}<h2>Cook (m/f/d)</h2>{text}"
    assert verdict(two) == "several_postings"
    assert verdict(one) is None


def test_shell_with_data_still_needs_a_browser() -> None:
    """Data that states a posting does not make a page that shows nothing a posting."""
    data = {"@type": "JobPosting", "title": "Cook", "description": "Cooks. " * 50}
    script = f"<script type=application/ld+json>{json.dumps(data)}</script>"
    assert verdict(f"<title>Cook</title>{script}<div id=root></div>") == "needs_javascript"


@pytest.mark.parametrize(
    "notice",
    [
        "This position has been filled.",
        "No longer accepting applications",
        "Die Stelle ist bereits besetzt.",
        "Cette offre est pourvue.",
        "De vacature is gesloten.",
        "Tato pozice je již obsazena.",
        "Vaga encerrada",
        "Offerta scaduta",
        "Вакансия в архиве",
        "Esta oferta ya no está disponible",
        "Stillingen er besat.",
        "Tjänsten är tillsatt.",
        "Oferta jest już nieaktualna",
    ],
)
def test_closed_vacancy_that_is_shown_is_read_with_a_notice(notice: str) -> None:
    """The notice quotes the page, in each of the twelve languages."""
    tagged = read(f"<h1>Baker</h1><p>{notice}</p>{BODY}")
    told = closed_notice(tagged)
    assert told is not None
    assert told.code == "closed"
    assert notice in told.message
    assert judge(tagged, ()) is None


def test_condition_is_no_closing() -> None:
    """What will happen once a post is filled does not close it."""
    assert closed_notice(read(f"<h1>Baker</h1><p>Open until the job is filled.</p>{BODY}")) is None


@given(st.lists(st.text(max_size=40), max_size=12))
@settings(max_examples=60, deadline=None)
def test_never_raises(lines: list[str]) -> None:
    """Any text has a verdict out of the closed set."""
    tagged = read("<br>".join(lines))
    reason = judge(tagged, ())
    assert reason is None or reason.code in NOT_A_POSTING
    closed_notice(tagged)


@pytest.mark.parametrize("piece", ["a ", "9", "[", "m/w/", "job is ", "1,1 ", "é"])
def test_megabyte_of_one_piece_is_judged_fast(piece: str) -> None:
    """The phrases and patterns take linear time."""
    tagged = read(f"<h1>{piece * (1_000_000 // len(piece))}</h1>")
    start = time.process_time()
    judge(tagged, ())
    closed_notice(tagged)
    assert time.process_time() - start < 2


def test_phrases_are_found_as_whole_words() -> None:
    """Order and word borders count; long lines are running text."""
    known = phrases()
    assert [said.name for said in known.find(("page", "not", "found"))] == ["missing"]
    assert not known.find(("not", "page", "found"))
    assert not known.find(("page", "not", "found", *["x"] * 60))


@pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared/corpus")
def test_corpus_pages_get_their_verdict() -> None:
    """Lists and shells are named; no posting is refused."""
    wrong = []
    index = (CORPUS / "not-vacancies" / "index.jsonl").read_text("utf-8")
    for row in map(json.loads, index.splitlines()):
        path = CORPUS / "not-vacancies" / f"{row['id']}.html"
        code = verdict(path.read_bytes())
        if code != {"list": "list_page", "shell": "needs_javascript"}[row["kind"]]:
            wrong.append(f"{row['id']}: {code}")
    assert len(wrong) <= 1, wrong
    pages = sorted((CORPUS / "pages").glob("*.html"))[::12]
    refused = [page.name for page in pages if verdict(page.read_bytes())]
    assert not refused
