import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.page.guess import guess_charset


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp1252", "Nous cherchons un boulanger à Paris — rémunération selon expérience"),
        ("cp1250", "Hledáme zkušeného pekaře do našeho týmu, nabízíme příjemné prostředí"),
        ("cp1251", "Мы ищем пекаря, опыт работы от трёх лет"),
        ("cp866", "Мы ищем пекаря, опыт работы от трёх лет"),
        ("cp1253", "Αναζητούμε έμπειρο αρτοποιό στην Αθήνα"),
        ("gb18030", "我们正在寻找一位有经验的面包师加入我们的团队。"),
        ("cp949", "우리는 경험이 풍부한 제빵사를 찾고 있습니다."),
        ("euc_jp", "私たちは経験豊富なパン職人を探しています。"),
    ],
)
def test_the_charset_whose_letters_make_sense_is_taken(charset, text):
    assert text.encode(charset).decode(guess_charset(text.encode(charset))) == text


@given(st.binary(max_size=300))
def test_any_bytes_give_a_known_codec(body):
    body.decode(guess_charset(body), "replace")
