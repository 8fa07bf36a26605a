"""What earlier starts taught about each device: kept in the state folder, one file for all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import orjson

from rolecall.engines.state import state_file
from rolecall.launch.folder import held, write_private
from rolecall.plan.nouns import Calibration

FILE: Final = "calibrations.json"


def calibrations(environ: Mapping[str, str]) -> dict[str, Calibration]:
    """The last calibration of each device, by its name; none where the file cannot be read."""
    return _read(state_file(environ).parent / FILE)


def remember(base: Path, calibration: Calibration) -> None:
    """Keep ``calibration`` as what is known of its device; ``base`` is the state folder."""
    path = base / FILE
    with held(base / "calibrations.lock", wait=True):
        known = _read(path) | {calibration.device: calibration}
        data = orjson.dumps(msgspec.to_builtins(known), option=orjson.OPT_INDENT_2)
        write_private(path, data)


def _read(path: Path) -> dict[str, Calibration]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Calibration])
    except (OSError, msgspec.DecodeError):
        return {}
