"""Objects that a pattern matches are read by several tasks of a Ray run."""

import os
from pathlib import Path

from rolecall.batch.ray_parts import Place, chunks_of, parts_of
from rolecall.inputs.stream import stream


def test_a_pattern_is_looked_up_and_each_object_is_a_part(bucket: str, tmp_path: Path) -> None:
    import boto3

    client = boto3.client("s3")
    for name in ("b.jsonl", "a.jsonl", "x.html", "y.html"):
        body = b'{"text": "a"}\n' * 3 if name.endswith("jsonl") else b"<p>"
        client.put_object(Bucket="pages", Key=name, Body=body)
    names = {name: f"{bucket}/{name}" for name in ("a.jsonl", "b.jsonl", "x.html", "y.html")}
    parts = parts_of([f"{bucket}/*"])
    assert parts == [
        (names["a.jsonl"],),
        (names["b.jsonl"],),
        (names["x.html"], names["y.html"]),
    ]
    place = Place(folder=os.getcwd(), limit=1_000)
    entries = [
        entry
        for number, part in enumerate(parts)
        for chunk in chunks_of(number, part, place)
        for entry in chunk.entries
    ]
    whole = [one for one in stream([f"{bucket}/*"], limit=1_000) if one is not None]
    assert [one.locator for one in entries] == [one.locator for one in whole]
    assert [one.line for one in entries] == [one.line for one in whole]
