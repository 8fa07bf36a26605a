"""Every block of every page of the docs runs and prints what stands there: ``make test-docs``.

Blocks that cannot run here say why, in a line above them; ``tests/docs`` looks at those.
"""

import shutil

import pytest
from tests.docs.blocks import DOCS, ROOT, blocks_of, pages
from tests.docs.running import wrong_in

RUN = ("console", "python", "sh")
PAGES = [
    page
    for page in pages()
    if page.is_relative_to(DOCS)
    and any(block.kind in RUN and not block.reason for block in blocks_of(page))
]


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_page_shows_what_happens(page):
    """What a page's commands and examples print is what it says."""
    wrong = wrong_in(page)
    assert not wrong, wrong
