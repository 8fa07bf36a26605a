import io

from rolecall.batch.done import Done, Figures, Use
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


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(2_000, quiet=False, stream=stream, clock=clock)
    for number in range(1_000):  # eight a second, then one
        clock.now += 0.125 if number < 900 else 1.0
        progress.add(done(number))
    *_, last = stream.getvalue().splitlines()
    assert last.split("  ")[2:] == ["1/s", "ETA 16:42"]


def test_no_start_weighs_on_the_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(100, quiet=False, stream=stream, clock=clock)
    clock.now += 8.0
    for number in range(21):
        clock.now += 0.125
        progress.add(done(number))
    assert stream.getvalue().splitlines() == ["16/100   16%  8/s  ETA 10 s"]


def test_what_is_kept_makes_no_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(300, quiet=False, stream=stream, clock=clock)
    for number in range(200):
        clock.now += 0.125
        progress.add(done(number, "kept"))
    assert stream.getvalue().splitlines()[0] == "80/300   27%  80 kept"


def test_a_long_run_says_less_often() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(None, quiet=False, stream=stream, clock=clock)
    for number in range(1_200):
        clock.now += 1.0
        progress.add(done(number))
    assert stream.getvalue().count("\n") == 60 + 10


def test_engines_are_told_while_they_are_asked() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(100, quiet=False, stream=stream, clock=clock)
    use = {"far": Use(calls=1, input_tokens=900, output_tokens=100, cost_usd=0.01)}
    for number in range(12):
        clock.now += 1.0
        progress.add(Done(number, "p", "ok", line=b"{}", figures=Figures(engines=use)))
    progress.beside("pages_saved", "pages that share the extraction of a copy", 3)
    progress.summary()
    told = stream.getvalue().splitlines()
    assert told[0] == "10/100   10%  1/s  ETA 1:30  1,000 tokens/s  $0.1000"
    assert told[1:] == [
        "done: 12 inputs in 12 s, 1/s: 12 ok",
        "  engine far: 12 calls, tokens 10,800 in, 1,200 out, $0.1200",
        "  pages that share the extraction of a copy: 3",
    ]


def test_many_pages_are_told_at_more_length() -> None:
    stream = io.StringIO()
    clock = Clock()
    progress = Progress(None, quiet=False, stream=stream, clock=clock)
    progress.workers = 2
    told = Figures(
        bytes_in=50_000, cpu=0.008, seconds={"clean": 0.002, "reader": 0.008}, route="reader"
    )
    for number in range(1_000):
        clock.now += 0.005
        progress.add(Done(number, "p", "ok", line=b"x" * 9_999, figures=told))
    progress.summary()
    assert stream.getvalue().splitlines() == [
        "done: 1,000 inputs in 5.0 s, 200/s: 1,000 ok",
        "  read 50.0 MB, 10.0 MB/s; wrote 10.0 MB",
        "  time in 2 workers: 10.0 s (8.0 s of processor), 10.0 ms a page: reader 80 %, clean 20 %",
        "  first page after 0.0 s, then 200 pages/s",
        "  values from: the reader 100 %",
    ]
