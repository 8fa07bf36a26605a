"""Samples are read and checked; what is wrong is told with its place and the remedy."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.samples.pages import lines, page

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples import fingerprint_of, read_samples, write_samples
from rolecall.schema.schema import Schema


def refusal(path: Path, schema: Schema | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_samples(path, schema)
    assert caught.value.hint
    return caught.value


def test_a_file_of_samples(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text(page(), "utf-8")
    path = lines(
        tmp_path / "samples.jsonl",
        {
            "source": "pages/a.html",
            "url": "https://www.oven.example/jobs/1",
            "captured": "2026-03-31",
            "expected": {"title": "Night Baker", "seniority": None, "posting_language": "en"},
            "also": {"title": ["Baker (nights)"]},
        },
        {"id": "b", "html": page(), "site": "mill", "expected": {"locations": ["Leeds"]}},
        {
            "text": "Baker wanted",
            "language": "en",
            "posting": False,
            "note": "a list",
            "x-by": "me",
        },
    )
    found = read_samples(path)
    a, b, c = found.samples
    assert (a.id, a.site, a.path) == ("pages/a.html", "oven.example", str(tmp_path / a.id))
    assert (a.body, a.captured, a.language) == (None, date(2026, 3, 31), "en")
    assert a.expected == {"title": "Night Baker", "seniority": None, "posting_language": "en"}
    assert a.also == {"title": ("Baker (nights)",)}
    assert (b.id, b.site, b.media_type) == ("b", "mill", "text/html")
    assert b.expected == {"locations": [{"text": "Leeds"}]}
    assert (c.id, c.body, c.media_type, c.posting) == (
        "line 3",
        b"Baker wanted",
        "text/plain",
        False,
    )


@pytest.mark.parametrize(
    ("row", "told", "hint"),
    [
        ("nonsense", "no JSON", "JSON Lines"),
        (["a"], "not a list", "expected"),
        ({"html": "<p>a", "expected": {}, "exspected": 1}, "'exspected'", "mean: expected"),
        ({"html": "<p>a", "title": "Baker"}, "no key 'title'", '"expected": {"title"'),
        ({"html": "<p>a", "expected": {"titel": "Baker"}}, "no field 'titel'", "mean: title"),
        ({"html": "<p>a"}, "no labels", "expected"),
        ({"expected": {}}, "no page", "source"),
        ({"html": "a", "text": "a", "expected": {}}, "several pages", "one of"),
        ({"source": "gone.html", "expected": {}}, "no page", "relative"),
        ({"source": "a\0b", "expected": {}}, "no page", "relative"),
        ({"html": 3, "expected": {}}, "html must be a text, not a number", "docs"),
        ({"html": "a", "posting": "no", "expected": {}}, "must be true or false", "docs"),
        ({"html": "a", "expected": []}, "expected must be an object", "docs"),
        ({"html": "a", "expected": {"salary_min": "45k"}}, "salary_min", "45000"),
        ({"html": "a", "expected": {"seniority": "boss"}}, "seniority", "schema show"),
        ({"html": "a", "expected": {"date_posted": "3 May"}}, "date_posted", "2026-03-31"),
        ({"html": "a", "expected": {"title": ""}}, "title", "null"),
        ({"html": "a", "expected": {"location": ["a", "b"]}}, "location", "locations"),
        ({"html": "a", "expected": {"locations": "Leeds"}}, "must be a list", "text"),
        ({"html": "a", "expected": {"locations": [3]}}, "no place", "text"),
        ({"html": "a", "expected": {"locations": [{"town": "Leeds"}]}}, "no place", "city"),
        ({"html": "a", "expected": {}, "captured": "today"}, "captured", "day"),
        ({"html": "a", "expected": {}, "also": {"title": "a"}}, "also: title", "also"),
        ({"html": "a", "expected": {}, "also": {"tilte": ["a"]}}, "no field", "title"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path: Path, row: Any, told: str, hint: str) -> None:
    path = tmp_path / "samples.jsonl"
    good = {"html": "<p>a", "expected": {}}
    text = row if row == "nonsense" else json.dumps(row)
    path.write_text(f"{json.dumps(good)}\n\n{text}\n", "utf-8")
    error = refusal(path)
    assert f"{path}:3" in str(error)
    assert told in str(error)
    assert hint in (error.hint or "")


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    rows = [{"html": "<p>a", "id": f"{n}", "expected": {"titel": "a"}} for n in range(20)]
    rows[3] = {"html": "<p>a", "expected": {}}
    path = lines(tmp_path / "s.jsonl", *rows)
    error = refusal(path)
    told = str(error).splitlines()
    assert len(told) == 9
    assert [line.strip().split(": ")[0] for line in told[2:4]] == [f"{path}:3", f"{path}:5"]
    assert told[-1].strip() == "and 11 more"
    assert "did you mean: title" in str(error.hint)


def test_ids_are_unique_and_sets_not_empty(tmp_path: Path) -> None:
    row = {"id": "a", "html": "<p>a", "expected": {}}
    assert "'a'" in str(refusal(lines(tmp_path / "s.jsonl", row, row)))
    assert "no samples" in str(refusal(lines(tmp_path / "s.jsonl")))
    assert "cannot read" in str(refusal(tmp_path / "none.jsonl"))
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe" in str(refusal(tmp_path / "pipe"))
    (tmp_path / "empty").mkdir()
    assert "no page" in str(refusal(tmp_path / "empty"))


def test_a_byte_order_mark_and_gzip_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + json.dumps({"html": "<p>a", "expected": {}}) + "\r\n"
    (tmp_path / "s.jsonl").write_text(text, "utf-8")
    (tmp_path / "s.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    first = read_samples(tmp_path / "s.jsonl")
    assert read_samples(tmp_path / "s.jsonl.gz") == first
    (tmp_path / "s.jsonl.gz").write_bytes(gzip.compress(text.encode())[:-4])
    assert "reading stopped" in str(refusal(tmp_path / "s.jsonl.gz"))


def test_a_label_may_be_what_the_page_shows(tmp_path: Path) -> None:
    expected = {"application_email": "bread[at]oven.example"}
    path = lines(tmp_path / "s.jsonl", {"html": "a", "expected": expected})
    assert read_samples(path).samples[0].expected == expected


def test_a_folder_of_pages_with_sidecars(tmp_path: Path) -> None:
    folder = tmp_path / "oven.example"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.html").write_text(page(name), "utf-8")
    (folder / "d.txt").write_text("Baker", "utf-8")
    (folder / "a.label.json").write_text('{"expected": {"title": "a"}}', "utf-8")
    (folder / "d.label.json").write_text('{"id": "x", "expected": {}, "site": "mill"}', "utf-8")
    first, second = read_samples(tmp_path).samples
    assert (first.id, first.site, first.path) == (
        "oven.example/a",
        "oven.example",
        str(folder / "a.html"),
    )
    assert (second.id, second.site) == ("x", "mill")


def test_sidecars_that_cannot_be_used(tmp_path: Path) -> None:
    sidecar = tmp_path / "a.label.json"
    sidecar.write_text('{"expected": {}}', "utf-8")
    assert "no page beside it" in str(refusal(tmp_path))
    (tmp_path / "a.html").write_text(page(), "utf-8")
    (tmp_path / "a.txt").write_text("a", "utf-8")
    assert "several pages" in str(refusal(tmp_path))
    (tmp_path / "a.txt").unlink()
    sidecar.write_text('{"source": "b.html", "expected": {}}', "utf-8")
    assert "no source" in str(refusal(tmp_path))
    sidecar.write_text("{", "utf-8")
    assert "no JSON" in str(refusal(tmp_path))
    sidecar.write_text('{"expected": {"titel": "a"}}', "utf-8")
    assert str(sidecar) in str(refusal(tmp_path))


def corpus(folder: Path) -> Path:
    for name in ("gold", "pages", "jsonld", "not-vacancies"):
        (folder / name).mkdir(parents=True)
    gold = {"id": "a1", "kind": "vacancy", "title": "Baker", "company": "", "skills": []}
    gold |= {"location": ["Leeds", "Bath"], "employment_type": [], "workplace": None}
    (folder / "gold" / "a1.json").write_text(json.dumps(gold), "utf-8")
    other = {"id": "n2", "kind": "not_vacancy"}
    (folder / "gold" / "n2.json").write_text(json.dumps(other), "utf-8")
    (folder / "pages" / "a1.html").write_text(page(), "utf-8")
    stated = {
        "@type": "JobPosting",
        "title": "Baker of bread",
        "employmentType": ["FULL_TIME", "INTERN"],
        "jobLocationType": "TELECOMMUTE",
        "jobLocation": {"address": {"addressLocality": "Leeds", "addressCountry": "UK"}},
        "baseSalary": {"currency": "GBP", "value": {"minValue": "30000", "unitText": "YEAR"}},
    }
    (folder / "jsonld" / "a1.json").write_text(json.dumps([stated]), "utf-8")
    (folder / "not-vacancies" / "z9.html").write_text("<p>Jobs", "utf-8")
    lines(folder / "not-vacancies" / "index.jsonl", {"id": "z9", "site": "list.example"})
    lines(
        folder / "index.jsonl",
        {"id": "a1", "site": "oven", "url": "https://oven.example/1", "lang": "en", "gold": True},
    )
    return folder


def test_the_layout_of_the_corpus(tmp_path: Path) -> None:
    (found,) = read_samples(corpus(tmp_path / "c")).samples
    assert (found.id, found.site, found.language) == ("a1", "oven", "en")
    assert found.expected["locations"] == [{"text": "Leeds"}, {"text": "Bath"}]
    assert found.expected["title"] == "Baker"
    assert {found.expected[name] for name in ("company", "workplace")} == {None}
    assert found.expected["skills"] is None
    assert found.also["employment_type"] == (["full_time", "internship"],)
    assert found.also["workplace"] == ("remote",)
    assert found.also["salary_min"] == ("30000",)
    assert found.also["locations"] == ([{"text": "Leeds UK"}],)
    assert "title" not in found.also


SAMPLES = st.lists(
    st.builds(
        Sample,
        id=st.text("abcé/.", min_size=1, max_size=8),
        site=st.text("abc", min_size=1, max_size=3),
        body=st.text("<p> bread", max_size=30).map(str.encode),
        media_type=st.sampled_from(["text/html", "text/plain"]),
        language=st.sampled_from(["", "en"]),
        expected=st.fixed_dictionaries(
            {},
            optional={
                "title": st.none() | st.text("ab c", min_size=1).filter(str.strip),
                "salary_min": st.none() | st.integers(0, 99_999),
                "skills": st.none() | st.lists(st.text("abc", min_size=1), max_size=3),
            },
        ),
        posting=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda sample: sample.id,
)


@settings(max_examples=40, deadline=None)
@given(SAMPLES)
def test_what_is_written_is_read_again(tmp_path_factory: Any, samples: list[Sample]) -> None:
    path = tmp_path_factory.mktemp("written") / "samples.jsonl"
    assert write_samples(path, samples) == len(samples)
    found = read_samples(path)
    assert list(found.samples) == samples
    assert found.fingerprint == fingerprint_of(reversed(samples))


def test_the_fingerprint_follows_ids_pages_and_labels(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("one", "utf-8")
    row: dict[str, Any] = {"source": "a.html", "expected": {"title": "Baker"}}
    path = tmp_path / "s.jsonl"

    def now(**more: Any) -> str:
        return read_samples(lines(path, row | more)).fingerprint

    first = now()
    assert now() == first
    assert now(note="looked at twice") == first
    assert now(site="mill") == first
    found = {first, now(id="b"), now(expected={"title": "Cook"}), now(also={"title": ["C"]})}
    (tmp_path / "a.html").write_text("two", "utf-8")
    assert len({*found, now()}) == 5


def test_written_paths_lead_from_the_file_to_the_page(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_text(page(), "utf-8")
    first = lines(tmp_path / "s.jsonl", {"source": "pages/a.html", "expected": {"title": None}})
    samples = read_samples(first)
    second = tmp_path / "parts" / "deep" / "s.jsonl"
    write_samples(second, samples.samples)
    assert json.loads(second.read_text("utf-8"))["source"] == "../../pages/a.html"
    assert read_samples(second).fingerprint == samples.fingerprint
    with pytest.raises(UsageError, match="exists"):
        write_samples(second, samples.samples)
    assert sorted(one.name for one in second.parent.iterdir()) == ["s.jsonl"]


OWN = {
    "type": "object",
    "properties": {
        "role": {"type": "string"},
        "level": {"enum": ["low", "high", None]},
        "pay": {"type": "object", "properties": {"min": {"type": "number"}}},
        "remote": {"type": "boolean"},
    },
}


def test_labels_of_a_schema_of_ones_own(tmp_path: Path) -> None:
    schema = Schema.from_json(OWN)
    expected = {"role": "Baker", "pay": {"min": 3}, "remote": None}
    path = lines(tmp_path / "s.jsonl", {"html": "a", "expected": expected})
    assert read_samples(path, schema).samples[0].expected == expected
    for wrong, told in (
        ({"title": "Baker"}, "no field 'title'"),
        ({"role": 3}, "role must be a text"),
        ({"level": "middle"}, "one of low, high"),
        ({"pay": {"min": "3"}}, "pay.min must be a number"),
        ({"pay": {"mim": 3}}, "pay.mim"),
        ({"pay": 3}, "pay must be an object"),
        ({"remote": 1}, "remote must be true or false"),
    ):
        lines(path, {"html": "a", "expected": wrong})
        assert told in str(refusal(path, schema))


def test_a_page_whose_name_is_no_text_cannot_be_written_into_samples(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/p\xe9.html")
    one = Sample(id="p", site="s", path=name, expected={})
    with pytest.raises(UsageError, match="cannot be named in a file of samples"):
        write_samples(tmp_path / "labels.jsonl", [one])
    assert not list(tmp_path.iterdir())
