"""Application state: one posting, mapped by its vocabulary."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from rolecall.page.state_shape import shaped
from rolecall.page.statements import read_statements

BODY = (
    "<p>We mend clocks in church towers all over the country.</p><p>You climb, listen, oil, and "
    "repair what is worn, alone or in pairs, in any weather.</p>"
)
JOB = {
    "id": 7,
    "title": "Clock mender",
    "description": BODY,
    "location": {"city": "Ghent", "country": "Belgium"},
    "company": {"name": "Tick & Sons"},
    "employmentType": "Full-time",
    "applyUrl": "https://example.org/apply/7",
    "publishedAt": 1_770_000_000_000,
}


def read(html):
    return read_statements(LexborHTMLParser(html))[0]


def script(body, attributes=""):
    return f"<script {attributes}>{body}</script>"


def js(value):
    return json.dumps(value).replace("</", "<\\/")


STATE = {"props": {"pageProps": {"jobs": {"current": JOB}, "locale": "en"}}}
FLIGHT = 'a:["$","div",null,' + json.dumps({"job": {**JOB, "description": "$1f"}}) + "]\n"
FLIGHT += f"1f:T{len(BODY.encode()):x},{BODY}" + '2:["x"]\n'
NUXT3 = [
    {"data": 1, "state": 8}, {"job": 2},
    {"title": 3, "description": 4, "location": 5, "company": 6, "applyUrl": 7},
    "Clock mender", BODY, "Ghent", "Tick & Sons", "https://example.org/apply/7",
    ["Reactive", 9], {},
]  # fmt: skip

PLACES = {
    "next": script(js(STATE), 'id="__NEXT_DATA__" type="application/json"'),
    "window": script(f"window.__INITIAL_STATE__ = {js(STATE)};window.x=1"),
    "window brackets": script(f"window['__state']={js(STATE)}"),
    "variable": script(f"var a=1; var state = {js(STATE)};"),
    "parsed": script(f"window.__S__ = JSON.parse({js(json.dumps(STATE))});"),
    "parsed single": script(
        "window.__S__ = JSON.parse('" + js(STATE).replace("\\", "\\\\").replace("'", "\\'") + "')"
    ),
    "literal": script(
        "window.app = {ready: !0}; window.data = {job: {title: 'Clock mender', company: 'Tick &"
        f" Sons', location: 'Ghent, Belgium', applyUrl: 'https://example.org/apply/7',"
        f" description: {js(BODY)},}}}};"
    ),
    "function": script(
        "window.__NUXT__=(function(a,b){return {data:[{job:{title:a,description:b,company:'Tick &"
        " Sons',location:'Ghent',applyUrl:'https://example.org/apply/7'}}]}}"
        f'("Clock mender",{js(BODY)}));'
    ),
    "call": script(f"boot({js(STATE)})"),
    "flight": script("self.__next_f.push([0])")
    + script(f"self.__next_f.push([1,{js(FLIGHT[:90])}])")
    + script(f"self.__next_f.push([1,{js(FLIGHT[90:])}])"),
    "flattened": script(js(NUXT3), 'type="application/json" id="__NUXT_DATA__"'),
    "attribute": f"<div id=app data-page='{js(STATE).replace(chr(39), '&#39;')}'></div>",
    "comment": f"<code style='display:none'><!--{js(STATE)}--></code>",
}


@pytest.mark.parametrize("name", PLACES)
def test_a_posting_is_found_in(name):
    (one,) = read("<title>Clock mender</title><h1>Clock mender</h1>" + PLACES[name])
    assert one.syntax == "state"
    assert one.data["title"] == "Clock mender"
    assert one.data["description"].startswith("<p>We mend clocks")
    assert one.data["hiringOrganization"]["name"] == "Tick & Sons"
    assert "Ghent" in json.dumps(one.data["jobLocation"])
    assert one.data["potentialAction"]["target"] == "https://example.org/apply/7"


def test_the_pointer_names_the_script_and_the_object():
    (one,) = read(PLACES["next"])
    assert one.pointer == "state[__NEXT_DATA__]#/props/pageProps/jobs/current"


def test_of_several_postings_the_one_in_the_heading_counts():
    many = {
        "jobs": [{**JOB, "id": n, "title": t} for n, t in enumerate(["Baker", "Cook", "Smith"])]
    }
    html = script(js(many), 'type="application/json"')
    assert [one.data["title"] for one in read("<h1>Cook</h1>" + html)] == ["Cook"]
    assert read("<h1>All our openings</h1>" + html) == ()
    assert read(html) == ()


def test_state_is_left_alone_where_the_page_states_its_posting_openly():
    ld = {"@type": "JobPosting", "title": "Cook", "description": BODY}
    html = script(js(ld), 'type="application/ld+json"') + PLACES["next"]
    assert [one.syntax for one in read(html)] == ["jsonld"]


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Our news", "content": BODY, "author": "Ann", "date": "2026-01-01"},
        {"name": "Wall clock", "description": BODY, "brand": "Tick", "price": 20},
        {"title": "Open day", "description": BODY, "location": "Ghent", "startDate": "2026-01-01"},
        {"title": "Clock mender", "location": "Ghent", "company": "Tick", "jobId": 1},
        {"title": ["Clock mender"], "description": {"x": 1}, "location": None, "jobId": 1},
    ],
)
def test_other_things_are_no_postings(other):
    assert read(script(js({"page": [other]}), 'type="application/json"')) == ()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            {"name": "Smith", "jobAd": {"sections": {
                "companyDescription": {"title": "Us", "text": "<p>Old firm.</p>"},
                "jobDescription": {"title": "Work", "text": f"<p>{BODY}</p>"}}},
             "company": {"identifier": "F", "name": "Forge"},
             "location": {"city": "Graz", "region": "Styria", "country": "at"},
             "typeOfEmployment": {"id": "permanent", "label": "Full-time"},
             "releasedDate": "2026-02-03T10:00:00.000Z"},
            {"datePosted": "2026-02-03T10:00:00.000Z", "employmentType": ["Full-time"]},
        ),
        (
            {"jobTitle": "Smith", "jobDescriptions": [{"name": "Tasks", "value": BODY}],
             "office": "Graz", "subcompany": "Forge", "employmentType": "permanent",
             "createdAt": "2026-02-03"},
            {"jobLocation": [{"name": "Graz"}]},
        ),
        (
            {"jobOpeningName": "Smith", "description": BODY, "datePosted": "2026-02-03",
             "location": {"city": "Graz", "state": "Styria", "addressCountry": "Austria"},
             "employmentStatusLabel": "Part-Time"},
            {"employmentType": ["Part-Time"]},
        ),
        (
            {"title": "Smith", "descriptionHtml": BODY, "descriptionPlain": "x" * 200,
             "locationName": "Graz", "isRemote": True, "salaryMin": 10, "salaryMax": 20,
             "salaryCurrency": "EUR"},
            {"description": BODY, "jobLocationType": "TELECOMMUTE"},
        ),
        (
            {"job_title": "Smith", "job_description": BODY, "company_name": "Forge",
             "remote": False, "hybrid": True, "requirements": "<ul><li>Fire</li></ul>"},
            {"jobLocationType": "hybrid", "qualifications": "<ul><li>Fire</li></ul>"},
        ),
    ],
)  # fmt: skip
def test_common_shapes_are_mapped(shape, expected):
    found = shaped(shape, (), "/job")
    assert found is not None
    assert found["title"] == "Smith"
    assert {key: found[key] for key in expected} == expected


def test_the_company_may_stand_around_the_posting():
    around = {"posting": {"title": "Smith", "jobDescription": BODY, "location": "Graz"},
              "organization": {"name": "Forge"}}  # fmt: skip
    (one,) = read(script(f"window.__appData = {js(around)}"))
    assert one.data["hiringOrganization"] == {"name": "Forge"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=150),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*JOB, "salary", "jobAd", "text", "name", "remote"]), inner, max_size=6
        )
    ),
    max_leaves=25,
)


@given(values)
def test_no_state_raises(value):
    read(script(js({"a": [value], "job": "x" * 200, "body": "title"}), 'type="application/json"'))
    if isinstance(value, dict):
        shaped({**JOB, **value}, (value,), "/job")


@pytest.mark.parametrize(
    "body",
    [
        "window.a = {" * 20_000 + "title content",
        "x=" + " " * 500_000 + "title content",
        "self.__next_f.push([1," * 20_000 + "title content",
        "(function(" * 30_000 + "title content",
        "=[[" * 100_000 + "title content",
    ],
    ids=lambda text: text[:12],
)
def test_hostile_scripts_end_soon(body):
    import time

    start = time.process_time()
    read(script(body))
    assert time.process_time() - start < 5
