"""The SIM card in a simulated radio modem: PIN and PUK with their tries, its number, the files that programs read off it.

Sources: 3GPP TS 27.007, 7.4 (+CLCK), 7.5 (+CPWD), 8.3 (+CPIN), 8.18 (+CRSM), 8.65 (+CPINR); TS 31.102 (files); TS 51.011, 9.2.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hal.simulated.atline import Command

if TYPE_CHECKING:
    from hal.simulated.radiostate import RadioState

PIN_TRIES, PUK_TRIES = 3, 10
_FILES = {0x2FE2: "98942000000000000051", 0x6FAD: "00000002", 0x6FAE: "03"}
"""EF_ICCID, EF_AD (mobile network codes have two digits), EF_Phase."""
_READ, _RECORD, _STATUS = 176, 178, 192


class SimCard:
    """One SIM."""

    def __init__(self, modem: RadioState) -> None:
        self._modem = modem
        self.state = "READY"
        """+CPIN: READY, `SIM PIN`, `SIM PUK`, or empty: there is none."""
        self.pin, self.puk = "1234", "12345678"
        self.pin_tries, self.puk_tries = PIN_TRIES, PUK_TRIES
        self.locked = False
        """It asks for its PIN at every start."""
        modem.commands |= {
            "+CPIN": self._pin,
            "+CPINR": self._tries,
            "+CLCK": self._lock,
            "+CPWD": self._change,
            "+CNUM": self._own_number,
            "+CRSM": self._file,
        }

    def power_up(self) -> None:
        """The modem has started: a locked SIM wants its PIN again."""
        if self.locked and self.state == "READY":
            self.state = "SIM PIN"

    def refusal(self) -> str:
        """What a command that needs the SIM gets while it is not there or not unlocked."""
        if not self._modem.sim_read:
            return self._modem.error(14)
        return self._modem.error({"": 10, "SIM PIN": 11, "SIM PUK": 12}.get(self.state, 13))

    def _pin(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        if not self.state or not self._modem.sim_read:
            return self.refusal()
        if command.op == "?":
            self._modem.info(f"+CPIN: {self.state}")
            return None
        codes = [code.strip('" ') for code in command.arg.split(",")]
        if self.state == "SIM PIN" and len(codes) == 1:
            return self._try(codes[0])
        if self.state == "SIM PUK" and len(codes) == 2:
            return self._unblock(*codes)
        return self._modem.error(3)

    def _try(self, pin: str) -> str | None:
        if pin == self.pin:
            self.state, self.pin_tries = "READY", PIN_TRIES
            self.locked = True
            self._modem.unlocked()
            return None
        self.pin_tries -= 1
        if self.pin_tries <= 0:
            self.state = "SIM PUK"
        return self._modem.error(16)

    def _unblock(self, puk: str, pin: str) -> str | None:
        if puk == self.puk and self.puk_tries > 0 and re.fullmatch(r"\d{4,8}", pin):
            self.pin, self.pin_tries, self.puk_tries = pin, PIN_TRIES, PUK_TRIES
            self.state = "READY"
            self._modem.unlocked()
            return None
        self.puk_tries -= 1
        return self._modem.error(16 if self.puk_tries > 0 else 13)

    def _tries(self, command: Command) -> str | None:
        if command.op == "=?":
            return None
        if not self.state:
            return self.refusal()
        self._modem.info(f"+CPINR: SIM PIN,{self.pin_tries},{PIN_TRIES}")
        self._modem.info(f"+CPINR: SIM PUK,{self.puk_tries},{PUK_TRIES}")
        return None

    def _lock(self, command: Command) -> str | None:
        if command.op == "=?":
            self._modem.info('+CLCK: ("SC")')
            return None
        facility, _, rest = command.arg.partition(",")
        mode, _, code = rest.partition(",")
        if facility.strip('" ').upper() != "SC" or not self.state:
            return self._modem.error(4)
        if mode == "2":
            self._modem.info(f"+CLCK: {int(self.locked)}")
            return None
        if self.state != "READY" or code.split(",")[0].strip('" ') != self.pin:
            return self._modem.error(16)
        self.locked = mode == "1"
        return None

    def _change(self, command: Command) -> str | None:
        if command.op == "=?":
            self._modem.info('+CPWD: ("SC",8)')
            return None
        facility, old, new = ([part.strip('" ') for part in command.arg.split(",")] + ["", ""])[:3]
        if facility != "SC" or self.state != "READY":
            return self._modem.error(4)
        if old != self.pin or not re.fullmatch(r"\d{4,8}", new):
            return self._modem.error(16)
        self.pin = new
        return None

    def _own_number(self, command: Command) -> str | None:
        modem = self._modem
        if command.op == "=?":
            return None
        if not modem.sim_ready:
            return self.refusal()
        if modem.number and modem.number_on_sim:
            modem.info(f'+CNUM: "","{modem.number}",{145 if modem.number.startswith("+") else 129}')
        return None

    def _file(self, command: Command) -> str | None:
        """Restricted SIM access: the few files above can be read, every other one is not found (status words 6A 82)."""
        modem = self._modem
        if command.op == "=?":
            return None
        if not self.state:
            return self.refusal()
        try:
            what, file, *_ = (int(part) for part in command.arg.split(",")[:2])
        except ValueError:
            return modem.error(50)
        content = _FILES.get(file)
        if content is None or what == _RECORD:
            modem.info("+CRSM: 106,130")
        elif what == _STATUS:
            modem.info(f'+CRSM: 144,0,"0000{len(content) // 2:04X}{file:04X}0400FF0FFF01020000"')
        elif what == _READ:
            modem.info(f'+CRSM: 144,0,"{content}"')
        else:
            modem.info("+CRSM: 109,0")  # the instruction is not supported
        return None
