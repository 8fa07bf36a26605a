import pytest

from rolecall.core import Source
from rolecall.page import clean


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<p style='color:#FFF'>X</p>", False),
        ("<div><p><span style='color:rgb(255, 255, 255)'>X</span></p></div>", False),
        ("<div style='background:#fff'><p style='color:white'>X</p></div>", False),
        ("<div style='background:navy'><p style='color:white'>X</p></div>", True),
        ("<div class=hero><p style='color:white'>X</p></div>", True),
        ("<style>body{background:#000}</style><p style='color:white'>X</p>", True),
        ("<button style='color:white'>X</button>", True),
    ],
)
def test_white_text_is_unseen_only_where_the_page_says_it_is_on_white(html, seen):
    assert ("X" in clean(Source(body=html.encode(), media_type="text/html")).text) is seen
