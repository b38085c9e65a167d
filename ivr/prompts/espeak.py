"""Speech by espeak-ng, brought to what a telephone line carries: 8 kHz A-law, telephone band, one level, trimmed."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave

import numpy as np
import numpy.typing as npt

from hal.audio import companding
from hal.audio.sound import RATE, Encoding, Sound
from ivr.prompts.language import Language, pause_after

VERSION = "espeak-1"
"""Part of each clip's identity: raised when this file changes what a clip sounds like."""

Linear = npt.NDArray[np.float64]
"""Samples on the scale of 16 bits, before rounding."""

_LEVEL_DBM0 = -16.0
_FULL_SCALE_DBM0 = 3.14
"""Level of a sine that just fills A-law (ITU-T G.711, table 5 note)."""
_PEAK = 32256.0
"""Greatest A-law magnitude in 16 bits."""
_BAND = (250.0, 350.0, 3300.0, 3500.0)
"""Band edges in Hz: stop, pass, pass, stop (about the band of ITU-T G.712)."""
_ACTIVE = 0.02
"""Share of the greatest frame level below which a 10 ms frame is no speech."""
_MARGIN_S = 0.02
_SECONDS = 60.0


class EspeakMissing(RuntimeError):
    """espeak-ng is not there, or did not speak."""


def available() -> bool:
    """espeak-ng is installed."""
    return shutil.which("espeak-ng") is not None


def render(language: Language, text: str) -> bytes:
    """The text as A-law at about -16 dBm0 active level, with the pause that its punctuation asks for. Blocks for some 20 ms.

    Raises `EspeakMissing`.
    """
    rate, samples = _speak(language, text)
    linear = level(trim(to_telephone(samples, rate)))
    return companding.encode(linear.round().astype(np.int16), Encoding.ALAW) + Sound.pause(pause_after(text)).data


def _speak(language: Language, text: str) -> tuple[int, Linear]:
    command = ["espeak-ng", "-v", language.voice, "-s", str(language.speed), "-b", "1", "-z", "--stdout", "--stdin"]
    said = language.spoken(text).encode()
    try:
        done = subprocess.run(command, input=said, capture_output=True, check=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise EspeakMissing(f"espeak-ng did not speak {text!r}: {error}") from error
    with wave.open(io.BytesIO(done.stdout)) as file:
        rate = file.getframerate()
        # espeak-ng writes to a pipe and cannot know the length beforehand: its header claims far too many frames.
        data = file.readframes(file.getnframes())
    if not data:
        raise EspeakMissing(f"espeak-ng said nothing for {text!r}")
    return rate, np.frombuffer(data, "<i2").astype(np.float64)


def to_telephone(samples: Linear, rate: int) -> Linear:
    """Band-limit and resample to 8 kHz in one step, in the frequency domain: exact, and a clip is short enough."""
    block = rate // np.gcd(rate, RATE)
    padded = np.append(samples, np.zeros(-len(samples) % block + block))
    spectrum = np.fft.rfft(padded)
    hertz = np.fft.rfftfreq(len(padded), 1 / rate)
    stop_low, pass_low, pass_high, stop_high = _BAND
    rise = np.clip((hertz - stop_low) / (pass_low - stop_low), 0, 1)
    fall = np.clip((stop_high - hertz) / (stop_high - pass_high), 0, 1)
    spectrum *= 0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))
    length = len(padded) * RATE // rate
    resampled: Linear = np.fft.irfft(spectrum[: length // 2 + 1], length) * (length / len(padded))
    return resampled


def _frame_levels(samples: Linear) -> Linear:
    frame = RATE // 100
    frames = np.append(samples, np.zeros(-len(samples) % frame)).reshape(-1, frame)
    levels: Linear = np.sqrt((frames**2).mean(axis=1))
    return levels


def trim(samples: Linear) -> Linear:
    """Without the silence at both ends, but for 20 ms."""
    levels = _frame_levels(samples)
    active = np.flatnonzero(levels > _ACTIVE * np.max(levels, initial=0.0))
    if not len(active):
        return samples
    margin, frame = round(_MARGIN_S * RATE), RATE // 100
    return samples[max(0, active[0] * frame - margin) : (active[-1] + 1) * frame + margin]


def level(samples: Linear) -> Linear:
    """Brought to -16 dBm0 over the frames that speak; peaks are bent softly below the A-law overload point."""
    levels = _frame_levels(samples)
    speech = levels[levels > 0.1 * np.max(levels, initial=0.0)]
    if not len(speech):
        return samples
    wanted = _PEAK / np.sqrt(2) * 10 ** ((_LEVEL_DBM0 - _FULL_SCALE_DBM0) / 20)
    scaled: Linear = samples * (wanted / np.sqrt((speech**2).mean()))
    knee = 0.7 * _PEAK
    over = np.abs(scaled) > knee
    room = _PEAK - knee
    scaled[over] = np.sign(scaled[over]) * (knee + room * np.tanh((np.abs(scaled[over]) - knee) / room))
    return scaled
