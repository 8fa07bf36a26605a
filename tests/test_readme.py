"""Every block of the README runs and prints what stands there.

Those of the other pages do too, by ``make test-docs``. ``python -m tests.docs.running README.md``
puts what commands print now in the place of what does not fit any more.
"""

from tests.docs.blocks import ROOT
from tests.docs.running import wrong_in


def test_readme_shows_what_happens() -> None:
    """The README's commands and examples print what it says."""
    wrong = wrong_in(ROOT / "README.md")
    assert not wrong, wrong
