"""Microdata as pages write it."""

from selectolax.lexbor import LexborHTMLParser

from rolecall.page.microdata import read_microdata


def read(html):
    return [one.data for one in read_microdata(LexborHTMLParser(html))]


def test_nested_items_and_their_values():
    (data,) = read(
        """<div itemscope itemtype="https://schema.org/JobPosting">
        <meta itemprop="title" content="Ferry captain">
        <time itemprop="datePosted" datetime="2026-03-01">1 March</time>
        <span itemprop="hiringOrganization" itemscope itemtype="https://schema.org/Organization">
          <a itemprop="name" href="/firm">Blue <b>Line</b></a>
          <a itemprop="url" href="https://example.org/">home</a></span>
        <div itemprop="jobLocation" itemscope itemtype="https://schema.org/Place">
          <p itemprop="address" itemscope><i itemprop="addressLocality">Odense</i></p></div>
        <div itemprop="description"><p>Sail.</p><ul><li>Dock</li></ul></div>
        <span itemprop="skills">radar</span><span itemprop="skills">charts</span>
        <link itemprop="url" href="https://example.org/1">
        </div>"""
    )
    assert data["title"] == "Ferry captain"
    assert data["datePosted"] == "2026-03-01"
    assert data["hiringOrganization"]["name"] == "Blue <b>Line</b>"
    assert data["hiringOrganization"]["url"] == "https://example.org/"
    assert data["jobLocation"]["address"]["addressLocality"] == "Odense"
    assert data["description"] == "<p>Sail.</p><ul><li>Dock</li></ul>"
    assert data["skills"] == ["radar", "charts"]
    assert data["url"] == "https://example.org/1"


def test_the_properties_of_an_inner_item_stay_inside():
    (data,) = read(
        """<p itemscope itemtype="http://schema.org/jobposting"><b itemprop="title">Cook</b>
        <i itemscope itemtype="http://schema.org/Person"><u itemprop="name">Ann</u></i></p>"""
    )
    assert "name" not in data


def test_other_items_and_empty_ones_state_nothing():
    assert read('<p itemscope itemtype="https://schema.org/Person"><b itemprop="name">A</b>') == []
    assert read('<p itemscope itemtype="https://schema.org/JobPosting"></p>') == []
    assert read("<p>jobposting</p>") == []
    assert read("") == []


def test_each_item_has_its_pointer():
    item = '<p itemscope itemtype="https://schema.org/JobPosting"><b itemprop="title">{}</b></p>'
    found = read_microdata(LexborHTMLParser(item.format("A") + item.format("B")))
    assert [one.pointer for one in found] == ["microdata[0]#", "microdata[1]#"]


def test_deep_nesting_is_bounded():
    deep = '<div itemprop="x" itemscope>' * 2_000
    item = (
        f'<div itemscope itemtype="https://schema.org/JobPosting"><b itemprop="title">A</b>{deep}'
    )
    assert read(item)[0]["title"] == "A"
    long = '<div itemprop="description">' * 300 + "word " * 5_000
    item = (
        f'<div itemscope itemtype="https://schema.org/JobPosting"><b itemprop="title">A</b>{long}'
    )
    assert read(item)[0]["title"] == "A"
