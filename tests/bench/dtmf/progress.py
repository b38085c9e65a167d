"""Supervisory tones beside peers: made by SoX for our ears, and made by us for libspandsp's recogniser of cadences."""

from __future__ import annotations

import ctypes
import subprocess
from functools import cache

import numpy as np

from hal.audio.tones import Cadence, Signal, cadences

_RAW = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]
_REPORT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int)
TOLERANCE = 0.15
"""Of each step, for spandsp, which looks at blocks of 16 ms."""


@cache
def _sine(frequencies: tuple[int, ...], seconds: float) -> np.ndarray:
    """Sines by SoX; no frequency is silence."""
    if not frequencies:
        return np.zeros(round(seconds * 8000), np.int16)
    effects = ["synth", f"{seconds}", *(word for hertz in frequencies for word in ("sine", str(hertz)))]
    if len(frequencies) > 1:
        effects += ["remix", ",".join(str(place + 1) for place in range(len(frequencies)))]
    done = subprocess.run(
        ["sox", "-D", "-r", "8000", "-n", *_RAW, *effects, "gain", "-13"], capture_output=True, check=True
    )
    return np.frombuffer(done.stdout, "<i2")


def by_sox(cadence: Cadence, seconds: float) -> np.ndarray:
    """That much of a supervisory tone, by SoX's synthesiser."""
    if cadence.continuous:
        return _sine(cadence.steps[0][0], seconds)
    period = np.concatenate([_sine(*step) for step in cadence.steps])
    return np.resize(period, round(seconds * 8000))


def heard_by_spandsp(samples: np.ndarray, country: str) -> set[Signal]:
    """Which tones of a country libspandsp.so.2 recognises. It knows two frequencies at once, so the special information tone's
    three steps are elements of one frequency each."""
    lib = ctypes.CDLL("libspandsp.so.2")
    for name in ("super_tone_rx_make_descriptor", "super_tone_rx_init"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.super_tone_rx_make_descriptor.argtypes = [ctypes.c_void_p]
    lib.super_tone_rx_add_tone.argtypes = [ctypes.c_void_p]
    lib.super_tone_rx_add_element.argtypes = [ctypes.c_void_p] + [ctypes.c_int] * 5
    lib.super_tone_rx_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, _REPORT, ctypes.c_void_p]
    lib.super_tone_rx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    lib.super_tone_rx_free.argtypes = [ctypes.c_void_p]
    described = lib.super_tone_rx_make_descriptor(None)
    signals: dict[int, Signal] = {}
    for signal, cadence in cadences(country).items():
        tone = lib.super_tone_rx_add_tone(described)
        signals[tone] = signal
        for frequencies, seconds in cadence.steps:
            first, second = (*frequencies, 0, 0)[:2]
            if cadence.continuous:
                low, high = 2000, 0
            else:
                low, high = round(seconds * 1000 * (1 - TOLERANCE)), round(seconds * 1000 * (1 + TOLERANCE))
            lib.super_tone_rx_add_element(described, tone, first, second, low, high)
    found: set[Signal] = set()

    @_REPORT
    def report(_: int, code: int, level: int, delay: int) -> None:
        if code in signals:
            found.add(signals[code])

    state = lib.super_tone_rx_init(None, described, report, None)
    samples = np.ascontiguousarray(samples, np.int16)
    for at in range(0, len(samples), 160):
        lib.super_tone_rx(state, samples[at:].ctypes.data, min(160, len(samples) - at))
    lib.super_tone_rx_free(state)
    return found
