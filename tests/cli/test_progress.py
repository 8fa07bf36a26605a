import io

from rolecall.batch.run import Done
from rolecall.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def done(number: int, outcome: str = "ok", code: str | None = None) -> Done:
    return Done(number, f"p{number}.html", outcome, code, "no such file", b"{}")


def follow(stream: io.StringIO, total: int | None, outcomes: list[str]) -> str:
    clock = Clock()
    progress = Progress(total, quiet=False, stream=stream, clock=clock)
    for number, outcome in enumerate(outcomes):
        clock.now += 1.0
        progress.add(done(number, outcome, "unreadable" if outcome == "failed" else None))
    progress.summary()
    return stream.getvalue()


def test_a_terminal_shows_a_bar_with_rate_and_eta() -> None:
    told = follow(Terminal(), 100, ["ok"] * 25)
    assert "[######..................]  25/100   25%  1/s  ETA 1:15" in told
    assert told.endswith("\r\x1b[Kdone: 25 inputs in 25 s, 1/s: 25 ok\n")


def test_elsewhere_a_line_comes_now_and_then() -> None:
    told = follow(io.StringIO(), None, ["ok"] * 25).splitlines()
    assert told == ["10  1/s", "20  1/s", "done: 25 inputs in 25 s, 1/s: 25 ok"]


def test_the_summary_counts_outcomes_and_their_reasons() -> None:
    told = follow(io.StringIO(), 3, ["ok", "failed", "kept"]).splitlines()
    assert told[0] == "p1.html: failed: unreadable: no such file"
    assert told[-1] == "done: 3 inputs in 3.0 s, 1/s: 1 ok, 1 failed (unreadable 1), 1 kept"


def test_a_flood_of_failures_is_cut_short() -> None:
    told = follow(io.StringIO(), 50, ["failed"] * 50)
    assert told.count("no such file") == 20
    assert "their records say why" in told


def test_one_input_that_went_well_needs_no_words() -> None:
    assert follow(io.StringIO(), 1, ["ok"]) == ""


def test_a_quiet_run_says_nothing() -> None:
    stream = Terminal()
    progress = Progress(9, quiet=True, stream=stream)
    progress.add(done(0, "failed", "timeout"))
    progress.summary()
    assert stream.getvalue() == ""
