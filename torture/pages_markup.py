"""Postings whose markup is hostile: nested, endless, unclosed, mislabelled. No text may go lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from torture.pages_posting import BODY, HEAD, HIDDEN, NEEDLE, TITLE, TOP, posting
from torture.pages_tried import Hostile

CUT: Final = ("nesting_cut", "markup_cut", "lines_cut", "attributes_cut")
DEEP: Final = 20_000
MANY: Final = 20_000


def pages() -> Iterator[Hostile]:
    """All of them."""
    for make in (nested, odd_nesting, unclosed, crowded, long, raw, comments, characters, hidden):
        yield from make()


def kept(name: str, body: bytes, **more: object) -> Hostile:
    """A posting that must be found, with the needle in its text or a warning that names a cut."""
    return Hostile(name=name, body=body, needles=(NEEDLE,), excused=CUT, **more)  # type: ignore[arg-type]


def within(name: str, inside: str) -> Hostile:
    """The posting with ``inside`` after its header; the needle is put in the place of ``@``."""
    return kept(name, posting(inside.replace("@", NEEDLE, 1)))


def nested() -> Iterator[Hostile]:
    """One element in itself, tens of thousands deep."""
    for tag in (
        "div",
        "span",
        "b",
        "font color=red",
        "a href=x",
        "p",
        "blockquote",
        "section",
        "table",
        "table><tr><td",
        "ul><li",
        "ol",
        "dl><dt",
        "form",
        "button",
        "fieldset",
        "details",
        "center",
        "object",
        "label",
        "ruby",
        "h3",
        "x-card",
        "svg",
        "svg><g",
        "svg><foreignObject",
        "math",
        "math><mrow",
        "em",
        "nobr",
        "ins",
        "abbr title=x",
    ):
        name = "deep_" + "_".join(part for part in "".join(
            letter if letter.isalnum() else " " for letter in tag
        ).split())  # fmt: skip
        opening = f"<{tag}>"
        closing = "".join(f"</{part.split()[0]}>" for part in reversed(tag.split("><")))
        yield within(name, opening * DEEP + "@" + closing * DEEP)
    yield within("deep_by_turns", "<div><span><b>" * DEEP + "@" + "</b></span></div>" * DEEP)
    yield within("deep_never_closed", "<div>" * DEEP + "@")
    yield within("deep_select", "<select>" + "<optgroup><option>" * DEEP + "</select>@")
    yield kept("deep_around_all", posting(f"<p>{NEEDLE}</p>", before="<div><i>" * 3_000))


def odd_nesting() -> Iterator[Hostile]:
    """End tags out of order, in which a parser re-opens, moves and adopts elements."""
    yield within("crossed", "<p>@</p>" + "<b><i><a href=x></b></i></a>x" * 2_000)
    yield within("crossed_in_table", "<table>" + "<b><td><i></b></td></i>x" * 2_000 + "</table>@")
    yield within("fostered", "<table><tr>@" + "<td>x</td>stray" * 500 + "</tr></table>")
    yield within("formatting_before_blocks", "<b><i><u><s>" * 15 + "<p>x</p>" * 3_000 + "@")
    yield within("links_in_links", "<a href=x>one" * 3_000 + "@")
    yield within("forms_in_forms", "<form><div>" * 2_000 + "@")
    yield within("headings_in_headings", "<h1><h2><h3>x" * 1_000 + "</h3></h2></h1>@")
    yield within("select_in_select", "<select><option>a<select><p>" * 500 + "</select>" * 900 + "@")
    yield within("svg_breaks_out", "<svg><p>@</p>" + "<svg><title><p>x" * 500)
    yield within("math_breaks_out", "<math><mi><table><mglyph>" * 50 + "</table>" * 50 + "</math>@")
    yield within(
        "template_in_table", "<table><template><tr><td>x" * 300 + "</template>" * 300 + "@"
    )
    yield within("frames_inside", "<frameset><frame src=a></frameset>@")
    yield within("body_in_body", "<body class=x><html lang=de><head><title>no</title></head>@")
    yield within("only_end_tags", "</div></p></b></table></x>" * 50_000 + "@")
    yield kept("after_the_end", posting(after=f"</body></html><p>{NEEDLE}</p></html>"))


def unclosed() -> Iterator[Hostile]:
    """Things that are opened and never closed."""
    bare = BODY.replace("</p>", "").replace("</li>", "").replace("</ul>", "").replace("</h2>", "")
    top = f"{TOP}<body><h1>{TITLE}"
    yield kept("no_end_tags", f"{top}<div>{HEAD}<p>{NEEDLE}<div>{bare}".encode())
    yield kept("fragment", f"<h1>{TITLE}</h1>{HEAD}<p>{NEEDLE}</p>{BODY}".encode())
    for name, tail in {
        "comment": "<!-- the rest",
        "script": "<script>var a = 1;",
        "style": "<style>p {",
        "textarea": "<textarea>",
        "attribute": '<p class="x',
        "tag": "<p class=x",
        "title": "<title>",
        "cdata": "<![CDATA[",
        "doctype": "<!doctype",
        "entity": "&am",
        "end_tag": "</p",
        "iframe": "<iframe>",
        "noscript": "<noscript>",
        "select": "<select><option>",
        "svg": "<svg><style>",
        "template": "<template>",
        "declaration": "<?php echo 1",
    }.items():
        yield kept(f"unclosed_{name}", posting(f"<p>{NEEDLE}</p>", after=tail).split(b"</body>")[0])
    yield kept("cut_in_a_tag", posting(f"<p>{NEEDLE}</p>")[:-30])
    yield kept(
        "quote_never_closed", posting(f"<p>{NEEDLE}</p>", after="<a href='x>" + "word " * 9_000)
    )


def crowded() -> Iterator[Hostile]:
    """Too many attributes, cells, links, items, rules."""
    many = " ".join(f"a{n}=v" for n in range(100_000))
    yield within("attributes_100k", f"<div {many}>@</div>")
    yield within("attributes_same_name", "<div" + " a=1" * 100_000 + ">@</div>")
    yield within("attributes_without_space", "<div" + '/a="1"' * 50_000 + ">@</div>")
    yield within("attributes_everywhere", ("<p " + "data-x=y " * 50 + ">x</p>") * 2_000 + "@")
    yield within("attribute_3mb", f'<div title="{"word " * 600_000}">@</div>')
    yield within("attribute_of_quotes", "<div a=" + "\"'" * 100_000 + ">@</div>")
    yield within(
        "classes_100k", f'<div class="{" ".join(f"c{n}" for n in range(100_000))}">@</div>'
    )
    yield within("style_of_1mb", f'<div style="{"color:red;" * 100_000}">@</div>')
    yield within("table_300k_cells", "<table>" + ("<tr>" + "<td>x" * 300) * 300 + "</table>@")
    yield within("table_wide_span", "<table><tr><td colspan=999999999 rowspan=999999999>@</table>")
    yield within("items_100k", "@<ul>" + "<li>x" * 99_000 + "</ul>")
    yield within("links_100k", "@" + "<a href=/x>x</a>" * 60_000)
    yield within("breaks_300k", "@" + "<br>" * 200_000)
    yield within("empty_elements", "<i></i>" * 100_000 + "@")
    yield within("headings_20k", "@" + "<h2>x</h2>" * MANY)
    yield within("images_50k", "<img src=x alt=x>" * 50_000 + "@")
    rules = "".join(f".r{n}{{display:none}}" for n in range(50_000))
    yield kept("rules_50k", posting(f"<p class=seen>{NEEDLE}</p>", head=f"<style>{rules}</style>"))
    yield kept("scripts_5k", posting(f"<p>{NEEDLE}</p>", head="<script>var a=1</script>" * 5_000))
    yield kept("metas_20k", posting(f"<p>{NEEDLE}</p>", head="<meta name=a content=b>" * MANY))
    yield kept(
        "styles_5k", posting(f"<p>{NEEDLE}</p>", head="<style>.a{display:none}</style>" * 5_000)
    )
    yield within("items_of_microdata", "<div itemscope itemprop=x>" * 3_000 + "@")
    yield within("tags_past_the_limit", "@" + "<i>x</i>" * 200_000)
    yield within("lines_past_the_limit", "@" + "<p>x" * 120_000)


def long() -> Iterator[Hostile]:
    """Sheer length."""
    yield within("line_9mb", "@ " + "word " * 1_800_000)
    yield within("word_5mb", "@ " + "w" * 5_000_000)
    yield within("entities_500k", "&amp;" * 500_000 + "@")
    yield within("whitespace_5mb", " \n\t" * 1_600_000 + "@")
    yield within("dots_2mb", "@ " + "." * 2_000_000)
    yield within("digits_2mb", "@ " + "1" * 2_000_000)
    yield within("amounts_300k", "@ " + "£1,000 - " * 100_000)
    yield within("brackets_1mb", "@ " + "(" * 500_000 + ")" * 500_000)
    yield within("at_signs_1mb", NEEDLE + " " + "a@a." * 250_000)
    yield within("capitals_1mb", "@ " + "AaBb" * 250_000)
    yield within("bullets_300k", "@ " + "• x " * 75_000)
    yield within("escaped_tags_300k", "@ " + "&lt;b&gt;x" * 30_000)
    over = posting(before="x " * 5_100_000)
    yield Hostile(name="over_10_million_characters", body=over, wants=("failed:too_large",))
    yield Hostile(
        name="title_1mb", body=posting(title="Cook " * 200_000), wants=("ok", "partial", "other")
    )


def raw() -> Iterator[Hostile]:
    """Elements whose content is no markup, and what pretends to end them."""
    after = f"<p>{NEEDLE}</p>"
    for name, text in {
        "end_in_string": '<script>var a = "</script>";</script>',
        "double_escape": "<script><!--<script>a</script>b--></script>",
        "double_escape_open": "<script><!--<script>a</script>--></script>",
        "spaced_end": "<script>a</script\n\t>",
        "end_with_attributes": "<script>a</script class=x>",
        "style_with_tags": "<style>p::after{content:'<p>no</p>'}</style>",
        "textarea_with_tags": "<textarea><p>no</p></textarea>",
        "title_with_tags": "<svg><title><b>x</b></title></svg>",
        "xmp": "<xmp><p>as it is</p></xmp>",
        "noembed": "<noembed><p>no</p></noembed>",
        "iframe_with_tags": "<iframe src=x><p>no</p></iframe>",
        "cdata_in_html": "<![CDATA[ <p>x</p> ]]>",
        "cdata_in_svg": "<svg><text><![CDATA[ <p>x</p> ]]></text></svg>",
        "script_3mb": f"<script>var a = '{'x' * 3_000_000}'</script>",
        "script_like_markup": "<script>" + "document.write('<div>');" * 10_000 + "</script>",
        "self_closing_script": "<script src=x /></script>",
        "noscript_in_noscript": "<noscript><noscript>x</noscript></noscript>",
    }.items():
        yield kept(f"raw_{name}", posting(text + after))
    yield kept("raw_plaintext", posting(after, after="<plaintext>").split(b"</body>")[0])


def comments() -> Iterator[Hostile]:
    """Comments, declarations and instructions, also broken ones."""
    after = f"<p>{NEEDLE}</p>"
    for name, text in {
        "short": "<!-->",
        "shorter": "<!--->",
        "bang_end": "<!-- a --!>",
        "dashes": "<!-- a -- b -->",
        "nested": "<!-- <!-- a --> -->",
        "bogus": "<!foo bar>",
        "instruction": "<?xml-model x?>",
        "end_bogus": "</ x>",
        "many": "<!-- a -->" * 50_000,
        "many_open": "<!-" * 50_000 + ">",
        "conditional": "<!--[if IE]><p>old</p><![endif]-->",
        "downlevel": "<![if !IE]>x<![endif]>",
        "dashes_1mb": f"<!--{'-' * 1_000_000}-->",
        "with_posting": f"<!--{HEAD}{BODY}-->",
        "entities_doctype": '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>',
    }.items():
        yield kept(f"comment_{name}", posting(text + after))


def characters() -> Iterator[Hostile]:
    """Characters that are rare on purpose."""
    for name, text in {
        "nul": "a\0b\0c",
        "controls": "".join(map(chr, range(1, 32))),
        "c1": "\x80\x9f\x85",
        "bidi": "\u202e\u2066abc\u2069\u202c",
        "zero_width": "\u200b\u200c\u200d\ufeff" * 9_000,
        "stacked_marks": "Z" + "\u0301" * 200_000,
        "emoji": "\U0001f468\u200d\U0001f469" * 50_000,
        "cjk": "求人" * 100_000,
        "tags_block": "".join(map(chr, range(0xE0000, 0xE0080))) * 100,
        "private": "\ue000\U000f0000" * 100,
        "not_characters": "\ufffe\uffff\U0010ffff",
        "separators": "a\u2028b\u2029c",
        "numeric_overflow": "&#x110000;&#99999999999;&#0;&#xd800;",
        "unended": "&lt&amp&notit;&#65&#x41",
        "every_space": "\u00a0\u2003\u3000\u1680" * 2_000,
        "turkish": "İIıi" * 50_000,
        "ligatures": "ﷺ" * 50_000,
        "full_width": "１２３ＡＢＣ" * 9_000,
    }.items():
        yield kept(f"characters_{name}", posting(f"<p>{text}</p><p>{NEEDLE}</p>"))
    spoiled = posting(f"<p>{NEEDLE}</p>").replace(b"<h1>", b"<h\x001>")
    yield kept("characters_nul_in_tag", spoiled, warned=("nul_replaced",))
    yield kept("tags_in_capitals", posting(f"<P>{NEEDLE}</P>").replace(b"<p>", b"<P\f\n>"))
    yield kept("slashes_in_tags", posting(f"<p/ / /x>{NEEDLE}</p/>").replace(b"<li>", b"<li/>"))


def hidden() -> Iterator[Hostile]:
    """Text that a reader cannot see: it must be nowhere."""
    cloth: dict[str, Callable[[str], str]] = {
        "template": lambda text: f"<template><p>{text}</p></template>",
        "attribute": lambda text: f"<p hidden>{text}</p>",
        "style": lambda text: f"<div style='display : none'><p>{text}</p></div>",
        "below_the_depth": lambda text: (
            "<div>" * 5_000 + f"<p hidden>{text}</p>" + "</div>" * 5_000
        ),
        "comment": lambda text: f"<!-- {text} -->",
        "noscript": lambda text: f"<noscript>{text}</noscript>",
        "input": lambda text: f"<input type=hidden value='{text}'>",
        "attribute_value": lambda text: f"<p title='{text}' data-x='{text}'>x</p>",
        "script": lambda text: f"<script>var a = '{text}'</script>",
        "select_past_limits": lambda text: "<b>" * 500 + f"<i style='display:none'>{text}</i>",
    }
    for name, dress in cloth.items():
        body = posting(dress(HIDDEN) + f"<p>{NEEDLE}</p>")
        yield kept(f"hidden_{name}", body, absent=(HIDDEN,))
