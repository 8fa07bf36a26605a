"""The command line: parse, call, print. stdout is data, stderr is messages and progress.

Exit codes: 0 all inputs ok, partial or not_a_posting; 1 the output could not be written; 2 usage,
settings or schema refused; 3 at least one input failed; 4 the budget stopped calls; 5 a rule holds
(``watch check``); 130 and 143 stopped by a signal; 141 the reader of stdout went away.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from rolecall.errors import Error, UsageError

VERBS = {
    "extract": "job postings to JSON, one record per input",
    "clean": "what a model would see of one page",
    "prompt": "what an engine would be asked about a page",
    "models": "the models that are known, what fits, where they are, fetching them",
    "plan": "whether a model fits a card, how fast it is, its vllm serve command",
    "up": "run a model with vLLM: started, proved, watched, stopped",
    "doctor": "what works here, which engines answer and what they hold to",
    "choose": "weigh candidates by evidence, write the decision record",
    "verify": "hold the requirements of ADR-009 against what is here",
    "eval": "measure engines on labelled pages, compare them, pin floors",
    "bench": "how fast an engine or the whole pipeline is, under load",
    "serve": "the HTTP API and the web UI, with a worker",
    "work": "do the tasks of a queue, here",
    "tasks": "what is in the queue: list, show, retry, cancel",
    "status": "what servers and workers did of late: outcomes, engines, cost",
    "trials": "challengers on a part of the pages: how they do, promote, roll back",
    "audits": "what a second engine says of a sample of the pages",
    "watch": "rules that say when to look: what changed, what is behind",
    "tokens": "who may use the server: make, list, revoke",
    "schema": "check a JSON Schema of your own, show the default one",
    "budget": "what paid engines have cost, and what the caps leave",
    "purge": "what is kept of pages, and forgetting it",
    "settings": "every setting, its value and where it came from",
}
OK, UNWRITABLE, USAGE, FAILED, OVER_BUDGET, PIPE_CLOSED = 0, 1, 2, 3, 4, 141

LONGEST_ERROR = 2_000

HELP = """\
usage: rolecall VERB ...

Turns saved job postings into validated JSON in which every value points to
its evidence on the page. Needs no network, no GPU and no model download.

verbs:
{verbs}
start here:
  rolecall extract page.html                    one record on stdout
  rolecall extract page.html --explain          the same, to read
  rolecall extract postings/ --out out.jsonl    a folder, with progress; add
                                                --resume to go on after a stop

rolecall VERB --help tells more; rolecall --version prints the version.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; an error is one line and a hint, no traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        _own_process()
    try:
        return _dispatch(words)
    except Error as error:
        return _say(error, UNWRITABLE if error.code == "output" else USAGE)
    except BrokenPipeError:
        _hush()
        return PIPE_CLOSED
    except OSError as error:
        if error.filename is not None:  # of a file, and not of the stream that is printed to
            raise
        _hush()
        sys.stderr.write(f"rolecall: what was to be printed is not whole: {error.strerror}\n")
        return UNWRITABLE
    finally:
        if arguments is None:
            gc.freeze()  # the process ends: the collector need not look through it all once more


def _own_process() -> None:
    """Settle what the whole process shares.

    Until a run starts there is nothing to finish, so Ctrl-C just ends it, also amid imports. What
    the caller closed of 0, 1 and 2 is opened, lest a file of ours gets its number. Loading makes no
    garbage, so the collector rests until a verb that reads many pages wakes it.
    """
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _dispatch(words: list[str]) -> int:
    if "--version" in words[:1] or "-V" in words[:1]:
        from rolecall import __version__

        print(f"rolecall {__version__}")
        return OK
    if not words or words[0] in ("-h", "--help", "help"):
        verbs = "".join(f"  {name:<10}{text}\n" for name, text in VERBS.items())
        (sys.stdout if words else sys.stderr).write(HELP.format(verbs=verbs))
        sys.stdout.flush()
        return OK if words else USAGE
    verb = words[0]
    if verb not in VERBS:
        raise UsageError(f"there is no verb {verb!a}", hint=_near(verb))
    run: Callable[[list[str]], int] = import_module(f"rolecall.cli.{verb}").run
    return run(words[1:])


def _near(verb: str) -> str:
    import difflib

    near = difflib.get_close_matches(verb, VERBS, n=1)
    if near:
        return f"did you mean: rolecall {near[0]}"
    if os.path.lexists(verb):
        return f"did you mean: rolecall extract {verb}"
    return f"there are: {', '.join(VERBS)}"


def _say(error: Error, code: int) -> int:
    sys.stderr.write(f"rolecall: {_steady(str(error))}\n")
    if error.hint:
        sys.stderr.write(f"  hint: {_steady(error.hint)}\n")
    return code


def _steady(text: str) -> str:
    """What an error quotes of a file or a word does not steer the terminal, nor fill it."""
    from rolecall.table import one_line

    cut = text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} ..."
    return "\n".join(map(one_line, cut.split("\n")))


def _hush() -> None:
    """Nothing more goes to stdout, so that its flush at exit cannot fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
