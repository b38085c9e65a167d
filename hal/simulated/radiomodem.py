"""A GSM/LTE modem after 3GPP TS 27.007, in the manner of the SIMCom SIM7600: AT on one port, call audio as PCM on another.

Audio is signed 16 bit, little endian, 8 kHz, 320 bytes every 20 ms, and flows only while AT+CPCMREG=1, which is accepted only
while a call is active. Call progress comes as +CLCC reports (after AT+CLCC=1) and VOICE CALL: BEGIN / END.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from hal.audio.sound import FRAME
from hal.simulated import g711, sounds
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Party, Phase, Presence
from hal.simulated.pcmport import PcmPort
from hal.simulated.radiosms import ShortMessages
from hal.simulated.radiostate import RadioState
from hal.simulated.sim7600 import CEER

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

ACTIVE, HELD, DIALLING, ALERTING, INCOMING, WAITING, DISCONNECTED = range(7)
"""Call states of +CLCC (27.007, 7.18); 6 is SIMCom's, in reports only."""


class RadioModem(RadioState, Party):
    """One modem with its SIM."""

    setup_s = 3.0
    dial_to_semicolon = True

    def __init__(self, exchange: Exchange, name: str, number: str) -> None:
        self.circuit: Circuit | None = None
        self._call_reports = False
        self._state = DIALLING
        self._pcm = False
        self._tones = bytearray()
        self._last_cause = Cause.NORMAL_CLEARING
        self._audio_ticks = 0
        self.audio = PcmPort(exchange, f"{name}.pcm")
        super().__init__(exchange, name, exchange.directory / name, number)
        self.messages = ShortMessages(self, {"SM": 20, "ME": 50})
        self.commands |= {
            "A": self._answer,
            "D": self._dial,
            "H": self._hang_up,
            "+CHUP": self._hang_up,
            "+CVHUP": self._hang_up,
            "+CLCC": self._list_calls,
            "+CPAS": self._activity,
            "+CEER": self._why,
            "+CPCMREG": self._route_audio,
            "+VTS": self._send_digits,
            "+CFUN": self._functionality,
            "+CRESET": self._restart,
        }

    # --- the network ---

    def set_registration(self, state: int) -> None:
        """The network comes or goes; a call does not survive its going."""
        self.registration = state
        for name in ("+CREG", "+CGREG", "+CEREG"):
            if self._settings[name] != "0":
                self.urc(f"{name}: {state}")
        if not self.registered and self.circuit:
            self.circuit.release(None, Cause.NETWORK_OUT_OF_ORDER)
        if self.registered:
            self.messages.try_again()

    def urc(self, text: str) -> None:
        """An unsolicited report."""
        self.info(text)

    def describe(self) -> dict[str, object]:
        """For the control socket."""
        return self.description("gsm", "sim7600", self.number, pcm=str(self.audio.port.link))

    # --- ports ---

    def reset(self) -> None:
        super().reset()
        self._call_reports = False
        self.messages.reset()

    def unplug(self) -> None:
        super().unplug()
        self.audio.port.unplug()

    def plug(self, name: str | None = None) -> None:
        """Plug it in again, perhaps with another node name; the audio port is `name.pcm`. For a few seconds it has no SIM."""
        self.audio.port.plug(self.exchange.directory / f"{name}.pcm" if name else None)
        super().plug(name)
        self._boot()

    def restarts(self) -> None:
        """The firmware starts again without leaving the bus: the ports stay, calls and settings go."""
        self.dtr_dropped()
        self._boot()
        self._echoing = self.echo_default
        self.urc("RDY")

    def _boot(self) -> None:
        self.reset()
        self._powered = True
        for timer in self._booting:
            timer.cancel()
        later = self.exchange.loop.call_later
        steps = ((1.5, f"+CPIN: {self.sim or 'NOT INSERTED'}"), (2.5, "SMS DONE"), (3.0, "PB DONE"))
        self._booting = [later(delay, self._booted, line) for delay, line in steps]

    def _booted(self, line: str) -> None:
        del self._booting[0]
        self.urc(line)
        if self.registered:
            self.messages.try_again()

    def _functionality(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f"+CFUN: {int(self._powered)}")
        elif command.op == "=?":
            self.info("+CFUN: (0,1,4,5,6,7),(0-1)")
        elif command.arg.endswith(",1") or command.arg == "6":
            return self._restart(command)
        else:
            self._powered = command.arg == "1"
            self.set_registration(self.registration)
        return None

    def _restart(self, _: Command) -> str | None:
        self.exchange.loop.call_later(0.5, self.unplug)
        self.exchange.loop.call_later(5.0, self.plug)
        return None

    def port_closed(self) -> None:
        self.messages.cancel()
        super().port_closed()

    def port_data(self, data: bytes) -> None:
        if self.messages.prompting and not self.faults.silent:
            data = self.messages.typed(data)
        if data:
            super().port_data(data)

    def dtr_dropped(self) -> None:
        self._end(Cause.NORMAL_CLEARING)

    # --- calls ---

    def presence(self, called_number: str) -> Presence:
        if not self.registered or not self.port.plugged:
            return Presence.ABSENT
        return Presence.BUSY if self.circuit else Presence.IDLE

    def _report_call(self, state: int) -> None:
        self._state = state
        if self._call_reports:
            self.urc(self._call_line(state))

    def _call_line(self, state: int) -> str:
        assert self.circuit
        number = self.circuit.caller_number if self.circuit.called is self else self.circuit.called_number
        direction = 1 if self.circuit.called is self else 0
        return f'+CLCC: 1,{direction},{state},0,0,"{number}",{145 if number.startswith("+") else 129},""'

    def ring(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._report_call(INCOMING)
        self._ring_on(circuit)

    def _ring_on(self, circuit: Circuit) -> None:
        if self.circuit is not circuit or circuit.phase is not Phase.RINGING:
            return
        self.urc("+CRING: VOICE" if self._settings["+CRC"] == "1" else "RING")
        if self._settings["+CLIP"] == "1":
            number = circuit.caller_number
            kind, validity = (145 if number.startswith("+") else 129, 0) if number else (128, 1)
            self.urc(f'+CLIP: "{number}",{kind},"",0,"",{validity}')
        self.exchange.loop.call_later(self.exchange.ring_cadence_s, self._ring_on, circuit)

    async def _answer(self, _: Command) -> str | None:
        circuit = self.circuit
        if circuit is None or circuit.phase is not Phase.RINGING:
            return "NO CARRIER"
        self.exchange.loop.call_later(0.3, circuit.answer)
        return None

    async def _dial(self, command: Command) -> str | None:
        number = "".join(c for c in command.arg if c in "+0123456789*#")
        if not command.arg.endswith(";"):
            return "NO CARRIER"  # a data call: there is no such service
        if self.circuit:
            return self.error(3)
        if not number or not self.registered or self.faults.no_carrier or self.faults.no_dial_tone:
            return "NO CARRIER"
        self.circuit = self.exchange.place(self, self.number if self._settings["+CLIR"] != "1" else "", number)
        if self.faults.congestion:
            circuit = self.circuit
            circuit.after(self.setup_s, lambda: circuit.release(None, Cause.NO_CIRCUIT))
        self.exchange.loop.call_later(0.1, self._begin_dialling, self.circuit)
        return None

    def _begin_dialling(self, circuit: Circuit) -> None:
        self._state = DIALLING
        if self.circuit is circuit and circuit.phase is Phase.SETUP:
            self._report_call(DIALLING)

    def alerting(self, circuit: Circuit) -> None:
        self._report_call(ALERTING)

    def connected(self, circuit: Circuit) -> None:
        self._report_call(ACTIVE)
        self.urc("VOICE CALL: BEGIN")

    def released(self, circuit: Circuit, cause: Cause) -> None:
        self._tell_end(circuit, cause)

    def _end(self, cause: Cause) -> None:
        if circuit := self.circuit:
            circuit.release(self, cause)
            self._tell_end(circuit, cause)

    def _tell_end(self, circuit: Circuit, cause: Cause) -> None:
        missed = circuit.called is self and circuit.answered is None
        if self._call_reports:
            self.urc(self._call_line(DISCONNECTED))
        self.circuit = None
        self._pcm = False
        self._tones.clear()
        self._last_cause = cause
        seconds = round((circuit.ended or 0.0) - circuit.answered) if circuit.answered else 0
        self.urc(f"VOICE CALL: END: {seconds:06d}" if circuit.answered else "VOICE CALL: END")
        if missed:
            moment = datetime.fromtimestamp(self.exchange.wall())
            self.urc(f"MISSED_CALL: {moment:%I:%M%p} {circuit.caller_number}")
        if self._settings["$QCRCIND"] == "1":
            self.urc("REMOTE CALL END")
        outcome = {Cause.USER_BUSY: "BUSY", Cause.NO_ANSWER: "NO ANSWER"}.get(cause, "NO CARRIER")
        self.urc(outcome if circuit.answered is None and not missed else "NO CARRIER")

    async def _hang_up(self, _: Command) -> str | None:
        await asyncio.sleep(0.1)
        refused = self.circuit is not None and self.circuit.called is self and self.circuit.phase is Phase.RINGING
        self._end(Cause.CALL_REJECTED if refused else Cause.NORMAL_CLEARING)
        return None

    def _list_calls(self, command: Command) -> str | None:
        if command.op == "=":
            self._call_reports = command.arg == "1"
        elif command.op == "?":
            self.info(f"+CLCC: {int(self._call_reports)}")
        elif command.op == "=?":
            self.info("+CLCC: (0-1)")
        elif self.circuit:
            self.info(self._call_line(self._state))
        return None

    def _activity(self, command: Command) -> str | None:
        state = (
            0
            if self.circuit is None
            else 3
            if self.circuit.phase is Phase.RINGING and self.circuit.called is self
            else 4
        )
        self.info(f"+CPAS: {state}")
        return None

    def _why(self, _: Command) -> str | None:
        self.info(f"+CEER: {CEER.get(self._last_cause, self._last_cause.name.replace('_', ' ').capitalize())}")
        return None

    # --- audio ---

    def _route_audio(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f"+CPCMREG: {int(self._pcm)}")
        elif command.op == "=?":
            self.info("+CPCMREG: (0-1)")
        elif command.arg[:1] == "0":
            self._pcm = False
        elif command.arg != "1" or self.circuit is None or self.circuit.phase is not Phase.CONNECTED:
            return "ERROR"
        elif self.faults.cpcmreg_errors > 0:
            self.faults.cpcmreg_errors -= 1
            return "ERROR"
        else:
            self.audio.flush()
            self._pcm = True
            self._audio_ticks = 0
        return None

    def speak(self) -> bytes:
        if self._pcm and self.faults.hang_in_stream_s is not None:
            self._audio_ticks += 1
            if self._audio_ticks * 0.02 > self.faults.hang_in_stream_s:
                self.faults.hang_in_stream_s = None
                self.faults.silent = True
        if self._tones:
            frame = bytes(self._tones[:FRAME])
            del self._tones[:FRAME]
            return frame.ljust(FRAME, bytes([g711.SILENCE]))
        return self.audio.take() if self._pcm and not self.faults.silent else sounds.QUIET

    def hear(self, frame: bytes) -> None:
        if self._pcm and not self.faults.silent:
            self.audio.give(frame)

    def key(self, key: str) -> None:
        if self._settings["+DDET"].startswith("1"):
            self.urc(f"+RXDTMF: {key}")

    def _send_digits(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info("+VTS: (0-9,*,#,A,B,C,D)")
            return None
        keys = command.arg.replace('"', "").replace("{", "").replace("}", "").split(",")
        if self.circuit is None or self.circuit.phase is not Phase.CONNECTED:
            return self.error(3)
        if any(len(key) != 1 or key.upper() not in "0123456789*#ABCD" for key in keys):
            return self.error(3)
        for key in keys:
            self._tones += sounds.key_tone(key.upper(), 0.2) + bytes([g711.SILENCE]) * 800
            if far := self.circuit.other(self):
                self.exchange.loop.call_later(len(self._tones) / 8000, far.key, key.upper())
        return None
