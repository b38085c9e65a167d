"""What happens in the demonstration, and how it must end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.demo.ears import Likeness
from hal.audio.sound import Sound
from hal.simulated.client import ExchangeClient

BOX = "4711"
SENDER = "+494011110001"
SENDER_LOGIN = "1001" + "24680"
LISTENER = "+498922220002"
"""The team whose receiver the demonstration holds: alpine."""
MESSAGE = (
    "This is Harbour CERT. A new worm is spreading through port four four five. "
    "Please block it at your borders now, and look for outgoing connections."
)
GREETING = "You have reached the office. Nobody is here at one in the morning. Please leave a message after the tone."
PATIENCE_S = 900.0
"""Seconds of life that a step may take, at the pace of life."""

EXPECTED = {
    "alpine": "reached by key",
    "rhine": "reached by PIN, group duty",
    "polder": "reached by key",
    "fjord": "NOT REACHED: 3 calls: no-answer, no-answer, no-answer",
    "office": "NOT REACHED: 3 calls",
    "hasty": "reached by key",
    "mixup": "reached by PIN, group duty",
    "newcomer": "not called: no code of conduct",
}
"""Team -> how its line of the report must begin."""
PARTLY = ("hasty",)
"""Teams that hang up before the end of the message."""
FIRST_TRY = {"polder": "busy"}
"""Team -> outcome of its first call."""
NOTICES = {"+4917022220002", "+4917033330003"}
"""Mobiles of the teams that are called."""
RESULTS = {"+4917011110001", "+4917099990000"}
"""Who is told how it ended: the sender's mobile, the management."""
NOTICE = "eCSIRT.net alert function - a new voice-mail was received."

Say = Callable[[str], None]


async def send_alert(socket: Path, spoken: Sound, speed: float, say: Say) -> None:
    """A team calls in, logs in, speaks, and confirms. Raises `ConnectionError` where the box hangs up."""

    async def hears(words: str, life_s: float) -> None:
        """Wait for words, or for the seconds of life after which they must have been said: on a busy computer the sound may
        be too broken to be known, as it may be on the telephone."""
        with suppress(TimeoutError):
            await phone.hears(words, within=max(life_s / speed, 3.0))

    async with await ExchangeClient.connect(socket) as phone:
        say("harbour calls the box")
        await phone.dial(SENDER, BOX, within=PATIENCE_S)
        await hears("your PIN", 20)
        await phone.press(SENDER_LOGIN)
        await hears("press", 20)  # the main menu
        say("harbour has logged in, and records an alert")
        await phone.press("1")
        await hears("after the tone", 10)
        await asyncio.sleep(8.0 / speed)  # the rest of the prompt, and the tone
        await phone.speaks(spoken)
        await phone.press("#")
        await hears("press", 10)  # send, listen, record again ...
        await phone.press("1")
        say("harbour has pressed 1")
        await hears("is stored", 10)
        await asyncio.sleep(3.0 / speed)


async def receive(socket: Path, heard: bytearray, say: Say) -> None:
    """Be alpine: pick up, acknowledge with 1, listen to the end. What is heard (A-law) goes into `heard`."""
    async with await ExchangeClient.connect(socket) as phone:
        await phone.attach(LISTENER)
        await phone.listen(heard.extend)
        await phone.rings(within=PATIENCE_S)
        await phone.answer()
        await phone.hears("press", within=PATIENCE_S)
        say("alpine presses 1")
        await phone.press("1")
        with suppress(ConnectionError):
            await phone.hears("end of message", within=PATIENCE_S)
            await phone.hang_up()


def differences(report: dict[str, Any], texts: list[dict[str, str]], ears: Likeness, *, exact: bool) -> list[str]:
    """Everything in which the alert did not end as it should; empty if all is well.

    `report` is the data of `alertbox alerts show`, `texts` the messages that the network took. `exact`: all of the
    message must have been heard (at the pace of life; a busy computer that hurries tenfold may drop a frame).
    """
    wrong = []
    for team, expected in EXPECTED.items():
        found = report["teams"].get(team, "nothing")
        if not found.startswith(expected):
            wrong.append(f"{team}: {found}, not {expected}")
        elif expected.startswith("reached") and ("not to the end" in found) is not (team in PARTLY):
            wrong.append(f"{team}: {found}")
    if unexpected := report["teams"].keys() - EXPECTED.keys():
        wrong.append(f"teams that should not be there: {', '.join(unexpected)}")
    tries: dict[str, list[str]] = {}
    for team, outcome, counted in report["attempts"]:
        if counted:
            tries.setdefault(team, []).append(outcome)
    for team, outcome in FIRST_TRY.items():
        if tries.get(team, [""])[0] != outcome:
            wrong.append(f"{team}: the first call was {tries.get(team)}, not {outcome}")
    wrong += [f"{team} was called {len(each)} times" for team, each in tries.items() if len(each) > 3]
    if report["ended"] != "complete":
        wrong.append(f"the alert has not ended: {report['ended']}")
    notices = sorted(text["to"] for text in texts if text["text"] == NOTICE)
    if notices != sorted(NOTICES):
        wrong.append(f"notices went to {notices}, not {sorted(NOTICES)}")
    results = {text["to"] for text in texts if "5 of 7 teams reached" in text["text"]}
    if results != RESULTS:
        wrong.append(f"the result went to {sorted(results)}, not {sorted(RESULTS)}")
    if ears.share < (0.99 if exact else 0.9):
        wrong.append(f"alpine heard {ears.share:.1%} of what was spoken")
    return wrong
