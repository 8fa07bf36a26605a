"""A stand-in for NVIDIA's library, with the names and errors of nvidia-ml-py."""

# ruff: noqa: N802, N815 (the names are the library's)

from types import SimpleNamespace

MIB = 1024**2


class NvmlError(Exception):
    """What the library raises."""


class Nvml:
    """Some cards, each a mapping: what is not in it, this driver does not support."""

    nvmlMemory_v2 = 0x02000028

    def __init__(self, *cards, driver="580.82.07", cuda=13000, fails=None):
        self.cards, self.driver, self.cuda, self.fails = cards, driver, cuda, fails
        self.closed = 0

    def nvmlInit(self):
        if self.fails:
            raise NvmlError(self.fails)

    def nvmlShutdown(self):
        self.closed += 1

    def nvmlSystemGetDriverVersion(self):
        return self.driver

    def nvmlSystemGetCudaDriverVersion_v2(self):
        return self.cuda

    def nvmlDeviceGetCount(self):
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, number):
        return self.cards[number]

    def nvmlDeviceGetName(self, card):
        return self._of(card, "name")

    def nvmlDeviceGetUUID(self, card):
        return self._of(card, "uuid")

    def nvmlDeviceGetMemoryInfo(self, card, version=None):
        total, used = self._of(card, "total") * MIB, card.get("used", 0) * MIB
        if version is None:
            used += card.get("reserved", 0) * MIB
            return SimpleNamespace(total=total, used=used, free=total - used)
        reserved = self._of(card, "reserved") * MIB
        return SimpleNamespace(
            total=total, used=used, free=total - used - reserved, reserved=reserved
        )

    def nvmlDeviceGetCudaComputeCapability(self, card):
        return self._of(card, "capability")

    def nvmlDeviceGetMemoryBusWidth(self, card):
        return self._of(card, "bus")

    def nvmlDeviceGetMaxClockInfo(self, card, kind):
        assert kind == 2
        return self._of(card, "clock")

    def nvmlDeviceGetDisplayActive(self, card):
        return self._of(card, "screen")

    def nvmlDeviceGetMigMode(self, card):
        if "slices" not in card:
            raise NvmlError("Not Supported")
        return [1, 1]

    def nvmlDeviceGetMaxMigDeviceCount(self, card):
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card, number):
        if number >= len(card["slices"]):
            raise NvmlError("Not Found")
        return card["slices"][number]

    @staticmethod
    def _of(card, name):
        if name not in card:
            raise NvmlError("Not Supported")
        return card[name]
