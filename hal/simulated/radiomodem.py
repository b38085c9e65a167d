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
from hal.simulated.modem import Modem, ok
from hal.simulated.ptyport import PtyPort
from hal.simulated.radiosms import ShortMessages

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

ACTIVE, HELD, DIALLING, ALERTING, INCOMING, WAITING, DISCONNECTED = range(7)
"""Call states of +CLCC (27.007, 7.18); 6 is SIMCom's, in reports only."""

_CME_TEXT = {3: "operation not allowed", 10: "SIM not inserted", 11: "SIM PIN required", 14: "SIM busy", 100: "unknown"}
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
_IDENTITY = {
    "+CGMI": "SIMCOM INCORPORATED",
    "+GMI": "SIMCOM INCORPORATED",
    "+CGMM": "SIMCOM_SIM7600E-H",
    "+GMM": "SIMCOM_SIM7600E-H",
    "+CGMR": "+CGMR: LE20B04SIM7600M22",
    "+GMR": "+CGMR: LE20B04SIM7600M22",
    "+CGSN": "861075020000015",
    "+GSN": "861075020000015",
    "+CIMI": "262010000000015",
    "+CICCID": "+ICCID: 89490200000000000015",
    "+CCID": "+CCID: 89490200000000000015",
    "+GCAP": "+GCAP: +CGSM,+FCLASS,+DS",
}
_SETTINGS = {  # what is kept and read back; (default, range)
    "+CREG": ("0", "(0-2)"),
    "+CGREG": ("0", "(0-2)"),
    "+CEREG": ("0", "(0-2)"),
    "+CMEE": ("0", "(0-2)"),
    "+CLIP": ("0", "(0,1)"),
    "+CLIR": ("0", "(0-2)"),
    "+COLP": ("0", "(0,1)"),
    "+CDIP": ("0", "(0,1)"),
    "+CNAP": ("0", "(0,1)"),
    "+CRC": ("0", "(0,1)"),
    "+CSSN": ("0,0", "(0,1),(0,1)"),
    "+CCWA": ("0", "(0,1)"),
    "+CSCS": ('"IRA"', '("IRA","GSM","UCS2")'),
    "+CVHU": ("1", "(0,1)"),
    "+VTD": ("1", "(1-255)"),
    "+DDET": ("0", "(0,1)"),
    "+CPCMFRM": ("0", "(0,1)"),
    "+COUTGAIN": ("4", "(0-7)"),
    "+CMICGAIN": ("4", "(0-8)"),
    "+CECM": ("1", "(0-7)"),
    "+CNSMOD": ("0", "(0,1)"),
    "+AUTOCSQ": ("0,0", "(0,1),(0,1)"),
    "+CLTS": ("0", "(0,1)"),
    "+CTZU": ("0", "(0,1)"),
    "+CTZR": ("0", "(0-2)"),
    "$QCRCIND": ("0", "(0,1)"),
}


class _Audio:
    """The port that carries the call's samples. Nothing is read from it but by the tick."""

    def __init__(self, exchange: Exchange, name: str) -> None:
        self.port = PtyPort(exchange.directory / name, self, exchange.watch)
        self.port.listen(False)
        self._half = b""

    def port_opened(self) -> None:
        self._half = b""

    def port_closed(self) -> None:
        self._half = b""

    def port_data(self, data: bytes) -> None:
        """Left over when the box closes the port."""

    def flush(self) -> None:
        """Forget what waits."""
        while self.port.read(4096):
            pass
        self._half = b""

    def take(self) -> bytes:
        """The next 20 ms from the host as A-law; silence where it gave less."""
        data = self._half + self.port.read(2 * FRAME - len(self._half))
        whole = len(data) & ~1
        self._half = data[whole:]
        return g711.from_s16le(data[:whole]).ljust(FRAME, bytes([g711.SILENCE]))

    def give(self, frame: bytes) -> None:
        """20 ms to the host."""
        self.port.write(g711.to_s16le(frame))


class RadioModem(Modem, Party):
    """One modem with its SIM."""

    setup_s = 3.0
    dial_to_semicolon = True

    def __init__(self, exchange: Exchange, name: str, number: str) -> None:
        self.number = number
        self.circuit: Circuit | None = None
        self.registration = 1
        """+CREG: 0 none, 1 home, 2 searching, 3 denied, 5 roaming. Set it with `set_registration`."""
        self.signal = 20
        """+CSQ 0..31, or 99."""
        self.sim = "READY"
        """+CPIN: READY, `SIM PIN`, or empty: none."""
        self._booting: list[asyncio.TimerHandle] = []
        self.sim_pin = "1234"
        self._settings: dict[str, str] = {}
        self._call_reports = False
        self._state = DIALLING
        self._pcm = False
        self._tones = bytearray()
        self._last_cause = Cause.NORMAL_CLEARING
        self._powered = True
        self._audio_ticks = 0
        self.audio = _Audio(exchange, f"{name}.pcm")
        super().__init__(exchange, name, exchange.directory / name)
        self.messages = ShortMessages(self, {"SM": 20, "ME": 50})
        self.commands |= {
            "A": self._answer,
            "D": self._dial,
            "H": self._hang_up,
            "I": self._about,
            "+CHUP": self._hang_up,
            "+CVHUP": self._hang_up,
            "+CLCC": self._list_calls,
            "+CPAS": self._activity,
            "+CEER": self._why,
            "+CPCMREG": self._route_audio,
            "+VTS": self._send_digits,
            "+CSQ": self._quality,
            "+COPS": self._operator,
            "+CPIN": self._pin,
            "+CNUM": self._own_number,
            "+CFUN": self._functionality,
            "+CRESET": self._restart,
            "+CPSI": self._serving_cell,
            "+CCLK": self._time,
        }
        accepted = (
            "X",
            "L",
            "M",
            "S0",
            "S3",
            "S4",
            "S5",
            "S7",
            "&C",
            "&D",
            "&W",
            "&S",
            "&K",
            "+IFC",
            "+IPR",
            "+CSDVC",
            "+EXUNSOL",
        )
        self.commands |= dict.fromkeys(
            (*accepted, "+CMMS", "+CSMP", "+CSDH", "+CSAS", "+CGSMS", "+CHLD", "+CMUT", "+CLVL"), ok
        )
        self.commands |= dict.fromkeys(_SETTINGS, self._setting)
        self.commands |= dict.fromkeys(_IDENTITY, self._identify)
        self.reset()

    # --- the network ---

    @property
    def registered(self) -> bool:
        """Has a network that takes calls and messages."""
        return self._powered and self._sim_ready and self.registration in (1, 5)

    @property
    def _sim_ready(self) -> bool:
        return self.sim == "READY" and len(self._booting) < 3  # the first step of booting is to read the SIM

    @property
    def numeric_errors(self) -> bool:
        return self._settings["+CMEE"] != "0"

    @property
    def echoing(self) -> bool:
        """What is typed is sent back."""
        return self._echoing or self.faults.echo

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
        self.info(f"+CEER: {_CEER.get(self._last_cause, self._last_cause.name.replace('_', ' ').capitalize())}")
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

    # --- state and identity ---

    def error(self, number: int = 100) -> str:
        mode = self._settings["+CMEE"]
        if mode == "0":
            return "ERROR"
        return f"+CME ERROR: {number if mode == '1' else _CME_TEXT.get(number, 'unknown')}"

    def reset(self) -> None:
        self._settings = {name: default for name, (default, _) in _SETTINGS.items()}
        self._call_reports = False
        if hasattr(self, "messages"):
            self.messages.reset()

    def _setting(self, command: Command) -> str | None:
        name = command.name
        if command.op == "=":
            self._settings[name] = command.arg or _SETTINGS[name][0]
        elif command.op == "=?":
            self.info(f"{name}: {_SETTINGS[name][1]}")
        elif command.op == "?":
            value = self._settings[name]
            if name in ("+CREG", "+CGREG", "+CEREG"):
                place = ',"1A2B","01C3D4E5",7' if value == "2" and self.registered else ""
                value = f"{value},{self.registration if self._powered and self._sim_ready else 0}{place}"
            elif name in ("+CLIP", "+CLIR", "+COLP"):
                value = f"{value},1"
            elif name == "+CNSMOD":
                value = f"{value},{8 if self.registered else 0}"
            self.info(f"{name}: {value}")
        elif name not in ("+CCWA",):
            return self.error(3)
        return None

    def _identify(self, command: Command) -> str | None:
        if command.op != "=?":
            if command.name == "+CIMI" and not self._sim_ready:
                return self._no_sim()
            self.info(_IDENTITY[command.name])
        return None

    def _about(self, _: Command) -> str | None:
        about = ("Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H", "Revision: SIM7600M22_V2.0")
        self.info("\r\n".join((*about, f"IMEI: {_IDENTITY['+CGSN']}", "+GCAP: +CGSM")))
        return None

    def _no_sim(self) -> str:
        return self.error(14 if len(self._booting) == 3 else 11 if self.sim else 10)

    def _quality(self, command: Command) -> str | None:
        self.info(
            "+CSQ: (0-31,99),(0-7,99)" if command.op == "=?" else f"+CSQ: {self.signal if self._powered else 99},99"
        )
        return None

    async def _operator(self, command: Command) -> str | None:
        if command.op == "?":
            self.info('+COPS: 0,0,"Simulated",7' if self.registered else "+COPS: 0")
        elif command.op == "=?":
            await asyncio.sleep(5)
            self.info('+COPS: (2,"Simulated","Sim","00101",7),,(0,1,2,3,4),(0,1,2)')
        return None

    def _pin(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        if not self.sim or len(self._booting) == 3:
            return self._no_sim()
        if command.op == "?":
            self.info(f"+CPIN: {self.sim}")
        elif self.sim == "SIM PIN" and command.arg.strip('"') == self.sim_pin:
            self.sim = "READY"
        else:
            return self.error(16 if self.sim == "SIM PIN" else 3)
        return None

    def _own_number(self, _: Command) -> str | None:
        if self._sim_ready and self.number:
            self.info(f'+CNUM: "","{self.number}",{145 if self.number.startswith("+") else 129}')
        return None

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

    def _serving_cell(self, _: Command) -> str | None:
        self.info(
            "+CPSI: LTE,Online,001-01,0x1A2B,29612517,257,EUTRAN-BAND3,1300,5,5,-94,-850,-545,15"
            if self.registered
            else "+CPSI: NO SERVICE,Online"
        )
        return None

    def _time(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f'+CCLK: "{datetime.fromtimestamp(self.exchange.wall()):%y/%m/%d,%H:%M:%S}+04"')
        return None
