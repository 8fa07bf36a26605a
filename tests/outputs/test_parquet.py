import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.outputs.made import CONFIG, line, posting

from rolecall.errors import UsageError
from rolecall.outputs.nouns import Wanted
from rolecall.outputs.parquet import BATCH, ROWS, Parquet
from rolecall.outputs.parquet_rows import to_row
from rolecall.schema.posting import FIELDS

WANTED = Wanted(config=CONFIG)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe = st.none() | words
numbers = st.none() | st.integers(-5, 2**63) | st.floats(allow_nan=False, allow_infinity=False)
places = st.none() | st.integers(0, 99)
odd = numbers | words | st.booleans() | st.lists(words, max_size=2)
place = st.fixed_dictionaries({"text": words, "city": maybe, "region": maybe, "country": maybe})
proof = st.fixed_dictionaries(
    {
        "quote": maybe, "start": places, "end": places, "match": words, "origin": words,
        "confidence": numbers, "block_path": maybe, "pointer": maybe,
    }
)  # fmt: skip
data = st.fixed_dictionaries(
    dict.fromkeys(FIELDS, maybe)
    | dict.fromkeys(("salary_min", "salary_max"), numbers)
    | dict.fromkeys(("experience_years_min", "experience_years_max"), numbers)
    | {"locations": st.none() | st.lists(place, max_size=2)}
    | dict.fromkeys(
        ("employment_type", "skills", "languages_required", "responsibilities", "requirements",
         "benefits"),
        st.none() | st.lists(words, max_size=3),
    )
)  # fmt: skip
attempt = st.fixed_dictionaries(
    {
        "engine": words, "model": words, "result": words,
        "usage": st.fixed_dictionaries(
            dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), st.integers(0, 9))
        ),
        "cost_usd": numbers, "seconds": numbers, "cached": st.booleans(),
    }
)  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Lines of records, also of shapes that are not as they should be."""
    record: dict[str, Any] = orjson.loads(line(draw(words), draw(st.integers(0, 2**40))))
    record |= {
        "outcome": draw(st.sampled_from(["ok", "partial", "not_a_posting", "failed"])),
        "url": draw(maybe),
        "data": draw(st.none() | data),
        "evidence": draw(st.dictionaries(words, proof, max_size=3)),
        "attempts": draw(st.lists(attempt, max_size=1)),
        "seconds": draw(st.dictionaries(words, st.integers(0, 9) | st.floats(0, 9), max_size=2)),
    }
    reason = {"code": "x", "stage": "y", "message": draw(words), "retryable": draw(st.booleans())}
    record["reason"] = draw(
        st.sampled_from([None, reason, reason | {"retry_at": "2026-01-01"}, {"code": "x"}])
    )
    if draw(st.booleans()):
        name = draw(st.sampled_from([*record.keys() - {"seq", "source", "data"}, "new"]))
        if name not in ("evidence", "seconds", "outcome", "config", "source_id", "reason"):
            record[name] = draw(odd)
    if record["data"] and draw(st.booleans()):
        record["data"] |= {draw(st.sampled_from([*FIELDS, "new"])): draw(odd)}
    return orjson.dumps(record)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(records(), min_size=1, max_size=4))
def test_records_come_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = str(tmp_path_factory.mktemp("out") / "out.parquet")
    packing = Parquet(WANTED)
    packing.write(path, (one + b"\n" for one in lines))
    assert list(packing.lines(path)) == [one + b"\n" for one in lines]
    heads = list(packing.heads(path))
    assert [head.seq for head in heads] == [json.loads(one)["seq"] for one in lines]


def test_a_number_that_no_column_holds_is_kept_in_the_record(tmp_path: Path) -> None:
    path = str(tmp_path / "out.parquet")
    told = posting("a", 0, title="Baker", salary_min=2**53 + 1, skills=[1])
    packing = Parquet(WANTED)
    packing.write(path, iter([told + b"\n"]))
    assert list(packing.lines(path)) == [told + b"\n"]
    (row,) = pyarrow.parquet.read_table(path).to_pylist()
    assert (row["title"], row["salary_min"], row["skills"]) == ("Baker", None, None)


def test_a_posting_has_typed_columns_and_needs_no_copy_of_itself(tmp_path: Path) -> None:
    place = {"text": "Leeds, UK", "city": "Leeds", "region": None, "country": "United Kingdom"}
    told = posting(
        "a", 0, title="Baker", skills=["bread"], locations=[place], salary_min=28000,
        experience_years_min=1.5,
    )  # fmt: skip
    assert to_row(told, WANTED)["record"] is None
    path = str(tmp_path / "out.parquet")
    Parquet(WANTED).write(path, iter([told + b"\n"]))
    table = pyarrow.parquet.read_table(path)
    types = {name: str(table.schema.field(name).type) for name in ("salary_min", "skills", "seq")}
    assert types == {"salary_min": "double", "skills": "list<element: string>", "seq": "int64"}
    (row,) = table.to_pylist()
    assert (row["salary_min"], row["locations"], row["record"]) == (28000.0, [place], None)
    assert row["evidence"][0]["value_pointer"] == "/title"


def test_many_records_are_written_in_groups(tmp_path: Path) -> None:
    path = str(tmp_path / "out.parquet")
    lines = [posting(f"p{seq}", seq, title="Baker") + b"\n" for seq in range(ROWS + 1)]
    packing = Parquet(WANTED, group=1)
    packing.write(path, iter(lines))
    assert pyarrow.parquet.ParquetFile(path).num_row_groups == 2
    assert list(packing.lines(path)) == lines


def test_long_records_are_written_in_smaller_groups(tmp_path: Path) -> None:
    path = str(tmp_path / "out.parquet")
    wanted = Wanted(config=CONFIG, with_text=True)
    lines = [line(f"p{seq}", seq, text="long " * (BATCH // 10)) + b"\n" for seq in range(5)]
    packing = Parquet(wanted, group=BATCH)
    packing.write(path, iter(lines))
    assert pyarrow.parquet.ParquetFile(path).num_row_groups == 3
    assert list(packing.lines(path)) == lines


def test_parquet_of_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"seq": [1]}), path)
    with pytest.raises(UsageError, match="not of rolecall"):
        list(Parquet(WANTED).heads(str(path)))
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(UsageError, match="not Parquet"):
        list(Parquet(WANTED).heads(str(path)))
