"""What is read from vLLM's log, in the wordings of its versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.launch.log import ORDER, Lines, later, progress_of, reported
from rolecall.plan.nouns import GIB, Reported

W = "(Worker_TP0 pid=91) INFO 11-25 23:19:14 "
E = "(EngineCore_DP0 pid=88) INFO 11-25 23:19:14 "


def gib(figure: float) -> int:
    return round(figure * GIB)


OLD = [  # 0.11
    "(APIServer pid=1) INFO 10-02 09:11:01 [api_server.py:1896] vLLM API server version 0.11.0",
    W + "[gpu_model_runner.py:2653] Model loading took 14.9889 GiB and 31.460000 seconds",
    W + "[gpu_worker.py:298] Available KV cache memory: 51.38 GiB",
    E + "[kv_cache_utils.py:1087] GPU KV cache size: 420,896 tokens",
    E + "[kv_cache_utils.py:1091] Maximum concurrency for 16,000 tokens per request: 26.31x",
    W + "[gpu_model_runner.py:3480] Graph capturing finished in 23 secs, took 2.24 GiB",
    W
    + "[gpu_worker.py:391] Free memory on device (78.57/79.18 GiB) on startup. Desired GPU memory "
    "utilization is (0.9, 71.26 GiB). Actual usage is 14.99 GiB for weight, 4.76 GiB for peak "
    "activation, 0.13 GiB for non-torch memory, and 2.24 GiB for CUDAGraph memory. Replace "
    "gpu_memory_utilization config with `--kv-cache-memory=53012345678` to fit into requested "
    "memory, or `--kv-cache-memory=60112345678` to fully utilize gpu memory. Current kv cache "
    "memory in use is 55168925696 bytes.",
]
NEW = [  # 0.33
    "(APIServer pid=7) INFO 11-25 23:18:20 [api_utils.py:347]  ▄▄ ▄█ █     █     █ ▀▄▀ █  "
    "version 0.33.0",
    W + "[gpu_model_runner.py:5150] Model loading took 4.2 GiB memory and 6.356814 seconds",
    W + "[gpu_worker.py:760] Available KV cache memory: 12.26 GiB",
    E + "[kv_cache_utils.py:2327] GPU KV cache size: 208,992 tokens, Maximum concurrency for "
    "32,768 tokens per request: 6.38x",
    W + "[gpu_worker.py:972] CUDA graph pool memory: 0.08 GiB (actual), 0.12 GiB (estimated), "
    "difference: 0.04 GiB (50.0%).",
    W + "[gpu_worker.py:1036] Free memory on device (30.27/31.4 GiB) on startup. Desired GPU "
    "memory utilization is (0.92, 28.88 GiB). Actual usage is 15.03 GiB for consumed memory "
    "(weights + non-torch), 1.59 GiB for peak activation, and 0.09 GiB for CUDAGraph memory. "
    "Replace gpu_memory_utilization config with `--kv-cache-memory=12945014374` (12.06 GiB) to "
    "fit into requested memory, or `--kv-cache-memory=14436499968` (13.45 GiB) to fully utilize "
    "gpu memory. Current kv cache memory in use is 12.26 GiB.",
]
CPU = [
    "(EngineCore pid=21820) INFO 11-25 23:18:58 [core.py:133] Initializing a V1 LLM engine "
    "(v0.32.0) with config: model='m'",
    "(Worker pid=22390) INFO 11-25 23:19:16 [cpu_worker.py:260] Explicitly set (0.25/12.96) GiB "
    "for KV cache on node 0.",
    "(EngineCore pid=21820) INFO 11-25 23:19:16 [kv_cache_utils.py:2327] CPU KV cache size: "
    "65,536 tokens, Maximum concurrency for 8,192 tokens per request: 8.00x",
]


def test_the_wording_of_0_11() -> None:
    assert reported(OLD) == Reported(
        version="0.11.0",
        weights=gib(14.99),
        kv=55168925696,
        tokens=420_896,
        activation=gib(4.76),
        other=gib(0.13),
        graphs=gib(2.24),
        total=gib(79.18),
        free=gib(78.57),
    )


def test_the_wording_of_0_33() -> None:
    assert reported(NEW) == Reported(
        version="0.33.0",
        weights=gib(4.2),
        consumed=gib(15.03),
        kv=gib(12.26),
        tokens=208_992,
        activation=gib(1.59),
        graphs=gib(0.09),
        total=gib(31.4),
        free=gib(30.27),
    )


def test_the_cpu_build() -> None:
    found = reported(CPU)
    assert (found.version, found.kv, found.tokens) == ("0.32.0", GIB // 4, 65_536)
    assert found.weights is None


@pytest.mark.parametrize(
    ("line", "field", "figure"),
    [
        ("Available KV cache memory: -1.44 GiB", "kv", gib(-1.44)),
        ("Model loading took: 67.72 GiB memory and 45.09 seconds", "weights", gib(67.72)),
        ("Model loading took 27.57 GiB memory and 18.831210 seconds", "weights", gib(27.57)),
        ("Loading model weights took 14.9888 GB", "weights", gib(14.9888)),
        ("Free memory on device: 78.57/79.18 GiB on startup", "total", gib(79.18)),
        (
            "Free memory on device cuda:0 (1.5/23.99 GiB) on startup is less than desired GPU",
            "free",
            gib(1.5),
        ),
        ("Peak activation memory: 5.56 GiB", "activation", gib(5.56)),
        ("Non-torch memory: 0.13 GiB", "other", gib(0.13)),
        ("CUDAGraph memory: -0.45 GiB", "graphs", gib(-0.45)),
        ("Auto set (3.5/12.96) GiB for KV cache on node 0, with", "kv", gib(3.5)),
    ],
)
def test_single_wordings(line: str, field: str, figure: int) -> None:
    assert getattr(reported([line]), field) == figure


def test_figures_of_another_kind_are_not_taken() -> None:
    lines = [
        "Checkpoint size: 9.54 GiB. Available RAM: 21.37 GiB.",
        "Loading weights took 4.47 seconds",
        "Estimated CUDA graph memory: 0.61 GiB total",
        "The current --gpu-memory-utilization=0.9200 is equivalent to 0.9",
    ]
    assert reported(lines) == Reported()


@pytest.mark.parametrize(
    ("line", "phase", "share"),
    [
        ("model-00001-of-00002.safetensors:  45%|████▌     | 1.2G/2.7G", "downloading", 0.45),
        ("Fetching 12 files:  25%|██▌       | 3/12 [00:01<00:03]", "downloading", 0.25),
        (W + "Starting to load model /models/one...", "loading", None),
        ("Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:0", "loading", 0.5),
        ("Multi-thread loading shards:  30% Completed | 3/10 [00:0", "loading", 0.3),
        (W + "Model loading took 4.2 GiB memory and 6.3 seconds", "loading", None),
        (W + "[monitor.py:53] Starting torch.compile", "compiling", None),
        (W + "[backends.py:1167] Dynamo bytecode transform time: 4.12 s", "compiling", None),
        (W + "Compiling a graph for compile range (1, 2048) takes 8.1 s", "compiling", None),
        (W + "[monitor.py:92] Initial profiling/warmup run took 3.01 s", "profiling", None),
        (W + "Available KV cache memory: 12.26 GiB", "profiling", None),
        (
            "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  45%|▍| 30/67 [00:01<",
            "capturing",
            30 / 67,
        ),
        (W + "Graph capturing finished in 4 secs, took 0.53 GiB", "capturing", None),
        ("(APIServer pid=1) INFO Starting vLLM server on http://127.0.0.1:1", "proving", None),
        ("(APIServer pid=1) INFO Starting vLLM API server 0 on http://127", "proving", None),
    ],
)
def test_phases(line: str, phase: str, share: float | None) -> None:
    found = progress_of(line)
    assert found is not None
    assert (found.phase, found.share) == (phase, share)


def test_most_lines_show_no_phase() -> None:
    for line in (
        "(APIServer pid=1) INFO [model.py:2152] Using max model len 8192",
        "(Worker pid=2) WARNING libtcmalloc is not found in LD_PRELOAD. For best performance",
        "INFO:     Waiting for application shutdown.",
    ):
        assert progress_of(line) is None


def test_the_order_of_phases() -> None:
    assert later("loading", "starting")
    assert not later("loading", "capturing")
    assert not later("ready", ORDER[-1])


@given(st.text(alphabet="ab▄\r\n \x1b[0m%", max_size=60).map(str.encode), st.data())
def test_lines_do_not_depend_on_how_they_arrive(text: bytes, data: st.DataObject) -> None:
    whole = Lines()
    expected = whole.feed(text) + whole.end()
    at = data.draw(st.integers(0, len(text)))
    parts = Lines()
    assert parts.feed(text[:at]) + parts.feed(text[at:]) + parts.end() == expected


def test_a_bars_states_are_lines_and_colours_are_left_out() -> None:
    lines = Lines()
    assert lines.feed(b"a:  0%\ra: 50%\r\x1b[32ma: 99%\x1b[0m\nnext") == [
        "a:  0%",
        "a: 50%",
        "a: 99%",
    ]
    assert lines.end() == ["next"]


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    lines = Lines()
    assert sum(len(one) for one in lines.feed(b"x" * 200_000)) == 200_000


@given(st.text(max_size=200))
def test_no_line_breaks_the_reader(line: str) -> None:
    progress_of(line)
    reported([line])
