"""An event as spans of OpenTelemetry. Needs the extra ``otel``.

Names are those of the semantic conventions for generative AI
(github.com/open-telemetry/semantic-conventions-genai, in development); what they have no name for
begins with ``rolecall.``. No span holds anything of a page's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from rolecall.monitor.events import CallEvent, PageEvent
from rolecall.monitor.measures import legible

ANSWERED: Final = frozenset({"stop", "length", "refusal"})
"""Results of calls that have an answer."""
PAGE: Final = "extract page"
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_FAILED: Final = Status(StatusCode.ERROR)
_UNSET: Final = Status(StatusCode.UNSET)


class SteadyResource(Resource):
    """A resource whose hash is reckoned once: spans are grouped by it, each one anew."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.attributes, resource.schema_url)
        self._hash = super().__hash__()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return self._hash


class Spans:
    """Makes the spans of events. ``provider`` tells that of an engine, ``identify`` makes the
    numbers of a trace and of a span."""

    def __init__(
        self,
        resource: Resource,
        scope: InstrumentationScope,
        provider: Callable[[str], str],
        identify: Any,
    ) -> None:
        self._resource, self._scope = resource, scope
        self._provider, self._identify = provider, identify

    def of(self, event: PageEvent, trace: int) -> Iterator[ReadableSpan]:
        """The page's span, and one for each call that was made."""
        end = 1_000_000 * event.moment
        start = end - 1_000 * sum(event.stages.values())
        page = self._context(trace)
        failed = event.outcome == "failed"
        told = _of_page(event)
        yield self._span(PAGE, page, None, SpanKind.INTERNAL, told, (start, end), failed)
        made = [one for one in event.calls if not one.kept]
        for one, times in zip(made, _times(event, made, start, end), strict=True):
            told = attributes_of(one, self._provider(one.engine))
            told["gen_ai.usage.input_tokens"] = one.input_tokens
            told["gen_ai.usage.output_tokens"] = one.output_tokens
            told["gen_ai.usage.cache_read.input_tokens"] = one.cached_tokens
            if one.result in ANSWERED:
                told["gen_ai.response.finish_reasons"] = (one.result,)
            if one.nano:
                told["rolecall.cost_dollars"] = one.nano / 1e9
            name = f"chat {legible(one.model)}".rstrip()
            wrong = one.result not in ANSWERED
            context = self._context(trace)
            yield self._span(name, context, page, SpanKind.CLIENT, told, times, wrong)

    def _context(self, trace: int) -> SpanContext:
        return SpanContext(trace, self._identify.generate_span_id(), False, _SAMPLED)

    def _span(
        self,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        told: Mapping[str, Any],
        times: tuple[int, int],
        failed: bool,
    ) -> ReadableSpan:
        return ReadableSpan(
            name,
            context,
            parent,
            self._resource,
            told,
            kind=kind,
            status=_FAILED if failed else _UNSET,
            start_time=times[0],
            end_time=times[1],
            instrumentation_scope=self._scope,
        )


def attributes_of(call: CallEvent, provider: str) -> dict[str, Any]:
    """What spans and metrics of a call have in common."""
    told: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": legible(call.model),
    }
    if call.result not in ANSWERED:
        told["error.type"] = call.result
    return told


def _of_page(event: PageEvent) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rolecall.page": event.page,
        "rolecall.outcome": event.outcome,
        "rolecall.route": legible(event.route),
    }
    if event.outcome == "failed":
        told["error.type"] = event.reason
    if event.reason:
        told["rolecall.reason"] = event.reason
    if event.size:
        told["rolecall.bytes"] = event.size
    if event.copied:
        told["rolecall.copied"] = True
    for stage, micros in event.stages.items():
        told[f"rolecall.stage_seconds.{stage}"] = micros / 1e6
    return told


def _times(
    event: PageEvent, calls: list[CallEvent], start: int, end: int
) -> Iterator[tuple[int, int]]:
    """When calls began and ended, in nanoseconds since 1970, as far as an event tells.

    One follows the other from the start of the stage ``ask``; those that took longer together than
    the stage did were made side by side.
    """
    whole = 1_000 * sum(one.micros for one in calls)
    room, begun = end - start, start
    if "ask" in event.stages:
        room = 1_000 * event.stages["ask"]
        for stage, micros in event.stages.items():
            if stage == "ask":
                break
            begun += 1_000 * micros
    for one in calls:
        yield begun, begun + 1_000 * one.micros
        if whole <= room:
            begun += 1_000 * one.micros
