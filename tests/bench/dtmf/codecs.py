"""What lies between a key and the box: A-law, and the two speech codecs of mobile telephones, through sox."""

from __future__ import annotations

import subprocess

import numpy as np

_RAW = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]


def sox(samples: np.ndarray, *effect: str, rate: int = 8000) -> np.ndarray:
    """int16 through sox; without dither or random numbers, so that a row is the same every time."""
    out = [*_RAW[:3], str(rate), *_RAW[4:]]
    command = ["sox", "-D", "-R", *_RAW, *out, *effect]
    return np.frombuffer(
        subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True).stdout, "<i2"
    )


def _codec(name: str, *options: str):
    def through(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pcm = np.clip(np.rint(signal), -32768, 32767).astype("<i2").tobytes()
        coded = ["-r", "8000", "-c", "1", "-t", name]
        there = subprocess.run(
            ["sox", "-D", *_RAW, *coded, *options, "-"], input=pcm, capture_output=True, check=True
        ).stdout
        back = subprocess.run(
            ["sox", "-D", "-t", name, "-", *_RAW], input=there, capture_output=True, check=True
        ).stdout
        out = np.frombuffer(back, "<i2").astype(float)
        return np.pad(out, (0, max(0, len(signal) - len(out))))[: len(signal)]

    return through


gsm_full_rate = _codec("gsm")
"""GSM 06.10, 13 kbit/s."""
amr_12_2 = _codec("amr-nb", "-C", "7")
amr_4_75 = _codec("amr-nb", "-C", "0")
"""3GPP TS 26.071 at its best and its worst rate."""


def alaw(samples: np.ndarray) -> np.ndarray:
    """int16 there and back through A-law, by sox (not by `hal.audio.companding`)."""
    raw = _RAW
    law = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "a-law", "-b", "8", "-"]
    there = subprocess.run(
        ["sox", "-D", *raw, *law], input=samples.astype("<i2").tobytes(), capture_output=True, check=True
    )
    back = subprocess.run(["sox", "-D", *law, *raw], input=there.stdout, capture_output=True, check=True)
    return np.frombuffer(back.stdout, "<i2")
