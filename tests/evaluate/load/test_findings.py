"""Requirements held against points, the cards, bench files and the export."""

import itertools
import json
import shlex
from types import SimpleNamespace

import pytest

from rolecall.core import Prompt
from rolecall.errors import UsageError
from rolecall.evaluate.load.benchfile import plain, read_bench, write_bench
from rolecall.evaluate.load.export import command, lines
from rolecall.evaluate.load.figures import spread
from rolecall.evaluate.load.findings import STOPPED, findings
from rolecall.evaluate.load.gpu import Cards
from rolecall.evaluate.load.nouns import Bench, Gpu, Machine, Point
from rolecall.evaluate.load.table import text_of


def at(level, *, failed=0, **more):
    told = {
        "loop": "closed", "concurrency": level, "seconds": 10.0, "requests": 40, "failed": failed,
        "postings_per_min": 60.0, "requests_per_s": 1.0, "output_tokens_per_s": 31.0,
        "held": {"mean": level - 0.5, "peak": float(level)},
    }  # fmt: skip
    if level == 1:
        told["gap_ms"] = spread([1.0, 2.0, 3.0])
        told["tpot_ms"] = spread([20.0])
    return Point(**(told | more))


MACHINE = Machine(cores=2, gpus=(Gpu(name="A card", total_bytes=16 << 30, used_bytes=7 << 30),))


def verdicts(points, **more):
    told = {
        "target": "engine", "engine": "gpu", "here": True, "machine": MACHINE,
        "compose_ms": spread([2.0]), "command": "rolecall bench",
    }  # fmt: skip
    return {one.id: one for one in findings(points, **(told | more))}


def test_all_requirements_of_speed_are_met_by_name():
    found = verdicts([at(1), at(10), at(64)])
    assert list(found) == ["NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3"]
    assert {one.verdict for one in found.values()} == {"pass"}
    assert found["NFR-1"].figure == "7.0 GiB of A card"
    assert found["NFR-2"].figure == "31.0 tokens/s"
    assert "50.0 tokens/s while it writes" in found["NFR-2"].reason
    assert found["PR-2"].figure == "4.90 ms"
    assert found["PR-3"].figure == "10 at once: 0 of 40 failed; 64 at once: 0 of 40 failed"
    assert found["PR-3"].reason == "not measured at 128"
    assert found["PR-1"].command == "rolecall bench"


def test_requirements_fail_by_name():
    slow = at(1, output_tokens_per_s=29.9, postings_per_min=49.0, gap_ms=spread([99.0]))
    card = Gpu(name="A card", total_bytes=16 << 30, used_bytes=9 << 30)
    found = verdicts(
        [slow, at(12, failed=1, postings_per_min=90.0)], machine=Machine(cores=1, gpus=(card,))
    )
    assert {one.verdict for one in found.values()} == {"fail"}
    assert found["PR-1"].figure == "49.0 a minute at 1 at once"  # one with failures is no proof
    stopped = at(1, postings_per_min=9.0, stopped=STOPPED)
    assert verdicts([stopped])["PR-1"].verdict == "not_run"


def test_what_was_not_measured_is_not_run_and_says_why():
    found = verdicts([], here=False, machine=Machine(cores=1, gpu_reason="no package"))
    assert {one.verdict for one in found.values()} == {"not_run"}
    assert all(one.reason for one in found.values())
    assert verdicts([at(1, output_tokens_per_s=None)])["NFR-2"].verdict == "not_run"
    assert verdicts([at(1)], engine="", target="pipeline")["NFR-2"].reason == "no engine was asked"
    assert verdicts([at(1)], machine=Machine(cores=1, gpu_reason="no card"))["NFR-1"].reason
    # twelve were allowed, but never more than nine were under way
    few = at(12, held={"mean": 8.0, "peak": 9.0})
    assert verdicts([few])["PR-3"].verdict == "not_run"


def nvml(used, count=1):
    """A library that finds ``count`` cards; each look takes the next of ``used``."""
    left = iter(used)
    return SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: count,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetName=lambda card: f"Card {card}".encode(),
        nvmlDeviceGetMemoryInfo=lambda card: SimpleNamespace(total=100, used=next(left)),
    )


def test_the_most_memory_seen_on_a_card_is_kept():
    cards = Cards(lambda: nvml([10, 70, 30]))
    cards.look()
    cards.look()
    assert cards.gpus == (Gpu(name="Card 0", total_bytes=100, used_bytes=70),)
    cards.look()  # the library has nothing more to say: what was seen stays
    assert cards.gpus[0].used_bytes == 70
    assert cards.reason


def test_without_a_library_or_a_card_the_reason_is_told():
    def missing():
        raise ImportError

    def broken():
        raise OSError("no driver")

    for load, told in ((missing, "not installed"), (broken, "no driver")):
        assert Cards(load).gpus == ()
        assert told in Cards(load).reason
    assert "finds no card" in Cards(lambda: nvml([], 0)).reason


BENCH = Bench(
    made="2026-01-01T00:00:00Z", rolecall="0.1.0", command="rolecall bench", target="engine",
    engine="gpu", model="m", machine=MACHINE, load={"seed": 7},
    points=(at(1), at(10, failed=40, failures={"timeout": 40}, stopped="gave up")),
    findings=tuple(verdicts([at(1)]).values()),
)  # fmt: skip


def test_a_bench_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "bench.json"
    write_bench(BENCH, path, force=False)
    assert read_bench(path) == BENCH
    assert [one.name for one in tmp_path.iterdir()] == ["bench.json"]
    with pytest.raises(UsageError, match="exists"):
        write_bench(BENCH, path, force=False)
    write_bench(BENCH, path, force=True)
    data = json.loads(path.read_bytes())
    assert data["points"][0]["ttft_ms"] is None
    assert set(data) >= {"version", "made", "command", "target", "engine", "machine", "points"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no JSON"),
        ("[]", "no JSON object"),
        ("{}", "no bench file"),
        ('{"version": 2, "points": []}', "version 2"),
        ('{"version": 1, "points": []}', "missing required field"),
        (json.dumps(plain(BENCH) | {"points": [{"loop": "odd"}]}), "Invalid enum"),
        (json.dumps(plain(BENCH) | {"points": 3}), "Expected `array`"),
    ],
)
def test_what_is_no_bench_file_is_refused(tmp_path, text, told):
    path = tmp_path / "bench.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_bench(path)
    with pytest.raises(UsageError, match="cannot read"):
        read_bench(tmp_path / "none.json")


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        write_bench(BENCH, tmp_path / "none" / "bench.json", force=False)
    with pytest.raises(UsageError, match="is a folder"):
        write_bench(BENCH, tmp_path, force=True)


def test_the_table_tells_figures_failures_and_findings():
    text = text_of(BENCH)
    assert "1 at once" in text
    assert "10 at once: failed: timeout 40" in text
    assert "10 at once: ended early: gave up" in text
    assert "meets   NFR-2" in text
    assert "not run PR-3" in text
    assert text_of(Bench(**{**plain(BENCH), "machine": MACHINE, "points": (), "findings": ()}))


def test_the_export_has_a_prompt_a_line_with_the_tokens_of_its_answer():
    prompts = [
        Prompt(messages=(("system", "Read."), ("user", "A nurse\nis wanted. “é”")), max_tokens=90)
    ] * 2
    rows = [json.loads(line) for line in lines(prompts, {1: 7}).splitlines()]
    assert [row["output_tokens"] for row in rows] == [90, 7]
    assert rows[0]["prompt"] == "Read.\n\nA nurse\nis wanted. “é”"


def test_the_command_sends_the_same_load():
    words = shlex.split(
        command("my load.jsonl", url="http://127.0.0.1:8000/v1", model="m", count=40, level=8)
    )
    flags = dict(itertools.pairwise(words))
    assert words[:3] == ["vllm", "bench", "serve"]
    assert flags["--base-url"] == "http://127.0.0.1:8000"
    assert flags["--dataset-path"] == "my load.jsonl"
    assert (flags["--num-prompts"], flags["--max-concurrency"]) == ("40", "8")
    assert flags["--request-rate"] == "inf"
    opened = command("a.jsonl", url="http://h/v1", model="m", count=4, rate=2.5)
    assert "--request-rate 2.5" in opened
    assert "--max-concurrency" not in opened
