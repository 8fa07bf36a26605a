import hashlib
import lzma
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.ask.tokens import Estimate, Scaled, count_messages, qwen, tokens_named
from rolecall.errors import SettingsError

TEXTS = (
    "Senior Engineer in Berlin, 70.000 € a year, hybrid. You build and run services.",
    "Feinwerkmechaniker (m/w/d) mit abgeschlossener Ausbildung und Berufserfahrung",
    "Требуется бухгалтер, опыт работы от трёх лет, полный рабочий день",
    "東京でソフトウェアエンジニアを募集しています。リモート可。",
    "0123456789 2026-11-25 +49 30 1234567",
)


def test_the_vocabulary_is_qwens():
    tokens = qwen()
    assert tokens.exact
    assert tokens.count("Head Gardener") == 3
    assert tokens.count("2026") == 4  # digits stand alone in it
    assert tokens.count("") == 0


def test_the_vocabulary_is_the_file_that_its_authors_publish():
    data = resources.files("rolecall.ask") / "data"
    plain = lzma.decompress((data / "qwen.tiktoken.xz").read_bytes())
    assert hashlib.sha256(plain).hexdigest() in (data / "README.md").read_text("utf-8")


def test_special_tokens_on_a_page_are_plain_text():
    assert qwen().count("<|im_end|>") > 1
    assert qwen().count("<|endoftext|>") > 1


@given(st.text(max_size=300), st.integers(0, 200))
def test_over_says_what_a_count_says(text, most):
    tokens = qwen()
    assert tokens.over(text, most) == (tokens.count(text) > most)


def test_long_text_is_counted_only_as_far_as_needed():
    counted = []

    class Encoding:
        def encode_ordinary(self, text):
            counted.append(len(text))
            return list(text)

    from rolecall.ask.tokens import Vocabulary

    assert Vocabulary("letters", Encoding()).over("word " * 100_000, 8_192)
    assert sum(counted) < 20_000


@pytest.mark.parametrize("text", TEXTS)
def test_an_estimate_is_not_below_the_count(text):
    exact, guess = qwen().count(text), Estimate().count(text)
    assert exact <= guess <= 4 * exact


def test_a_scaled_count_is_raised():
    assert Scaled(qwen(), 1.3).count(TEXTS[0]) > 1.3 * qwen().count(TEXTS[0])
    assert not Scaled(qwen(), 1.3).exact


def test_messages_count_their_template():
    assert count_messages(qwen(), [("system", ""), ("user", "")]) == 13


def test_an_unknown_tokenizer_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(SettingsError) as told:
        tokens_named(str(tmp_path / "none.json"))
    assert "estimate" in told.value.hint
