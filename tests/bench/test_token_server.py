"""The recording endpoint: peers get what stood in their request, and it is counted."""

import asyncio
import json

import httpx2

from rolecall.ask.tokens import count_messages, qwen
from token_server import Recorder, recording

GOLD = {"baker": {"title": "Baker", "company": "Crumb", "skills": ["rye", "oats"]}}
TEXT = "Baker. You know rye."


def ask(way, **body):
    recorder = Recorder(GOLD, qwen())

    async def call():
        async with recording(recorder) as address, httpx2.AsyncClient() as client:
            url = f"{address}/{way}/baker/v1/chat/completions"
            messages = [{"role": "system", "content": "Extract."}, *body.pop("messages")]
            return await client.post(url, json={"messages": messages, **body})

    return asyncio.run(call()), recorder.calls


def test_an_answer_holds_what_stood_in_the_request():
    reply, calls = ask("instructor-json", messages=[{"role": "user", "content": TEXT}])
    said = json.loads(reply.json()["choices"][0]["message"]["content"])
    assert (said["title"], said["company"], said["skills"]) == ("Baker", None, ["rye"])
    assert len(said) == 23
    assert calls[0]["messages"] == count_messages(qwen(), [("system", "Extract."), ("user", TEXT)])
    assert calls[0]["schema"] == 0


def test_tools_and_schemas_are_counted_and_answered_in_kind():
    tools = [{"type": "function", "function": {"name": "Posting", "parameters": {}}}]
    reply, calls = ask(
        "instructor-tools", messages=[{"role": "user", "content": TEXT}], tools=tools
    )
    call = reply.json()["choices"][0]["message"]["tool_calls"][0]["function"]
    assert call["name"] == "Posting"
    assert json.loads(call["arguments"])["title"] == "Baker"
    assert calls[0]["schema"] == qwen().count(json.dumps(tools))


def test_examples_in_a_prompt_are_not_the_page():
    prompt = "Q: Crumb bakes\nA: {}\nQ: Baker. You know rye.\nA: "
    reply, calls = ask("langextract", messages=[{"role": "user", "content": prompt}])
    rows = json.loads(reply.json()["choices"][0]["message"]["content"])["extractions"]
    assert [next(iter(row)) for row in rows] == ["title", "skill"]
    assert calls[0]["text"] == "Baker. You know rye."


def test_an_unknown_page_is_not_found():
    recorder = Recorder({}, qwen())
    assert recorder.reply("/instructor-json/other/v1/chat/completions", b"{}")[0].startswith("404")
    assert recorder.calls == []
