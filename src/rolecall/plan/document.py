"""A plan as JSON for programs; docs/planning.md names every key, and none changes its meaning."""

from __future__ import annotations

from typing import Any, Final

from rolecall.plan.command import command_line, spelled
from rolecall.plan.nouns import Estimate, Memory, Plan, Speed

FORM: Final = "rolecall.plan/1"


def document(plan: Plan) -> dict[str, Any]:
    """``plan`` as JSON values. Memory is in bytes of one card."""
    serving, shape = plan.serving, plan.shape
    return {
        "form": FORM,
        "fits": plan.fits,
        "short_bytes": plan.short,
        "refused": list(plan.refused),
        "model": {
            "name": shape.name,
            "parameters": shape.params,
            "quantisation": shape.quantisation.method,
            "context": shape.context,
            "origin": shape.origin,
            "assumed": list(shape.assumed),
        },
        "device": {
            "name": plan.device.name,
            "memory_bytes": plan.device.memory,
            "free_bytes": plan.device.free,
            "capability": plan.device.capability,
            "source": plan.device.source,
        },
        "load": {
            "name": plan.load.name,
            "source": plan.load.source,
            "postings": plan.load.postings,
            "requests": sum(count for _, _, count in plan.load.requests),
            "shared_tokens": plan.load.shared,
            "usual_tokens": plan.length,
        },
        "mode": plan.mode,
        "cap_bytes": plan.cap,
        "serving": {
            "vllm": spelled(serving.version),
            "gpu_memory_utilization": serving.utilisation,
            "kv_cache_dtype": serving.kv_dtype,
            "quantization": serving.quantise or None,
            "max_model_len": serving.context,
            "max_num_seqs": serving.sequences,
            "max_num_batched_tokens": serving.batched_tokens,
            "kv_cache_memory_bytes": serving.kv_bytes,
            "enforce_eager": serving.eager,
            "text_only": serving.text_only,
            "ngram": serving.ngram,
            "cards": serving.cards,
        },
        "memory": _memory(plan.memory),
        "postings_at_once": _estimate(plan.at_once),
        "speed": [_speed(one) for one in plan.speed],
        "remedies": [
            {"change": one.change, "frees_bytes": one.frees, "enough": one.enough}
            for one in plan.remedies
        ],
        "warnings": list(plan.warnings),
        "environment": dict(plan.environment),
        "command": list(plan.command),
        "command_line": command_line(plan.command, plan.environment) if plan.command else None,
    }


def _memory(memory: Memory) -> dict[str, Any]:
    return {
        "budget": memory.budget,
        "weights": _estimate(memory.weights),
        "rotary": memory.rotary,
        "activations": _estimate(memory.activation),
        "graphs": _estimate(memory.graphs),
        "other": _estimate(memory.other),
        "kv_cache": _estimate(memory.kv),
        "kv_token": memory.kv_token,
        "state": memory.state,
        "tokens": _estimate(memory.tokens),
        "calibrated": memory.calibrated,
    }


def _estimate(figure: Estimate) -> dict[str, int]:
    return {"low": figure.low, "expected": figure.expected, "high": figure.high}


def _speed(speed: Speed) -> dict[str, Any]:
    low, expected, high = speed.expected
    return {
        "at_once": speed.at_once,
        "postings_a_minute": {"low": low, "expected": expected, "high": high},
        "bound": speed.bound,
        "serial_bound": speed.serial,
        "limit": speed.limit,
        "answer_tokens_a_second": speed.answer_tokens,
        "stream_tokens_a_second": speed.stream_tokens,
        "first_token_seconds": speed.first_token,
    }
