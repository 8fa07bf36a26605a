"""vLLM and what it serves: the installation, models on disk, and the servers of ``rolecall up``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, ValidationError, convert

from rolecall.doctor.nouns import Finding, failed, finding
from rolecall.errors import Error, UsageError
from rolecall.launch.compare import Compared, compared, off_plan, table
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import folder_of, is_kept, names, read_server
from rolecall.launch.nouns import Server
from rolecall.launch.where import Installed, find_vllm, release
from rolecall.models.cache import cache_folder, cached_models, model_folder, size_on_disk
from rolecall.models.find import find_shape
from rolecall.models.folder import weight_files
from rolecall.plan.nouns import GIB
from rolecall.plan.sizes import gib
from rolecall.private import without_secrets
from rolecall.settings import Settings

LOAD_SECONDS: Final = 300.0
_LOADED: Final = """
import json, torch, vllm
cuda = torch.version.cuda or ""
print("\\n" + json.dumps({"torch": torch.__version__, "cuda": cuda,
    "works": bool(cuda) and torch.cuda.is_available()}))
"""


class Lying(Struct, frozen=True, kw_only=True):
    """A model in the cache: its bytes, and whether files of it are missing."""

    name: str
    bytes_: int
    partial: int = 0
    whole: bool = True


def vllm_finding(
    settings: Settings, environ: Mapping[str, str], folder: Path, *, deep: bool
) -> tuple[Installed | None, Finding]:
    """The vLLM that ``rolecall up`` would start; ``deep`` loads it, which takes a while."""
    try:
        found = find_vllm(settings, environ, folder)
    except LaunchError as error:
        if error.reason == "no_vllm":
            return None, finding("vLLM", "note", str(error), error.hint or "")
        return None, failed("vLLM", error)
    except Error as error:
        return None, failed("vLLM", error)
    kind = "for the CPU: slow, for trying" if found.cpu else "for cards"
    told = f"{found.version or 'version unknown'}, {kind}, {found.source}"
    known = release(found.version)
    if known is not None and known < (0, 24):
        remedy = "older servers could be stopped by a page's text: renew it"
        return found, finding("vLLM", "FAIL", told, remedy)
    if deep and Path(found.words[0]).name.startswith("python"):
        return found, _loaded(found, told)
    return found, finding("vLLM", "ok", told, version=found.version, cpu=found.cpu)


def _loaded(found: Installed, told: str) -> Finding:
    """Import torch and vLLM where they are, and see whether they find each other and the card."""
    try:
        done = subprocess.run(
            [found.words[0], "-c", _LOADED], capture_output=True, text=True, check=False,
            timeout=LOAD_SECONDS, stdin=subprocess.DEVNULL, cwd="/",
            env=without_secrets(os.environ) | ({"VLLM_TARGET_DEVICE": "cpu"} if found.cpu else {}),
        )  # fmt: skip
        lines = done.stdout.strip().splitlines()
        said: dict[str, Any] = json.loads(lines[-1]) if done.returncode == 0 and lines else {}
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return finding("vLLM", "FAIL", f"{told}; it cannot be loaded: {error}", "set it up again")
    if not said:
        last = done.stderr.strip().splitlines() or ["it says nothing"]
        remedy = "the environment is broken: set it up again (make vllm, make vllm-cpu)"
        return finding("vLLM", "FAIL", f"{told}; it cannot be loaded: {last[-1]}", remedy)
    told += f", PyTorch {said['torch']}"
    if not found.cpu and not said["works"]:
        remedy = "renew the driver, or install a vLLM for its CUDA: see nvidia-smi"
        return finding("vLLM", "FAIL", f"{told}, which can use no card here", remedy, **said)
    return finding("vLLM", "ok", f"{told}, loaded", **said)


def models_here(environ: Mapping[str, str]) -> tuple[Lying, ...]:
    """The models in the Hugging Face cache; those that are not all there are not ``whole``."""
    found = []
    for name, snapshot in cached_models(environ):
        blobs = model_folder(cache_folder(environ), name) / "blobs"
        parts = [one for pattern in ("*.incomplete", "*.part") for one in blobs.glob(pattern)]
        try:
            whole = bool(weight_files(snapshot))
        except UsageError:
            whole = False
        partial = sum(_size(one) for one in parts)
        bytes_ = size_on_disk(snapshot)
        found.append(Lying(name=name, bytes_=bytes_, partial=partial, whole=whole))
    return tuple(found)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def model_findings(models: tuple[Lying, ...], cache: Path) -> Iterator[Finding]:
    """What lies on the disk, and what of it is not whole."""
    whole = [one for one in models if one.whole]
    told = ", ".join(f"{one.name} ({gib(one.bytes_)})" for one in whole) or "none"
    sizes = {one.name: one.bytes_ for one in whole}
    yield finding("models on disk", "ok", f"{told}; in {cache}", models=sizes)
    for one in models:
        if not one.whole:
            told = f"{one.name} is not all there: {gib(one.bytes_ + one.partial)} so far"
            yield finding("models on disk", "note", told, f"rolecall models pull {one.name}")
        elif one.partial > GIB // 10:
            told = f"{gib(one.partial)} of a download of {one.name} that was broken off"
            yield finding("models on disk", "note", told, f"rolecall models pull {one.name}")


def servers_here(environ: Mapping[str, str]) -> tuple[tuple[Server, bool], ...]:
    """The servers that ``rolecall up`` has written down, and whether each is kept now."""
    found = []
    for name in names(environ):
        folder = folder_of(name, environ)
        server = read_server(folder)
        if server is not None:
            found.append((server, is_kept(folder)))
    return tuple(found)


def plans_here(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The servers that are kept now and have reported their figures, by name, and in words where
    those are outside the plan (empty: nowhere). A state that cannot be read is nobody's."""
    found = []
    try:
        for server, kept in servers_here(environ):
            if kept and server.reported and server.planned:
                rows = compared(server.planned, server.reported)
                found.append((server.name, off_plan(rows)))
    except (Error, ValidationError):
        return tuple(found)
    return tuple(found)


def server_findings(servers: tuple[tuple[Server, bool], ...]) -> Iterator[Finding]:
    """How the servers are, with what was planned beside what vLLM reported."""
    if not servers:
        yield finding("servers", "ok", "none was started here with rolecall up")
    for server, kept in servers:
        name = f"server {server.name}"
        if server.phase in ("stopped", "failed"):
            level, told = "note" if server.phase == "failed" else "ok", server.told
            told = f"{server.phase}{f': {told}' if told else ''}"
            yield finding(name, "note" if level == "note" else "ok", told, server.remedy)
            continue
        if not kept:
            told = f"{server.model}: what kept it was killed"
            yield finding(name, "FAIL", told, "rolecall up --status cleans up; start it again")
            continue
        told = f"{server.phase}, {server.model}, {server.restarts} restarts"
        try:
            rows = compared(server.planned, server.reported) if server.reported else ()
        except ValidationError:
            yield finding(name, "note", f"{told}; what was planned is no plan of this version")
            continue
        yield _compared(name, told, rows)


def _compared(name: str, told: str, rows: tuple[Compared, ...]) -> Finding:
    off = [row.name for row in rows if row.verdict in ("below", "above")]
    told += "".join(f"\n      {line}" for line in table(rows))
    if off:
        remedy = f"outside the plan: {', '.join(off)}; the next plan on this card knows of it"
        return finding(name, "note", told, remedy, outside=off)
    return finding(name, "ok", told)


def weights_to_fetch(model: str, environ: Mapping[str, str], models: tuple[Lying, ...]) -> int:
    """The bytes that are still to be fetched for ``model``; 0 where it lies here."""
    for one in models:
        if one.name.lower() == model.lower():
            return 0 if one.whole else max(0, _weights(model, environ) - one.bytes_ - one.partial)
    return 0 if Path(model).expanduser().is_dir() else _weights(model, environ)


def _weights(model: str, environ: Mapping[str, str]) -> int:
    from rolecall.models.weights import tensor_bytes

    return tensor_bytes(find_shape(model, environ, reach=False))


def last_times(servers: tuple[tuple[Server, bool], ...], model: str) -> dict[str, float]:
    """Seconds by phase of the last start of ``model``, as ``rolecall up`` wrote them down."""
    for server, _ in servers:
        if server.times and server.model.lower() in (model.lower(), Path(model).name.lower()):
            return convert(server.times, dict[str, float])
    return {}
