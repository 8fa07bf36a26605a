"""How the load of a server bounds what is asked of it."""

from hypothesis import given
from hypothesis import strategies as st

from rolecall.worker.pressure import Load, next_limit

LOADS = st.builds(Load, waiting=st.integers(0, 10_000), kv_usage=st.floats(0, 1))


@given(st.integers(1, 512), st.integers(1, 512), LOADS)
def test_the_bound_stays_between_one_and_the_concurrency(limit, concurrency, load):
    assert 1 <= next_limit(limit, concurrency, load) <= concurrency


@given(st.integers(1, 512), st.integers(1, 512), LOADS)
def test_more_load_never_means_more_pages(limit, concurrency, load):
    more = Load(waiting=load.waiting + 50, kv_usage=load.kv_usage)
    assert next_limit(limit, concurrency, more) <= next_limit(limit, concurrency, load)


@given(st.integers(2, 512))
def test_a_free_server_gets_all_again_within_nine_looks(concurrency):
    limit = 1
    for _ in range(9):
        limit = next_limit(limit, concurrency, Load())
    assert limit >= min(concurrency, 1 + 8 * (concurrency // 8))
    for _ in range(8):
        limit = next_limit(limit, concurrency, Load())
    assert limit == concurrency
