"""Everything that the doctor looks at, in the order in which it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from rolecall.doctor.engines import engine_findings
from rolecall.doctor.machine import machine_findings, read_here
from rolecall.doctor.nouns import Finding, failed, finding
from rolecall.doctor.own import own_findings
from rolecall.doctor.servers import (
    last_times,
    model_findings,
    models_here,
    server_findings,
    servers_here,
    vllm_finding,
    weights_to_fetch,
)
from rolecall.doctor.setup import MBIT, Situation, setup_finding, steps_of
from rolecall.errors import Error
from rolecall.models.find import find_shape
from rolecall.models.weights import tensor_bytes
from rolecall.settings import Settings


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be looked at: the set-up of ``model``, ``mbit`` of the line; ``deep`` loads
    vLLM."""

    model: str
    mbit: float = MBIT
    deep: bool = False


def look(
    settings: Settings, environ: Mapping[str, str], folder: Path, wanted: Wanted
) -> list[Finding]:
    """Look at everything; what is wrong is a finding, never an error."""
    findings = list(own_findings(settings, environ))
    here = read_here(environ)
    findings += machine_findings(here)
    installed, found = vllm_finding(settings, environ, folder, deep=wanted.deep)
    findings.append(found)
    models, servers = models_here(environ), servers_here(environ)
    findings += model_findings(models, here.cache)
    findings += server_findings(servers)
    try:
        served = any(
            kept and server.phase == "ready" and server.model.lower() == wanted.model.lower()
            for server, kept in servers
        )
        situation = Situation(
            model=wanted.model,
            to_fetch=weights_to_fetch(wanted.model, environ, models),
            weights=tensor_bytes(find_shape(wanted.model, environ, reach=False)),
            installed=installed,
            served=served,
            times=last_times(servers, wanted.model),
            mbit=wanted.mbit,
        )
        findings.append(setup_finding(wanted.model, steps_of(situation)))
        if here.disk is not None and situation.to_fetch > here.disk:
            told = f"{situation.to_fetch / 1e9:.1f} GB of {wanted.model} do not fit the disk"
            remedy = "make room, or set HF_HOME to a folder on a larger disk"
            findings.append(finding("disk", "note", told, remedy))
    except Error as error:
        findings.append(failed("set-up", error))
    return [*findings, *asyncio.run(engine_findings(settings, environ, time.time()))]
