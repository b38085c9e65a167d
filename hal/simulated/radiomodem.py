"""A GSM/LTE modem after 3GPP TS 27.007: AT on one port, call audio as PCM on another. What makers add is in its subclasses.

Audio is signed 16 bit, little endian, 8 kHz, 320 bytes every 20 ms, and flows only while the maker's own condition holds
(`audio_flows`). How a call goes on is told by the maker's reports (`says_state` and its neighbours), and by +CLCC when asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hal.audio.sound import FRAME
from hal.simulated import g711, sounds
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Party, Phase, Presence
from hal.simulated.pcmport import PcmPort
from hal.simulated.radiomodels import RadioModel
from hal.simulated.radiosms import ShortMessages
from hal.simulated.radiostate import RadioState

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

ACTIVE, HELD, DIALLING, ALERTING, INCOMING, WAITING, DISCONNECTED = range(7)
"""Call states of +CLCC (27.007, 7.18); 6 is SIMCom's, in reports only."""
_CEER = {
    Cause.UNALLOCATED: "Unassigned (unobtainable) number",
    Cause.NORMAL_CLEARING: "Normal call clearing",
    Cause.USER_BUSY: "User busy",
    Cause.NO_USER_RESPONDING: "No user responding",
    Cause.NO_ANSWER: "User alerting, no answer",
    Cause.CALL_REJECTED: "Call rejected",
    Cause.NO_CIRCUIT: "No circuit/channel available",
    Cause.SWITCHING_CONGESTION: "Switching equipment congestion",
}


class RadioModem(RadioState, Party):
    """One modem with its SIM. By itself it speaks 27.007 and no maker's dialect."""

    setup_s = 3.0
    dial_to_semicolon = True

    def __init__(self, exchange: Exchange, name: str, number: str, model: RadioModel) -> None:
        self.circuit: Circuit | None = None
        self.falls_back = False
        """The network carries voice on 2G alone: a call first leaves LTE (circuit-switched fallback), which takes its time."""
        self.call_state = DIALLING
        self._tones = bytearray()
        self._last_cause = Cause.NORMAL_CLEARING
        self._audio_ticks = 0
        self._fallen_back = False
        self.audio = PcmPort(exchange, f"{name}.pcm")
        super().__init__(exchange, name, exchange.directory / name, number, model)
        self.messages = ShortMessages(self, model.stores, model.store_first)
        self.commands |= {
            "A": self._answer,
            "D": self._dial,
            "H": self._hang_up,
            "+CHUP": self._hang_up,
            "+CVHUP": self._hang_up,
            "+CHLD": self._release,
            "+CLCC": self.list_calls,
            "+CPAS": self._activity,
            "+CEER": self._why,
            "+VTS": self._send_digits,
            "+CFUN": self._functionality,
        }

    # --- what makers say and do differently ---

    def says_state(self, circuit: Circuit, state: int) -> None:
        """The call has reached a state of +CLCC: hook."""

    def says_connected(self, circuit: Circuit) -> None:
        """The call is up, after `says_state(ACTIVE)`: hook."""

    def says_end(self, circuit: Circuit, cause: Cause, outcome: str) -> None:
        """The call is over; `outcome` is the result code of V.250 for it, none where the host itself hung up: hook.

        A result code before the OK of +CHUP would be taken for its final result, as ofono does.
        """
        if outcome:
            self.urc(outcome)

    def says_key(self, key: str) -> None:
        """The other side has pressed a key: hook."""

    @property
    def audio_flows(self) -> bool:
        """The audio port carries the call."""
        return True

    def audio_over(self) -> None:
        """The call is over: hook for whatever ends with it."""

    # --- the network ---

    def set_registration(self, state: int, *, packet: int | None = None, ims: bool = False) -> None:
        """The network comes or goes; a call does not survive its going.

        `packet`: +CEREG, where it differs; `ims`: voice over LTE.
        """
        self.registration, self.packet_registration, self.ims = state, packet, ims
        self._report_registration()
        if self.setting("+CIREG") != "0":
            self.urc(f"+CIREGU: {int(ims)}")
        if not self.carries_voice and self.circuit:
            self.circuit.release(None, Cause.NETWORK_OUT_OF_ORDER)
        if self.registered:
            self.messages.try_again()
            self._report_time()

    def _report_registration(self) -> None:
        for name in ("+CREG", "+CGREG", "+CEREG"):
            if self.setting(name) != "0" and (self.model.lte or name != "+CEREG"):
                state = self.registration_of(name)
                self.urc(f"{name}: {state}{self._place() if self.setting(name) == '2' and state in (1, 5) else ''}")

    def _report_time(self) -> None:
        if self.setting("+CTZR") == "1" and self.model.network_time:
            self.urc(f"+CTZV: {self.zone:+03d}")
        elif self.setting("+CTZR") == "2" and self.model.network_time:
            self.urc(f'+CTZE: "{self.zone:+03d}",0,"{self.local_time(",", "%Y")[:-3]}"')

    @property
    def carries_voice(self) -> bool:
        """A network that takes calls: circuits, or IMS on LTE."""
        packet = self.packet_registration in (1, 5) and self._powered and self.sim_ready
        return self.registered or (packet and self.ims)

    @property
    def access_technology(self) -> int:
        return 0 if self._fallen_back else super().access_technology

    def unlocked(self) -> None:
        self._report_registration()
        self.messages.try_again()

    def urc(self, text: str) -> None:
        """An unsolicited report."""
        self.info(text)

    def describe(self) -> dict[str, object]:
        """For the control socket."""
        return self.description("gsm", self.model.name, self.number, pcm=str(self.audio.port.link))

    @property
    def in_call(self) -> int:
        return int(self.circuit is not None)

    @property
    def store_full(self) -> int:
        return int(self.messages.is_full)

    # --- ports ---

    def reset(self) -> None:
        super().reset()
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
        """The firmware starts again without leaving the bus: the ports stay, calls and settings go, without a word of it."""
        circuit, self.circuit = self.circuit, None
        if circuit:
            circuit.release(self, Cause.NORMAL_CLEARING)
        self._tones.clear()
        self.audio_over()
        self._boot()
        self._echoing = self.echo_default
        if self.model.restarted:
            self.urc(self.model.restarted)

    def _boot(self) -> None:
        self.reset()
        self.forgets()
        self._powered = True
        self.sim_read = False
        for timer in self._booting:
            timer.cancel()
        self.card.power_up()
        later = self.exchange.loop.call_later
        self._booting = [later(delay, self._booted, line) for delay, line in self.model.boot]

    def forgets(self) -> None:
        """Power-up: what no reset command clears is gone too. Hook."""

    def _booted(self, line: str) -> None:
        del self._booting[0]
        if "{sim" in line:
            self.sim_read = True
        self.urc(line.format(sim=self.card.state or "NOT INSERTED", simst="1" if self.card.state == "READY" else "255"))
        if self.registered:
            self.messages.try_again()

    def _functionality(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f"+CFUN: {int(self._powered)}")
        elif command.op == "=?":
            self.info("+CFUN: (0,1,4,5,6,7),(0-1)")
        elif command.arg.endswith(",1") or command.arg == "6":
            return self.restart(command)
        else:
            self._powered = command.arg == "1"
            self.set_registration(self.registration, packet=self.packet_registration, ims=self.ims)
        return None

    def restart(self, _: Command) -> str | None:
        """Leave the bus and come back: what +CFUN=1,1 and the makers' own commands do."""
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
        if not self.carries_voice or not self.port.plugged:
            return Presence.ABSENT
        return Presence.BUSY if self.circuit else Presence.IDLE

    def _reach(self, circuit: Circuit, state: int) -> None:
        self.call_state = state
        self.says_state(circuit, state)

    def call_line(self, circuit: Circuit, state: int) -> str:
        """A line of +CLCC, with the empty alpha field at its end that real ones have."""
        number, kind = self.presented(circuit)
        return f'+CLCC: 1,{self.incoming(circuit)},{state},0,0,"{number}",{kind},""'

    def presented(self, circuit: Circuit) -> tuple[str, int]:
        """The other side's number, and its type of address."""
        number = circuit.caller_number if circuit.called is self else circuit.called_number
        return number, 145 if number.startswith("+") else 129

    def incoming(self, circuit: Circuit) -> int:
        """The direction of a call as +CLCC counts: 1 for one that came in."""
        return int(circuit.called is self)

    def ring(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._fall_back()
        self._reach(circuit, INCOMING)
        self._ring_on(circuit)

    def _ring_on(self, circuit: Circuit) -> None:
        if self.circuit is not circuit or circuit.phase is not Phase.RINGING:
            return
        self.urc("+CRING: VOICE" if self.setting("+CRC") == "1" else "RING")
        if self.setting("+CLIP") == "1":
            self.urc(self.caller_line(circuit.caller_number))
        self.exchange.loop.call_later(self.exchange.ring_cadence_s, self._ring_on, circuit)

    def caller_line(self, number: str) -> str:
        """+CLIP (27.007, 7.11)."""
        kind, validity = (145 if number.startswith("+") else 129, 0) if number else (128, 1)
        return f'+CLIP: "{number}",{kind},"",0,"",{validity}'

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
        if not number or not self.carries_voice or self.faults.no_carrier or self.faults.no_dial_tone:
            self._last_cause = Cause.NETWORK_OUT_OF_ORDER
            return "NO CARRIER"
        if self.faults.dial_lost:
            return None
        self.setup_s = type(self).setup_s + (4.0 if self._fall_back() else 0.0)
        self.circuit = self.exchange.place(self, self.number if self.setting("+CLIR") != "1" else "", number)
        if self.faults.congestion:
            circuit = self.circuit
            circuit.after(self.setup_s, lambda: circuit.release(None, Cause.NO_CIRCUIT))
        self.call_state = DIALLING
        self.exchange.loop.call_later(0.1, self._begin_dialling, self.circuit)
        return None

    def _fall_back(self) -> bool:
        """Leave LTE for the call, where the network has voice on 2G alone."""
        if self.falls_back and not self._fallen_back:
            self._fallen_back = True
            self._report_registration()
            return True
        return False

    def _begin_dialling(self, circuit: Circuit) -> None:
        if self.circuit is circuit and circuit.phase is Phase.SETUP:
            self._reach(circuit, DIALLING)

    def alerting(self, circuit: Circuit) -> None:
        self._reach(circuit, ALERTING)

    def connected(self, circuit: Circuit) -> None:
        self._audio_ticks = 0
        self._reach(circuit, ACTIVE)
        self.says_connected(circuit)

    def released(self, circuit: Circuit, cause: Cause) -> None:
        self._tell_end(circuit, cause)

    def _end(self, cause: Cause) -> None:
        if circuit := self.circuit:
            circuit.release(self, cause)
            self._tell_end(circuit, cause, own=True)

    def _tell_end(self, circuit: Circuit, cause: Cause, *, own: bool = False) -> None:
        missed = circuit.called is self and circuit.answered is None
        self.circuit = None
        self._tones.clear()
        self._last_cause = cause
        outcome = {Cause.USER_BUSY: "BUSY", Cause.NO_ANSWER: "NO ANSWER"}.get(cause, "NO CARRIER")
        outcome = outcome if circuit.answered is None and not missed else "NO CARRIER"
        self.says_end(circuit, cause, "" if own else outcome)
        self.audio_over()
        if self._fallen_back:
            self._fallen_back = False
            self._report_registration()

    def seconds_of(self, circuit: Circuit) -> int:
        """How long a call was up."""
        return round((circuit.ended or 0.0) - circuit.answered) if circuit.answered else 0

    async def _hang_up(self, _: Command) -> str | None:
        await asyncio.sleep(0.1)
        refused = self.circuit is not None and self.circuit.called is self and self.circuit.phase is Phase.RINGING
        self._end(Cause.CALL_REJECTED if refused else Cause.NORMAL_CLEARING)
        return None

    async def _release(self, command: Command) -> str | None:
        """+CHLD (27.007, 7.13; 22.030, 6.5.5.1) of a modem with one call: 0 refuses what rings, 1 and 11 release it."""
        if command.op == "=?":
            self.info("+CHLD: (0,1,1x)")
            return None
        rings = self.circuit is not None and self.circuit.called is self and self.circuit.phase is Phase.RINGING
        if self.circuit is None or not (command.arg == "11" or (rings and command.arg == "0") or command.arg == "1"):
            return self.error(3)
        return await self._hang_up(command)

    def list_calls(self, command: Command) -> str | None:
        """+CLCC. Only makers have more than the question."""
        if command.op == "" and self.circuit:
            self.info(self.call_line(self.circuit, self.call_state))
        return None if command.op in ("", "=?") else self.error(3)

    def _activity(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info("+CPAS: (0,3,4)")
            return None
        rings = self.circuit and self.circuit.phase is Phase.RINGING and self.circuit.called is self
        self.info(f"+CPAS: {0 if self.circuit is None else 3 if rings else 4}")
        return None

    def _why(self, _: Command) -> str | None:
        self.info(f"+CEER: {_CEER.get(self._last_cause, self._last_cause.name.replace('_', ' ').capitalize())}")
        return None

    @property
    def talking(self) -> bool:
        """A call is up."""
        return self.circuit is not None and self.circuit.phase is Phase.CONNECTED

    # --- audio ---

    @property
    def audio_port(self) -> PcmPort:
        """Where the audio of a call flows."""
        return self.audio

    def take_audio(self) -> bytes:
        """The next 20 ms from the host."""
        return self.audio_port.take()

    def speak(self) -> bytes:
        flows = self.audio_flows
        if flows and self.faults.hang_in_stream_s is not None:
            self._audio_ticks += 1
            if self._audio_ticks * 0.02 > self.faults.hang_in_stream_s:
                self.faults.hang_in_stream_s = None
                self.faults.silent = True
        if self._tones:
            frame = bytes(self._tones[:FRAME])
            del self._tones[:FRAME]
            return frame.ljust(FRAME, bytes([g711.SILENCE]))
        return self.take_audio() if flows and not self._audio_dead else sounds.QUIET

    def hear(self, frame: bytes) -> None:
        if self.audio_flows and not self._audio_dead:
            slip = int(self.faults.pcm_slip > 0)
            self.faults.pcm_slip -= slip
            self.audio_port.give(frame, slip)

    @property
    def _audio_dead(self) -> bool:
        return self.faults.silent or self.faults.pcm_dead

    def key(self, key: str) -> None:
        self.says_key(key)

    def _send_digits(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info("+VTS: (0-9,*,#,A,B,C,D)")
            return None
        return self.send_keys(command.arg.replace('"', "").replace("{", "").replace("}", "").split(","))

    def send_keys(self, keys: list[str]) -> str | None:
        """Send key tones to the other side; an error where there is none, or one is no key."""
        if not self.talking or any(len(key) != 1 or key.upper() not in "0123456789*#ABCD" for key in keys):
            return self.error(3)
        assert self.circuit
        for key in keys:
            self._tones += sounds.key_tone(key.upper(), 0.2) + bytes([g711.SILENCE]) * 800
            if far := self.circuit.other(self):
                self.exchange.loop.call_later(len(self._tones) / 8000, far.key, key.upper())
        return None
