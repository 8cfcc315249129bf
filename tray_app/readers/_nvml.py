"""NVIDIA's management library, straight from the driver: no package to install beside it.

Signatures and codes are those of NVIDIA's nvml.h (API version 1 structures, kept by every driver since).
"""

import ctypes
from typing import Any

from tray_app.core.values.reading import Unknown, Why
from tray_app.readers._raw import Source

LIBRARY = "libnvidia-ml.so.1"
SUCCESS, NOT_SUPPORTED, NO_PERMISSION, DRIVER_NOT_LOADED = 0, 3, 4, 9
NAME_BYTES = 96


class MemoryInfo(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = (("total", ctypes.c_uint64), ("free", ctypes.c_uint64), ("used", ctypes.c_uint64))


class Utilization(ctypes.Structure):
    """nvmlUtilization_t, in percent of the last sample period."""

    _fields_ = (("gpu", ctypes.c_uint32), ("memory", ctypes.c_uint32))


class Nvml:
    """Loaded and initialised once; devices are asked anew each time, because an external GPU can go."""

    def __init__(self, library: str = LIBRARY) -> None:
        self._name = library
        self._library: Any = None

    def collect(self) -> tuple[tuple[str, Source], ...]:
        """`nvml0-name`, `nvml0-memory`, `nvml0-utilization` for each device; `nvml` alone where nothing answers."""
        if (refused := self._start()) is not None:
            return (("nvml", refused),)
        count = ctypes.c_uint32()
        code = self._library.nvmlDeviceGetCount_v2(ctypes.byref(count))
        if code != SUCCESS:
            return (("nvml", _unknown(code, "nvmlDeviceGetCount")),)
        parts: list[tuple[str, Source]] = []
        for index in range(min(count.value, 64)):
            device = ctypes.c_void_p()
            code = self._library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint32(index), ctypes.byref(device))
            if code != SUCCESS:
                parts.append((f"nvml{index}-memory", _unknown(code, "nvmlDeviceGetHandleByIndex")))
                continue
            parts += [
                (f"nvml{index}-name", self._device_name(device)),
                (f"nvml{index}-memory", self._ask("nvmlDeviceGetMemoryInfo", device, MemoryInfo())),
                (f"nvml{index}-utilization", self._ask("nvmlDeviceGetUtilizationRates", device, Utilization())),
            ]
        return tuple(parts)

    def _start(self) -> Unknown | None:
        """None once the library is ready. Asked again at every poll: a driver can be loaded later."""
        if self._library is not None:
            return None
        try:
            library: Any = ctypes.CDLL(self._name)
            code = library.nvmlInit_v2()
        except (OSError, AttributeError) as error:
            return Unknown(Why.MISSING, f"{self._name}: {type(error).__name__}")
        if code != SUCCESS:
            return _unknown(code, "nvmlInit")
        self._library = library
        return None

    def _device_name(self, device: ctypes.c_void_p) -> Source:
        text = ctypes.create_string_buffer(NAME_BYTES)
        code = self._library.nvmlDeviceGetName(device, text, ctypes.c_uint32(NAME_BYTES))
        return text.value if code == SUCCESS else _unknown(code, "nvmlDeviceGetName")

    def _ask(self, function: str, device: ctypes.c_void_p, answer: ctypes.Structure) -> Source:
        code = getattr(self._library, function)(device, ctypes.byref(answer))
        return bytes(answer) if code == SUCCESS else _unknown(code, function)


def _unknown(code: int, function: str) -> Unknown:
    why = {
        NOT_SUPPORTED: Why.UNSUPPORTED,
        NO_PERMISSION: Why.DENIED,
        DRIVER_NOT_LOADED: Why.MISSING,
    }.get(code, Why.BAD_ANSWER)
    return Unknown(why, f"{function}: {code}")
