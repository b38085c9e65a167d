"""An analogue voice modem after ITU-T V.253: its commands and data states. Its behaviour on the line is in `analogueline`."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from hal.audio.sound import RATE
from hal.simulated import dle, g711, sounds
from hal.simulated.analogueline import OFF_HOOK_S, AnalogueLine
from hal.simulated.atline import Command
from hal.simulated.models import MODELS
from hal.simulated.modem import ok

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

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


class AnalogueModem(AnalogueLine):
    """One modem, one line."""

    def __init__(self, exchange: Exchange, name: str, number: str, model: str) -> None:
        """ValueError for an unknown model."""
        if model not in MODELS:
            raise ValueError(f"no voice modem {model!r}; there are {', '.join(MODELS)}")
        self.model_name = model
        self._vls = 0
        super().__init__(exchange, name, number, MODELS[model])
        self.codec = "u8"
        self.compression = self.model.compressions[0]
        self.reset()
        self.commands |= {
            "I": self._identify,
            "+FCLASS": self._fclass,
            self.model.voice_mode: self._fclass,
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
        for name in self.model.lacks:
            del self.commands[name]

    def describe(self) -> dict[str, object]:
        """For the control socket."""
        return self.description("voice", self.model_name, self.number)

    @property
    def lossy(self) -> bool:  # type: ignore[override]  # what other parties are, this one is by its setting
        """Everything but A-law changes the samples a little."""
        return self.compression.codec != "alaw"

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

    def _ignores(self, character: int, before: bytes | int) -> bool:
        if self.model.three_dle and not (isinstance(before, bytes) and before.endswith(bytes((dle.DLE,)))):
            return True
        return super()._ignores(character, before)

    def played_out(self) -> None:
        self._end_stream(etx=self.model.play_ends_with_etx)

    def _end_stream(self, *, etx: bool) -> None:
        self.leave_stream()
        if etx:
            self.send_raw(dle.code(dle.ETX))
        self.result("OK")

    def key(self, key: str) -> None:
        only_playing = self.playing and not self.recording
        if self.fclass != "8" or self.model.deaf or (self.model.deaf_while_playing and only_playing):
            return
        if not self.model.shielded_digits:
            self.send_raw(dle.code(key))
            return
        self.send_raw(dle.code("/") + dle.code(key))
        again = dle.code(key) if self.model.digits_repeated else b""
        end = again + dle.code(self.model.digits_end)
        self.exchange.loop.call_later(0.04, lambda: self.send_raw(end))

    async def _tones_out(self, command: Command) -> str | None:
        if self.fclass != "8" or command.op == "?" or not self.model.tones:
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
        default = int(self.settings["+VTD"]) * 0.01
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
        self.registers = {0: 0, 2: 43, 3: 13, 4: 10, 5: 8, 6: 3, 7: 60}
        self._voice_defaults()

    def _voice_defaults(self) -> None:
        self._vls = 0
        self.settings = {name: default for name, (default, _) in _SETTINGS.items()}
        self.compression = self.model.compressions[0]

    def _identify(self, command: Command) -> str | None:
        key = command.name + command.arg if command.name == "I" else command.name
        if text := self.model.identity.get(key):
            self.info(text)
        return None

    def _fclass(self, command: Command) -> str | None:
        classes = ("0", "1", "1.0", "2", "8") if command.name == self.model.voice_mode else ("0", "1", "1.0", "2")
        if command.op == "=?":
            self.info(",".join(classes))
        elif command.op == "?":
            self.info(self.fclass)
        elif command.arg in classes:
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
            for line in self.model.lines or (",".join(map(str, self.model.vls)),):
                self.info(line)
            return None
        if not command.arg.isdigit() or int(command.arg) not in self.model.vls:
            return "ERROR"
        self._vls = int(command.arg)
        if self._vls in self.model.telephone:
            await asyncio.sleep(OFF_HOOK_S)
            self._go_off_hook()
            return self.model.taken
        elif self._vls == 0:
            self._go_on_hook()
        return None

    def _compress(self, command: Command) -> str | None:
        if self.fclass != "8":
            return "ERROR"
        if command.op == "=?":
            for c in self.model.compressions:
                self.info(self.model.compression_form.format(c.number, c.name, c.bits, c.rates))
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
            self.info(self.settings[command.name])
        elif re.fullmatch(r"\d*(,\d*)*", command.arg):
            self.settings[command.name] = command.arg or _SETTINGS[command.name][0]
        else:
            return "ERROR"
        return None

    def _register(self, command: Command) -> str | None:
        number = int(command.name[1:])
        if command.op == "?":
            self.info(f"{self.registers.get(number, 0):03d}")
        elif command.op == "=" and (command.arg or "0").isdigit():
            self.registers[number] = int(command.arg or 0)
        else:
            return "ERROR"
        return None
