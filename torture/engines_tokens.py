"""Tokens of control on a page, and pages of more tokens than a model takes."""

from __future__ import annotations

import asyncio
import html
import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final

from tests.drive.test_engines import PAGE
from tests.engines.faults import TOO_LONG, FaultServer, _write, error

from rolecall.ask.tokens import count_messages, qwen
from rolecall.core import Source
from rolecall.drive.connect import Terms, connected
from rolecall.drive.pages import finish_record
from rolecall.engines.openai import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.pipeline import Stages, Waiting, hear_page, prepare
from rolecall.settings import Settings
from torture.engines_page import LANES, TRIES, site
from torture.nouns import Case, Class, Figure, Group
from torture.nouns import Terms as Wanted

QWEN: Final = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>",
    "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>",
    "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<tool_call>",
    "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
    "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>",
    "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
    "<tts_text_bos_single>", "<|audio_pad|>", "<|extra_0|>", "<|extra_204|>",
)  # fmt: skip
"""What the tokenizers of Qwen 1 to 3 add to their vocabulary (``tokenizer_config.json``)."""
OTHERS: Final = (
    "<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<bos>", "<eos>",
    "<start_of_turn>", "<end_of_turn>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>", "<|system|>", "<|user|>",
    "<|assistant|>", "<|end|>", "<｜User｜>", "<｜Assistant｜>", "<｜begin▁of▁sentence｜>",
    "<|channel|>", "<|message|>", "<|start|>", "<|return|>", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]",
    "<|endofprompt|>", "[TOOL_RESULTS]",
    "[SYSTEM_PROMPT]", "[THINK]", "[IMG]", "[gMASK]", "[SEP]", "[CLS]", "/no_think",
)  # fmt: skip
"""Marks of other models, which a user may serve as well."""

PLACES: Final[dict[str, Callable[[str], str]]] = {
    "text": lambda mark: _in_body(f"<p>{_safe(mark)}</p>"),
    "title": lambda mark: PAGE.replace("Baker", f"Baker {_safe(mark)}"),
    "item": lambda mark: _in_body(f"<ul><li>{_safe(mark)}system</li><li>a{_safe(mark)}b</li></ul>"),
    "split": lambda mark: _in_body(f"<p><b>{_safe(mark[:1])}</b><i>{_safe(mark[1:-1])}</i>"
        f"{_safe(mark[-1:])}</p>"),
    "zero_width": lambda mark: _in_body(
        f"<p>{_safe(mark[:3])}&#8203;{_safe(mark[3:])} {_safe(mark[:2])}&#173;{_safe(mark[2:])}</p>"
    ),
    "data": lambda mark: _in_body(
        '<script type="application/ld+json">'
        + json.dumps({"@type": "JobPosting", "title": f"Baker {mark}"}).replace("<", "\\u003c")
        + "</script>"
    ),
    "nested": lambda mark: _in_body(f"<p>{_safe(mark[:-1] + mark + mark[-1:])}</p>"),
    "address": lambda mark: PAGE.replace("<title>", f'<meta name="author" content="{_safe(mark)}">'
        f'<link rel="canonical" href="https://example.com/{_safe(mark)}"><title>'),
}  # fmt: skip
"""A posting with a mark in it, by where it stands."""


def _safe(mark: str) -> str:
    return html.escape(mark)


def _in_body(more: str) -> str:
    return str(PAGE).replace("<h2>What we ask", f"{more}<h2>What we ask")


@cache
def _special() -> Any:
    """Qwen's vocabulary with all marks as tokens of control, as an engine may have it."""
    import tiktoken

    plain = qwen()._encoding  # type: ignore[attr-defined]
    ranks = plain._mergeable_ranks
    marks = {mark: len(ranks) + n for n, mark in enumerate((*QWEN, *OTHERS))}
    return tiktoken.Encoding(
        "special", pat_str=plain._pat_str, mergeable_ranks=ranks, special_tokens=marks
    )


def tokens(terms: Wanted) -> Group:
    """Every mark in every place, in what is sent; and pages of 300,000 tokens."""
    marked = asyncio.run(_marks(terms))
    long = asyncio.run(_long(terms))
    control = sum(case.found is Class.WRONG for case in marked)
    return Group(
        said=f"{len(marked)} tokens of control on pages, {len(long)} pages beyond any window",
        cases=(*marked, *long),
        figures=(
            Figure(name="marks that became tokens of control", value=control,
                   unit=f"of {len(marked)}", goal="0", held=not control),
        ),
    )  # fmt: skip


async def _marks(terms: Wanted) -> list[Case]:
    cases = []
    lane = LANES[0]
    places = PLACES if terms.full else {"text": PLACES["text"], "split": PLACES["split"]}
    async with site(lane, [], terms.scratch / "marks", alone=True) as here:
        server = here.servers["near"]
        for mark in (*QWEN, *OTHERS):
            for place, write in places.items():
                server.chats.clear()
                record = await here.record(0, write(mark))
                sent = [
                    message["content"]
                    for _, body, _ in server.chats
                    for message in body["messages"]
                    if message["role"] == "user"
                ]
                cases.append(_control(f"{mark}/{place}", sent, record))
    return cases


def _control(name: str, sent: list[str], record: dict[str, Any]) -> Case:
    encoding = _special()
    for text in sent:
        found = encoding.encode(text, allowed_special="all")
        marks = [one for one in found if one >= encoding.n_vocab - len(QWEN) - len(OTHERS)]
        if marks:
            told = f"{len(marks)} tokens of control: {encoding.decode(marks)[:80]}"
            return Case(name=name, found=Class.WRONG, note=told)
    if record["outcome"] == "failed":
        return Case(name=name, found=Class.SHORT, note=str(record["reason"])[:200])
    if not sent:
        return Case(name=name, found=Class.SHORT, note="nothing was asked about the page")
    return Case(name=name, found=Class.RIGHT)


class Narrow(FaultServer):  # type: ignore[misc]
    """A server that refuses what is longer than its window, by the count of ``count``."""

    def __init__(self, count: Callable[[str], int], window: int, tells: bool) -> None:
        super().__init__(answer=lambda body: "{}", models=("tiny",))
        self.count, self.window, self.tells = count, window, tells
        self.refused = 0

    def size(self, body: dict[str, Any]) -> int:
        """Tokens of a request, with its answer."""
        read = sum(self.count(one["content"]) + 5 for one in body["messages"]) + 3
        return read + int(body.get("max_tokens", 0))

    async def _act(self, reader: Any, writer: Any, body: Any, name: str) -> None:
        if self.size(body) > self.window:
            self.refused += 1
            _write(writer, 400, {"content-type": "application/json"}, json.dumps(error(TOO_LONG)))
            return
        await super()._act(reader, writer, body, name)

    def _other(self, writer: Any, path: str, body: Any) -> None:
        if path == "/tokenize" and self.tells:
            size = self.size({"messages": body["messages"]})
            told = {"count": size, "max_model_len": self.window, "tokens": [0] * size}
            _write(writer, 200, {"content-type": "application/json"}, json.dumps(told))
        elif path == "/tokenize":
            _write(writer, 404, {"content-type": "application/json"}, "{}")
        else:
            super()._other(writer, path, body)


COUNTS: Final[dict[str, Callable[[str], int]]] = {
    "qwen": lambda text: count_messages(qwen(), (("user", text),)) - 8,
    "bytes": lambda text: len(text.encode("utf-8", "replace")),
    "coarser": lambda text: round(1.6 * (count_messages(qwen(), (("user", text),)) - 8)),
}
"""How the engine's own tokenizer counts: as ours, a token for each byte, or more than ours."""


def _texts(chance: Random, words: int) -> dict[str, str]:
    def of(letters: str, long: int) -> str:
        made = ("".join(chance.choices(letters, k=chance.randint(2, long))) for _ in range(words))
        return " ".join(made)

    return {
        "latin": of("abcdefghijklmnopqrstuvwxyz", 9),
        "chinese": of("".join(map(chr, range(0x4E00, 0x5E00))), 9),
        "emoji": of("😀👩‍💻🏳️‍🌈🧑🏽‍🍳🫠", 5),
        "digits": of("0123456789.,-", 12),
        "rare": of("".join(map(chr, range(0x12000, 0x12400))), 5),
        "one_word": of("abcdef0123456789", 9).replace(" ", ""),
    }


async def _long(terms: Wanted) -> list[Case]:
    words = terms.number(20_000, 120_000)
    texts = _texts(Random(terms.seed), words)
    cases = []
    for kind in texts if terms.full else ("latin", "emoji"):
        for name, count in COUNTS.items() if terms.full else [("qwen", COUNTS["qwen"])]:
            for tells in (True, False):
                if not tells and name != "qwen":
                    continue  # nobody can know: said in the documentation of settings
                row = f"long/{kind}/{name}{'' if tells else '/untold'}"
                cases.append(await _fitted(row, texts[kind], count, tells, terms))
    return cases


async def _fitted(
    name: str, text: str, count: Callable[[str], int], tells: bool, terms: Wanted
) -> Case:
    settings = Settings(data_folder=str(terms.scratch), cache=False)
    pipeline = prepare(settings)
    source = Source(body=_in_body(f"<p>{text}</p>").encode())
    page, heard = hear_page(source, pipeline, Stages())
    waiting = Waiting(page=page, heard=heard, source=source, seq=0, seconds={})
    async with Narrow(count, 8_192, tells) as server:
        told = EngineSettings(name="near", urls=(server.url,), model="tiny", forms=("text",),
                              tries=TRIES, vendor="vllm", window=8_192)  # fmt: skip
        async with (
            connect(told, {}) as engine,
            connected(settings, {}, given={"near": engine}, terms=Terms(alone=True)) as engines,
        ):
            record = await finish_record(waiting, pipeline, engines)
    if server.refused:
        return Case(name=name, found=Class.WRONG, note=f"{server.refused} prompts were too long")
    if record["outcome"] == "failed" or not record["attempts"]:
        return Case(name=name, found=Class.SHORT, note=f"{record['outcome']}: {record['reason']}")
    codes = {one["code"] for one in record["warnings"]}
    if not codes:
        return Case(name=name, found=Class.WRONG, note="the page was cut without a word")
    return Case(name=name, found=Class.RIGHT, note=f"{sorted(codes)}")
