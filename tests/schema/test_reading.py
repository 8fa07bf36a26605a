import json

import pytest
from tests.schema.cases import CASES, needs

from rolecall.errors import SchemaError
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.reading import nesting, read_schema

SUITE = CASES / "jsontestsuite" / "test_parsing"


def test_text_and_bytes_give_the_same():
    assert read_schema('{"a": 1}', DEFAULT_LIMITS) == ({"a": 1}, ())
    assert read_schema(b'{"a": 1}', DEFAULT_LIMITS) == ({"a": 1}, ())


def test_a_byte_order_mark_is_passed_over_with_a_notice():
    data, notices = read_schema(b"\xef\xbb\xbf{}", DEFAULT_LIMITS)
    assert data == {}
    assert [one.code for one in notices] == ["byte_order_mark"]


def test_repeated_names_are_told():
    data, (notice,) = read_schema('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}', DEFAULT_LIMITS)
    assert data["a"] == 3
    assert notice.code == "repeated_name"
    assert "'a'" in notice.message
    assert "'c'" in notice.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("", "no JSON"),
        ('{"a": NaN}', "no JSON"),
        ("[" * 100_000, "nested 100,000 deep"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested 100 deep"),
        ('"' + "x" * 300_000 + '"', "300,002 bytes"),
        ('"\ud800"', "no JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(text, said):
    with pytest.raises(SchemaError, match=said) as caught:
        read_schema(text, DEFAULT_LIMITS)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "depth"),
    [("1", 0), ("[]", 1), ('{"a": [1, {}]}', 3), ('"[[["', 0), (r'["\"[[", "]"]', 1), ('["[', 1)],
)
def test_nesting_leaves_strings_aside(text, depth):
    assert nesting(text.encode()) == depth


def test_limits_are_those_given():
    with pytest.raises(SchemaError, match="at most 10 are read"):
        read_schema('{"a": "bcdefghi"}', SchemaLimits(bytes=10))


@needs("jsontestsuite")
@pytest.mark.parametrize(("start", "count"), [("y", 95), ("n", 188)])
def test_the_suite_of_json_readers(start, count):
    files = sorted(SUITE.glob(f"{start}_*.json"))
    assert len(files) == count
    read = []
    for file in files:
        try:
            read_schema(file.read_bytes(), DEFAULT_LIMITS)
        except SchemaError:
            continue
        read.append(file.name)
    assert len(read) == (count if start == "y" else 0), read


def test_what_is_read_is_what_json_reads():
    text = json.dumps({"enum": ["é", "\n", 1.5, None, True], "x": {"": []}})
    assert read_schema(text, DEFAULT_LIMITS)[0] == json.loads(text)
