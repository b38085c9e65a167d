"""What a Huawei modem does in a call: ^ORIG, ^CONF, ^CONN, ^CEND, audio by ^DDSETEX, and its chatter (^RSSI, ^BOOT, ^MODE).

Nothing flows until ^DDSETEX=2 has been accepted in the call; a +CHUP before ^ORIG leaves no ^CEND (chan_dongle 2bd3fc2c).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit
from hal.simulated.radiomodels import RadioModel
from hal.simulated.radiomodem import ALERTING, DIALLING, RadioModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

CHATTER_S = 30.0
_END_STATUS = 104
"""`end_status` of ^CEND as in the real dialogues; the network's cause follows it."""


class HuaweiModem(RadioModem):
    """E1550 and E173."""

    def __init__(self, exchange: Exchange, name: str, number: str, model: RadioModel) -> None:
        self.cend_fields = 4
        """Some firmware leaves the last fields of ^CEND out."""
        self._audio_set = False
        self._originated = False
        self._chatter: asyncio.TimerHandle | None = None
        self._beat = 0
        super().__init__(exchange, name, number, model)
        self.commands |= {
            "^DDSETEX": self._route_audio,
            "^CVOICE": self._voice_there,
            "^DTMF": self._send_key,
            "^CPIN": self._pin_state,
            "^SYSINFO": self._system,
        }

    # --- chatter ---

    def port_opened(self) -> None:
        super().port_opened()
        self._chatter = self.exchange.loop.call_later(CHATTER_S, self._chat)

    def port_closed(self) -> None:
        if self._chatter:
            self._chatter.cancel()
        super().port_closed()

    def _chat(self) -> None:
        self._chatter = self.exchange.loop.call_later(CHATTER_S, self._chat)
        if self.setting("^CURC") == "1":
            self._beat += 1
            self.urc((f"^RSSI:{self.signal}", "^BOOT:20045146,0,0,0,6", "^MODE:5,4")[self._beat % 3])

    # --- reports ---

    def says_state(self, circuit: Circuit, state: int) -> None:
        if circuit.caller is not self:
            return
        if state == DIALLING:
            self._originated = True
            self.urc("^ORIG:1,0")
        elif state == ALERTING:
            self.urc("^CONF:1")

    def says_connected(self, circuit: Circuit) -> None:
        self.urc("^CONN:1,0")

    def says_end(self, circuit: Circuit, cause: Cause, outcome: str) -> None:
        if circuit.caller is self and not self._originated:
            return
        fields = ("1", str(self.seconds_of(circuit)), str(_END_STATUS), str(int(cause)))
        self.urc("^CEND:" + ",".join(fields[: self.cend_fields]))
        if circuit.caller is self and outcome not in ("", "NO CARRIER"):
            self.urc(outcome)

    def says_key(self, key: str) -> None:
        if self.setting("^DDTMFCFG").endswith("1"):
            self.urc(f"^DDTMF: {key}")

    def caller_line(self, number: str) -> str:
        """With fewer fields than others (wdoekes#82)."""
        kind = 145 if number.startswith("+") else 129 if number else 128
        return f'+CLIP: "{number}",{kind},,,,{0 if number else 1}'

    # --- audio and keys ---

    @property
    def audio_flows(self) -> bool:
        return self._audio_set

    def audio_over(self) -> None:
        self._audio_set = False
        self._originated = False

    def _route_audio(self, command: Command) -> str | None:
        if not self.circuit or command.arg != "2":
            return "ERROR"
        if not self._audio_set:
            self.audio.flush()
        self._audio_set = True
        return None

    def _voice_there(self, command: Command) -> str | None:
        if command.op in ("?", "=?"):
            self.info("^CVOICE:0,8000,16,20" if command.op == "?" else "^CVOICE:(0-1)")
        return None

    def _send_key(self, command: Command) -> str | None:
        index, _, key = command.arg.partition(",")
        return self.send_keys([key.strip('" ')]) if index == "1" else self.error(3)

    # --- odds and ends ---

    async def _release(self, command: Command) -> str | None:
        """+CHLD=1n before ^CONF: it never answers anything again (chan_dongle)."""
        if command.arg.startswith("1") and self.circuit and self.call_state == DIALLING:
            self.faults.silent = True
            return ""
        return await super()._release(command)

    def _pin_state(self, _: Command) -> str | None:
        if not self.card.state:
            return self.card.refusal()
        tries = f"{self.card.puk_tries},{self.card.pin_tries},10,3"
        self.info(f"^CPIN:{self.card.state},{tries.split(',')[1] if self.card.state == 'SIM PIN' else ''},{tries}")
        return None

    def _system(self, _: Command) -> str | None:
        self.info(f"^SYSINFO:{2 if self.registered else 0},3,0,5,{int(self.card.state == 'READY')}")
        return None
