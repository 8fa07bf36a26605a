"""Objects that a pattern matches are read by several tasks of a Ray run."""

import os
from pathlib import Path

import boto3

from rolecall.batch.ray_parts import Part, Place, chunks_of, parts_of
from rolecall.errors import Error
from rolecall.inputs.stream import stream


def test_a_pattern_is_looked_up_and_each_object_is_a_part(bucket: str, tmp_path: Path) -> None:
    client = boto3.client("s3")
    for name in ("b.jsonl", "a.jsonl", "x.html", "y.html"):
        body = b'{"text": "a"}\n' * 3 if name.endswith("jsonl") else b"<p>"
        client.put_object(Bucket="pages", Key=name, Body=body)
    names = {name: f"{bucket}/{name}" for name in ("a.jsonl", "b.jsonl", "x.html", "y.html")}
    parts = parts_of([f"{bucket}/*"])
    assert parts == [
        Part((names["a.jsonl"],), True),
        Part((names["b.jsonl"],), True),
        Part((names["x.html"], names["y.html"]), True),
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


def test_an_object_that_is_gone_is_told_as_it_was_named(bucket: str) -> None:
    place = Place(folder=os.getcwd(), limit=1_000)
    gone = f"{bucket}/gone.jsonl"
    (chunk,) = chunks_of(0, Part((gone,), True), place)
    assert [(one.locator, (one.fault or ("",))[0]) for one in chunk.entries] == [
        (gone, "unreadable")
    ]
    (chunk,) = chunks_of(0, Part((gone,)), place)
    try:
        whole = [one for one in stream([gone], limit=1_000) if one is not None]
    except Error as error:
        assert (str(chunk.fault), chunk.entries) == (str(error), ())
    else:
        assert [one.fault for one in chunk.entries] == [one.fault for one in whole]
