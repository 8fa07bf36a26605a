import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.page.language import language_of

TEXTS = {
    "en": "We are looking for a nurse to join our team. You will care for patients at night.",
    "de": "Wir suchen eine Fachkraft für unser Lager. Du hast Erfahrung und arbeitest im Team.",
    "fr": "Nous recherchons un boulanger pour notre équipe. Vous avez une première expérience.",
    "nl": "Wij zoeken een ervaren monteur voor onze vestiging. Je hebt een rijbewijs.",
    "cs": "Hledáme účetní do našeho týmu. Nabízíme pružnou pracovní dobu a pět týdnů dovolené.",
    "pt": "Procuramos um cozinheiro para o nosso restaurante. Oferecemos contrato e formação.",
    "it": "Cerchiamo un magazziniere per la nostra sede. Si richiede esperienza nel settore.",
    "ru": "Мы ищем бухгалтера в нашу компанию. Требования: опыт работы от трёх лет.",
    "es": "Buscamos un camarero para nuestro restaurante. Se valora la experiencia y el trato.",
    "da": "Vi søger en pædagog til vores børnehave. Du har erfaring med børn og et godt humør.",
    "sv": "Vi söker en snickare till vårt företag. Du har erfarenhet av byggen och är noggrann.",
    "pl": "Szukamy kierowcy do naszej firmy. Oferujemy umowę o pracę oraz szkolenia.",
    "sk": "Hľadáme účtovníčku do nášho tímu. Ponúkame pružný pracovný čas a dovolenku navyše.",
    "no": "Vi søker en sykepleier til vår avdeling. Du får gode kolleger og jobber hos oss.",
    "fi": "Haemme hoitajaa tiimiimme. Sinulla on kokemusta ja olet joustava, ja osaat kuunnella.",
    "hu": "Munkatársat keresünk. Elvárások: tapasztalat és munka. Amit kínálunk: egy jó hely.",
    "ro": "Căutăm un contabil pentru echipa noastră. Este necesară experiență în domeniu.",
    "tr": "Ekibimiz için deneyimli bir muhasebeci arıyoruz. En az üç yıl deneyim ve iyi iletişim.",
    "uk": "Ми шукаємо бухгалтера до нашої компанії. Вимоги: досвід роботи від трьох років.",
    "el": "Αναζητούμε λογιστή για την ομάδα μας στην Αθήνα.",
    "ja": "私たちはパン職人を探しています。",
    "ko": "우리는 제빵사를 찾고 있습니다. 근무지는 서울입니다.",
    "zh": "我们正在寻找一位有经验的面包师加入我们的团队。",
    "id": "Kami mencari akuntan untuk tim kami. Memiliki pengalaman dua tahun dan mampu bekerja.",
}


@pytest.mark.parametrize("code", TEXTS)
def test_two_sentences_are_enough(code):
    assert language_of(TEXTS[code]) == code


@pytest.mark.parametrize(
    "text", ["", "12345", "Python, Java, AWS, Docker, Kubernetes", "Apply now"]
)
def test_too_little_text_is_unknown(text):
    assert language_of(text) is None


def test_english_tool_names_do_not_mislead():
    text = (
        "Du arbeitest mit React, Node.js, Clean Code, Continuous Integration und Pair Programming"
    )
    assert language_of(text + " in einem Team und bist offen für neue Wege.") == "de"


def test_the_page_may_break_a_near_tie_but_not_overrule_the_text():
    assert language_of(TEXTS["de"], "en-US") == "de"


@given(st.text(max_size=500), st.none() | st.text(max_size=5))
def test_any_text_has_a_language_or_none(text, hint):
    found = language_of(text, hint)
    assert found is None or len(found) == 2
