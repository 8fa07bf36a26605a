from rolecall.core import Candidate, Page, Reason, Span
from rolecall.ladder import hear, settled

TEXT = "Baker\nCrumb\nWe bake bread.\nRye"
PAGE = Page(source_id="0", url=None, text=TEXT, blocks=())


def read(unit, quote, confidence=0.9, origin="reader"):
    start = TEXT.index(quote)
    return Candidate(
        unit=unit,
        value=quote,
        quotes=(quote,),
        spans=(Span(start, start + len(quote)),),
        origin=origin,
        confidence=confidence,
    )


TITLE, COMPANY, BODY = (
    read("title", "Baker"),
    read("company", "Crumb"),
    read("description", "We bake bread."),
)


def test_producers_are_heard_in_order():
    producers = {"stated": lambda page: (COMPANY,), "reader": lambda page: (TITLE, BODY)}
    result = settled(PAGE, hear(PAGE, producers))
    assert result.outcome == "ok"
    assert result.route.producers == ("stated", "reader")
    assert result.attempts == ()


def test_a_verdict_ends_the_climb():
    reason = Reason(code="list_page", stage="verdict", message="many")
    heard = []
    spoken = hear(
        PAGE,
        {"reader": lambda page: (TITLE, BODY)},
        lambda page, candidates: heard.append(len(candidates)) or reason,
    )
    result = settled(PAGE, spoken)
    assert (result.outcome, result.reason, heard) == ("not_a_posting", reason, [2])
    assert result.route.reasons == ("list_page",)
