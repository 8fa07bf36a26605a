import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.plan.nouns import GIB, MIB
from rolecall.plan.sizes import gib, read_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GiB", 8 * GIB),
        ("8 GB", 8 * 10**9),
        ("7.5g", 15 * GIB // 2),
        ("7500MB", 7_500 * 10**6),
        (" 512 mib ", 512 * MIB),
        ("0.1GiB", GIB // 10),
        ("1tb", 10**12),
    ],
)
def test_sizes_are_read_exactly(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "8", "GiB", "-8GiB", "8 parsecs", "nan", "1e3GiB", "0GiB", "9999999TiB", "8GiB 2"]
)
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_size(text)


@given(st.integers(1, 2**50))
def test_bytes_come_back(size: int) -> None:
    assert read_size(f"{size}B") == size


def test_sizes_are_shown_in_the_unit_that_fits() -> None:
    assert gib(9 * GIB // 2) == "4.50 GiB"
    assert gib(73_728) == "72.0 KiB"
    assert gib(40 * MIB) == "40 MiB"
    assert gib(0) == "0 B"
