import pytest

from rolecall.normalise.words import Lexicon, fold, words_of


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("Télétravail", "teletravail"), ("ÜBER", "uber"), ("Straße", "strasse"), ("Łódź", "lodz"),
        ("ещё", "еще"), ("te\u0301l\u00ade\u0301", "tele"), ("kø", "ko"),
    ],
)  # fmt: skip
def test_folding(word, plain):
    assert fold(word) == plain


def test_words_keep_their_positions():
    text = "Bewerben – für die Mu\u0308llabfuhr!"
    words = words_of(text)
    assert words.keys == ("bewerben", "fur", "die", "mullabfuhr")
    assert text[words.starts[3] : words.ends[3]] == "Mu\u0308llabfuhr"


def test_the_longest_phrase_wins_and_punctuation_parts_phrases():
    known = Lexicon([("a", "night shift"), ("b", "night shift lead*"), ("c", "shift")])
    assert [h.tag for h in known.hits(words_of("night-shift leader"))] == ["b"]
    assert [h.tag for h in known.hits(words_of("night shift, leader"))] == ["a"]
    assert [h.tag for h in known.hits(words_of("night, shift"))] == ["c"]


def test_a_wild_card_stands_for_one_word():
    known = Lexicon([("a", "contract for ? months")])
    assert known.hits(words_of("a contract for six months"))
    assert not known.hits(words_of("a contract for months"))


def test_short_stems_are_refused():
    with pytest.raises(ValueError, match="letters"):
        Lexicon([("a", "ab*")])
