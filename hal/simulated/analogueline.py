"""A voice modem's end of a two-wire line: ringing, going off hook, dialling, and what it makes of the tones.

What an analogue line does not tell, the modem does not know: it takes a call as answered when the ring-back tone has stayed
away for +VRA tenths of a second (its pauses last four seconds: a smaller +VRA mistakes the first pause for an answer), or has
not come for +VRN seconds; every refusal sounds busy; and the far end's hang-up is only a busy or dial tone.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from hal.simulated import dle, sounds
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Presence
from hal.simulated.hybrid import Hybrid
from hal.simulated.models import VoiceModel
from hal.simulated.voice import VoiceModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

OFF_HOOK_S = 0.3
_DIAL_TONE_S = 1.0
_DIGIT_S = 0.15
_BUSY_HEARD_S = 2.0
_BUSY_AGAIN_S = 4.0
_RING_BACK_ON_S, _RING_BACK_S = 1.0, 5.0
_TONES = {Cause.USER_BUSY: "busy", Cause.CALL_REJECTED: "busy", Cause.UNALLOCATED: "unobtainable"}
"""What the exchange lets a caller hear of a call that nobody answered; congestion otherwise."""


class AnalogueLine(VoiceModem):
    """One line and the modem's receiver on it."""

    setup_s = 1.0

    def __init__(self, exchange: Exchange, name: str, number: str, model: VoiceModel) -> None:
        self.number = number
        self.model = model
        self.fclass = "0"
        self.caller_id_first = False
        """A British line: caller id before any ring."""
        self.country = "DE"
        """Whose tones the exchange gives (ISO 3166-1): a key of `hal.audio.tones.COUNTRIES`."""
        self.after_hang_up = "busy"
        """The tone after the other side's hang-up: a name of `sounds.cadence`."""
        self.hybrid: Hybrid | None = None
        """Echoes what the modem says; None: a perfect line."""
        self.settings: dict[str, str] = {}
        """The +V parameters by name."""
        self.registers: dict[int, int] = {}
        self._off_hook = False
        self._tone_report: asyncio.TimerHandle | None = None
        self._reports_at_once = False
        """The host listens itself while the call is set up; the tones that the modem hears are shielded codes."""
        self._vcid = "0"
        self._rings = 0
        super().__init__(exchange, name, exchange.directory / name)
        self.commands |= {"A": self._answer, "D": self._dial, "H": self._hook}

    # --- calls in ---

    def presence(self, called_number: str) -> Presence:
        # The line rings whether or not anybody listens to the modem.
        return Presence.BUSY if self.circuit or self._off_hook else Presence.IDLE

    def ring(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._rings = 0
        if self.caller_id_first:
            self._say_caller(circuit)
            self.exchange.loop.call_later(1.0, self._ring_on, circuit)
        else:
            self._ring_on(circuit)

    def _ring_on(self, circuit: Circuit) -> None:
        if self.ringing is not circuit:
            return
        self._rings += 1
        if self.model.ring_code and self.fclass == "8":
            self.send_raw(dle.code("R"))
        else:
            numbers = {"caller": circuit.caller_number, "called": circuit.called_number}
            for line in filter(None, (self.model.ring, self.model.ring_details)):
                self.send(f"\r\n{line.format_map(numbers)}\r\n".encode("latin-1"))
        if self._rings == 1 and not self.caller_id_first:
            self.exchange.loop.call_later(1.5, self._say_caller, circuit)
        if self._rings == self.registers.get(0):
            self._go_off_hook()
            return
        self.exchange.loop.call_later(self.exchange.ring_cadence_s, self._ring_on, circuit)

    def _say_caller(self, circuit: Circuit) -> None:
        if self.ringing is not circuit or self._vcid == "0" or "{caller}" in self.model.ring + self.model.ring_details:
            return
        now = datetime.fromtimestamp(self.exchange.wall())
        number = circuit.caller_number
        if self._vcid == "2":
            stamp = f"{now:%m%d%H%M}".encode()
            body = b"\x01\x08" + stamp
            body += b"\x02" + bytes([len(number)]) + number.encode() if number else b"\x04\x01P"
            message = b"\x80" + bytes([len(body)]) + body
            message += bytes([-sum(message) & 0xFF])
            fields = [("MESG", message.hex().upper())]
        else:
            fields = [("DATE", f"{now:%m%d}"), ("TIME", f"{now:%H%M}"), ("NMBR", number or "P")]
        lines = "\r\n".join(self.model.caller_id.format(*field) for field in fields)
        self.send(f"\r\n{lines}\r\n".encode("latin-1"))

    async def _answer(self, _: Command) -> str | None:
        if not self.ringing:
            return "NO CARRIER"
        await asyncio.sleep(OFF_HOOK_S)
        self._go_off_hook()
        return None if self.fclass == "8" else "NO CARRIER"

    # --- on and off hook ---

    def _go_off_hook(self) -> None:
        self._off_hook = True
        if circuit := self.ringing:
            circuit.answer()
        elif not self.circuit:
            self._listen_to("dial")

    def _listen_to(self, tone: str) -> None:
        frames = sounds.frames(sounds.cadence(tone, self.country))
        self.exchange.off_hook(self, lambda: next(frames))

    def _go_on_hook(self) -> None:
        self._off_hook = False
        if self._tone_report:
            self._tone_report.cancel()
        self.exchange.off_hook(self, None)
        if not self.ringing:  # on the hook already: no called side can refuse a call on a line of two wires
            self.drop_call()

    def _hook(self, command: Command) -> str | None:
        if command.arg == "1":
            self._go_off_hook()
        else:
            self._go_on_hook()
        return None

    def dtr_dropped(self) -> None:
        self.leave_stream()
        self._go_on_hook()

    def alerting(self, circuit: Circuit) -> None:
        self._listen_to("ring-back")

    def connected(self, circuit: Circuit) -> None:
        self.exchange.off_hook(self, None)

    def released(self, circuit: Circuit, cause: Cause) -> None:
        self.circuit = None
        if self._off_hook:
            self._listen_to(self.after_hang_up if circuit.answered else _TONES.get(cause, "congestion"))
            if circuit.answered or self._reports_at_once:
                self._tone_report = self.exchange.loop.call_later(_BUSY_HEARD_S, self._report_tone)

    def speak(self) -> bytes:
        frame = super().speak()
        if self.hybrid:
            self.hybrid.send(frame)
        return frame

    def hear(self, frame: bytes) -> None:
        super().hear(self.hybrid.receive(frame) if self.hybrid else frame)

    def _report_tone(self) -> None:
        if self.fclass == "8" and not self.faults.end_lost:
            self.send_raw(dle.code(self.model.busy_code))
        self._tone_report = self.exchange.loop.call_later(_BUSY_AGAIN_S, self._report_tone)

    # --- calls out ---

    async def _dial(self, command: Command) -> str:
        number = "".join(c for c in command.arg if c in "0123456789*#")
        if not number or self.ringing or self.circuit or self.faults.no_carrier:
            return "NO CARRIER"
        self._go_off_hook()
        if await self.pausing(_DIAL_TONE_S):
            return self._given_up()
        if self.faults.no_dial_tone:
            self._go_on_hook()
            return "NO DIALTONE"
        if await self.pausing(_DIGIT_S * len(number)):
            return self._given_up()
        self._listen_to("silence")
        self._reports_at_once = False
        circuit = self.circuit = self.exchange.place(self, self.number, number)
        if self.faults.congestion:
            circuit.after(self.setup_s, lambda: circuit.release(None, Cause.NO_CIRCUIT))
        if command.arg.endswith(";") or self.settings["+VRN"] == "0":  # back to command state at once, the call goes on
            self._reports_at_once = True
            return "OK"
        return await self._progress(circuit)

    async def _progress(self, circuit: Circuit) -> str:
        """What the modem's ear makes of the tones that follow the digits."""
        loop = self.exchange.loop
        dialled = loop.time()
        ring_away = int(self.settings["+VRA"].split(",")[0]) / 10
        ring_never = int(self.settings["+VRN"])
        limit = dialled + self.registers.get(7, 60)
        while loop.time() < limit:
            if await self.pausing(0.1):
                return self._given_up()
            now = loop.time()
            if self.circuit is None:  # released before it was answered
                if await self.pausing(_BUSY_HEARD_S):
                    return self._given_up()
                self._go_on_hook()
                return "BUSY"
            last = self._ring_back_ended(circuit, now)
            if last is None and circuit.answered and now - dialled >= ring_never:
                return "OK"
            if last is not None and now - last >= ring_away:
                return "OK"
        self._go_on_hook()
        return "NO ANSWER"

    @staticmethod
    def _ring_back_ended(circuit: Circuit, now: float) -> float | None:
        """When the ring-back tone was last heard; None when it never was (an answer within the first 0.2 s)."""
        if circuit.rang is None:
            return None
        until = circuit.answered if circuit.answered is not None else now
        if until - circuit.rang < 0.2:
            return None
        into = (until - circuit.rang) % _RING_BACK_S
        return until - max(0.0, into - _RING_BACK_ON_S)

    def _given_up(self) -> str:
        self._go_on_hook()
        return "NO CARRIER"
