"""Measure the loads that ``rolecall plan`` uses where no pages are given, and ship them.

    python tools/default_loads.py

writes ``src/rolecall/plan/data/loads.json``: what our own prompts and answers take for 200 made
postings, of the fields that the embedded reader leaves in doubt (``postings``) and of all fields
(``all-fields``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
from msgspec import structs

from rolecall.evaluate.load.lengths import load_of
from rolecall.settings import Settings

SHIPPED = Path(__file__).parents[1] / "src" / "rolecall" / "plan" / "data" / "loads.json"


def main() -> int:
    """Measure both and write them."""
    loads = []
    for name, every in (("postings", False), ("all-fields", True)):
        load = structs.replace(load_of([], Settings(), every=every), name=name)
        answers = sum(answer * count for _, answer, count in load.requests)
        prompts = sum(prompt * count for prompt, _, count in load.requests)
        whole = sum(count for _, _, count in load.requests)
        sys.stdout.write(
            f"{name}: {load.postings} postings, {whole} prompts of {prompts / whole:,.0f} tokens, "
            f"{load.shared} of them shared, answers of {answers / whole:,.0f}\n"
        )
        loads.append(msgspec.to_builtins(load))
    text = "[\n" + ",\n".join(json.dumps(one) for one in loads) + "\n]\n"
    SHIPPED.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
