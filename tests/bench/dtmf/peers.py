"""The detectors under test, each as a function from int16 samples at 8 kHz to the string of keys it heard."""

from __future__ import annotations

import ctypes
import math
import re
import subprocess
import time
from collections.abc import Callable

import numpy as np

from hal.audio.dtmf import DtmfDetector
from tests.bench.dtmf import codecs
from tests.bench.dtmf.signals import HIGH, KEYS, LOW

Detector = Callable[[np.ndarray], str]
TICK = 160


def ours(samples: np.ndarray) -> str:
    detector = DtmfDetector()
    return "".join(digit for _, digit, _ in detector.feed(samples))


class Spandsp:
    """libspandsp.so.2 through ctypes, by default as it comes. Debian's 0.0.6 takes its parameters as ints, in dB."""

    def __init__(self, twist: int | None = None, reverse_twist: int | None = None, *, filter_dialtone: int = 0) -> None:
        self._lib = ctypes.CDLL("libspandsp.so.2")
        self._lib.dtmf_rx_init.restype = ctypes.c_void_p
        self._lib.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
        self._lib.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
        self._lib.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        self._lib.dtmf_rx_get.restype = ctypes.c_size_t
        self._lib.dtmf_rx_parms.argtypes = [ctypes.c_void_p] + [ctypes.c_int] * 4
        self._lib.dtmf_rx_free.argtypes = [ctypes.c_void_p]
        self._twists = (-1 if twist is None else twist, -1 if reverse_twist is None else reverse_twist)
        self._filter = filter_dialtone

    def __call__(self, samples: np.ndarray) -> str:
        state = self._lib.dtmf_rx_init(None, None, None)
        self._lib.dtmf_rx_parms(state, self._filter, *self._twists, -99)
        samples = np.ascontiguousarray(samples, np.int16)
        out = ""
        buffer = ctypes.create_string_buffer(129)
        for at in range(0, len(samples), TICK):
            self._lib.dtmf_rx(state, samples[at:].ctypes.data, min(TICK, len(samples) - at))
            n = self._lib.dtmf_rx_get(state, buffer, 128)
            out += buffer.raw[:n].decode()
        self._lib.dtmf_rx_free(state)
        return out


def multimon(samples: np.ndarray) -> str:
    """multimon-ng, which wants 22,050 samples a second."""
    fast = codecs.sox(samples, "rate", "-h", rate=22050)
    command = ["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", "-"]
    out = subprocess.run(command, input=fast.tobytes(), capture_output=True, check=False).stdout.decode(
        errors="replace"
    )
    return "".join(key.replace("E", "*").replace("F", "#") for key in re.findall(r"^DTMF: (\S)", out, re.M))


def goertzel(samples: np.ndarray) -> str:
    """The textbook: blocks of 102 samples, two hits running and a block without that key before it."""
    n = 102
    blocks = samples[: len(samples) // n * n].reshape(-1, n).astype(float)
    t = np.arange(n) / 8000
    basis = np.exp(-2j * math.pi * np.outer(t, LOW + HIGH))
    power = np.abs(blocks @ basis) ** 2
    energy = (blocks**2).sum(axis=1)
    out, last, hits = "", "", 0
    for low, high, total in zip(power[:, :4], power[:, 4:], energy, strict=True):
        i, j = int(low.argmax()), int(high.argmax())
        key = ""
        if (
            low[i] > 8e7
            and high[j] > 8e7
            and high[j] < low[i] * 6.3
            and low[i] < high[j] * 6.3
            and (np.delete(low, i) * 6.3 < low[i]).all()
            and (np.delete(high, j) * 6.3 < high[j]).all()
            and low[i] + high[j] > 0.5 * total * n / 2
        ):
            key = KEYS[4 * i + j]
        hits = hits + 1 if key == last else 1
        if key and hits == 2:
            out += key
        last = key
    return out


def cost_us(detector: Callable[[], object], channel_seconds: float, repeat: int = 5) -> float:
    """CPU microseconds a channel-second of this thread, the best of some runs: the others were disturbed."""
    best = math.inf
    for _ in range(repeat):
        begin = time.thread_time()
        detector()
        best = min(best, time.thread_time() - begin)
    return best / channel_seconds * 1e6
