"""A catalogue for tests: each text a short, unique sound instead of speech, so that calls are quick and captions still come
from the audio.

A clip is 0.15..0.3 s of three steady tones between 1.8 and 3.3 kHz under a little noise, all drawn from a hash of the text:
nothing of it lies in the DTMF high group's reach above 1.7 kHz or in the low group at all (ITU-T Q.23), so no detector takes
it for a key, and no two clips share a stretch of bytes.
"""

from __future__ import annotations

import hashlib

import numpy as np

from hal.audio import companding
from hal.audio.sound import RATE, Encoding
from ivr.prompts.language import Language

VERSION = "fast-1"


def render(language: Language, text: str) -> bytes:
    """The clip of a text as A-law, 1200..2400 samples."""
    seed = hashlib.sha256(f"{language.code}\0{text}".encode()).digest()
    random = np.random.Generator(np.random.PCG64(int.from_bytes(seed)))
    samples = int(random.integers(round(0.15 * RATE), round(0.3 * RATE) + 1))
    seconds = np.arange(samples) / RATE
    tones = sum(np.sin(2 * np.pi * (hertz * seconds + random.random())) for hertz in random.uniform(1800, 3300, 3))
    noise = random.standard_normal(samples)
    linear = 1800.0 * np.asarray(tones) + 300.0 * noise
    return companding.encode(linear.clip(-30000, 30000).astype(np.int16), Encoding.ALAW)
