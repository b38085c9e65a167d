"""The beep, the recording after it, and whether anything is to be heard in it."""

from __future__ import annotations

import asyncio
import math

import numpy as np

from hal.audio import companding, levels, tones
from hal.audio.sound import RATE, Sound
from hal.line import Recording
from ivr.menu import Talk

_STRETCH = RATE // 10


async def after_the_beep(talk: Talk, limit_s: float) -> Recording:
    """Beep, then record until a key, `limit_s` seconds or a hang-up. Keys pressed before the recording do not end it.

    Raises `HungUp` only before the recording begins.
    """
    talk.call.flush_keys()
    await talk.play(tones.beep(), interrupt="")
    talk.call.flush_keys()
    recording = await talk.call.record(limit_s=limit_s)
    talk.call.flush_keys()
    return recording


async def seems_silent(sound: Sound, threshold_dbm0: float) -> bool:
    """No 100 ms of the sound are louder than the threshold (dBm0), or nobody speaks in it: only noise, hum or tones."""

    def judge() -> bool:
        return loudest_dbm0(sound) < threshold_dbm0 or levels.seems_silent(sound)

    # Two minutes take long enough to be heard as a gap on every other line, were it done on the loop.
    return await asyncio.get_running_loop().run_in_executor(None, judge)


def loudest_dbm0(sound: Sound) -> float:
    """Level of the loudest 100 ms in dBm0, as in ITU-T G.711: a sine of full scale has +3.14. Silence is far below -60.

    The mean of each stretch is taken off first: a line's direct-current offset is no speech.
    """
    samples = companding.decode(sound.data, sound.encoding).astype(np.float64)
    if len(samples) < _STRETCH:
        stretches = samples[np.newaxis] if len(samples) else np.zeros((1, 1))
    else:
        stretches = samples[: len(samples) // _STRETCH * _STRETCH].reshape(-1, _STRETCH)
    loudest = float(np.max(stretches.std(axis=1)))
    full_scale = 32768.0 / math.sqrt(2)
    return 20 * math.log10(max(loudest, 1e-3) / full_scale) + tones.FULL_SCALE_DBM0
