import pytest

from rolecall.core import Source
from rolecall.page import clean

BODY = (
    "<h1>Baker</h1><div class=facts><p>Acme Bread</p><p>Oslo</p></div><div class=text>"
    + "".join(f"<p>We bake bread number {n} for the town, you learn how.</p>" for n in range(9))
    + "<h2>Duties</h2><ul><li>Knead the dough by hand</li><li>Watch the oven</li></ul></div>"
)


def roles(html):
    found = clean(Source(body=html.encode(), media_type="text/html"))
    return {found.line(block): block.role for block in found.blocks}


@pytest.mark.parametrize(
    "part",
    [
        "<nav><a href=1>X1</a><a href=2>Our bakeries</a></nav>",
        "<ul class='main-menu'><li><a href=1>X1</a><li><a href=2>News</a></ul>",
        "<div id=breadcrumbs><a href=1>Start</a> / X1</div>",
        "<footer><p>X1</p><p>© Acme Bread</p></footer>",
        "<div class=site-footer><a href=1>X1</a></div>",
        "<div class='social-share'>X1</div>",
        "<button>X1</button>",
        "<select><option>X1<option>X2</select>",
        "<form class=newsletter><label>X1</label></form>",
        "<div class=modal role=dialog><p>X1</p></div>",
        "<aside><a href=1>X1</a></aside>",
    ],
)
def test_page_furniture_is_chrome(part):
    found = roles(f"<body><title>T</title>{BODY}{part}")
    (role,) = {role for line, role in found.items() if "X1" in line}
    assert role == "chrome"
    assert found["Baker"] == found["Acme Bread"] == found["Watch the oven"] == "posting"


@pytest.mark.parametrize(
    "around",
    [
        "<header>{}</header>",
        "<aside class=content>{}</aside>",
        "<form action=x>{}</form>",
        "<body class='cookie-enabled has-nav footer-dark'>{}</body>",
        "<div class='modal'>{}</div>",
        "<div id=sidebar-layout class='page-nav menu-open'>{}</div>",
        "<article class='related-content'>{}</article>",
        "<div class='job-description footer-space'>{}</div>",
    ],
)
def test_a_posting_stays_one_whatever_stands_around_it(around):
    assert set(roles(around.format(BODY)).values()) == {"posting"}


def test_lists_of_other_postings_are_similar_by_name_or_heading():
    cards = "".join(f"<li><a href={n}>Miller {n}</a><p>Bergen</p>" for n in range(5))
    assert roles(f"{BODY}<div class='similar-jobs'><ul>{cards}</ul></div>")["Miller 3"] == "similar"
    found = roles(f"{BODY}<section><h3>Ähnliche Stellenangebote</h3><ul>{cards}</ul></section>")
    assert found["Miller 3"] == found["Bergen"] == "similar"
    assert found["Knead the dough by hand"] == "posting"


def test_a_heading_does_not_swallow_the_text_of_a_posting():
    long = "<p>" + "We bake bread for the whole town and its guests. " * 12 + "</p>"
    found = roles(f"<div><h3>More jobs</h3>{long}<p>Short</p></div>{BODY}")
    assert found["Short"] == "posting"


def test_consent_text_is_cookie():
    banner = "<div id=cookie-banner><p>We use cookies.</p><button>Accept</button></div>"
    found = roles(banner + BODY)
    assert found["We use cookies."] == "cookie"


def test_lines_that_are_furniture_word_for_word_are_chrome():
    found = roles(BODY + "<p>Apply now</p><p>Jetzt bewerben!</p><p>Apply now with a letter</p>")
    assert found["Apply now"] == found["Jetzt bewerben!"] == "chrome"
    assert found["Apply now with a letter"] == "posting"
