"""What a technician should try next: a table from what a line says to the part to look at. First match counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

POWER = (
    "Give the modem a supply of its own or a powered hub: radio modems draw up to 2 A when a call begins, which no port of a "
    "Raspberry Pi feeds. Then the cable."
)


class Advice(NamedTuple):
    """One row."""

    pattern: str
    """Regular expression over the last trouble, whatever its case."""
    text: str


ADVICE = (
    Advice(
        r"exclusively lock|resource busy|EBUSY",
        "Another program has the port. Install appliance/systemd/70-alertbox.rules, which keeps ModemManager off, and look "
        "with: fuser -v PORT",
    ),
    Advice(
        r"permission denied",
        "The box may not open the port: is its user in the group dialout, is appliance/systemd/70-alertbox.rules installed?",
    ),
    Advice(
        r"kernel's driver is none",
        "The kernel has no driver for it. Load it: modprobe option (radio modems), cdc_acm, omninet (ZyXEL omni.net).",
    ),
    Advice(
        r"has no interface",
        "Another modem, or another mode of this one, is plugged in there: alertbox lines discover",
    ),
    Advice(
        r"no USB device|nothing is plugged in|no such file|pulled out|cannot be opened|could not open port",
        "Plug the modem in at the port that the configuration names; alertbox lines discover shows where it is. If it goes "
        f"when a call begins: {POWER[0].lower()}{POWER[1:]}",
    ),
    Advice(r"has no sound card", "Switch its USB audio on (Quectel: AT+QCFG=\"USBCFG\", last flag 1), then plug it in again."),
    Advice(
        r"input/output error|hung up|restarted by itself|takes no data",
        f"It has restarted by itself. {POWER}",
    ),
    Advice(
        r"refuses the configured PIN|refused a PIN|PIN tries left",
        "The PIN in sim_pin_file is wrong, and is not tried again. Unlock the SIM once in a telephone, then correct the file.",
    ),
    Advice(r"SIM wants its PIN", "Write the SIM's PIN into the file that sim_pin_file names, mode 0600."),
    Advice(r"SIM wants", "Put the SIM into a telephone and unlock it with its PUK."),
    Advice(r"no usable SIM|SIM not inserted|SIM failure", "Take the SIM out, clean it, put it in again; then another SIM."),
    Advice(
        r"carries no voice|no voice mode|no voice with",
        "This firmware or model has no voice. Another firmware, or another modem: docs/modems.md lists those that have it.",
    ),
    Advice(
        r"no network|not registered|NotRegistered",
        "Aerial and place first (signal above -95 dBm), then the SIM: is it active, may it make calls? On LTE alone, voice "
        "needs VoLTE in the firmware and the contract.",
    ),
    Advice(
        r"no dial ?tone",
        "Look at the telephone cable and the socket; a telephone plugged in there must give dial tone.",
    ),
    Advice(
        r"no audio|audio port|only a reset brings the audio|was choppy",
        "Is `audio` the audio port (alertbox lines discover)? SIM7600: some firmware loses audio after the first call until it "
        "is reset, which the box does; newer firmware mends it.",
    ),
    Advice(r"the driver for it is", "Change `driver` of the device as it says, and restart the box."),
    Advice(r"#V commands", "This modem is too old: its voice commands are of before V.253. Take another."),
    Advice(
        r"cannot be reset|cannot be switched|does not switch",
        "Is appliance/systemd/70-alertbox.rules installed, and the relay at the pin that power_pin names?",
    ),
    Advice(r"its driver failed", "A mistake of this program: journalctl -u alertbox has it. Please report it."),
    Advice(
        r"no answer|not done within|silent|answers nothing|ERROR|makes no sense",
        f"Is it the port for commands (alertbox lines discover)? What it says: alertbox lines trace. {POWER}",
    ),
)  # fmt: skip

RESTARTS = 3
"""Restarts of a modem after which its power is suspected, whatever it says."""


@dataclass(frozen=True, slots=True)
class State:
    """What the advice goes by."""

    in_service: bool
    trouble: str
    """Why the line is out of service, or was the last time."""
    restarts: int = 0
    """How often its ports went away."""
    waits: bool = False
    """It has never been open yet."""


def next_thing(state: State) -> str:
    """What to try next, in a sentence or two."""
    if state.in_service:
        if state.restarts >= RESTARTS:
            return f"In service, but it has gone away {state.restarts} times. {POWER}"
        return "Nothing: the line is in service."
    if state.waits:
        return "Wait: the box is opening it."
    for row in ADVICE:
        if re.search(row.pattern, state.trouble, re.IGNORECASE):
            return row.text
    return "What it says: alertbox lines trace. What the box did: journalctl -u alertbox"
