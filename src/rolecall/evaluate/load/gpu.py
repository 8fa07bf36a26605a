"""The cards of this machine and how full they are while a load runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rolecall.evaluate.load.nouns import Gpu
from rolecall.plan.nouns import Device
from rolecall.plan.nvml import Nvml, cards_here


class Cards:
    """Reads the cards now and then and keeps the most memory that was in use on each.

    ``reason`` says why there are none. ``load`` gives NVIDIA's library, where it is not to be the
    installed one.
    """

    def __init__(self, load: Callable[[], Any] | None = None) -> None:
        self._seen: dict[int, Gpu] = {}
        self._load = load
        self._nvml = Nvml(load) if load is not None else Nvml()
        self.reason = self._nvml.reason
        self.look()
        if not self._seen and not self.reason:
            self.reason = "NVML finds no card"

    def look(self) -> None:
        """Note how much is in use now."""
        if self.reason:
            return
        try:
            for number, (card, _) in enumerate(self._nvml.handles()):
                told = self._nvml.in_use(card)
                before = self._seen.get(number)
                self._seen[number] = Gpu(
                    name=self._nvml.name(card),
                    total_bytes=told.total,
                    used_bytes=max(told.used, before.used_bytes if before else 0),
                )
        except Exception as error:  # a card that is lost amid a run ends the looking, not the run
            self.reason = f"NVML stopped working: {error}"

    def devices(self) -> tuple[Device, ...]:
        """What a plan is made for on the cards that a server here would see, in their order."""
        return (cards_here(self._load) if self._load is not None else cards_here())[0]

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The cards in their order."""
        return tuple(self._seen[number] for number in sorted(self._seen))
