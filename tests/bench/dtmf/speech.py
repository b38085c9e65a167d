"""Speech that presses no key: espeak-ng in many languages and voices, seeded, cached under build/.

Texts are numbers (espeak-ng speaks them in every language, and they are what an alert box hears most) and made-up words
of open syllables, whose long vowels are what talks off a DTMF receiver. Pitch, speed and voice vary with every sentence.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np

from tests.bench.dtmf import codecs
from tests.bench.dtmf.signals import peak

LANGUAGES = (
    *(
        "en-gb",
        "de",
        "fr-fr",
        "es",
        "it",
        "nl",
        "pl",
        "pt",
        "sv",
        "da",
        "nb",
        "fi",
        "cs",
        "hu",
        "ro",
        "el",
        "tr",
        "ru",
        "ar",
    ),
    *("hi", "id", "sw"),
)
VARIANTS = ("", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+croak")
CACHE = Path("build/bench/speech")


def sentences(rng: np.random.Generator, count: int) -> str:
    """Made-up text: a few words and a number a sentence."""

    def word() -> str:
        return "".join(
            rng.choice(list("bdfgklmnprstvz")) + rng.choice(list("aeiou")) for _ in range(rng.integers(2, 5))
        )

    return " ".join(
        " ".join([*(word() for _ in range(rng.integers(3, 8))), str(rng.integers(0, 10 ** int(rng.integers(1, 8))))])
        + "."
        for _ in range(count)
    )


def speak(text: str, voice: str, pitch: int, speed: int) -> np.ndarray:
    """int16 at 8 kHz, silent ends included."""
    name = hashlib.sha256(f"{text}|{voice}|{pitch}|{speed}".encode()).hexdigest()[:32]
    path = CACHE / f"{name}.s16"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        wav = subprocess.run(
            ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            check=True,
        ).stdout
        out = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]
        raw = subprocess.run(["sox", "-D", "-t", "wav", "-", *out], input=wav, capture_output=True, check=True).stdout
        part = path.with_suffix(f".{os.getpid()}")  # another bench may be speaking the same
        part.write_bytes(raw)
        part.rename(path)
    return np.frombuffer(path.read_bytes(), "<i2")


def talk(seed: int, minutes: float, level: float = -16.0, highpass: bool = False) -> list[np.ndarray]:
    """About that many minutes, a piece for each voice, at `level` dBm0 (active speech), through A-law.

    High-passed at 600 Hz is how a small loudspeaker or a bad microphone speaks: without the fundamental and the first
    formant much more of it looks like two tones.
    """
    rng = np.random.default_rng([seed, 7])
    pieces, total, turn = [], 0.0, 0
    while total < minutes * 60:
        voice = LANGUAGES[turn % len(LANGUAGES)] + str(rng.choice(VARIANTS))
        raw = speak(sentences(rng, 12), voice, int(rng.integers(10, 95)), int(rng.integers(110, 220)))
        turn += 1
        if highpass:
            raw = codecs.sox(raw, "highpass", "600", "highpass", "600")
        pieces.append(codecs.alaw(at_level(raw, level)))
        total += len(raw) / 8000
    return pieces


def at_level(raw: np.ndarray, level: float) -> np.ndarray:
    """Scaled so that its active part (20 ms frames within 30 dB of the loudest) has `level` dBm0, clipped like a line."""
    x = raw.astype(float)
    frames = (x[: len(x) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1)
    active = frames[frames > frames.max() / 1000].mean() ** 0.5
    return np.clip(x * (peak(level) / np.sqrt(2) / active), -32256, 32256).astype(np.int16)


def echo(seed: int, level: float):
    """A prompt's echo for `signals.over`: speech without end at `level` dBm0."""

    def fill(samples: int) -> np.ndarray:
        talked = np.concatenate(talk(seed, samples / 8000 / 60 + 0.1, level))
        return np.resize(talked, samples).astype(float)

    return fill
