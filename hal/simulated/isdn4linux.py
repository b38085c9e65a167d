"""An ISDN adapter that speaks AT as the ttyI devices of isdn4linux do; also the model of such terminal adapters.

Behaviour after the kernel's documentation (Documentation/isdn/README, README.audio) and drivers/isdn/isdn_tty.c. What surprises:

* It dials and listens only with an own number set: AT&E (else `NO MSN/EAZ`), or AT&L for listening.
* AT+FCLASS=8 sets S18 to 5, and a dial takes the *highest* service bit of S18: voice calls need ATS18=1 after it. A data call
  to a telephone ends with cause 88.
* Whatever ends a call before it is answered gives `BUSY`; only the extended results (S13 bit 3) tell causes apart:
  `BUSY/E0011` (hexadecimal location and Q.850 cause). No channel gives `NO DIALTONE`.
* AT+VLS=2 is the line. There is no +VTS, +VGT, +VCID, +VTR. ATH with a call up says `NO CARRIER`, then `OK`.
* AT+VTX+VRX in one line is duplex. Each of the two commands gives its own CONNECT.
* With RUNG (S13 bit 6) RING is said only once; CALLER NUMBER precedes RING unless S13 bit 4 is set.
"""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hal.simulated import dle
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Presence
from hal.simulated.modem import ok
from hal.simulated.voice import VoiceModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_DEFAULTS = {0: 0, 1: 0, 2: 43, 3: 13, 4: 10, 5: 8, 6: 3, 7: 60, 8: 2, 9: 6, 10: 7, 11: 70, 12: 69, 13: 4, 14: 0, 15: 0}
_DEFAULTS |= {16: 250, 17: 8, 18: 4, 19: 0, 20: 0, 21: 0, 22: 0, 23: 0}
_READ_ONLY = (1, 20, 21, 22)
_EXTENDED, _CALLER_ONCE, _RUNG = 8, 16, 64  # S13
_CALLED_IN_RING, _CALLED, _RINGING, _PROCEEDING = 1, 4, 8, 16  # S23
_CODECS = {2: "i4l-adpcm2", 3: "i4l-adpcm3", 4: "i4l-adpcm4", 5: "alaw", 6: "ulaw"}
_VSM = {2: ("ADPCM", 2), 3: ("ADPCM", 3), 4: ("ADPCM", 4), 5: ("ALAW", 8), 6: ("ULAW", 8)}


class IsdnLine(VoiceModem):
    """One ttyI: one B channel."""

    whole_line = "&L"
    latency_s = 0.002
    setup_s = 0.7
    numeric = (
        *("OK", "CONNECT", "RING", "NO CARRIER", "ERROR", "CONNECT 64000", "NO DIALTONE", "BUSY", "NO ANSWER"),
        *("RINGING", "NO MSN/EAZ", "VCON", "RUNG", "PROCEEDING"),
    )

    def __init__(self, exchange: Exchange, name: str, number: str) -> None:
        self.number = number
        self.registers = dict(_DEFAULTS)
        self.msn = ""
        self.listen_msns: list[str] = []
        self._line_selected = 0
        self._compression = 2
        self._dial_result: asyncio.Future[str] | None = None
        self._last_cause = "0000"
        super().__init__(exchange, name, exchange.directory / name)
        self.commands |= {
            "A": self._answer,
            "D": self._dial,
            "H": self._hang_up,
            "I": self._identify,
            "&B": ok,
            "&D": ok,
            "&R": ok,
            "&S": ok,
            "&W": ok,
            "&X": ok,
            "&E": self._own_msn,
            "&L": self._listen,
            "+FCLASS": self._fclass,
            "+VNH": self._vnh,
            "+VIP": self._vip,
            "+VLS": self._vls,
            "+VSD": self._range_only,
            "+VDD": self._vdd,
            "+VSM": self._vsm,
            "+VRX": self._vrx,
            "+VTX": self._vtx,
        }
        self.commands |= {f"S{number}": self._register for number in range(24)}

    @property
    def lossy(self) -> bool:  # type: ignore[override]  # what other parties are, this one is by its setting
        """Everything but A-law changes the samples a little."""
        return _CODECS[self._compression] != "alaw"

    # --- calls in ---

    def presence(self, called_number: str) -> Presence:
        patterns = self.listen_msns or [self.msn]
        listening = any(fnmatch.fnmatchcase(called_number, pattern) for pattern in patterns)
        if not self.port.open or not listening or not self.registers[18] & 1:
            return Presence.ABSENT
        return Presence.BUSY if self.circuit else Presence.IDLE

    def ring(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.registers[1] = 0
        self.registers[20] = 1
        self._ring_on(circuit)

    def _ring_on(self, circuit: Circuit) -> None:
        if self.ringing is not circuit:
            return
        self.registers[1] += 1
        self._say_ring(circuit)
        if self.registers[1] == self.registers[0]:
            circuit.answer()
            return
        self.exchange.loop.call_later(self.exchange.ring_cadence_s, self._ring_on, circuit)

    def _say_ring(self, circuit: Circuit) -> None:
        s13, s23 = self.registers[13], self.registers[23]
        if s13 & _RUNG and self.registers[1] > 1:
            return
        # A caller who withholds the number is shown as 0.
        numbers = [f"CALLER NUMBER: {circuit.caller_number or '0'}"]
        if s23 & _CALLED:
            numbers.append(f"CALLED NUMBER: {circuit.called_number}")
        ring = f"RING/{circuit.called_number}" if s23 & _CALLED_IN_RING else "RING"
        lines = [ring, *numbers] if s13 & _CALLER_ONCE and self.registers[1] == 1 else [*numbers, ring]
        if s13 & _CALLER_ONCE and self.registers[1] > 1:
            lines = [ring]
        self.send("".join(f"\r\n{line}" for line in lines).encode("latin-1") + b"\r\n")

    async def _answer(self, _: Command) -> str | None:
        circuit = self.ringing
        if circuit is None:
            return "NO ANSWER"
        await asyncio.sleep(0.1)
        circuit.answer()
        return "" if self.talking else "NO CARRIER"  # VCON has been said

    # --- calls out ---

    async def _dial(self, command: Command) -> str:
        number = "".join(c for c in command.arg if c in "0123456789*#+")
        if self.talking or not number:
            return "ERROR"
        if self.ringing or self.faults.no_carrier:
            return self._with_cause("NO CARRIER")
        if self.faults.no_dial_tone:
            return self._with_cause("NO DIALTONE")
        if not self.msn:
            return "NO MSN/EAZ"
        self._dial_result = asyncio.get_running_loop().create_future()
        voice = self.registers[18].bit_length() == 1
        self.circuit = self.exchange.place(self, self.msn, number)
        if not voice:
            self.circuit.after(self.setup_s, self._refuse_data)
        if self.faults.congestion:
            self.circuit.after(self.setup_s, lambda: self._refuse(Cause.NO_CIRCUIT))
        if self.registers[23] & _PROCEEDING:
            self.result("PROCEEDING")
        self._abort = asyncio.Event()
        abort = asyncio.ensure_future(self._abort.wait())
        try:
            done, _ = await asyncio.wait(
                (abort, self._dial_result), timeout=self.registers[7] + 1, return_when=asyncio.FIRST_COMPLETED
            )
            if self._dial_result in done:
                return self._dial_result.result()
            self.drop_call()
            return self._with_cause("NO CARRIER")
        finally:
            abort.cancel()
            self._abort = None
            self._dial_result = None

    def _refuse_data(self) -> None:
        self._refuse(Cause.INCOMPATIBLE_DESTINATION)

    def _refuse(self, cause: Cause) -> None:
        if self.circuit:
            self.circuit.release(None, cause)

    def alerting(self, circuit: Circuit) -> None:
        if self.registers[23] & _RINGING:
            self.result("RINGING")

    def connected(self, circuit: Circuit) -> None:
        self._last_cause = "0000"
        self.registers[1] = 0
        if self._dial_result:
            self._settle("VCON")
        else:
            self.result("VCON")

    def _settle(self, outcome: str) -> None:
        if self._dial_result and not self._dial_result.done():
            self._dial_result.set_result(outcome)

    def released(self, circuit: Circuit, cause: Cause) -> None:
        was_talking = circuit.answered is not None
        rang_here = circuit.called is self
        self.circuit = None
        self._last_cause = f"E{0x00 if cause is Cause.NORMAL_CLEARING else 0x02:02X}{cause:02X}"
        if was_talking:
            self._no_carrier()
        elif rang_here:
            if self.registers[13] & _RUNG:
                self.result("RUNG")
            self.registers[1] = 0
        else:
            self._settle(self._with_cause("BUSY"))

    def _no_carrier(self) -> None:
        ends = (dle.code(dle.ETX) if self.recording else b"") + (dle.code(dle.DC4) if self.playing else b"")
        self.leave_stream()
        if self.faults.end_lost:
            return
        if ends:
            self.send_raw(ends)
        self.result(self._with_cause("NO CARRIER"))

    def _with_cause(self, outcome: str) -> str:
        return f"{outcome}/{self._last_cause}" if self.registers[13] & _EXTENDED else outcome

    def _hang_up(self, _: Command) -> str | None:
        talking = self.talking
        self.drop_call()
        if talking:
            self._last_cause = f"E00{Cause.NORMAL_CLEARING:02X}"
            self._no_carrier()
        return None

    # --- audio ---

    def _vrx(self, _: Command) -> str | None:
        return self._stream(record=True)

    def _vtx(self, _: Command) -> str | None:
        return self._stream(play=True)

    def _stream(self, *, play: bool = False, record: bool = False) -> str | None:
        if not self._line_selected:
            return "ERROR"
        if not self.talking:
            return "NO ANSWER"
        already = self.playing, self.recording
        self.codec = _CODECS[self._compression]
        self.start_stream(play=play or already[0], record=record or already[1])
        self.result("CONNECT")
        return None

    def final(self) -> str:
        return "" if self.streaming else "OK"

    def code_from_host(self, character: int) -> None:
        if character == dle.DC4 and self.recording:
            self.recording = False
            self.send_raw(dle.code(dle.ETX))
            if not self.playing:
                self._end_stream()
        elif character == dle.ETX:
            super().code_from_host(character)

    def data_while_recording(self, data: bytes) -> None:
        if data.strip(b"\x11\x13"):
            self.recording = False
            self.send_raw(dle.code(dle.ETX))
            self._end_stream()

    def played_out(self) -> None:
        if not self.recording:
            self._end_stream()

    def _end_stream(self) -> None:
        self.leave_stream()
        self.result("VCON")

    def key(self, key: str) -> None:
        if self.streaming:
            self.send_raw(dle.code(key))

    # --- settings ---

    def info(self, text: str) -> None:
        self.send(f"\r\n{text}".encode("latin-1"))  # no line end: the result brings its own

    def reset(self) -> None:
        self.drop_call()
        self.registers = dict(_DEFAULTS)
        self.msn = ""
        self.listen_msns = []
        self._vip(None)

    def _vip(self, _: Command | None) -> str | None:
        self._line_selected = 0
        self._compression = 2
        return None

    def _identify(self, command: Command) -> str | None:
        self.info("Linux ISDN")
        if command.arg == "3":
            self.info("0")
        return None

    def _own_msn(self, command: Command) -> str | None:
        self.msn = command.arg
        return None

    def _listen(self, command: Command) -> str | None:
        self.listen_msns = [pattern for pattern in command.arg.split(";") if pattern]
        return None

    def _register(self, command: Command) -> str | None:
        number = int(command.name[1:])
        if command.op == "?":
            self.info(str(self.registers[number]))
        elif command.op == "=" and number not in _READ_ONLY and command.arg.isdigit() and int(command.arg) < 256:
            self.registers[number] = int(command.arg)
        else:
            return "ERROR"
        return None

    def _fclass(self, command: Command) -> str | None:
        if command.op == "?":
            self.info("8" if self.registers[18] & 1 else "0")
        elif command.op == "=?":
            self.info("0,8")
        elif command.arg == "0":
            self.registers[18] = 4
        elif command.arg == "8":
            self.registers[18], self.registers[16] = 5, 48
        else:
            return "ERROR"
        return None

    def _vnh(self, command: Command) -> str | None:
        if command.op in ("?", "=?"):
            self.info("1")
        return None if command.op != "=" or command.arg == "1" else "ERROR"

    def _vls(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(str(self._line_selected))
        elif command.op == "=?":
            self.info("0,2")
        elif command.arg == "2":
            self._line_selected = 2
        elif command.arg == "0":
            self._line_selected = 0
            return self._hang_up(command)
        else:
            return "ERROR"
        return None

    def _vdd(self, command: Command) -> str | None:
        return "ERROR" if command.op == "=" and not self.talking else self._range_only(command)

    def _range_only(self, command: Command) -> str | None:
        values = command.arg.split(",")
        if command.op == "=?":
            self.info("<0-31>,<0-255>")
        elif command.op == "?":
            self.info("<0>,<8>")
        elif len(values) != 2 or not all(value.isdigit() for value in values):
            return "ERROR"
        return None

    def _vsm(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f"<{self._compression}>,<0><8000>")
        elif command.op == "=?":
            for number, (name, bits) in _VSM.items():
                self.info(f"{number};{name};{bits};0;(8000)")
        elif command.arg in map(str, _VSM):
            self._compression = int(command.arg)
        else:
            return "ERROR"
        return None


class IsdnAdapter:
    """One box with an S0 bus on one side and a port for each of its lines on the other."""

    def __init__(self, exchange: Exchange, name: str, msns: list[str], numbers: Sequence[str] = ()) -> None:
        self.name = name
        self.lines = [IsdnLine(exchange, f"{name}.{i}", number) for i, number in enumerate(msns, start=1)]
        for line in self.lines:
            for number in dict.fromkeys((line.number, *numbers)):
                exchange.subscribe(number, line)

    def describe(self) -> dict[str, object]:
        """For the control socket."""
        return {
            "name": self.name,
            "kind": "isdn",
            "model": "isdn4linux",
            "lines": [{"name": line.name, "node": str(line.port.link), "number": line.number} for line in self.lines],
        }

    def unplug(self) -> None:
        """Pull out the adapter with all its lines."""
        for line in self.lines:
            line.unplug()

    def plug(self, names: list[str] | None = None) -> None:
        """Plug it in again, perhaps with other node names, one a line."""
        for line, name in zip(self.lines, names or [line.name for line in self.lines], strict=True):
            line.plug(name)
