"""Ray's side of a run: starting or finding it, asking its machines, telling its errors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from rolecall.errors import Error, UsageError

LOCAL: Final = "local"
"""The address that stands for a Ray of this run's own, on this machine."""

STORE: Final = 256 << 20
"""Bytes of memory in which a Ray of our own keeps inputs and records that are under way."""

CONNECT: Final = 5.0
"""Seconds in which the port of an address has to answer."""

ANSWER: Final = 30.0
"""Seconds in which what answers there has to show that it is Ray."""

MODE: Final = "RAY_AUTH_MODE"
"""The variable that says whether Ray's machines show each other a token."""

LOOK: Final = 120.0
"""Seconds that a machine may take to start a process and load Rolecall."""

QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray would tell its makers of every cluster
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a thread that still asks when Ray has ended starts no new one
}


@contextmanager
def cluster(address: str, *, workers: int = 0) -> Iterator[tuple[Any, bool]]:
    """Ray at ``address``, and whether it is of this run alone; let go of at the end.

    ``address`` is ``local``, ``auto`` or ``host:port``. A Ray that this process is connected to
    already is used as it is, and stays. ``workers`` are the processes that a local one has room for
    at least.

    Raises:
        UsageError: Ray is not installed, or there is none at the address.
    """
    if find_spec("ray") is None:
        raise UsageError("--ray needs Ray Data", hint="pip install 'rolecall[ray]'")
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray
    import ray.data

    if ray.is_initialized():
        yield ray, False
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        quiet |= {"include_dashboard": False, "object_store_memory": STORE}
        quiet["num_cpus"] = max(workers, cores())
    else:
        demand(address)
    try:
        with _silence():
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"cannot use Ray ({address}): {last_line(error)}") from error
    try:
        yield ray, address == LOCAL
    finally:
        ray.shutdown()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Ray's core from telling on stderr that it was told to be quiet."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def demand(address: str) -> None:
    """Raise `UsageError` unless a Ray answers at ``address``, promptly.

    Ray itself tries for minutes, and ends the process where something else answers.
    """
    nothing = UsageError(
        f"no Ray answers at {address}",
        hint="start one with: ray start --head; or use --ray local",
    )
    words = [sys.executable, "-m", "ray.scripts.scripts", "health-check"]
    modes: list[dict[str, str]] = [{}]
    if address == "auto":
        modes.append({MODE: os.environ.get(MODE, "token")})  # as `ray.init` does it
    else:
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or "/" in host:
            raise UsageError(
                f"{address!r} is no address of a Ray cluster",
                hint="write --ray host:port (usually 6379), --ray auto or --ray local",
            )
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT).close()
        except (OSError, OverflowError) as error:
            raise nothing from error
        words += ["--address", address]
    told = ""
    for mode in modes:
        try:
            done = subprocess.run(
                words,
                capture_output=True,
                text=True,
                timeout=ANSWER,
                check=False,
                env=os.environ | mode,
            )
        except subprocess.TimeoutExpired as error:
            raise nothing from error
        if not done.returncode:
            return
        told = done.stderr
    if "AuthenticationError" in told:
        raise UsageError(
            f"the Ray at {address} wants a token",
            hint=f"set {MODE}=token, and RAY_AUTH_TOKEN or the file ~/.ray/auth_token",
        )
    raise UsageError(f"{nothing}: {last_line(told)}", hint=nothing.hint)


def on_every_node(ray: Any, look: Callable[[Any], None], terms: Any) -> None:
    """Do ``look(terms)`` on each machine of the cluster, and raise what it raises."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = {one["NodeID"]: one for one in ray.nodes() if one["Alive"]}
    task = ray.remote(num_cpus=0, max_retries=1)(look)
    refs = {
        node: task.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(terms)
        for node in nodes
    }
    for node, ref in refs.items():
        name = nodes[node].get("NodeManagerHostname") or node
        try:
            ray.get(ref, timeout=LOOK)
        except ray.exceptions.RayError as error:
            told = fault_of(error)
            if told is not None:
                raise told from None
            raise UsageError(
                f"Rolecall cannot work on {name}: {last_line(error)}",
                hint="install the same rolecall[ray] on all machines",
            ) from error


def fault_of(error: BaseException | None) -> Error | None:
    """The error of ours that was raised on another machine, if that is what it was."""
    while error is not None:
        if isinstance(error, Error):
            return error
        error = getattr(error, "cause", None) or error.__cause__
    return None


def room(ray: Any) -> int:
    """Cores of the whole cluster, as far as Ray may use them."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def last_line(error: object) -> str:
    """What an error says in the end, after its traceback."""
    return ([line.strip() for line in str(error).splitlines() if line.strip()] or ["no reason"])[-1]


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
