"""Which sinks the settings ask for."""

import sys

import pytest
from prometheus_client import CollectorRegistry

from rolecall.errors import SettingsError
from rolecall.settings import Settings
from rolecall.worker.sinks import sinks_of


def test_only_what_is_asked_for(tmp_path):
    assert sinks_of(Settings(), {}) == []
    path = tmp_path / "events.jsonl"
    found = sinks_of(Settings(events_log=str(path)), {}, CollectorRegistry())
    assert [type(one).__name__ for one in found] == ["Figures", "LogLines"]
    assert path.exists()


def test_a_missing_extra_is_named(monkeypatch):
    for name in [one for one in sys.modules if one.startswith("rolecall.monitor.otel")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    with pytest.raises(SettingsError) as told:
        sinks_of(Settings(otel=True), {})
    assert told.value.hint == 'pip install "rolecall[otel]"'
