"""What is played of a recording: a copy at the level of the prompts, without key tones and silent ends (`hal.audio.playcopy`).

What was received is kept untouched in the store, and is played itself where no copy can be made.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache

from hal.audio import playcopy
from hal.audio.sound import Sound

log = logging.getLogger(__name__)

_KEPT = 8
"""Copies that are kept: in an alert one message is played to many teams at once. Two minutes are 1 MB."""


async def playback_copy(sound: Sound) -> Sound:
    """The copy. Made once, and not on the loop: two minutes take long enough to be heard as a gap on every other line."""
    return await asyncio.get_running_loop().run_in_executor(None, _copy, sound)


@lru_cache(maxsize=_KEPT)
def _copy(sound: Sound) -> Sound:
    try:
        return playcopy.playback_copy(sound)
    except Exception:  # a message that is too loud or too quiet is better than none
        log.exception("no playback copy of %.1f s of %s: it is played as received", sound.seconds, sound.encoding.value)
        return sound
