"""The hiring organisation, by label, by its profile, by legal form and by the site's domain."""

import pytest

from reader import pages
from rolecall.reader.company import propose_companies

BODY = (
    "<p>We run four homes for older people and look for somebody who likes quiet hours.</p>"
    "<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li>"
    "<li>Write a short report for the day team</li></ul>"
    "<h2>Requirements</h2><ul><li>A valid licence</li><li>Three years of experience</li></ul>"
)


def company(html: str, url: str | None = None) -> object:
    return pages.values(f"<h1>Night Nurse</h1>{html}", url).get("company")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Company: Larkfield Care", "Larkfield Care"),
        ("Employer: Larkfield Care", "Larkfield Care"),
        ("Arbeitgeber: Tannhof Technik", "Tannhof Technik"),
        ("Entreprise : Moulins Verdier", "Moulins Verdier"),
        ("Empresa: Grupo Alcornoque", "Grupo Alcornoque"),
        ("Firma: Brzozowa Polana", "Brzozowa Polana"),
    ],
)
def test_by_its_label(line: str, name: str) -> None:
    assert company(f"<p>{line}</p>{BODY}") == name


def test_by_a_label_in_the_cell_before() -> None:
    table = "<table><tr><td>Company</td><td>Larkfield Care</td></tr></table>"
    assert company(table + BODY) == "Larkfield Care"


def test_by_the_heading_of_its_profile() -> None:
    html = f"{BODY}<h2>About Larkfield</h2><p>Larkfield is a charity that runs four homes.</p>"
    assert company(html) == "Larkfield"


def test_by_its_legal_form() -> None:
    html = f"<p>Tannhof Technik GmbH is growing and Tannhof Technik GmbH needs you.</p>{BODY}"
    assert str(company(html)).startswith("Tannhof Technik")


def test_by_the_domain_of_the_site() -> None:
    html = f"<title>Night Nurse - Larkfield</title>{BODY}<p>Larkfield is a good place to work.</p>"
    assert company(html, "https://www.larkfield.example/jobs/7") == "Larkfield"


def test_proposals_stand_where_they_say_and_have_each_name_once() -> None:
    for html in pages.ALL.values():
        tagged = pages.tagged(html, "https://jobs.larkfield.example/7")
        found = propose_companies(tagged)
        assert found
        names = [str(one.value).lower() for one in found]
        assert len(names) == len(set(names))
        for one in found:
            assert one.unit == "company"
            assert one.span is not None
            assert one.span.of(tagged.page.text) == one.value


def test_a_page_without_lines_has_no_names() -> None:
    assert propose_companies(pages.tagged("")) == []


def test_a_place_of_several_words_is_not_cut_into_a_name() -> None:
    tagged = pages.tagged(f"<h1>Night Nurse</h1><p>Leeds, West Yorkshire</p>{BODY}")
    assert "Leeds, West" not in [one.value for one in propose_companies(tagged)]
