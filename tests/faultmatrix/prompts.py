"""Phrases for the matrix: sounds that are short, and that a telephone still recognises through a modem with eight linear bits.

A clip is 0.45 s of noise between 250 and 650 Hz, drawn from a hash of its text: below the lowest tone of a key (697 Hz, ITU-T
Q.23), and within what the exchange's comparison by correlation sees (`hal.simulated.likeness`, 2 kHz).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from hal.audio import companding
from hal.audio.sound import RATE, Encoding
from ivr.prompts import load, store
from ivr.prompts.language import Language

_SAMPLES = round(0.45 * RATE)
_BAND_HZ = (250, 650)
_LEVEL = 3000


def render(language: Language, text: str) -> bytes:
    """The clip of a text as A-law."""
    seed = hashlib.sha256(f"{language.code}\0{text}".encode()).digest()
    random = np.random.Generator(np.random.PCG64(int.from_bytes(seed)))
    spectrum = np.fft.rfft(random.standard_normal(_SAMPLES))
    hertz = np.fft.rfftfreq(_SAMPLES, 1 / RATE)
    spectrum[(hertz < _BAND_HZ[0]) | (hertz > _BAND_HZ[1])] = 0
    wave = np.fft.irfft(spectrum, _SAMPLES)
    wave *= _LEVEL / np.sqrt(np.mean(wave**2))
    return companding.encode(wave.clip(-30000, 30000).astype(np.int16), Encoding.ALAW)


store.RENDERERS["matrix"] = (render, "matrix-1")


def spoken(directory: Path, names: list[str]) -> Path:
    """All phrases and these names, in a directory that a box can use."""
    for code in ("en", "de"):
        language = load(code)
        store.render_missing(directory, language, [*language.texts(), *names], "matrix")
    return directory
