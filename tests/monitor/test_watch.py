"""Records reach all sinks; what is wrong with a sink is no page's fault."""

import logging

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.monitor.made import attempt, call, event, record

from rolecall.monitor import Watch
from rolecall.monitor.figures import MOST_LABELS, Figures


def test_a_broken_sink_is_told_of_once_and_others_hear(caplog):
    heard = []

    def broken(_):
        raise OSError("no room")

    watch = Watch([broken, heard.append], clock=lambda: 3.0)
    with caplog.at_level(logging.ERROR):
        watch.tell(record())
        watch.tell(record(outcome="partial"))
    assert [(one.outcome, one.moment) for one in heard] == [("ok", 3_000), ("partial", 3_000)]
    assert len(caplog.records) == 1
    watch.flush()


def values(registry):
    text = generate_latest(registry).decode()
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_prometheus_counts_what_happens():
    registry = CollectorRegistry()
    watch = Watch([Figures(registry, cloud=frozenset({"big"}))])
    watch.tell(record(attempts=[attempt(cost_usd=0.5)]))
    watch.tell(record(attempts=[attempt(engine="big")]))
    watch.tell(record(outcome="failed", data=None, reason={"code": "timeout"}))
    found = values(registry)
    assert found["rolecall_pages_total", "ok"] == 2
    assert found["rolecall_pages_by_cloud_total",] == 1
    assert found["rolecall_page_reasons_total", "timeout"] == 1
    assert found["rolecall_page_routes_total", "small"] == 1
    assert found["rolecall_fields_filled_total", "title"] == 2
    assert found["rolecall_stage_seconds_count", "reader"] == 3
    assert found["rolecall_engine_calls_total", "small", "stop"] == 1
    assert found["rolecall_engine_tokens_total", "cached", "small"] == 256
    assert found["rolecall_engine_cost_dollars_total", "small"] == 0.5
    assert found["rolecall_engine_context_tokens_bucket", "1024.0"] == 2


def test_labels_are_legible_whatever_a_schema_calls_its_fields():
    registry = CollectorRegistry()
    Figures(registry)(event(fields={"a" * 5_000: 1, "b\0": 1, "c\ud800": 1, 'd"\n': 1}))
    told = [one[1] for one in values(registry) if one[0] == "rolecall_fields_filled_total"]
    assert sorted(told) == ["a" * 100, "b\ufffd", "c?", 'd"\n']


def test_labels_that_users_make_up_are_bounded():
    registry = CollectorRegistry()
    figures = Figures(registry)
    for number in range(300):
        name = f"n{number}"
        figures(event(fields={name: 1}, stages={name: 1}, calls=(call(engine=name, result=name),)))
    found = values(registry)
    assert len(found) < 60 * MOST_LABELS
    for name in ("fields_filled", "engine_kept", "page_routes"):
        told = [one for one in found if one[0] == f"rolecall_{name}_total"]
        assert len(told) <= MOST_LABELS + 1
    assert found["rolecall_fields_filled_total", "other"] == 300 - MOST_LABELS
