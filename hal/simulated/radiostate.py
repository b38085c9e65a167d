"""What a simulated radio modem knows of itself: identity, network, settings (3GPP TS 27.007). Calls are in `radiomodem`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hal.simulated.atline import Command
from hal.simulated.modem import Modem, ok
from hal.simulated.radiomodels import ACCEPTED, CME_TEXT, SETTINGS, RadioModel
from hal.simulated.radiosim import SimCard

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_REGISTRATIONS = ("+CREG", "+CGREG", "+CEREG")
_INDICATORS = ("battchg", "signal", "service", "message", "call", "roam", "smsfull")


class RadioState(Modem):
    """A radio modem without its calls."""

    def __init__(self, exchange: Exchange, name: str, link: Path, number: str, model: RadioModel) -> None:
        self.model = model
        self.number = number
        self.number_on_sim = True
        """The SIM knows its number (+CNUM); many do not."""
        self.registration = 1
        """+CREG: 0 none, 1 home, 2 searching, 3 denied, 5 roaming. Set it with `RadioModem.set_registration`."""
        self.packet_registration: int | None = None
        """+CEREG and +CGREG, where they differ from +CREG: LTE without voice is 0 or 2 there and 1 here."""
        self.ims = False
        """Registered for voice over LTE."""
        self.signal = 20
        """+CSQ 0..31, or 99."""
        self.clock_known = True
        """The network has told the time; a modem without it begins in 1980."""
        self.zone = 4
        """Quarters of an hour from UTC to the network's local time."""
        self.sim_read = True
        self._booting: list[asyncio.TimerHandle] = []
        self._powered = True
        self._defaults = SETTINGS | model.settings
        self._settings = {name: default for name, (default, _) in self._defaults.items()}
        self._registers: dict[str, str] = {}
        self._contexts: dict[int, str] = {1: '"IP","internet"'}
        self._operator_format = 0
        super().__init__(exchange, name, link)
        self.commands |= {
            "I": self._about,
            "+CSQ": self._quality,
            "+CESQ": self._lte_quality,
            "+COPS": self._operator,
            "+CCLK": self._time,
            "+CIND": self._indicators,
            "+CBC": self._battery,
            "+CLAC": self._list_commands,
            "+CGDCONT": self._context,
            "+CGATT": self._attached,
            "+CGACT": self._attached,
        }
        self.card = SimCard(self)
        self.commands |= dict.fromkeys((*ACCEPTED, *model.accepted), ok)
        self.commands |= dict.fromkeys(self._defaults, self._setting)
        self.commands |= dict.fromkeys(model.identity, self._identify)

    # --- the SIM, by the names that tests use ---

    @property
    def sim(self) -> str:
        """+CPIN: READY, `SIM PIN`, `SIM PUK`, or empty: none."""
        return self.card.state

    @sim.setter
    def sim(self, state: str) -> None:
        self.card.state = state
        self.card.locked = state in ("SIM PIN", "SIM PUK")

    @property
    def sim_pin(self) -> str:
        return self.card.pin

    @sim_pin.setter
    def sim_pin(self, pin: str) -> None:
        self.card.pin = pin

    @property
    def sim_ready(self) -> bool:
        """The SIM is there, read and unlocked."""
        return self.card.state == "READY" and self.sim_read

    def unlocked(self) -> None:
        """The SIM has just been unlocked: hook."""

    @property
    def registered(self) -> bool:
        """Has a network that takes calls and messages."""
        return self._powered and self.sim_ready and self.registration in (1, 5)

    @property
    def reachable(self) -> bool:
        """Has a network that takes messages: also on packets alone."""
        return self.registered or (self._powered and self.sim_ready and self.packet_registration in (1, 5))

    @property
    def numeric_errors(self) -> bool:
        return self._settings["+CMEE"] != "0"

    @property
    def echoing(self) -> bool:
        """What is typed is sent back."""
        return self._echoing or self.faults.echo

    def setting(self, name: str) -> str:
        """What a setting is at."""
        return self._settings[name]

    def reset(self) -> None:
        self._settings = {name: default for name, (default, _) in self._defaults.items()}
        self._registers.clear()
        self._operator_format = 0

    def error(self, number: int = 100) -> str:
        mode = self._settings["+CMEE"]
        if mode == "0":
            return "ERROR"
        return f"+CME ERROR: {number if mode == '1' else CME_TEXT.get(number, 'unknown')}"

    def unknown(self, command: Command) -> str | None:
        if command.name[0] == "S" and command.name[1:].isdigit():
            if command.op == "?":
                self.info(f"{int(self._registers.get(command.name) or 0):03d}")
            else:
                self._registers[command.name] = command.arg
            return None
        return self.model.not_supported or self.error()

    def chars(self, text: str) -> str:
        """A string as +CSCS wants it: also operator, service centre and numbers become hexadecimal in UCS2."""
        return text.encode("utf-16-be").hex().upper() if '"UCS2"' in self._settings["+CSCS"].upper() else text

    # --- settings and identity ---

    def _setting(self, command: Command) -> str | None:
        name = command.name
        if command.op == "=":
            self._settings[name] = command.arg or self._defaults[name][0]
            return self.setting_changed(name)
        if command.op == "=?":
            self.info(f"{name}: {self._defaults[name][1]}")
        elif command.op == "?":
            value = self._settings[name]
            if name in _REGISTRATIONS:
                place = self._place() if value == "2" and self.registration_of(name) in (1, 5) else ""
                value = f"{value},{self.registration_of(name)}{place}"
            elif name in ("+CLIP", "+CLIR", "+COLP"):
                value = f"{value},1"
            elif name == "+CNSMOD":
                value = f"{value},{8 if self.registered else 0}"
            elif name == "+CIREG":
                value = f"{value},{int(self.ims)}"
            self.info(f"{name}: {value}")
        elif name not in ("+CCWA",):
            return self.error(3)
        return None

    def setting_changed(self, name: str) -> str | None:
        """A setting has a new value: hook."""
        return None

    def registration_of(self, name: str) -> int:
        """What +CREG, +CGREG or +CEREG tell."""
        if not self._powered or not self.sim_ready:
            return 0
        if name == "+CREG" or self.packet_registration is None:
            return self.registration if name != "+CEREG" or self.model.lte else 0
        return self.packet_registration

    def _place(self) -> str:
        return f',"1A2B","01C3D4E5",{self.access_technology}'

    @property
    def access_technology(self) -> int:
        """AcT of +CREG (27.007, 7.2): 7 LTE, 2 UTRAN."""
        return 7 if self.model.lte else 2

    def _identify(self, command: Command) -> str | None:
        if command.op != "=?":
            if command.name == "+CIMI" and not self.sim_ready:
                return self.card.refusal()
            self.info(self.model.identity[command.name])
        return None

    def _about(self, _: Command) -> str | None:
        self.info("\r\n".join(self.model.about))
        return None

    def _list_commands(self, command: Command) -> str | None:
        if command.op != "=?":
            self.info("\r\n".join(f"AT{name}" for name in sorted(self.commands)))
        return None

    # --- the network ---

    def _quality(self, command: Command) -> str | None:
        self.info(
            "+CSQ: (0-31,99),(0-7,99)" if command.op == "=?" else f"+CSQ: {self.signal if self._powered else 99},99"
        )
        return None

    def _lte_quality(self, command: Command) -> str | None:
        """+CESQ (27.007, 8.69): reference signal power is 141 dB above its index; a receiver of 12 subcarriers by 25 blocks sees
        some 25 dB less of it than +CSQ's whole band."""
        if not self.model.lte:
            return self.error(4)
        if command.op == "=?":
            self.info("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")
        else:
            known = self._powered and self.signal <= 31
            self.info(f"+CESQ: 99,99,255,255,{20 if known else 255},{2 * self.signal + 3 if known else 255}")
        return None

    async def _operator(self, command: Command) -> str | None:
        names = ("Simulated", "Sim", "00101")
        if command.op == "?":
            name = names[self._operator_format]
            name = name if self._operator_format == 2 else self.chars(name)
            self.info(
                f'+COPS: 0,{self._operator_format},"{name}",{self.access_technology}' if self.registered else "+COPS: 0"
            )
        elif command.op == "=?":
            await asyncio.sleep(5)
            self.info('+COPS: (2,"Simulated","Sim","00101",7),,(0,1,2,3,4),(0,1,2)')
        else:
            return self._choose_operator([part.strip('" ') for part in command.arg.split(",")], names)
        return None

    def _choose_operator(self, parts: list[str], names: tuple[str, ...]) -> str | None:
        """Mode 0 by itself, 1 and 4 a certain one, 2 none, 3 the format alone (27.007, 7.3)."""
        if parts[0] not in ("0", "1", "2", "3", "4") or (len(parts) > 1 and parts[1] not in ("", "0", "1", "2")):
            return self.error(50)
        if len(parts) > 1 and parts[1]:
            self._operator_format = int(parts[1])
        if parts[0] in ("1", "4") and (len(parts) < 3 or parts[2] not in names):
            return self.error(30)
        return None

    def _time(self, command: Command) -> str | None:
        if command.op == "?":
            self.info(f'+CCLK: "{self.local_time()}"')
        elif command.op == "=?":
            return None
        return None

    def local_time(self, separator: str = ",", year: str = "%y") -> str:
        """The network's local time and its zone in quarters of an hour, which is not part of it (27.007, 8.15)."""
        if not self.clock_known:
            return f"80/01/06{separator}00:00:00+00"
        moment = datetime.fromtimestamp(self.exchange.wall(), UTC) + timedelta(minutes=15 * self.zone)
        return f"{moment:{year}/%m/%d}{separator}{moment:%H:%M:%S}{self.zone:+03d}"

    # --- odds and ends that programs ask for ---

    def _indicators(self, command: Command) -> str | None:
        if command.op == "=?":
            ranges = {"battchg": "0-5", "signal": "0-5"}
            self.info("+CIND: " + ",".join(f'("{name}",({ranges.get(name, "0-1")}))' for name in _INDICATORS))
        elif command.op == "?":
            strength = min(5, self.signal // 6) if self.signal <= 31 else 0
            roams = int(self.registration == 5)
            self.info(f"+CIND: 5,{strength},{int(self.registered)},0,{self.in_call},{roams},{self.store_full}")
        return None

    @property
    def in_call(self) -> int:
        """1 while a call is up: hook."""
        return 0

    @property
    def store_full(self) -> int:
        """1 while the message store is full: hook."""
        return 0

    def _battery(self, command: Command) -> str | None:
        self.info("+CBC: (0-3),(0-100)" if command.op == "=?" else "+CBC: 0,100")
        return None

    def _context(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info('+CGDCONT: (1-16),"IP",,,(0-2),(0-4)')
        elif command.op == "?":
            for number, context in sorted(self._contexts.items()):
                self.info(f'+CGDCONT: {number},{context},"",0,0')
        else:
            which, _, rest = command.arg.partition(",")
            if not which.isdigit() or not 1 <= int(which) <= 16:
                return self.error(50)
            if rest:
                self._contexts[int(which)] = ",".join([*rest.split(","), '""'][:2])
            else:
                self._contexts.pop(int(which), None)
        return None

    def _attached(self, command: Command) -> str | None:
        if command.op == "=?":
            self.info(f"{command.name}: (0,1)")
        elif command.op == "?":
            attached = int(self.registration_of("+CGREG") in (1, 5))
            self.info("+CGACT: 1,0" if command.name == "+CGACT" else f"+CGATT: {attached}")
        return None
