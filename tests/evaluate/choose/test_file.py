"""The file of candidates is read strictly: what cannot be is refused, with the place and remedy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.evaluate.choose.file import parse_selection

WHOLE = """
[weights]
value = 3
cost = 1
[floors]
accuracy = 0.9
vram_gib = 8
licences = ["MIT"]
[[candidate]]
name = "one"
licence = "mit"
context = 8192
[candidate.declared]
vram_gib = { value = 4.5, reason = "the size of the file" }
[candidate.scores]
value = { from = "accuracy" }
cost = { score = 7.5, reason = "known" }
"""


def refused(text):
    with pytest.raises(UsageError) as told:
        parse_selection(text.encode(), "f.toml")
    return f"{told.value} | {told.value.hint}"


def test_a_whole_file_is_read_exactly():
    found = parse_selection(WHOLE.encode(), "f.toml")
    assert found.weights == {"value": 0.75, "cost": 0.25}
    one = found.candidates[0]
    assert one.scores["cost"].score * 2 == 15
    assert (one.scores["value"].worst * 10, one.scores["value"].best) == (9, 1)
    assert one.declared["vram_gib"].value * 2 == 9


def test_without_weights_they_are_those_of_adr_009():
    scores = "".join(
        f'{name} = {{score = 1, reason = "r"}}\n'
        for name in ("solution_leverage", "application_value", "maintenance", "adaptability")
    )
    found = parse_selection(f'[[candidate]]\nname="x"\n[candidate.scores]\n{scores}'.encode(), "f")
    assert [float(one) for one in found.weights.values()] == [0.35, 0.3, 0.25, 0.1]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[floors]", "[flors]", "did you mean floors?"),
        ("accuracy = 0.9", "acuracy = 0.9", "did you mean accuracy?"),
        ("accuracy = 0.9", "accuracy = 95", "a share from 0 to 1"),
        ("accuracy = 0.9", "accuracy = nan", "a number of at most"),
        ("accuracy = 0.9", "accuracy = 1e999999999", "a number of at most"),
        ("accuracy = 0.9", "accuracy = 1e-999999999", "a number of at most"),
        ("licence = ", "license = ", "did you mean licence?"),
        ("context = 8192", "context = 8192.5", "a whole number above 0"),
        ("value = 3", "value = -3", "0 or more"),
        ("value = 3\ncost = 1", "value = 0\ncost = 0", "no weight is above 0"),
        ('{ score = 7.5, reason = "known" }', "7.5", "cost has no reason"),
        ('{ score = 7.5, reason = "known" }', "{ score = 7.5 }", "the score has no reason"),
        ('{ score = 7.5, reason = "known" }', '{ score = 11, reason = "r" }', "from 0 to 10"),
        ('{ score = 7.5, reason = "known" }', '{ score = true, reason = "r" }', "a number"),
        ('{ score = 7.5, reason = "known" }', '{ from = "acuracy" }', "did you mean accuracy?"),
        ('{ score = 7.5, reason = "known" }', '{ from = "latency_p95_ms" }', "worst (0 points"),
        ('{ score = 7.5, reason = "known" }', '{ from = "vram_gib" }', "best (10 points)"),
        (
            '{ score = 7.5, reason = "known" }',
            '{ from = "vram_gib", best = 9 }',
            "best is below worst for vram_gib",
        ),
        ("cost = { score", "costs = { score", "did you mean cost?"),
        ('name = "one"', 'name = ""', "name is a text"),
        ('name = "one"', "model = 'x'", "name is missing"),
        (', reason = "the size of the file"', "", "reason is missing"),
        ("[[candidate]]", "[[candidates]]", "did you mean candidate?"),
        ("value = 3", "value = ", "is no TOML"),
    ],
)
def test_what_cannot_be_is_refused(old, new, told):
    assert old in WHOLE
    assert told in refused(WHOLE.replace(old, new, 1))


def test_two_candidates_of_one_name_are_refused():
    twice = WHOLE + WHOLE[WHOLE.index("[[candidate]]") :]
    assert "two candidates are named 'one'" in refused(twice)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_worse(body):
    with pytest.raises(UsageError):
        parse_selection(body, "f.toml")
