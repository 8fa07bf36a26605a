import pytest

from rolecall.page.furniture import FURNITURE, SIMILAR_HEADING, SIMILAR_STARTS, fold


@pytest.mark.parametrize(
    "heading",
    [
        "Similar jobs", "More jobs at Acme", "Related vacancies", "People also viewed",
        "Ähnliche Stellenangebote", "Offres similaires", "Vergelijkbare vacatures",
        "Podobné pozice", "Vagas semelhantes", "Offerte simili", "Похожие вакансии",
        "Ofertas similares", "Lignende job", "Liknande jobb", "Podobne oferty",
    ],
)  # fmt: skip
def test_headings_of_other_postings_are_known_in_twelve_languages(heading):
    words = fold(heading)
    assert SIMILAR_HEADING.match(words)
    assert words.split(" ")[0] in SIMILAR_STARTS


@pytest.mark.parametrize(
    "heading",
    ["More about the job", "Other requirements", "Our open culture", "About us", "Your new job"],
)
def test_headings_of_a_posting_are_not_among_them(heading):
    assert not SIMILAR_HEADING.match(fold(heading))


def test_whole_lines_only():
    assert fold("  → Apply now! ") in FURNITURE
    assert fold("Apply now by sending your CV") not in FURNITURE
    assert "" not in FURNITURE
