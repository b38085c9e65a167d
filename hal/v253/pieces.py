"""Where to cut a prompt for a modem that hears no keys while it plays: at its quietest places, every few seconds.

Such a modem is put into its receiving state between two pieces, where keys are heard. Nothing that is pressed while a piece plays
is heard, unless it is still held when the piece ends; so people must be given time to notice the pause and press.
"""

from __future__ import annotations

import numpy as np

from hal.audio import companding
from hal.audio.sound import RATE, Encoding

LEAST_S = 2.0
MOST_S = 4.0
"""A piece lasts so long: about a spoken clause, so that a pause falls where speech pauses anyway."""
GAP_S = 0.9
"""Seconds of listening after each piece: 0.5 s to notice the pause and press, 0.1 s of tone, and what is lost by going from one
data state to the other and back, which is 0.1 s each way on a modem that answers commands in 50 ms."""
_WINDOW = RATE // 10


def cuts(audio: bytes, encoding: Encoding) -> list[int]:
    """The samples before which `audio` is cut. `encoding` is one of whole bytes. Empty for audio of at most `MOST_S`."""
    samples = companding.decode(audio, encoding).astype(np.float64)
    energy = np.concatenate(([0.0], np.cumsum(samples**2)))
    found: list[int] = []
    begin = 0
    while len(samples) - begin > MOST_S * RATE:
        first, last = begin + round(LEAST_S * RATE), begin + round(MOST_S * RATE) - _WINDOW
        starts = np.arange(first, last, _WINDOW // 10)
        begin = int(starts[np.argmin(energy[starts + _WINDOW] - energy[starts])]) + _WINDOW // 2
        found.append(begin)
    return found
