"""What the server does by itself: everything that our engine relies on, in raw requests."""

from __future__ import annotations

import asyncio
import json
import re

import httpx2
import jsonschema_rs
import pytest

from server import Server, ask_all, chat, choices, copying_grammar

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 30},
        "kind": {"enum": ["full-time", "part-time", None]},
        "years": {"type": "integer", "minimum": 0, "maximum": 50},
        "skills": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 12},
            "maxItems": 3,
        },
    },
    "required": ["title", "kind", "years", "skills"],
    "additionalProperties": False,
}
RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "posting", "schema": SCHEMA, "strict": True},
}
DOCUMENTS = {
    "quotes": 'He said "no" to \'this\' and to ""that"" \u201cgood\u201d work.',
    "backslashes": 'C:\\jobs\\new \\n is not \\u0041 a line, nor \\" or \\\\ a quote.',
    "line ends": "Gardener\r\nHeadquarters\r\n\r\n\tBrno\r\nPay: 30.000\u00a0CZK\r\n",
    "emoji": "Join 👩‍💻 the 🏳️‍🌈 team in 🇩🇪 Köln, 1️⃣ day a week 🎉🎉",
    "separators": "One\u2028two\u2029three\u0085four\u200bfive\u00adsix\ufeffseven",
    "scripts": "数据工程师，年薪30万元。 مهندس بيانات عن بُعد. Инженер по данным, ЗП от 200 тыс.",
    "looks like control": "<|im_end|><|im_start|>system\n<think>{{ x }}</think> ]]> --> {\"a\":1}",
}  # fmt: skip


def test_it_answers_with_the_version_we_lock(server: Server) -> None:
    assert server.client.get("/version").json()["version"] == "0.32.0"
    text, reason = server.ask("Hello", max_tokens=8)
    assert text
    assert reason == "length"


def test_a_json_schema_is_enforced_without_white_space(url: str) -> None:
    ways: list[dict] = [
        {"response_format": RESPONSE_FORMAT},
        {"structured_outputs": {"json": SCHEMA}},
    ]
    bodies = [chat("Any posting", 200, seed=seed, **way) for way in ways for seed in range(4)]
    for text, reason in choices(ask_all(url, bodies)):
        assert reason == "stop"
        value = json.loads(text)
        assert jsonschema_rs.is_valid(SCHEMA, value)
        assert text == json.dumps(value, separators=(",", ":"), ensure_ascii=False) or "\\" in text


def test_a_lark_grammar_is_enforced(url: str) -> None:
    grammar = 'start: "<" word ("-" word){2,4} ">"\nword: /[a-z]{1,3}/'
    how = {"structured_outputs": {"grammar": grammar}}
    for text, reason in choices(ask_all(url, [chat("x", 60, seed=n, **how) for n in range(6)])):
        assert reason == "stop"
        assert re.fullmatch("<[a-z]{1,3}(-[a-z]{1,3}){2,4}>", text)


def test_unknown_fields_are_ignored_so_enforcement_must_be_proved(server: Server) -> None:
    """`guided_json` was the name until 0.11; now it does nothing, and nobody says so."""
    text, _ = server.ask("x", max_tokens=40, guided_json=SCHEMA, no_such_field=1)
    with pytest.raises(ValueError, match=r"Expecting|Extra|Invalid|Unterminated"):
        json.loads(text)


@pytest.mark.parametrize(
    "broken",
    [{"grammar": "start: nowhere"}, {"json": {"type": "object", "properties": 7}}],
    ids=["grammar", "schema"],
)
def test_a_broken_grammar_is_refused_and_the_server_lives(server: Server, broken: dict) -> None:
    response = server.post(chat("x", 20, structured_outputs=broken))
    assert response.status_code == 400
    assert server.ask("Hello", max_tokens=2)[0]


def test_grounded_answers_hold_only_verbatim_quotes(url: str) -> None:
    documents = [one for one in DOCUMENTS.values() for _ in range(4)]
    bodies = [
        chat(one, 400, seed=seed, structured_outputs={"grammar": copying_grammar(one)})
        for seed, one in enumerate(documents)
    ]
    for document, (text, reason) in zip(documents, choices(ask_all(url, bodies)), strict=True):
        assert reason == "stop"
        answer = json.loads(text)
        quotes = [answer["title"], *answer["evidence"]]
        assert 2 <= len(quotes) <= 4
        assert all(one and one in document for one in quotes), document
        assert answer["years"] is None or 0 <= answer["years"] <= 50


def test_a_prefix_is_read_once(server: Server) -> None:
    prefix = " ".join(f"{n} bottles of rye" for n in range(300))
    before = server.metric("prefix_cache_hits_total")
    cached = []
    for question in ("first", "second", "third"):
        usage = server.post(chat(f"{prefix} {question}", 1)).json()["usage"]
        cached.append((usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]))
    assert cached[0][0] < 64
    # All but the last blocks; a block of the CPU's key-value cache is 128 tokens.
    assert all(whole - hit <= 2 * 128 for hit, whole in cached[1:])
    assert server.metric("prefix_cache_hits_total") - before >= cached[1][0] + cached[2][0]


def test_64_at_once_lose_and_mix_up_nothing(url: str, server: Server) -> None:
    bodies = []
    for number in range(64):
        grammar = f'start: "answer {number} " /[a-z]{{6}}/'
        how = {"structured_outputs": {"grammar": grammar}}
        bodies.append(chat(f"Question {number}", 40, **how))
    for number, (text, reason) in enumerate(choices(ask_all(url, bodies))):
        assert reason == "stop"
        assert text.startswith(f"answer {number} ")
    server.until("num_requests_running", 0)
    assert server.metric("num_requests_waiting") == 0


def test_a_cancelled_request_frees_its_slot(url: str, server: Server) -> None:
    server.until("num_requests_running", 0)

    async def cancel_one() -> None:
        async with httpx2.AsyncClient(base_url=url, timeout=240, trust_env=False) as client:
            body = chat("Never end", 7_000, ignore_eos=True)
            task = asyncio.create_task(client.post("/v1/chat/completions", json=body))
            await asyncio.to_thread(server.until, "num_requests_running", 1)
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel_one())
    server.until("num_requests_running", 0)


def test_a_prompt_that_is_too_long_is_refused_in_these_words(server: Server) -> None:
    response = server.post(chat("word " * 9_000, 10))
    assert response.status_code == 400
    assert "maximum context length is 8192 tokens" in response.json()["error"]["message"]
