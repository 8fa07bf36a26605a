"""The cards of this machine and how full they are, by NVIDIA's management library (NVML)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rolecall.evaluate.load.nouns import Gpu


def _nvml() -> Any:
    return import_module("pynvml")


class Cards:
    """Reads the cards now and then and keeps the most memory that was in use on each.

    ``reason`` says why there are none. The package is optional (``pip install nvidia-ml-py``).
    """

    def __init__(self, load: Any = _nvml) -> None:
        self._seen: dict[int, Gpu] = {}
        self.reason = ""
        self._library: Any = None
        try:
            self._library = load()
            self._library.nvmlInit()
        except ImportError:
            self.reason = "the package nvidia-ml-py is not installed"
        except Exception as error:  # the library's own errors have no common base outside it
            self.reason = f"NVML does not work here: {error}"
        else:
            self.look()
            if not self._seen and not self.reason:
                self.reason = "NVML finds no card"

    def look(self) -> None:
        """Note how much is in use now."""
        if self._library is None or self.reason:
            return
        try:
            for number in range(self._library.nvmlDeviceGetCount()):
                card = self._library.nvmlDeviceGetHandleByIndex(number)
                memory = self._library.nvmlDeviceGetMemoryInfo(card)
                name = self._library.nvmlDeviceGetName(card)
                before = self._seen.get(number)
                used = max(int(memory.used), before.used_bytes if before else 0)
                self._seen[number] = Gpu(
                    name=name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name),
                    total_bytes=int(memory.total),
                    used_bytes=used,
                )
        except Exception as error:  # a card that is lost amid a run ends the looking, not the run
            self.reason = f"NVML stopped working: {error}"

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The cards in their order."""
        return tuple(self._seen[number] for number in sorted(self._seen))
