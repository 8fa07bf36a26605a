import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.page import clean
from rolecall.page.visibility import hiding_names, look, scrub, unseen


def text(html):
    return clean(Source(body=html.encode(), media_type="text/html")).text


HIDDEN = [
    '<p style="display:none">{}</p>',
    '<p style="Display : NONE !important">{}</p>',
    '<p style="visibility:hidden">{}</p>',
    "<p hidden>{}</p>",
    '<p hidden="">{}</p>',
    '<div aria-hidden="true"><p>{}</p></div>',
    '<p style="position:absolute;left:-9999px">{}</p>',
    '<p style="position: fixed; top: -5000px">{}</p>',
    '<p style="text-indent:-9999px">{}</p>',
    '<p style="margin-left:-10000px">{}</p>',
    '<p style="position:absolute;clip:rect(0,0,0,0)">{}</p>',
    '<p style="position:absolute;clip-path:inset(50%)">{}</p>',
    '<p style="font-size:0">{}</p>',
    '<p style="font-size:1px">{}</p>',
    '<p style="opacity:0">{}</p>',
    '<p style="height:0;overflow:hidden">{}</p>',
    '<p style="max-height:0px;overflow:hidden">{}</p>',
    '<p style="width:1px;height:1px;overflow:hidden">{}</p>',
    '<p style="color:transparent">{}</p>',
    '<p style="color:#fff;background:#fff">{}</p>',
    '<p style="color:red;background-color:red">{}</p>',
    '<p style="color:white">{}</p>',
    "<p><font color=white>{}</font></p>",
    '<div style="background-color:#ffffff"><p style="color:#fff">{}</p></div>',
    '<span class="sr-only">{}</span>',
    '<span class="x Visually-Hidden">{}</span>',
    "<style>.trap{{display:none}}</style><p class=trap>{}</p>",
    "<style>p{{color:red}} #trap , .other {{ visibility: hidden }}</style><p id=trap>{}</p>",
    '<input type="hidden" value="{}">',
    "<template><p>{}</p></template>",
    "<noscript><p>{}</p></noscript>",
    "<script>{}</script>",
    "<!-- {} -->",
    '<img alt="{}">',
    '<abbr title="{}">x</abbr>',
    '<meta name="description" content="{}">',
    "<svg><text>{}</text></svg>",
    "<object>{}</object>",
]


@pytest.mark.parametrize("carrier", HIDDEN)
def test_text_that_a_reader_cannot_see_is_left_out(carrier):
    html = "<body><h1>Baker</h1>{}<p>Bread every day.</p>".format(carrier.format("TRAP"))
    found = text(html)
    assert "TRAP" not in found
    assert found.startswith("Baker\n")
    assert found.endswith("Bread every day.")


SHOWN = [
    "<details><summary>More</summary><p>{}</p></details>",
    '<div class="accordion-body" style="display:none"><p>{}</p></div>',
    '<div role="tabpanel" hidden><p>{}</p></div>',
    '<div class="collapse" aria-hidden="true">{}</div>',
    '<p class="hidden-xs">{}</p>',
    '<p class="more-text">{}</p>',
    '<p hidden="false">{}</p>',
    '<p aria-hidden="false">{}</p>',
    '<p style="opacity:0;transform:translateY(20px)">{}</p>',
    '<p style="opacity:0" data-aos="fade-up">{}</p>',
    '<p style="opacity:0.9">{}</p>',
    '<p style="font-size:10px">{}</p>',
    '<p style="left:-10px">{}</p>',
    '<p style="margin-left:-15px">{}</p>',
    '<p style="height:20px;overflow:hidden">{}</p>',
    '<div class="hero"><h2 style="color:#fff">{}</h2></div>',
    '<div style="background:#036"><p style="color:white">{}</p></div>',
    '<table><tr><td bgcolor="#003366"><font color="white">{}</font></td></tr></table>',
    "<style>.box{{display:none}} .box.open{{display:block}}</style><p class=box>{}</p>",
    "<style>@media print{{.box{{display:none}}}}</style><p class=box>{}</p>",
    "<style>.nav .box{{display:none}}</style><p class=box>{}</p>",
    '<span aria-hidden="true">{}</span><span class="visually-hidden">TWIN</span>',
]


@pytest.mark.parametrize("carrier", SHOWN)
def test_text_that_a_reader_can_open_or_see_is_kept(carrier):
    found = text("<body><h1>Baker</h1>{}".format(carrier.format("KEPT")))
    assert "KEPT" in found
    assert "TWIN" not in found


@pytest.mark.parametrize("noscript", ["<noscript>", "<NoScript id=a>"])
def test_noscript_is_unseen_wherever_it_stands(noscript):
    end = noscript[0] + "/" + noscript[1:9] + ">"
    assert text(f"{noscript}TRAP{end}<p>Baker") == "Baker"
    assert text(f"<head>{noscript}<img>TRAP{end}<title>T</title></head><p>Baker") == "T\nBaker"
    assert text(f"<p>Baker</p>{noscript}<script>1</script>TRAP{end}<p>Oslo") == "Baker\nOslo"
    assert text(f"<p>Baker</p>{noscript}TRAP") == "Baker"


def test_characters_without_shape_are_left_out():
    tags = "".join(chr(0xE0000 + ord(char)) for char in "secret")
    assert text(f"<p>Apply{tags} no\u200bw, soft\u00adly\u2060\ufeff</p>") == "Apply now, softly"
    assert scrub("a\u202eb\u0007c\ufe0f") == "abc"


def test_joiners_stay_where_a_script_needs_them():
    assert scrub("می\u200cخواهم") == "می\u200cخواهم"
    assert scrub("plain\u200c text") == "plain text"


def test_word_bullets_become_bullets():
    assert text("<p>\uf0b7 Bread</p>") == "• Bread"


@given(st.text(max_size=200))
def test_any_style_and_any_rule_can_be_read(css):
    look(css)
    hiding_names([css])
    unseen({"style": css, "class": css, "id": css, "hidden": None})


def test_a_huge_style_costs_linear_time():
    look("a" * 3_000_000)
    hiding_names(["a," * 1_000_000 + "{display:none}", "{" * 1_000_000, "}" * 1_000_000])
