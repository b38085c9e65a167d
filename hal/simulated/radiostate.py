"""What a simulated radio modem knows of itself: identity, SIM, network, settings (3GPP TS 27.007). Calls are in `radiomodem`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hal.simulated.atline import Command
from hal.simulated.modem import Modem, ok
from hal.simulated.sim7600 import ACCEPTED, CME_TEXT, IDENTITY, SETTINGS

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange


class RadioState(Modem):
    """A radio modem without its calls."""

    def __init__(self, exchange: Exchange, name: str, link: Path, number: str) -> None:
        self.number = number
        self.registration = 1
        """+CREG: 0 none, 1 home, 2 searching, 3 denied, 5 roaming. Set it with `RadioModem.set_registration`."""
        self.signal = 20
        """+CSQ 0..31, or 99."""
        self.sim = "READY"
        """+CPIN: READY, `SIM PIN`, or empty: none."""
        self.sim_pin = "1234"
        self._booting: list[asyncio.TimerHandle] = []
        self._powered = True
        self._settings = {name: default for name, (default, _) in SETTINGS.items()}
        super().__init__(exchange, name, link)
        self.commands |= {
            "I": self._about,
            "+CSQ": self._quality,
            "+COPS": self._operator,
            "+CPIN": self._pin,
            "+CNUM": self._own_number,
            "+CPSI": self._serving_cell,
            "+CCLK": self._time,
        }
        self.commands |= dict.fromkeys(ACCEPTED, ok)
        self.commands |= dict.fromkeys(SETTINGS, self._setting)
        self.commands |= dict.fromkeys(IDENTITY, self._identify)

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

    def reset(self) -> None:
        self._settings = {name: default for name, (default, _) in SETTINGS.items()}

    def error(self, number: int = 100) -> str:
        mode = self._settings["+CMEE"]
        if mode == "0":
            return "ERROR"
        return f"+CME ERROR: {number if mode == '1' else CME_TEXT.get(number, 'unknown')}"

    def _setting(self, command: Command) -> str | None:
        name = command.name
        if command.op == "=":
            self._settings[name] = command.arg or SETTINGS[name][0]
        elif command.op == "=?":
            self.info(f"{name}: {SETTINGS[name][1]}")
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
            self.info(IDENTITY[command.name])
        return None

    def _about(self, _: Command) -> str | None:
        about = ("Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H", "Revision: SIM7600M22_V2.0")
        self.info("\r\n".join((*about, f"IMEI: {IDENTITY['+CGSN']}", "+GCAP: +CGSM")))
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
