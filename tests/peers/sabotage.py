"""`python -m tests.peers.sabotage NAME ...`: the exchange with a mistake built in, to show that a peer notices it.

ALERTBOX_PEERS_SABOTAGE=deaf make peers-test PEER=vgetty
"""

from __future__ import annotations

import sys

from hal.simulated import dle
from hal.simulated.__main__ import main
from hal.simulated.analogueline import AnalogueLine
from hal.simulated.modem import Modem
from hal.simulated.radiomodem import RadioModem
from hal.simulated.radiosms import ShortMessages
from hal.simulated.voice import VoiceModem


def no_busy_tone() -> None:
    """The modem does not report the tone after the other side's hang-up."""
    AnalogueLine._report_tone = lambda self: None


def no_shielding() -> None:
    """0x10 goes out of recorded sound as it is."""
    dle.shield = lambda data: data


def deaf() -> None:
    """What the caller says is silence to the modem."""
    hear = VoiceModem.hear
    VoiceModem.hear = lambda self, frame: hear(self, b"\xd5" * len(frame))


def keys_twice() -> None:
    """Each key is told twice."""
    from hal.simulated.isdn4linux import IsdnLine
    from hal.simulated.voicemodem import AnalogueModem

    for kind in (AnalogueModem, IsdnLine):
        once = kind.key
        kind.key = lambda self, key, once=once: (once(self, key), once(self, key))


def no_delivery() -> None:
    """Messages for the modem are lost."""
    ShortMessages.deliver_pdu = lambda self, *part: None


def no_reports() -> None:
    """Delivery reports are lost."""
    ShortMessages._report = lambda self, *report: None


def deletes_nothing() -> None:
    """+CMGD says OK."""
    delete = ShortMessages._delete
    ShortMessages._delete = lambda self, command: delete(self, command) if command.op == "=?" else None


def no_hang_up() -> None:
    """+CHUP, ATH and +CHLD say OK and the call goes on."""

    async def nothing(self, command):
        return None

    RadioModem._hang_up = nothing


def echo_of_results() -> None:
    """Every final result comes twice."""
    result = Modem.result
    Modem.result = lambda self, text: (result(self, text), result(self, text))


SABOTAGES = {
    sabotage.__name__.replace("_", "-"): sabotage
    for sabotage in (
        no_busy_tone, no_shielding, deaf, keys_twice, no_delivery, no_reports, deletes_nothing, no_hang_up, echo_of_results,
    )
}  # fmt: skip

if __name__ == "__main__":
    SABOTAGES[sys.argv.pop(1)]()
    sys.exit(main())
