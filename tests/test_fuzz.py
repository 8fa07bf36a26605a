"""Every kept input of fuzzing through its target, as `python -m fuzz` does, without its tool."""

import pytest
from fuzz.plain import CORPUS, folder, kept
from fuzz.targets import ALL


@pytest.mark.parametrize("name", ALL)
def test_kept_inputs_hold(name: str) -> None:
    target = ALL[name]
    for data in (*target.seeds, *(data for _, data in kept(target))):
        target.run(data)


def test_every_kept_input_belongs_to_a_target() -> None:
    known = {folder(target) for target in ALL.values()}
    assert set(CORPUS.iterdir()) <= known


def test_the_kept_inputs_are_small() -> None:
    sizes = [path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()]
    assert sum(sizes) <= 300_000
