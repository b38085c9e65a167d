"""Speech, noise and lines for tests of hearing."""

from __future__ import annotations

import subprocess
from functools import cache

import numpy as np

from hal.audio import companding, tones
from hal.audio.progress import BEFORE, Frames, analyser
from hal.audio.sound import Encoding

RATE = 8000


@cache
def spoken(text: str, voice: str = "en-gb") -> np.ndarray:
    """A sentence as espeak-ng says it: int16 at 8 kHz."""
    wav = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdin", "--stdout"], input=text.encode(), capture_output=True, check=True
    )
    out = ["-t", "raw", "-r", str(RATE), "-c", "1", "-e", "signed", "-b", "16", "-"]
    raw = subprocess.run(
        ["sox", "-D", "-t", "wav", "-", *out], input=wav.stdout, capture_output=True, check=True
    ).stdout
    samples = np.frombuffer(raw, "<i2").astype(np.int16)
    samples.flags.writeable = False
    return samples


def gain(samples: np.ndarray, decibels: float) -> np.ndarray:
    return np.clip(samples * 10 ** (decibels / 20), -32768, 32767).astype(np.int16)


def noise(seconds: float, level_dbm0: float, seed: int = 3) -> np.ndarray:
    """White noise of a level, not clipped, float."""
    rms = tones.peak(level_dbm0) / np.sqrt(2)
    return np.random.default_rng(seed).normal(0, rms, round(seconds * RATE))


def line(samples: np.ndarray, noise_dbm0: float = -58.0, *, seed: int = 1) -> np.ndarray:
    """Through A-law, with the noise of an idle line."""
    noisy = np.clip(samples + noise(len(samples) / RATE, noise_dbm0, seed), -32768, 32767).astype(np.int16)
    return companding.decode(companding.encode(noisy, Encoding.ALAW), Encoding.ALAW)


def listen(ear, samples: np.ndarray, chunk: int = 800):
    """Let an ear hear samples as the pump would; yields after each 100 ms the sample that it has heard to."""
    signal = np.concatenate([np.zeros(BEFORE, np.int16), samples])
    look = analyser(ear.country)
    for at in range(0, len(samples) - chunk + 1, chunk):
        piece = signal[at : at + chunk + BEFORE]
        seen = look.look(piece[None])
        ear.hear(piece, Frames(seen.kinds[0], seen.levels[0]))
        yield at + chunk
