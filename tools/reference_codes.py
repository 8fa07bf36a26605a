"""``docs/reference/record.md``: the record's shape, and every code that the source can put in it.

Codes are read off the source: the words given to `Notice`, `Reason`, `Problem` and errors. Where
a call names its code by a variable, `ELSEWHERE` says what that can be; a call that it does not
know fails the tests (``tests/docs/test_reference.py``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from rolecall.core import FAILURES, NOT_A_POSTING, Problem
from rolecall.fetch.faults import KINDS
from rolecall.reader.verdict import MESSAGES

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rolecall"
ENGINES: Final = frozenset(
    ("engine_unavailable", "rate_limited", "context_overflow", "budget_exceeded")
)
ELSEWHERE: Final = {
    "climb.py": ENGINES | {"poison"},
    "fetch/fetcher.py": frozenset(("redirected", "insecure_redirect")),
    "inputs/read.py": frozenset(
        ("bad_captured", "warc_truncated", "redirected", "insecure_redirect")
    ),
    "schema/compile.py": frozenset[str](),  # those of schema/prepare.py, from another process
}
"""What calls of `Notice` say whose code is a variable, by file."""
WARNINGS: Final = {
    "nul_replaced": "NUL characters became U+FFFD",
    "lines_cut": "lines beyond the limit, or the rest of a long line, were left out",
    "links_cut": "links beyond the limit were left out; their text stays",
    "drawings_unread": "words in drawings or formulas were left out",
    "markup_cut": "markup beyond the limit of tags or characters was not read",
    "nesting_cut": "elements nested too deep were left out; their text stays",
    "attributes_cut": "elements with very many attributes were read without the rest of them",
    "jsonld_unusable": "a block of JSON-LD cannot be read; the visible text is used",
    "jsonld_repaired": "a block of JSON-LD was faulty and was repaired",
    "gzip_damaged": "compressed data is damaged; it was read as far as it goes",
    "zstd_damaged": "the same of Zstandard",
    "charset_unknown": "the page names a charset that nobody knows",
    "charset_overruled": "the page names a charset that its bytes contradict",
    "charset_guessed": "nothing names the charset; it was guessed from the bytes",
    "charset_doubtful": "read in the charset that the page names; it looks more like another one",
    "decode_replaced": "bytes that are no text in the charset became U+FFFD",
    "json_loose": "the line of JSON Lines is not strict JSON, and was read all the same",
    "orders_in_page": "the page gives orders to machines that read it; such lines support no value",
    "closed": "the page says that the vacancy is closed; it was extracted all the same",
    "withheld": "a value was less sure than `least_sure` asks, and was left out",
    "rewritten": "a value was written in the way that the schema asks, see schemas.md",
    "not_asked": "a field of the schema needs a model, and none was asked",
    "prompt_cut": "of a long page only the first windows were asked about",
    "questions_left_out": "not all fields had room in one question",
    "bad_captured": "the day of capture is no date, and was not used",
    "warc_truncated": "the crawler cut the page, or split it into segments",
    "redirected": "the address led to another one",
    "insecure_redirect": "the address led from https to http",
    "engine_unavailable": "an engine was away; the page went on without it (`engine_failure`)",
    "rate_limited": "an engine refused for now; the page went on without it",
    "context_overflow": "a prompt was too long for an engine; the page went on without it",
    "budget_exceeded": "a cap kept an engine from being asked; the page went on without it",
    "poison": "engines ended over this page; it went on without them (`engine_failure`)",
    "challenger_failed": "the challenger of a trial failed; the usual way did the page",
    "byte_order_mark": "the schema has a byte order mark, which was passed over",
    "repeated_name": "a name stands twice in an object of the schema; the last value counts",
    "draft_guessed": "the schema names no draft; the newest that it obeys was taken",
    "nullable": "`nullable` was read as a type that may be null",
    "unknown_to_draft": "a keyword that the draft does not know is passed over",
    "no_grammar": "no grammar can hold the schema; everything is checked afterwards",
    "field_not_asked": "an engine cannot be asked for this field of the schema",
    "answers_not_kept": "the database cannot be used; answers of engines are not kept",
    "engine_kept_out": "an engine is left aside, and why",
    "tokens_estimated": "tokens are estimated, or raised to what the server counts",
    "server_replaced": "during the run another server took an engine's place",
    "form_not_enforced": "a form of answer that the vendor has is not held to",
    "tokens_not_counted": "the server lacks the way of counting that its vendor has",
    "special_tokens_read": "the server reads marks such as `<\\|im_end\\|>` inside a message",
    "key_in_the_clear": "a key goes over http to another machine",
    "price_unknown": "the engine is not local and no price is known",
    "engine_version": "the server's vLLM is old, or does not tell its version",
    "setting_without_effect": "a variable is set that does nothing",
}
"""What each code of a notice says. Of those of pages: in a record's ``warnings``."""
FAILED: Final = {
    "unreadable": "the input cannot be read, or was not fetched",
    "blocked_address": "its address leads into an own network, or may; it was not fetched",
    "too_large": "more bytes, lines or memory than one input may take",
    "decode_error": "the bytes are not what their compression or form says",
    "timeout": "it took longer than `page_timeout_seconds`, or an engine did",
    "engine_unavailable": "no engine that was asked answered",
    "rate_limited": "an engine, or the site, wants to be asked later; see `retry_at`",
    "budget_exceeded": "a cap leaves less than the call may cost",
    "context_overflow": "the prompt is longer than the model's window",
    "cancelled": "the task was cancelled",
    "poison": "two processes, or five workers, ended over this input",
    "internal": "a fault of Rolecall",
}
DOUBTS: Final = {
    "conflict": "the page says two things; both are named",
    "ungrounded": "a proposed value without support on the page; dropped",
    "ambiguous": "could mean several things; left empty, or the first was taken",
    "schema": "does not fit the schema; left out",
    "syntax": "an answer was no JSON of the wanted shape",
    "truncated": "a list, or an answer, was cut",
}


@cache
def trees() -> dict[str, ast.Module]:
    """Every source file, parsed."""
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of what has one of these names, with its file."""
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name in names:
                    yield file, node


def given(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    """What a call gives for a parameter, by name or by its place."""
    for one in call.keywords:
        if one.arg == name:
            return one.value
    if place is not None and len(call.args) > place:
        return call.args[place]
    return None


def constants(file: str) -> dict[str, ast.expr]:
    """What names at the top of a file stand for."""
    found: dict[str, ast.expr] = {}
    for node in trees()[file].body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {one.id: node.value for one in targets if isinstance(one, ast.Name)}
    return found


def words(value: ast.expr | None) -> set[str]:
    """The texts that an expression may be; both of ``a if c else b``."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return words(value.body) | words(value.orelse)
    return set()


def notices() -> tuple[dict[str, set[str]], set[str]]:
    """Codes of notices with the files that say them, and files that name one by a variable."""
    found: dict[str, set[str]] = {}
    unknown = set()
    for file, call in calls("Notice"):
        if file.startswith("client/"):
            continue
        named = given(call, "code")
        said = words(named) or words(constants(file).get(getattr(named, "id", "")))
        if not said:
            unknown.add(file)
        for code in said:
            found.setdefault(code, set()).add(file)
    for file, codes in ELSEWHERE.items():
        for code in codes:
            found.setdefault(code, set()).add(file)
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict) and file.startswith("worker/"):
                told = dict(zip(map(_key, node.keys), node.values, strict=True))
                if "code" in told and "message" in told:
                    for code in words(told["code"]):
                        found.setdefault(code, set()).add(file)
    return found, unknown - set(ELSEWHERE)


def _key(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def reasons() -> set[str]:
    """Every code that a record's reason gets, as the source words it."""
    found = set(MESSAGES) | {code for code, _ in KINDS.values()}
    for _, call in calls("Reason", "Loss", "SourceError", "EngineError"):
        found |= words(given(call, "code"))
    for _, call in calls("failed"):  # of inputs: its locator, its code, a message
        found |= words(given(call, "code", 1))
    return found


def problem_kinds() -> set[str]:
    """Every kind of a record's problems, as the source words it."""
    found: set[str] = set()
    for _, call in calls("Problem"):
        found |= words(given(call, "kind"))
    return found


def attempt_results() -> set[str]:
    """What calls of engines may end as."""
    found = {"stop", "length", "refusal", "http_STATUS", "redirect", "quota", "context_overflow"}
    for _, call in calls("no_answer", "Fault"):
        found |= words(given(call, "result", 0))
    for _, call in calls("Attempt"):
        found |= words(given(call, "result"))
    return found


def problem_codes() -> dict[int, set[str]]:
    """Codes of the HTTP API's problem documents, by status."""
    found: dict[int, set[str]] = {}
    for file, call in calls("ProblemError", "later"):
        status, code = given(call, "status", 0), words(given(call, "code", 1))
        if file.startswith("serve/") and isinstance(status, ast.Constant) and code:
            found.setdefault(int(str(status.value)), set()).update(code)
    return found


def record_page() -> str:
    """The record's JSON Schema and its codes."""
    said, _ = notices()
    parts = [
        "<!-- Written by `make docs` from src/rolecall/core.py and all that says a code; "
        "edit that, not this. -->\n\n",
        "# The record: shape and codes\n\nWhat each part means, with examples: "
        "[records.md](../records.md).\n\n",
        "## Outcomes and reasons\n\n`ok` and `partial` have no reason. "
        "`reason.code` of `not_a_posting`:\n\n",
        _table(("code", "the page"), [(one, MESSAGES[one]) for one in NOT_A_POSTING]),
        "\nand of `failed`:\n\n",
        _table(("code", "why"), [(one, FAILED[one]) for one in FAILURES]),
        "\nThe `message` of a page that was not fetched begins with the exact kind:\n\n",
        _table(
            ("kind", "code", "tried again"),
            [
                (kind, f"`{code}`", "yes" if again else "no")
                for kind, (code, again) in KINDS.items()
            ],
        ),
        "\n## Problems\n\n`problems[].kind`:\n\n",
        _table(("kind", "the value"), [(one, DOUBTS[one]) for one in kinds()]),
        "\n## Warnings\n\n`warnings[].code` of a record:\n\n",
        _table(("code", "what was done"), _told(said, of_pages=True)),
        "\nNotices with these codes are told elsewhere: by `rolecall schema check`, on stderr, by "
        "`rolecall doctor`:\n\n",
        _table(("code", "what it says"), _told(said, of_pages=False)),
        "\n## Results of attempts\n\n`attempts[].result`: ",
        ", ".join(f"`{one}`" for one in sorted(attempt_results())),
        ".\n\n## JSON Schema\n\nOf a record of the default posting: "
        "[record.schema.json](record.schema.json). With a schema of your own, `data` has its "
        "shape. Records may get further fields; none changes its meaning while `schema_version` "
        'is `"1"`.\n',
    ]
    return "".join(parts)


def kinds() -> tuple[str, ...]:
    """The kinds of problems in the order of their declaration."""
    import typing

    hints: Any = typing.get_type_hints(Problem)
    return tuple(typing.get_args(hints["kind"]))


ELSEWHERE_TOLD: Final = ("schema/", "engines/", "drive/", "aliases.py")
"""Files whose notices are of a schema, an engine or the settings, and in no record."""


def _told(said: dict[str, set[str]], *, of_pages: bool) -> list[tuple[str, str]]:
    rows = []
    for code, files in said.items():
        in_record = any(not file.startswith(ELSEWHERE_TOLD) for file in files)
        if in_record == of_pages:
            rows.append((code, WARNINGS[code]))
    return sorted(rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| `{code}` | {' | '.join(rest)} |" for code, *rest in rows]
    return "\n".join(lines) + "\n"
