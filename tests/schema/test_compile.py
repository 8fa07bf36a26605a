import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

from rolecall.errors import SchemaError
from rolecall.schema import compile_child
from rolecall.schema.compile import KEPT, Compiler, prepare_schema
from rolecall.schema.grammar import Grammar, Verdict, grammar
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.memory import resident
from rolecall.schema.posting import POSTING_SCHEMA
from rolecall.schema.prepare import prepare

SLOW = {
    "type": "object",
    "properties": {
        f"p{n}": {"type": "string", "pattern": "^.{0,4000}x" + str(n)} for n in range(500)
    },
}
"""Some seconds of compiling patterns; each of them alone is allowed."""


@pytest.fixture
def compiler():
    made = Compiler()
    yield made
    made.end()
    gc.collect()


def child(compiler):
    return compiler._child.process


def test_a_schema_is_prepared():
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    found = prepare_schema(schema)
    assert found.document == schema
    assert found.draft == "2020-12"
    assert len(found.digest) == 64
    assert [row.pointer for row in found.rows] == [
        "/type", "/properties", "/required", "/properties/a/type",
    ]  # fmt: skip
    assert found.problems({"a": 1})[0].pointer == "/a"
    assert found.problems({"a": "x"}) == []
    assert 1 <= found.least_tokens <= found.typical_tokens


def test_the_default_posting():
    found = prepare_schema(POSTING_SCHEMA)
    assert found.notices == () or found.notices[0].code == "no_grammar"
    assert not [row for row in found.rows if row.mark == "refused"]


def test_what_is_guessed_and_rewritten_is_told():
    found = prepare_schema({"items": [{"type": "string", "nullable": True}], "minContains": 1})
    assert found.draft == "7"
    assert found.document["items"][0]["type"] == ["string", "null"]
    codes = {notice.code for notice in found.notices}
    assert {"draft_guessed", "nullable", "unknown_to_draft"} <= codes


def test_an_answer_is_kept(compiler):
    first = compiler.prepare({"type": "null"})
    assert compiler.prepare({"type": "null"}) is first
    assert compiler.prepare({"type": "null"}, "7") is not first
    for number in range(KEPT):
        compiler.prepare({"const": number})
    assert compiler.prepare({"type": "null"}) is not first


def test_great_answers_are_kept_in_small_number(compiler):
    def great(number):
        return {
            "properties": {f"p{n}": {"title": "t" * 100} for n in range(1_000)},
            "$id": f"{number}",
        }

    def prepared(number):
        return compiler.prepare(great(number), limits=patient)

    patient = SchemaLimits(seconds=60)  # what is kept is looked at here, not how long it takes
    first = prepared(0)
    assert prepared(0) is first
    for number in range(1, 40):
        prepared(number)
    assert prepared(39) is prepared(39)
    assert prepared(0) is not first


def test_changing_a_schema_later_changes_nothing(compiler):
    schema = {"type": "null"}
    found = compiler.prepare(schema)
    schema["type"] = "string"
    assert found.document == {"type": "null"}
    assert compiler.prepare(schema).document == {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "pointer", "said"),
    [
        ({"type": "strnig"}, "/type", "strnig"),
        ({"properties": {"a": {"pattern": "(?=a)"}}}, "/properties/a/pattern", "looks around"),
        ({"patternProperties": {"(": {}}}, "/patternProperties/(", "no regular expression"),
        ({"$ref": "http://127.0.0.1:1/"}, "", "leaves the schema"),
        ([], None, "an object or a boolean"),
        ("x", None, "an object or a boolean"),
        ({"a": {1, 2}}, None, "no plain JSON"),
        ({"a": object()}, None, "no plain JSON"),
        ({1: 2}, None, "no plain JSON"),
        ({"a": 10**30}, None, "no plain JSON"),
        ({"enum": ["x" * 300_000]}, None, "300,013 bytes"),
    ],
)
def test_refusals_have_a_place_and_a_remedy(schema, pointer, said):
    for _ in range(2):  # the second time from what is kept
        with pytest.raises(SchemaError, match=said) as caught:
            prepare_schema(schema)
        assert caught.value.pointer == pointer
        assert caught.value.hint


def test_a_circle_of_data_is_refused():
    schema = {}
    schema["not"] = schema
    with pytest.raises(SchemaError, match="no plain JSON"):
        prepare_schema(schema)


def test_a_schema_that_takes_too_long_costs_its_own_refusal(compiler):
    compiler.prepare(True)
    first = child(compiler).pid
    start = time.monotonic()
    with pytest.raises(SchemaError, match="takes too long") as caught:
        compiler.prepare(SLOW, limits=SchemaLimits(seconds=0.5))
    assert caught.value.hint
    assert time.monotonic() - start < 5
    assert compiler.prepare({"type": "null"}).rows
    assert child(compiler).pid != first


def test_a_schema_that_takes_too_much_memory_costs_its_own_refusal(compiler):
    limits = SchemaLimits(memory=200 << 20, seconds=30)
    with pytest.raises(SchemaError, match="too much memory"):
        compiler.prepare(SLOW, limits=limits)
    assert compiler.prepare({"type": "null"}).rows


def test_a_child_that_dies_is_replaced(compiler):
    compiler.prepare(True)
    process = child(compiler)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert compiler.prepare({"type": "null"}).rows


def test_a_child_that_hangs_is_replaced(compiler):
    compiler.prepare(True)
    os.kill(child(compiler).pid, signal.SIGSTOP)
    with pytest.raises(SchemaError, match="takes too long"):
        compiler.prepare({"type": "null"}, limits=SchemaLimits(seconds=0.3))
    assert compiler.prepare({"type": "null"}).rows


@pytest.mark.skipif(grammar().engine is None, reason="llguidance is not installed")
def test_an_engine_that_takes_too_long_costs_the_grammar_only(compiler):
    schema = {"patternProperties": {f"^a{n}[a-z]+$": {"type": "string"} for n in range(400)}}
    found = compiler.prepare(schema)
    assert found.form is None
    assert "making a grammar of the schema takes too long" in found.notices[0].message
    assert {row.mark for row in found.rows} == {"checked"}
    assert found.problems({"a1x": 1})
    assert compiler.prepare({"type": "null"}).form == {"type": "null"}


def test_an_old_child_makes_way(compiler):
    compiler.prepare(True)
    first = child(compiler)
    assert not compiler._child.worn(compiler._child.first)
    assert compiler._child.worn(compiler._child.first + (1 << 30))
    compiler._child.requests = 10**6
    compiler.prepare({"type": "null"})
    assert first.returncode is not None
    assert compiler._child is None
    compiler.prepare({"type": "string"})


def test_threads_take_turns(compiler):
    found = {}

    def ask(number):
        found[number] = compiler.prepare({"const": number}).document

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {"const": number} for number in range(12)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_starts_a_child_of_its_own():
    kept = prepare_schema({"const": "before"})
    code = (
        "import os\n"
        "from rolecall.schema.compile import COMPILER, prepare_schema\n"
        "kept = prepare_schema({'const': 'before'})\n"
        "pid = COMPILER._child.process.pid\n"
        "if os.fork() == 0:\n"
        "    assert prepare_schema({'const': 'before'}) is kept\n"
        "    assert COMPILER._child is None\n"
        "    prepare_schema({'const': 'after'})\n"
        "    assert COMPILER._child.process.pid != pid\n"
        "    COMPILER.end()\n"
        "    os._exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.wait()[1]) == 7\n"
        "prepare_schema({'const': 'later'})\n"
        "assert COMPILER._child.process.pid == pid\n"
        "print(pid)\n"
    )
    assert kept.document == {"const": "before"}
    pid = int(run(code).stdout)
    assert gone(pid)


def test_an_idle_child_ends_with_its_parent():
    code = (
        "import os\n"
        "from rolecall.schema.compile import COMPILER, prepare_schema\n"
        "prepare_schema({})\n"
        "print(COMPILER._child.process.pid, flush=True)\n"
        "os._exit(0)\n"  # nothing is tidied up
    )
    assert gone(int(run(code).stdout))


def run(code):
    import subprocess
    import sys

    path = os.pathsep.join(part for part in sys.path if part)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": path},
    )


def gone(pid):
    """Whether a process ends within some seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


HEAVY = """
from rolecall.errors import SchemaError
from rolecall.schema.grammar import Grammar
from rolecall.schema.limits import SchemaLimits
from rolecall.schema.prepare import prepare
heavy = {"properties": {f"p{n}": {"pattern": r"^(\\p{L}|x){1,60}" + f"{n}$"} for n in range(9)}}
try:
    prepare(heavy, "7", SchemaLimits(check_memory=1 << 20), Grammar(None, "none"))
except SchemaError as error:
    print(error)
"""


def test_checks_that_take_much_memory_are_refused():
    # In a process of its own: memory that was used before and is free would hide what it takes.
    done = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, check=True, text=True)
    assert "patterns take" in done.stdout


def test_what_is_compiled_can_be_sent_to_another_process():
    found = prepare_schema({"type": "null"})
    assert found.problems(1)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert again.problems(1) == found.problems(1)


def test_messages_survive_the_wire():
    import socket

    near, far = socket.socketpair()
    with near, far:
        compile_child.send(near, {"a": ["é", None]})
        assert compile_child.receive(far) == {"a": ["é", None]}
        with pytest.raises(TimeoutError):
            compile_child.receive(far, time.monotonic() + 0.01)
        far.settimeout(None)
        near.send(b"\0\0\0\5ab")
        near.close()
        assert compile_child.receive(far) is None


def test_prepare_needs_no_process():
    found = prepare({"type": "null"}, "7", DEFAULT_LIMITS, Grammar(lambda form: Verdict(False)))
    assert found.form == {"type": "null"}
    without = prepare({"type": "null"}, "7", DEFAULT_LIMITS, Grammar(None, "no engine"))
    assert without.form is None
    assert without.notices[0].message == "no engine; everything is checked after"


def test_a_hundred_schemas_leave_no_trace(compiler):
    def taken():
        gc.collect()
        return resident()

    def one(number):
        schema = {"properties": {f"p{n}": {"pattern": f"^a{number}{n}$"} for n in range(20)}}
        compiler.prepare(schema).problems({})

    for number in range(KEPT):
        one(number)
    before = taken()
    for number in range(100):
        one(-number)
    assert taken() - before < 4 << 20
