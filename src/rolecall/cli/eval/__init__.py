"""``rolecall eval``: measure engines on labelled pages, compare them, label pages, pin floors."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword

from rolecall.cli import OK, USAGE
from rolecall.errors import UsageError

VERBS = {
    "import": "make samples of a CSV table, of pages' own data, or of the annotated corpus",
    "split": "divide samples into train and test, by site, near-copies on one side",
    "label": "correct extractions into labels, in the terminal",
    "run": "labelled pages through engines: figures and a report",
    "report": "judge a run anew, for another target; list the misses of a field",
    "compare": "two engines on the same pages: which is better, and can that be told",
    "train-reader": "fit the embedded reader to your labels, never to worse",
    "gate": "hold scores against pinned floors, which only go up",
}

HELP = """\
usage: rolecall eval VERB ...

Measures on pages whose right values are known: your own labelled postings.

verbs:
{verbs}
rolecall eval VERB --help tells more.
"""


def run(words: list[str]) -> int:
    """Run one verb of ``rolecall eval`` and return its exit code."""
    if not words or words[0] in ("-h", "--help", "help"):
        verbs = "".join(f"  {name:<14}{text}\n" for name, text in VERBS.items())
        (sys.stdout if words else sys.stderr).write(HELP.format(verbs=verbs))
        return OK if words else USAGE
    if words[0] not in VERBS:
        near = difflib.get_close_matches(words[0], VERBS, n=1)
        hint = (
            f"did you mean: rolecall eval {near[0]}" if near else f"there are: {', '.join(VERBS)}"
        )
        raise UsageError(f"there is no verb {words[0]!a} of rolecall eval", hint=hint)
    name = words[0].replace("-", "_")
    taken = iskeyword(name) or name == run.__name__
    module = import_module(f"rolecall.cli.eval.{name}{'_' if taken else ''}")
    verb: Callable[[list[str]], int] = module.run
    return verb(words[1:])
