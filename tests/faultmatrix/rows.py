"""The behaviours, one row each, with where they were seen.

`ref` is the project's modem reference (`shared/reference/modems.md`); a name with a number is an issue thread of that project.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faultmatrix.cell import DEAD_S, Cell, Moment, Row

START, IDLE, DIAL, CALL, CALL_IN = Moment
Strike = Callable[[Cell], Awaitable[None] | None]

WIRED = "a terminal adapter or voice modem has one port and no network of its own"
AUDIO = "its audio has a port of its own, and no shielded codes"
NO_SMS = "sends no messages"
CPCMREG = "+CPCMREG is SIMCom's"


def sets(**faults: Any) -> Strike:
    """The fault as a knob of the simulated modem (`hal.simulated.faults`)."""

    def strike(cell: Cell) -> None:
        cell.faults.set(**faults)

    return strike


def typed(wired: tuple[str, ...], radio: tuple[str, ...]) -> Strike:
    """Settings that another program has left behind."""

    async def strike(cell: Cell) -> None:
        await cell.typed(*(radio if "radio" in cell.column.kinds else wired))

    return strike


def unplug(cell: Cell) -> None:
    cell.device.unplug()


def plug(cell: Cell) -> None:
    cell.device.plug()


def drops_for(seconds: float) -> Strike:
    """Off the bus and back."""

    def strike(cell: Cell) -> None:
        cell.device.unplug()
        cell.later(seconds, cell.device.plug)

    return strike


def returns_elsewhere(cell: Cell) -> None:
    """Off the bus and back: its node, which the box is told to use, leads to another terminal than before."""
    cell.device.unplug()
    cell.later(4.0, cell.device.plug)


def ghost(cell: Cell) -> None:
    for port in cell.ports:
        port.ghost()


def restarts(cell: Cell) -> None:
    cell.modem.restarts()


async def replugged(cell: Cell) -> None:
    """With another firmware."""
    cell.faults.clear()
    cell.device.unplug()
    await asyncio.sleep(2.0)
    cell.device.plug()


def held_by_another(cell: Cell) -> None:
    """Off the bus; when it comes back another program is faster, and locks it."""
    cell.device.unplug()

    def grab() -> None:
        cell.device.plug()
        cell.held = os.open(cell.modem.port.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.flock(cell.held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    cell.later(1.0, grab)


def let_go(cell: Cell) -> None:
    os.close(cell.held)


async def lose_network(cell: Cell) -> None:
    cell.device.set_registration(2)


async def find_network(cell: Cell) -> None:
    cell.device.set_registration(1)


def lose_sim(cell: Cell) -> None:
    cell.device.card.state = ""
    cell.device.set_registration(0)


def put_sim_back(cell: Cell) -> None:
    cell.device.card.state = "READY"
    cell.device.set_registration(1)


def audio_port_goes(cell: Cell) -> None:
    cell.device.audio.port.unplug()


def audio_port_returns(cell: Cell) -> None:
    if not cell.device.audio.port.plugged:  # a reset of the whole modem has not brought it back yet
        cell.device.audio.port.plug()


async def messages_come(cell: Cell) -> None:
    """With a full store, or an index that is none: the line must not care."""
    cell.town.exchange.send_sms("+4917099", cell.column.number, "hello")
    await asyncio.sleep(1.0)


async def second_call_silent(cell: Cell) -> None:
    """The first call is well, and the fault begins behind it."""
    cell.faults.second_call_silent = True
    await cell.alert()
    cell.struck_at = asyncio.get_running_loop().time()


async def full_store(cell: Cell) -> None:
    cell.faults.memory_full = True
    await messages_come(cell)


async def minus_one(cell: Cell) -> None:
    cell.faults.cmti_minus_one = True
    await messages_come(cell)


async def untold(cell: Cell) -> None:
    cell.faults.cmti_lost = True
    await messages_come(cell)


NASTY = "ref 2.7"
KNOBS = "ref 4, fault knobs"

DIALOGUE = (
    Row("split writes", KNOBS, IDLE, sets(split_writes=7), harmless=True),
    Row("glued lines (ERROR+CNUM, 0OK)", "ref 2.7, chan_dongle", IDLE, sets(glued=True), harmless=True),
    Row("double CR", "ref 2.7, bg111#272", IDLE, sets(doubled_cr=True), harmless=True),
    Row("lines between command and answer", "ref 2.7, wdoekes#143", IDLE, sets(unsolicited="^RSSI: 20"), harmless=True),
    Row("echo that cannot be switched off", "ref 2.6, ofono", IDLE, sets(echo=True), harmless=True),
    Row("answers 0.4 s late", KNOBS, IDLE, sets(delay_s=0.4), harmless=True),
    Row("answers 7 s late", "ref 2.7, bg111#97", IDLE, sets(delay_s=7.0)),
    Row("an OK swallowed", KNOBS, IDLE, sets(swallow_ok=1), harmless=True),
    Row("ten OKs swallowed", KNOBS, IDLE, sets(swallow_ok=10)),
    Row("answers shifted by one command", "ref 2.7, bg111#97", IDLE, sets(shifted=True)),
    Row("OK to everything", KNOBS, IDLE, sets(ok_to_all=True)),
    Row("ERROR to everything", "ref 4, ofono-phonesim", IDLE, sets(error=True)),
    Row("garbage all the time", NASTY, IDLE, sets(garbage=True)),
    Row("garbage in a call", NASTY, CALL, sets(garbage=True)),
    Row("noise of a wrong speed", "ref 1.3, 2.1", IDLE, sets(wrong_baud=True)),
    Row("stuck in a message prompt", "ref 2.6, chan_dongle BUGS 13", START, sets(prompt=True), harmless=True),
    Row(
        "results off, as numbers (ATQ1V0) by another program",
        "ref 2.7, wdoekes#82",
        START,
        typed(("ATQ1V0",), ("ATQ1V0",)),
        harmless=True,
    ),
    Row(
        "+CRC=1 left on by another program",
        "ref 2.7, wdoekes#82",
        START,
        typed((), ("AT+CRC=1",)),
        harmless=True,
        needs="radio",
        because=WIRED,
    ),
    Row(
        "answers by itself (S0=1), fax class, left by another program",
        "ref 2.7, wdoekes#82",
        START,
        typed(("ATS0=1", "AT+FCLASS=0"), ("ATS0=1",)),
        harmless=True,
    ),
)
DEAD = (
    Row("silence", NASTY, IDLE, sets(silent=True), limit_s=DEAD_S),
    Row("silence from the start", NASTY, START, sets(silent=True), limit_s=DEAD_S),
    Row("silence in the middle of a call out", KNOBS, CALL, sets(silent=True)),
    Row("silence in the middle of a call in", KNOBS, CALL_IN, sets(silent=True)),
    Row("silence from the dial command on", KNOBS, DIAL, sets(hangs_on="03010")),
    Row("dead port (EIO)", "ref 2.7, gammu#266", IDLE, unplug, plug, limit_s=DEAD_S),
    Row("dead port (EIO) in a call out", "ref 2.7, gammu#266", CALL, unplug, plug, limit_s=DEAD_S),
    Row("USB reset: off the bus for 4 s", "ref 2.7, transcript 10", IDLE, drops_for(4.0)),
    Row("USB reset in the middle of a call out", "ref 2.7, chan_quectel README", CALL, drops_for(4.0)),
    Row("USB reset in the middle of a call in", "ref 2.7, chan_quectel README", CALL_IN, drops_for(4.0)),
    Row(
        "half-alive descriptor: writes succeed, nothing returns",
        "ref 2.7, gammu#266, #323",
        IDLE,
        ghost,
        limit_s=DEAD_S,
    ),
    Row("half-alive descriptor in a call out", "ref 2.7, gammu#266", CALL, ghost),
    Row("port held by another program (EBUSY)", "ref 2.7, gammu#400", IDLE, held_by_another, let_go),
    Row("power dip: restarts and forgets everything", "ref 2.7", IDLE, restarts),
    Row("power dip in the middle of a call out", "ref 2.7, chan_quectel README", CALL, restarts),
)
AUDIO_ROWS = (
    Row("DLE u right after CONNECT", "ref 1.4", CALL, sets(underrun=True), harmless=True, needs="wired", because=AUDIO),
    Row(
        "receive overrun: DLE o, audio lost",
        "ref 1.4",
        CALL_IN,
        sets(overrun=True),
        harmless=True,
        needs="wired",
        because=AUDIO,
    ),
    Row(
        "leaves playing only after three DLE",
        "ref 1.2, callattendant#94",
        CALL,
        sets(three_dle=True),
        harmless=True,
        needs="half duplex|isdn",
        because="its stream is not ended by DLE ETX from the host",
    ),
    Row("DLE ETX at the end missing", KNOBS, CALL_IN, sets(etx_lost=True), needs="wired", because=AUDIO),
    Row("stuck in the data state", KNOBS, CALL, sets(codes_ignored=True), needs="wired", because=AUDIO),
    Row("the end of a call is not told (zombie call)", "ref 2.3, callpilot", CALL_IN, sets(end_lost=True)),
    Row(
        "audio port dead, commands well",
        "ref 6, callpilot#121",
        CALL,
        sets(pcm_dead=True),
        needs="radio",
        because=WIRED,
    ),
    Row(
        "audio port gone (EIO), commands well",
        NASTY,
        CALL,
        audio_port_goes,
        audio_port_returns,
        needs="radio",
        because=WIRED,
        limit_s=DEAD_S,
    ),
    Row("a byte of the audio lost", "ref 2.4", CALL, sets(pcm_slip=1), harmless=True, needs="radio", because=WIRED),
)
CALLS = (
    Row("NO CARRIER at once", "ref 2.7, LilyGo#104", DIAL, sets(no_carrier=True)),
    Row("no dial tone", "ref 1.2", DIAL, sets(no_dial_tone=True)),
    Row(
        "no circuit (congestion)",
        "ref 2.3",
        DIAL,
        sets(congestion=True),
        needs="radio|isdn",
        because="an analogue line hears congestion as busy: the team's exchange may have said it",
    ),
    Row(
        "dial command accepted, nothing comes of it",
        "ref 2.3",
        DIAL,
        sets(dial_lost=True),
        needs="radio",
        because="no result yet is what a telephone that rings looks like",
    ),
    Row(
        "voice mode refused after earlier working",
        "ref 1.1, emxsys#163; ref 2.4, chan_dongle#171",
        START,
        sets(no_voice=True),
        replugged,
        needs="analogue|radio",
        because="an ISDN adapter is in voice mode by its registers",
    ),
)
RADIO = (
    Row(
        "audio path refused for 3 s (CPCMREG ERROR)",
        "ref 2.4, callpilot#112",
        DIAL,
        sets(cpcmreg_errors=6),
        harmless=True,
        needs="simcom",
        because=CPCMREG,
    ),
    Row(
        "audio path refused for good (CPCMREG ERROR)",
        "ref 2.4, callpilot#121",
        DIAL,
        sets(cpcmreg_errors=1000),
        needs="simcom",
        because=CPCMREG,
    ),
    Row(
        "no audio from the second call on",
        "ref 2.4, callpilot#121",
        DIAL,
        second_call_silent,
        needs="simcom",
        because=CPCMREG,
    ),
    Row(
        "uplink full and never emptied (+QPCMV: 0,0)",
        "ref 2.4, callpilot",
        CALL,
        sets(uplink_stuck=True),
        needs="quectel",
        because="+QPCMV is Quectel's",
    ),
    Row("registration lost", "ref 2.5", IDLE, lose_network, find_network, needs="radio", because=WIRED),
    Row(
        "registration lost in the middle of a call out",
        "ref 2.5",
        CALL,
        lose_network,
        find_network,
        needs="radio",
        because=WIRED,
    ),
    Row("SIM removed", "ref 2.2", IDLE, lose_sim, put_sim_back, needs="radio", because=WIRED),
    Row(
        "a message is taken and never answered (CMGS stuck)",
        "ref 2.6, wdoekes#126",
        IDLE,
        sets(cmgs_stuck=True),
        harmless=True,
        needs="radio",
        because=NO_SMS,
    ),
    Row(
        "every message refused (+CMS ERROR: 500)",
        "ref 2.6, gammu#64",
        IDLE,
        sets(cmgs_error=500),
        harmless=True,
        needs="radio",
        because=NO_SMS,
    ),
    Row(
        "message store full", "ref 2.6, callpilot FAQ 8", IDLE, full_store, harmless=True, needs="radio", because=NO_SMS
    ),
    Row("+CMTI with index -1", "ref 2.6, chan_dongle", IDLE, minus_one, harmless=True, needs="radio", because=NO_SMS),
    Row("+CMTI lost", "ref 2.6", IDLE, untold, harmless=True, needs="radio", because=NO_SMS),
    Row("hangs on +CMGL", "ref 2.7, gammu#4", START, sets(hangs_on="+CMGL"), needs="radio", because=NO_SMS),
)
ROWS = DIALOGUE + DEAD + AUDIO_ROWS + CALLS + RADIO
BY_NAME = {row.name: row for row in ROWS}
