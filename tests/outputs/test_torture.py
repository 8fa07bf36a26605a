from pathlib import Path

import pytest

from rolecall.outputs.open import Format
from torture_batch import torture


@pytest.mark.parametrize(("form", "seed"), [("sqlite", 3)])
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, form: Format, seed: int) -> None:
    told = torture(tmp_path, 10, 1, form, seed)
    assert told.groups + told.workers >= 1
    assert (told.lost, told.double, told.unequal) == (0, 0, 0)
