"""An analogue voice modem after ITU-T V.253, at the end of a two-wire subscriber line.

What an analogue line does not tell, this modem does not know: it takes a call as answered when the ring-back tone has stayed
away for +VRA tenths of a second (its pauses last four seconds: a smaller +VRA mistakes the first pause for an answer), or has
not come for +VRN seconds; every refusal sounds busy; and the far end's hang-up is only a busy or dial tone.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from datetime import datetime
from typing import TYPE_CHECKING

from hal.audio.sound import RATE
from hal.simulated import dle, g711, sounds
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit, Presence
from hal.simulated.models import MODELS
from hal.simulated.modem import ok
from hal.simulated.voice import VoiceModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_OFF_HOOK_S = 0.3
_DIAL_TONE_S = 1.0
_DIGIT_S = 0.15
_BUSY_HEARD_S = 2.0
_BUSY_AGAIN_S = 4.0
_RING_BACK_ON_S, _RING_BACK_S = 1.0, 5.0

_SETTINGS = {  # name: (default, range); accepted in voice mode only
    "+VGT": ("128", "(0-255)"),
    "+VGR": ("128", "(0-255)"),
    "+VSD": ("128,0", "(0-255),(0-255)"),
    "+VIT": ("70", "(0-255)"),
    "+VNH": ("0", "(0-2)"),
    "+VRA": ("50", "(0-255)"),
    "+VRN": ("10", "(0-255)"),
    "+VDR": ("0,0", "(0,1),(0-255)"),
    "+VTD": ("100", "(5-255)"),
    "+VPR": ("0", "(0)"),
    "+VSP": ("0", "(0,1)"),
}
_ACCEPTED = (
    "L",
    "M",
    "X",
    "B",
    "T",
    "W",
    "&C",
    "&D",
    "&G",
    "&J",
    "&K",
    "&R",
    "&S",
    "&W",
    "+IFC",
    "+IPR",
    "+ICF",
    "+FLO",
    "+GCI",
    "+VIP",
)
_TONE = re.compile(r"\[(\d*),(\d*),(\d*)\]|\{([0-9A-D*#]),(\d+)\}|([0-9A-D*#])", re.IGNORECASE)


class AnalogueModem(VoiceModem):
    """One modem, one line."""

    setup_s = 1.0

    def __init__(self, exchange: Exchange, name: str, number: str, model: str) -> None:
        """ValueError for an unknown model."""
        if model not in MODELS:
            raise ValueError(f"no voice modem {model!r}; there are {', '.join(MODELS)}")
        self.number = number
        self.model = MODELS[model]
        self.model_name = model
        self.fclass = "0"
        self.caller_id_first = False
        """A British line: caller id before any ring."""
        self._off_hook = False
        self._tone_report: asyncio.TimerHandle | None = None
        self._settings: dict[str, str] = {}
        self._registers: dict[int, int] = {}
        self._vcid = "0"
        self._vls = 0
        self._answered: asyncio.Event = asyncio.Event()
        self._rings = 0
        super().__init__(exchange, name, exchange.directory / name)
        self.codec = "u8"
        self.compression = self.model.compressions[0]
        self.reset()
        self.commands |= {
            "A": self._answer,
            "D": self._dial,
            "H": self._hook,
            "I": self._identify,
            "+FCLASS": self._fclass,
            "+VCID": self._caller_id,
            "+VLS": self._select,
            "+VSM": self._compress,
            "+VTX": self._transmit,
            "+VRX": self._receive,
            "+VTR": self._duplex,
            "+VTS": self._tones_out,
        }
        self.commands |= dict.fromkeys((*_ACCEPTED, *self.model.extra), ok)
        self.commands |= dict.fromkeys(_SETTINGS, self._setting)
        self.commands |= dict.fromkeys((name for name in self.model.identity if name[0] == "+"), self._identify)
        self.commands |= {f"S{register}": self._register for register in range(100)}

    def describe(self) -> dict[str, object]:
        """For the control socket."""
        return self.description("voice", self.model_name, self.number)

    @property
    def lossy(self) -> bool:  # type: ignore[override]  # what other parties are, this one is by its setting
        """Everything but A-law changes the samples a little."""
        return self.compression.codec != "alaw"

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
            self.send(b"\r\nRING\r\n")
        if self._rings == 1 and not self.caller_id_first:
            self.exchange.loop.call_later(1.5, self._say_caller, circuit)
        if self._rings == self._registers.get(0):
            self._go_off_hook()
            return
        self.exchange.loop.call_later(self.exchange.ring_cadence_s, self._ring_on, circuit)

    def _say_caller(self, circuit: Circuit) -> None:
        if self.ringing is not circuit or self._vcid == "0":
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
        await asyncio.sleep(_OFF_HOOK_S)
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
        frames = itertools.cycle(sounds.cadence(tone))
        self.exchange.off_hook(self, lambda: next(frames))

    def _go_on_hook(self) -> None:
        self._off_hook = False
        if self._tone_report:
            self._tone_report.cancel()
        self.exchange.off_hook(self, None)
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

    def connected(self, circuit: Circuit) -> None:
        self.exchange.off_hook(self, None)
        self._answered.set()

    def released(self, circuit: Circuit, cause: Cause) -> None:
        self.circuit = None
        if self._off_hook:
            self._listen_to("busy" if circuit.answered or cause is Cause.USER_BUSY else "congestion")
            if circuit.answered:
                self._tone_report = self.exchange.loop.call_later(_BUSY_HEARD_S, self._report_tone)

    def _report_tone(self) -> None:
        if self.fclass == "8":
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
        self.exchange.off_hook(self, None)
        self._answered = asyncio.Event()
        circuit = self.circuit = self.exchange.place(self, self.number, number)
        if self.faults.congestion:
            circuit.after(self.setup_s, lambda: circuit.release(None, Cause.NO_CIRCUIT))
        return await self._progress(circuit)

    async def _progress(self, circuit: Circuit) -> str:
        """What the modem's ear makes of the tones that follow the digits."""
        loop = self.exchange.loop
        dialled = loop.time()
        ring_away = int(self._settings["+VRA"].split(",")[0]) / 10
        ring_never = int(self._settings["+VRN"])
        limit = dialled + self._registers.get(7, 60)
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

    # --- audio ---

    def _transmit(self, command: Command) -> str | None:
        return self._stream(command, play=True)

    def _receive(self, command: Command) -> str | None:
        return self._stream(command, record=True)

    def _duplex(self, command: Command) -> str | None:
        return self._stream(command, play=True, record=True) if self.model.duplex else "ERROR"

    def _stream(self, command: Command, *, play: bool = False, record: bool = False) -> str | None:
        if self.fclass != "8" or command.op:
            return None if command.op == "=?" and self.fclass == "8" else "ERROR"
        self.codec = self.compression.codec
        self.start_stream(play=play, record=record)
        self.result("CONNECT")
        if play and self.model.underrun_at_start:
            self.send_raw(dle.code("u"))
        return ""

    def code_from_host(self, character: int) -> None:
        both = self.playing and self.recording
        if both:
            if character in (ord("^"), dle.ETX):
                self._end_stream(etx=True)
            elif character == dle.CAN:
                super().code_from_host(character)
        elif self.recording and character in (ord("!"), dle.ESC):
            self._end_stream(etx=True)
        elif self.playing:
            super().code_from_host(character)

    def played_out(self) -> None:
        self._end_stream(etx=self.model.play_ends_with_etx)

    def _end_stream(self, *, etx: bool) -> None:
        self.leave_stream()
        if etx:
            self.send_raw(dle.code(dle.ETX))
        self.result("OK")

    def key(self, key: str) -> None:
        if self.fclass != "8":
            return
        if not self.model.shielded_digits:
            self.send_raw(dle.code(key))
            return
        self.send_raw(dle.code("/") + dle.code(key))
        self.exchange.loop.call_later(0.04, lambda: self.send_raw(dle.code(key) + dle.code("~")))

    async def _tones_out(self, command: Command) -> str | None:
        if self.fclass != "8" or command.op == "?":
            return "ERROR"
        if command.op == "=?":
            self.info("(200-3200),(200-3200),(0-500)")
            return None
        text = command.arg.replace(" ", "")
        wave = b""
        position = 0
        while position < len(text):
            match = _TONE.match(text, position)
            if not match:
                return "ERROR"
            piece = self._tone(match)
            if piece is None:
                return "ERROR"
            wave += piece
            position = match.end() + 1  # a comma
        self._tones += wave
        if self._off_hook:
            await asyncio.sleep(len(wave) / RATE)
        return None

    def _tone(self, match: re.Match[str]) -> bytes | None:
        default = int(self._settings["+VTD"]) * 0.01
        gap = bytes([g711.SILENCE]) * round(0.07 * RATE)
        if match.group(6):
            return sounds.key_tone(match.group(6).upper(), min(default, 0.1)) + gap
        if match.group(4):
            return sounds.key_tone(match.group(4).upper(), int(match.group(5)) * 0.01) + gap
        first, second = int(match.group(1) or 0), int(match.group(2) or 0)
        if self.model.tone_needs_both and not (first and second):
            return None
        if any(f and not 200 <= f <= 3200 for f in (first, second)):
            return None
        return sounds.two_tones(first, second, int(match.group(3) or 100) * 0.01)

    # --- settings ---

    def reset(self) -> None:
        self.leave_stream()
        self._go_on_hook()
        self.fclass = "0"
        self._vcid = "0"
        self._registers = {0: 0, 2: 43, 3: 13, 4: 10, 5: 8, 6: 3, 7: 60}
        self._voice_defaults()

    def _voice_defaults(self) -> None:
        self._vls = 0
        self._settings = {name: default for name, (default, _) in _SETTINGS.items()}
        self.compression = self.model.compressions[0]

    def _identify(self, command: Command) -> str | None:
        key = command.name + command.arg if command.name == "I" else command.name
        if text := self.model.identity.get(key):
            self.info(text)
        return None

    def _fclass(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info("0,1,1.0,2,8")
        elif command.op == "?":
            self.info(self.fclass)
        elif command.arg in ("0", "1", "1.0", "2", "8"):
            if command.arg != "8":
                self._go_on_hook()
                self._voice_defaults()
            self.fclass = command.arg
        else:
            return "ERROR"
        return None

    def _caller_id(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(self._vcid)
        elif command.op == "=?":
            self.info("(0-2)")
        elif command.arg in ("0", "1", "2"):
            self._vcid = command.arg
        else:
            return "ERROR"
        return None

    async def _select(self, command: Command) -> str | None:
        if self.fclass != "8":
            return "ERROR"
        if command.op == "?":
            self.info(str(self._vls))
            return None
        if command.op == "=?":
            self.info(",".join(map(str, self.model.vls)))
            return None
        if not command.arg.isdigit() or int(command.arg) not in self.model.vls:
            return "ERROR"
        self._vls = int(command.arg)
        if self._vls in (1, 5, 13):  # the telephone line, alone or with a speaker
            await asyncio.sleep(_OFF_HOOK_S)
            self._go_off_hook()
        elif self._vls == 0:
            self._go_on_hook()
        return None

    def _compress(self, command: Command) -> str | None:
        if self.fclass != "8":
            return "ERROR"
        if command.op == "=?":
            for c in self.model.compressions:
                self.info(f'{c.number},"{c.name}",{c.bits},0,8000,0,0')
            return None
        if command.op == "?":
            self.info(f"{self.compression.number},8000,0,0")
            return None
        number, _, rest = command.arg.partition(",")
        chosen = next((c for c in self.model.compressions if str(c.number) == number), None)
        if chosen is None or not chosen.codec or rest.partition(",")[0] not in ("", "8000"):
            return "ERROR"
        self.compression = chosen
        return None

    def _setting(self, command: Command) -> str | None:
        if self.fclass != "8":
            return "ERROR"
        if command.op == "=?":
            self.info(_SETTINGS[command.name][1])
        elif command.op == "?":
            self.info(self._settings[command.name])
        elif re.fullmatch(r"\d*(,\d*)*", command.arg):
            self._settings[command.name] = command.arg or _SETTINGS[command.name][0]
        else:
            return "ERROR"
        return None

    def _register(self, command: Command) -> str | None:
        number = int(command.name[1:])
        if command.op == "?":
            self.info(f"{self._registers.get(number, 0):03d}")
        elif command.op == "=" and (command.arg or "0").isdigit():
            self._registers[number] = int(command.arg or 0)
        else:
            return "ERROR"
        return None
