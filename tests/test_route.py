import pytest
from tests.test_ladder import BODY, COMPANY, PAGE, TITLE, read

from rolecall.core import Candidate, EngineInfo
from rolecall.ladder import hear, settled
from rolecall.route import Policy, allowed, route, wanted

LOCAL = EngineInfo(name="small", kind="vllm", model="m", local=True)
CLOUD = EngineInfo(name="far", kind="openai", model="n", local=False)
OTHER = EngineInfo(name="other", kind="openai", model="o", local=False)


def names(policy, *, over=False, engines=(LOCAL, CLOUD, OTHER)):
    choices, _ = route(engines, policy, over=over)
    return [(one.engine, one.after_failure) for one in choices]


def test_by_default_no_page_leaves_the_machine():
    assert names(Policy()) == [("small", False)]
    assert names(Policy(), over=True) == [("small", False)]
    assert names(Policy(cloud="far"), over=True) == [("small", False)]
    _, said = route((LOCAL, CLOUD), Policy(), over=False)
    assert said == ("far is kept out by the policy local-only",)


def test_only_the_cloud_engine_that_is_named_may_be_used():
    policy = Policy(privacy="cloud-over-threshold", cloud="far")
    assert names(policy, over=True) == [("far", False), ("small", True)]
    assert names(policy) == [("small", False), ("far", True)]
    assert names(policy, engines=(LOCAL, OTHER), over=True) == [("small", False)]
    assert names(policy, engines=(CLOUD,)) == [("far", False)]


def test_doubt_goes_on_to_the_cloud():
    policy = Policy(privacy="cloud-on-doubt", cloud="far")
    assert names(policy) == [("small", False), ("far", False)]
    assert names(policy, engines=(CLOUD,)) == [("far", False)]


@pytest.mark.parametrize("over", [False, True])
def test_under_cloud_for_audits_no_page_leaves_the_machine(over):
    policy = Policy(privacy="cloud-for-audits", cloud="far")
    assert names(policy, over=over) == [("small", False)]
    assert names(policy, over=over, engines=(CLOUD,)) == []
    assert allowed((LOCAL, CLOUD, OTHER), policy) == [LOCAL]


def result_of(*candidates):
    return settled(PAGE, hear(PAGE, {"reader": lambda page: candidates}))


def test_required_fields_that_are_missing_are_wanted():
    assert "company" in wanted(result_of(TITLE, BODY))
    assert "company" not in wanted(result_of(TITLE, COMPANY, BODY))


@pytest.mark.parametrize(("null_doubt", "asked"), [(0.0, False), (0.5, True)])
def test_other_nulls_are_wanted_where_they_are_often_wrong(null_doubt, asked):
    result = result_of(TITLE, COMPANY, BODY)
    policy = Policy(null_doubt=null_doubt)
    assert ("responsibilities" in wanted(result, policy)) == asked
    assert "salary" not in wanted(result, policy)


def test_doubtful_values_are_wanted():
    result = result_of(TITLE, read("company", "Crumb", confidence=0.4), BODY)
    assert wanted(result, Policy(null_doubt=0)) == ("company",)
    assert wanted(result, Policy(null_doubt=0, doubt=0.3)) == ()


def test_contradicted_values_are_wanted():
    other = Candidate(
        unit="company", value="Loaf Ltd", quotes=("Loaf Ltd",), origin="stated", pointer="j#/x"
    )
    assert wanted(result_of(TITLE, COMPANY, BODY, other), Policy(null_doubt=0)) == ("company",)
