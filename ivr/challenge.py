"""A key before anything else, while calls of one network look like an attack (`appliance.overload`).

People press it; a robot that does not listen cannot know it. Whoever calls from a registered number is not asked, nobody who
is in a conversation is, and calls out never are.
"""

from __future__ import annotations

from hal.line import Call
from ivr.house import House
from ivr.login import in_all_languages, registered
from ivr.menu import Talk

ROUNDS = 2
"""Times that a key is asked for: another one after a wrong key, as people miss keys. Silence is not asked again."""
KEYS = "123456789"


async def passes(call: Call, house: House) -> bool:
    """Whether the caller may go on. Raises `HungUp`."""
    if registered(call, house):
        return True
    talk = Talk(call, house.speak(house.languages[0]), house.limits)
    for _ in range(ROUNDS):
        wanted = house.draw.choice(KEYS)
        call.flush_keys()
        await talk.play(*in_all_languages(house, "challenge", key=wanted))
        pressed = await call.key(house.limits.challenge_wait_s)
        if pressed == wanted:
            return True
        if pressed is None:
            break
    call.flush_keys()
    await talk.play(*in_all_languages(house, "goodbye"), interrupt="")
    return False
