"""What Ray keeps in an actor, without Ray."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, sys
from rolecall import Settings, __version__
from rolecall.batch.ray_actor import Extractor, Terms
from rolecall.batch.ray_parts import Place
from rolecall.batch.run import PageWork, crew_of

small = {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "small"}
settings = Settings(engines={"small": small}, workers=1)
work = PageWork(settings, asks=True)
extractor = Extractor(
    Terms(
        page_work=work,
        crew=crew_of(settings, many=False, asks=True, ordered=False),
        place=Place(folder=os.getcwd(), limit=10_000),
        config=work.pipeline.config,
        version=__version__,
        alone=True,
    )
)
sys.modules["somewhere"] = extractor  # outlives this module, as in Ray's worker process
print(extractor._fault)
"""


def test_an_actor_with_engines_ends_with_its_process(tmp_path: Path) -> None:
    """It once waited for the thread of its engines, which stands still by then."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == b"None\n"
