"""The alerts and the dashboard in deploy/ ask for figures that there are."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from tests.monitor.made import attempt, record
from tests.monitor.promtool import needs_promtool, promtool

from rolecall.monitor import Watch
from rolecall.monitor.figures import GAUGES, SUMS, Figures
from rolecall.monitor.summary import LOCAL_GOAL
from rolecall.rules.nouns import LEAST_PAGES
from rolecall.rules.rules import FAILED_SHARE, LEAST_IN_A_DAY, LONG_SHARE
from rolecall.serve.metrics import Metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus-alerts.yml"
BOARD = DEPLOY / "grafana-dashboard.json"
NAME = re.compile(r"\brolecall_[a-z_]+\b")

TRIED = """
rule_files: [{alerts}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{series: 'rolecall_workers{{instance="a"}}', values: '0x120'}}
      - {{series: 'rolecall_paused{{instance="a"}}', values: '0x120'}}
      - {{series: 'rolecall_oldest_seconds{{instance="a"}}', values: '0+60x120'}}
      - {{series: 'rolecall_tasks{{instance="a",state="queued"}}', values: '7x120'}}
      - {{series: 'rolecall_pages_total{{instance="a",outcome="ok"}}', values: '0+10x120'}}
      - {{series: 'rolecall_pages_total{{instance="a",outcome="failed"}}', values: '0+2x120'}}
      - {{series: 'rolecall_pages_total{{instance="b",outcome="ok"}}', values: '0+10x120'}}
      - {{series: 'rolecall_pages_by_cloud_total{{instance="a"}}', values: '0+1x120'}}
      - {{series: 'rolecall_pages_by_cloud_total{{instance="b"}}', values: '0x120'}}
      - series: 'rolecall_engine_context_tokens_bucket{{instance="a",le="8192.0"}}'
        values: '0+9x120'
      - {{series: 'rolecall_engine_context_tokens_count{{instance="a"}}', values: '0+10x120'}}
      - {{series: 'rolecall_http_requests_total{{instance="a",status="503"}}', values: '0+1x120'}}
      - {{series: 'rolecall_rule_holds{{instance="a",rule="drift"}}', values: '1x120'}}
      - {{series: 'rolecall_rule_holds{{instance="a",rule="failures"}}', values: '0x120'}}
      - series: 'rolecall_engine_calls_total{{instance="a",engine="small",result="length"}}'
        values: '0+1x120'
      - series: 'rolecall_engine_calls_total{{instance="a",engine="small",result="stop"}}'
        values: '0+9x120'
      - {{series: 'rolecall_budget_forecast_dollars{{instance="a"}}', values: '31x120'}}
      - {{series: 'rolecall_budget_forecast_dollars{{instance="b"}}', values: '9x120'}}
      - {{series: 'rolecall_budget_cap_dollars{{instance="a",period="day"}}', values: '99x120'}}
      - {{series: 'rolecall_budget_cap_dollars{{instance="a",period="month"}}', values: '30x120'}}
      - {{series: 'rolecall_budget_cap_dollars{{instance="b",period="month"}}', values: '30x120'}}
    alert_rule_test:
{wanted}
"""
WANTED = {
    "RolecallNoWorkers": ("page", ""),
    "RolecallQueueStands": ("ticket", ""),
    "RolecallPagesFail": ("ticket", ""),
    "RolecallAnswersCutOff": ("ticket", "engine: small, "),
    "RolecallCloudShare": ("ticket", ""),
    "RolecallLongContexts": ("ticket", ""),
    "RolecallServerFaults": ("ticket", ""),
    "RolecallRuleHolds": ("ticket", "rule: drift, "),
    "RolecallBudgetForecast": ("ticket", ""),
}


@pytest.fixture(scope="module")
def exposed():
    metrics = Metrics()
    figures = Figures(metrics.registry)
    Watch([figures]).tell(
        record(attempts=[attempt(cost_usd=1.0), attempt(cached=True)], problems=[{}],
               reason={"code": "x"}, copy_of={})
    )  # fmt: skip
    for name in (*GAUGES, *SUMS):
        figures.sample(name, "small", 1)
    metrics.answered("GET", "/", 200, 0.1)
    return set(NAME.findall(generate_latest(metrics.registry).decode()))


@pytest.mark.parametrize("file", [ALERTS, BOARD], ids=lambda file: file.name)
def test_every_figure_that_is_asked_for_exists(file, exposed):
    asked = set(NAME.findall(file.read_text("utf-8")))
    assert len(asked) > 5
    # A histogram or counter without labels shows its parts only once it has any.
    assert asked - exposed <= {"rolecall_tasks"}


def test_the_dashboard_is_whole():
    board = json.loads(BOARD.read_text("utf-8"))
    panels = board["panels"]
    assert len({one["id"] for one in panels}) == len({one["title"] for one in panels})
    for one in panels:
        assert one["targets"], one["title"]
        assert {part["expr"].count("(") - part["expr"].count(")") for part in one["targets"]} == {0}


def test_every_alert_says_what_to_do_next():
    text = ALERTS.read_text("utf-8")
    names = re.findall(r"- alert: (\w+)", text)
    assert names == list(WANTED)
    assert text.count("          next: ") == text.count("          summary: ") == len(names)


@pytest.mark.parametrize(
    ("name", "over", "least", "days"),
    [
        ("RolecallPagesFail", FAILED_SHARE, LEAST_IN_A_DAY, "1d"),
        ("RolecallCloudShare", round(1 - LOCAL_GOAL, 9), LEAST_PAGES, "7d"),
        ("RolecallLongContexts", LONG_SHARE, LEAST_PAGES, "7d"),
    ],
)
def test_alerts_have_the_thresholds_of_the_rules_of_like_name(name, over, least, days):
    part = ALERTS.read_text("utf-8").partition(f"- alert: {name}")[2].partition("- alert: ")[0]
    assert re.findall(r" > ([0-9.]+)$", part, re.MULTILINE) == [str(over)]
    assert re.findall(r" >= ([0-9]+)$", part, re.MULTILINE) == [str(least)]
    assert set(re.findall(r"\[(\d+\w)\]", part)) == {days}
    assert f"More than {over:.0%}".replace("%", " %") in part


def test_an_alert_of_a_rule_or_an_engine_names_it():
    text = ALERTS.read_text("utf-8")
    for name, (_, more) in WANTED.items():
        summary = text.partition(f"- alert: {name}")[2].partition("summary: ")[2].split("\n")[0]
        for label in re.findall(r"(\w+): ", more):
            assert f"{{{{ $labels.{label} }}}}" in summary


@needs_promtool
def test_alerts_fire_where_something_is_wrong_and_nowhere_else(tmp_path):
    wanted = []
    text = ALERTS.read_text("utf-8")
    for name, (severity, more) in WANTED.items():
        part = text[text.index(f"- alert: {name}") :]
        summary, following = (re.search(rf"{key}: (.+)", part)[1] for key in ("summary", "next"))
        for label, value in re.findall(r"(\w+): (\w+), ", more):
            summary = summary.replace(f"{{{{ $labels.{label} }}}}", value)
        labels = f"{{severity: {severity}, {more}instance: a}}"
        told = f"{{summary: {json.dumps(summary)}, next: {json.dumps(following)}}}"
        wanted.append(
            f"      - {{eval_time: 119m, alertname: {name}, exp_alerts: [{{exp_labels: {labels},"
            f" exp_annotations: {told}}}]}}"
        )
    path = tmp_path / "tried.yml"
    path.write_text(TRIED.format(alerts=ALERTS, wanted="\n".join(wanted)), "utf-8")
    promtool("check", "rules", ALERTS)
    promtool("test", "rules", path)
