"""Pages come with their records, the most doubtful first; labels say where a page lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.label.postings import html

from rolecall.core import Source
from rolecall.errors import UsageError
from rolecall.evaluate.label.pages import Records, Shelf, doubt_of, in_order, label_line
from rolecall.evaluate.label.press import press
from rolecall.evaluate.label.rows import answers_from, rows_for
from rolecall.evaluate.label.state import start
from rolecall.inputs.stream import expand, stream
from rolecall.pipeline import extract_record, prepare
from rolecall.schema.schema import Schema

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": ["string", "null"]},
        "pay": {"type": "object", "properties": {"salary_min": {"type": ["number", "null"]}}},
    },
}


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def shelf(folder: Path, **more: Any) -> Shelf:
    pipeline = prepare(schema=more.pop("schema", None))
    return Shelf(pipeline, rows_for(pipeline.schema), folder, **more)


def entries(*paths: Path) -> list[Any]:
    return list(stream(expand([str(path) for path in paths]), limit=1 << 20))


def test_doubtful_pages_come_first_and_faults_are_told(tmp_path: Path) -> None:
    clear = written(tmp_path / "clear.html", html(0))
    list_page = "".join(f'<p><a href="/{n}">Baker {n}</a></p>' for n in range(30))
    odd = written(tmp_path / "odd.html", f"<html><body>{list_page}</body></html>")
    gone = tmp_path / "gone.html"
    known, faults = in_order(
        shelf(tmp_path), entries(clear, odd, gone), "doubtful",
        labelled=lambda key: False, told=lambda number: None,
    )  # fmt: skip
    assert [Path(one.key).name for one in known] == ["odd.html", "clear.html"]
    assert len(faults) == 1
    assert "gone.html" in faults[0]
    given, _ = in_order(
        shelf(tmp_path), entries(clear, odd), "given",
        labelled=lambda key: False, told=lambda number: None,
    )  # fmt: skip
    assert [Path(one.key).name for one in given] == ["clear.html", "odd.html"]


def test_doubt_is_what_the_confidences_leave_open() -> None:
    def one(pointer: str, sure: float | None) -> dict[str, Any]:
        return {pointer: {"confidence": sure}}

    data = {"title": "x", "company": "y", "description": "z"}
    record = {"outcome": "ok", "data": data, "evidence": one("/title", 0.9) | one("/skills/0", 0.5)}
    assert doubt_of(record) == pytest.approx(0.6)
    assert doubt_of(record | {"data": {"title": "x"}}) == pytest.approx(1.6)
    assert doubt_of(record | {"data": {}}, posting=False) == pytest.approx(0.6)


def test_records_of_an_earlier_run_are_corrected(tmp_path: Path) -> None:
    page = written(tmp_path / "p.html", html(0))
    source = Source(body=page.read_bytes(), locator="elsewhere.html")
    record = extract_record(source, 0, prepare())
    record["data"]["title"] = "Crane Operator"
    path = written(tmp_path / "run.jsonl", json.dumps(record) + "\n")
    opened = shelf(tmp_path, records=Records(path)).open(entries(page)[0])
    title = next(row for row in opened.task.rows if row.name == "title")
    assert title.items[0].value == "Crane Operator"
    assert title.items[0].quote == "Night Baker"
    record["text_sha256"] = "of another version"
    record["evidence"]["/title"] |= {"start": 3, "end": 5}
    written(path, json.dumps(record) + "\n")
    opened = shelf(tmp_path, records=Records(path)).open(entries(page)[0])
    title = next(row for row in opened.task.rows if row.name == "title")
    assert title.items[0].quote == "Night Baker"


@pytest.mark.parametrize("content", ["{", "[1]", '{"title": "x"}'])
def test_what_are_no_records_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError, match=r"run\.jsonl:1"):
        Records(written(tmp_path / "run.jsonl", content + "\n"))


def test_a_label_can_be_opened_again(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    page = written(folder / "p.html", html(0))
    opened = shelf(tmp_path).open(entries(page)[0])
    state = press(press(press(start(opened.task), "n"), "s"), "a")
    line = label_line(opened, state.answers, posting=True, folder=tmp_path)
    assert line["source"] == "pages/p.html"
    again = answers_from(opened.task.rows, json.loads(json.dumps(line)), opened.page.text)
    assert [one.how for one in again] == [one.how for one in state.answers if one is not None]
    assert label_line(opened, again, posting=True, folder=tmp_path) == line


def test_labels_of_another_schema_have_its_shape(tmp_path: Path) -> None:
    page = written(tmp_path / "p.html", html(0))
    opened = shelf(tmp_path, schema=Schema.from_json(SCHEMA)).open(entries(page)[0])
    line = label_line(opened, press(start(opened.task), "a").answers, posting=True, folder=tmp_path)
    assert line["expected"]["title"] == "Night Baker"
    assert line["expected"]["pay"]["salary_min"] == 28000
    assert set(line["evidence"]) == {"/title", "/pay/salary_min"}
