"""Fields with markup -> lines."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.stated.plain import lines
from stated.pages import BODY, value


@pytest.mark.parametrize(
    "stated_as",
    [
        BODY,
        BODY.replace("<", "&lt;").replace(">", "&gt;"),
        BODY.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "The harbour needs you: we keep forty boats afloat, all year round.\nYour tasks\n"
        "• Paint hulls in spring\n• Mend nets & sails",
        {"@value": BODY},
        [BODY],
    ],
)
def test_descriptions_come_out_as_lines(stated_as):
    lines = value("description", "<h1>Boat builder</h1>", description=stated_as).split("\n")
    assert lines == [
        "The harbour needs you: we keep forty boats afloat, all year round.",
        "Your tasks",
        "Paint hulls in spring",
        "Mend nets & sails",
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("a<br>b<BR/>c", ["a", "b", "c"]),
        ("<p>one\ntwo</p>", ["one two"]),
        ("<table><tr><td>Pay</td><td>20</td></tr></table>", ["Pay 20"]),
        ("x < 3 and y > 4", ["x < 3 and y > 4"]),
        ("<b>fast</b>er", ["faster"]),
        ("<style>p{}</style><p>seen</p><script>if(a<b){}</script>", ["seen"]),
        ("R&amp;D &lt;3 &nbsp;years", ["R&D <3 years"]),
        ("- one\n* two\n• three", ["one", "two", "three"]),
        ("zero\u200bwidth\x00", ["zerowidth"]),
        ("<p>cut off <a href=", ["cut off <a href="]),
        ("", []),
    ],
)
def test_lines(field, expected):
    assert lines(field) == expected


@pytest.mark.parametrize("field", ["<" * 400_000, "<a" + "b" * 400_000, "&lt;" * 100_000,
                                   "<script" * 60_000, "<p>" * 100_000, "\n" * 400_000,
                                   "<p " * 100_000])  # fmt: skip
def test_hostile_fields_end_soon(field):
    start = time.process_time()
    lines(field)
    assert time.process_time() - start < 2


@given(st.text())
def test_no_text_raises(text):
    assert all(line.strip() for line in lines(text))
