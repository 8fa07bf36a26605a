"""How a server streams an answer, and what goes wrong with that."""

import json

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 64},
}


def chunk(model="tiny", usage=None, **choice):
    """The data of one event."""
    choices = [{"index": 0, "delta": {}, "finish_reason": None} | choice] if choice else []
    return json.dumps(
        {"id": "x", "object": "chat.completion.chunk", "model": model, "choices": choices}
        | ({"usage": usage} if usage else {})
    )


def pieces(text):
    """``text`` in the parts that a server sends: a few characters each."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def events(text, name="ok", model="tiny"):
    """The data of the events of a good answer, or of one in which ``name`` is wrong."""
    said = pieces(text)
    if name == "stream_cut":
        return [chunk(model, delta={"content": one}) for one in said[:2]]
    out = [chunk(model, delta={"role": "assistant", "content": ""})]
    out += [chunk(model, delta={"content": one}) for one in said]
    if name == "stream_error":
        return [*out[:2], json.dumps({"error": {"message": "the engine died", "code": 500}})]
    if name == "stream_garbage":
        return [*out[:2], "{not json"]
    if name == "stream_list":
        return [*out[:2], "[1]"]
    finish = {"stream_length": "length", "stream_odd": "abort"}.get(name, "stop")
    if name == "stream_silent":
        out = out[:1]
    out.append(chunk(model, finish_reason=finish))
    if name != "stream_no_usage":
        out.append(chunk(model, USAGE | {"completion_tokens": len(said)}))
    return [*out, "[DONE]"]


def written(data, name="ok"):
    """Events as the bytes of a stream."""
    if name == "stream_odd_lines":
        return b": ping\r\n\r\nevent: message\r\nid: 7\r\ndata:" + data.encode() + b"\r\n\r\n"
    return b"data: " + data.encode() + b"\n\n"


async def streamed(server, reader, writer, body, name):
    """Answer ``body`` over a stream in chunked coding, as ``name`` says."""
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )
    for number, data in enumerate(events(server.text(body), name, body["model"])):
        await server.pause(body, number)
        if number == 3 and name == "stream_reset":
            writer.transport.abort()
            raise ConnectionResetError
        if number == 3 and name == "stream_hang":
            await server.until_gone(reader, writer, dripping=False)
        out = written(data, name)
        cuts = [out[at : at + 5] for at in range(0, len(out), 5)]
        for part in cuts if name == "stream_odd_lines" else [out]:
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await writer.drain()
    if name == "stream_huge":
        flood = b"data: " + b"x" * 1_100_000
        writer.write(f"{len(flood):x}\r\n".encode() + flood + b"\r\n")
    writer.write(b"0\r\n\r\n")
