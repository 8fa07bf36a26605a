"""Records and events to count."""

from typing import Any

from rolecall.monitor import CallEvent, PageEvent


def record(**told: Any) -> dict[str, Any]:
    base = {
        "source": "https://bakery.example/night", "source_id": "ab" * 32, "outcome": "ok",
        "reason": None, "data": {"title": "Night Baker", "skills": [], "company": "Rye & Sons"},
        "evidence": {
            "/title": {"quote": "Night Baker", "confidence": 0.98},
            "/company": {"quote": "Rye & Sons", "confidence": 0.4},
        },
        "problems": [], "warnings": [], "attempts": [], "config": "c0ffee",
        "seconds": {"clean": 0.002, "reader": 0.013},
    }  # fmt: skip
    return base | told


def attempt(**told: Any) -> dict[str, Any]:
    usage = {"input_tokens": 900, "cached_tokens": 256, "output_tokens": 60}
    base = {"engine": "small", "model": "m", "result": "stop", "usage": usage, "cost_usd": 0.0,
            "seconds": 1.5, "cached": False}  # fmt: skip
    return base | told


def event(**told: Any) -> PageEvent:
    base: dict[str, Any] = {
        "moment": 1_700_000_000_000, "page": "ab" * 32, "outcome": "ok", "reason": "",
        "route": "embedded", "config": "c0ffee", "fields": {"title": 980}, "problems": 0,
        "stages": {"clean": 2_000}, "calls": (), "copied": False,
    }  # fmt: skip
    return PageEvent(**(base | told))


def call(**told: Any) -> CallEvent:
    base: dict[str, Any] = {
        "engine": "small", "model": "m", "result": "stop", "input_tokens": 900,
        "cached_tokens": 300, "output_tokens": 100, "nano": 0, "micros": 1_500_000, "kept": False,
    }  # fmt: skip
    return CallEvent(**(base | told))
