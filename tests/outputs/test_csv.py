import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.outputs.made import CONFIG, line, posting

from rolecall.outputs.csv import BOM, Csv, disarmed, unarmed
from rolecall.outputs.nouns import Wanted

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\ufeff=1", "＝1", "＋1", "－1",
    "＠x", "'=1", "''-1",
)  # fmt: skip
PLAIN = Wanted(config=CONFIG)


def cells(row: bytes, wanted: Wanted) -> dict[str, str]:
    rows = csv.reader(io.StringIO((Csv(wanted).top + row).decode("utf-8-sig"), newline=""))
    names, values = rows
    return dict(zip(names, values, strict=True))


def told(**data: Any) -> dict[str, str]:
    return cells(Csv(PLAIN).row(posting("a", 3, **data)), PLAIN)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    shown = told(title=text, skills=[text, "b"])
    assert shown["title"].startswith("'")
    assert shown["skills"].startswith("'")


@given(st.text() | st.sampled_from(FORMULAS) | st.text("'=-\t \n;\"x", max_size=6))
def test_disarming_can_be_undone(text: str) -> None:
    assert unarmed(disarmed(text)) == text


def test_a_file_that_is_parted_at_semicolons_holds_no_formula_either() -> None:
    row = Csv(PLAIN).row(
        posting("a;=x", 0, title='Nurse;=1+1,"x"', description='one\n =2\n"=3";\t@x')
    )
    for one in row.decode().splitlines():
        for cell in one.split(";"):
            assert not cell.lstrip('" \t').startswith(("=", "@"))
    head = Csv(PLAIN).head(row)
    assert head is not None
    assert head.source == "a;=x"
    assert told(title="C; D")["title"] == "C; D"
    assert len(disarmed("\n" * 300_000 + "x")) == 300_002  # in no more than a moment


@pytest.mark.parametrize("text", ["Baker", "'s-Hertogenbosch", "a=b", "1-2", "", "ü", "(x)"])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert told(title=text)["title"] == text


def test_cells_hold_what_the_record_says() -> None:
    place = {"text": "Leeds, UK", "city": "Leeds", "region": None, "country": "United Kingdom"}
    shown = told(
        title='Baker "night"', skills=["bread", "rolls"], locations=[place], salary_min=28000,
        description="one\r\ntwo\rthree",
    )  # fmt: skip
    assert shown["title"] == 'Baker "night"'
    assert shown["skills"] == "bread | rolls"
    assert (shown["locations"], shown["salary_min"]) == ("Leeds, UK", "28000")
    assert shown["description"] == "one\ntwo\nthree"
    assert (shown["least_sure"], shown["least_confidence"]) == ("/description", "0.5")
    assert (shown["outcome"], shown["config"], shown["reason_code"]) == ("ok", CONFIG, "")


def test_a_schema_of_ones_own_gives_its_fields() -> None:
    wanted = Wanted(config=CONFIG, fields=("seq", "nested", "tags", "yes"))
    data = {"seq": "x", "nested": {"a": [1]}, "tags": ["a", 1, None], "yes": True}
    shown = cells(Csv(wanted).row(line("a", 0, outcome="ok", data=data)), wanted)
    assert (shown["seq"], shown["data.seq"]) == ("0", "x")
    assert (json.loads(shown["nested"]), shown["tags"]) == ({"a": [1]}, "a | 1 | null")
    assert shown["yes"] == "true"


@given(st.text(), st.text(), st.integers(0, 2**40))
def test_the_head_of_a_row_is_found_again(source: str, message: str, seq: int) -> None:
    rows = Csv(Wanted(config=CONFIG))
    reason = {"code": "x", "stage": "y", "message": message, "retryable": True}
    row = rows.row(line(source, seq, outcome="failed", reason=reason))
    head = rows.head(row)
    assert head is not None
    assert (head.seq, head.config, head.failed, head.retryable) == (seq, CONFIG, True, True)
    assert row.count(b"\r\n") == 1
    assert rows.head(rows.numbered(row, 7)) is not None
    for torn in (row[:-1], row[: len(row) // 2]):
        assert rows.head(torn) is None
        assert rows.torn(torn)


def test_the_file_begins_with_a_mark_and_names(tmp_path: Path) -> None:
    top = Csv(Wanted(config=CONFIG, with_text=True)).top
    assert top.startswith(BOM + b"seq,source,")
    assert top.endswith(b",text,retryable,config\r\n")
