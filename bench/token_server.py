"""A recording endpoint on this machine: answers as a perfect model would, and counts tokens.

Requests go to ``http://127.0.0.1:PORT/WAY/PAGE/v1/chat/completions``; the way names the form of
the answer, and the page whose annotation is the answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from rolecall.ask.tokens import Tokens, count_messages
from token_answers import Gold, blocks_text, extractions_text, flat_text

PATH = re.compile(r"/([\w.-]+)/([\w.-]+)/v1/chat/completions")
CONTENT = {
    "crawl4ai": re.compile(r"<url_content>(.*?)</url_content>", re.DOTALL),
    "langextract": re.compile(r".*\nQ: (.*)\nA: ?", re.DOTALL),
}
"""Way -> where the page's text stands in its messages; elsewhere all of the user's is text."""

LINK = re.compile(r"\]\([^)\s]*( [^)]*)?\)")
"""Where a link of Markdown leads: between the words of the page."""

ANSWERS = {"crawl4ai": blocks_text, "langextract": extractions_text}
LARGEST = 32_000_000


class Recorder:
    """What was asked, request by request. ``calls`` are rows of way, page, tokens and text."""

    def __init__(self, gold: Mapping[str, Gold], tokens: Tokens) -> None:
        self.gold, self.tokens = gold, tokens
        self.calls: list[dict[str, Any]] = []

    def answer(self, way: str, page: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The chat completion for one request, which is noted with its tokens."""
        messages = [(row["role"], _content(row)) for row in body["messages"]]
        shape = _schema(body)
        text = "\n".join(_page_text(way, content) for role, content in messages if role == "user")
        said = ANSWERS.get(way, flat_text)(self.gold[page], text)
        message: dict[str, Any] = {"role": "assistant", "content": said}
        written = said
        if body.get("tools"):
            name = body["tools"][0]["function"]["name"]
            function = {"name": name, "arguments": said}
            call = {"id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            written = name + said
        counts = {
            "messages": count_messages(self.tokens, messages),
            "schema": self.tokens.count(shape) if shape else 0,
            "answer": self.tokens.count(written),
        }
        self.calls.append({"way": way, "page": page, **counts, "text": text})
        usage = {
            "prompt_tokens": counts["messages"] + counts["schema"],
            "completion_tokens": counts["answer"],
            "total_tokens": sum(counts.values()),
        }
        finish = "tool_calls" if body.get("tools") else "stop"
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 0,
            "model": body.get("model", ""), "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }  # fmt: skip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request, until the client hangs up."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                size = re.search(r"(?i)\r\ncontent-length: *(\d+)", head)
                length = min(int(size.group(1)), LARGEST) if size else 0
                body = await reader.readexactly(length)
                status, reply = self.reply(head.split(" ", 2)[1], body)
                data = json.dumps(reply).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def reply(self, target: str, body: bytes) -> tuple[str, dict[str, Any]]:
        """Status and body for one request."""
        found = PATH.fullmatch(target)
        if not found or found.group(2) not in self.gold:
            return "404 Not Found", {"error": {"message": f"nothing at {target}"}}
        return "200 OK", self.answer(found.group(1), found.group(2), json.loads(body))


@asynccontextmanager
async def recording(recorder: Recorder) -> AsyncIterator[str]:
    """Serve ``recorder`` on a free port of this machine; gives the address without a path."""
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0, limit=LARGEST)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _content(row: Mapping[str, Any]) -> str:
    """What a message says, with the arguments of earlier calls."""
    content = row.get("content") or ""
    if isinstance(content, list):
        content = "\n".join(part.get("text", "") for part in content)
    calls = row.get("tool_calls") or ()
    return content + "".join(call["function"]["arguments"] for call in calls)


def _schema(body: Mapping[str, Any]) -> str:
    """The schema that goes along: tools, or a response format that is a JSON Schema."""
    if body.get("tools"):
        return json.dumps(body["tools"])
    shape = body.get("response_format") or {}
    return json.dumps(shape) if shape.get("type") == "json_schema" else ""


def _page_text(way: str, content: str) -> str:
    pattern = CONTENT.get(way)
    found = pattern.search(content) if pattern else None
    text = found.group(1) if found else content
    return LINK.sub("]", text) if way == "crawl4ai" else text
