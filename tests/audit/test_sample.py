"""Which pages are audited."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from rolecall.audit.sample import chosen, place_of

PAGES = st.binary(max_size=64).map(lambda body: hashlib.sha256(body).hexdigest())


def test_a_place_never_changes():
    """Another choice would audit other pages after an update."""
    assert place_of(hashlib.sha256(b"a page").hexdigest()) == 0.8990753392242705


@given(page=PAGES, small=st.floats(0, 1), large=st.floats(0, 1))
def test_a_larger_share_adds_pages_and_drops_none(page, small, large):
    small, large = sorted((small, large))
    assert 0 <= place_of(page) < 1
    assert chosen(page, large) or not chosen(page, small)
    assert chosen(page, 1.0)
    assert not chosen(page, 0.0)


def test_the_share_is_that_of_all_pages():
    pages = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(20_000)]
    for share in (0.01, 0.1, 0.5):
        found = sum(chosen(page, share) for page in pages) / len(pages)
        assert abs(found - share) < 5 * (share * (1 - share) / len(pages)) ** 0.5
