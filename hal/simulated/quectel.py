"""What a Quectel modem does in a call: +QIND "ccinfo" and ^DSCI, audio by +QPCMV, keys by +QTONEDET.

Reports come on the one port that +QURCCFG names, and nowhere else. Audio goes over the NMEA port (+QPCMV=1,0), whose uplink
buffer says when it is full (`+QPCMV: 0,0`) and when it takes more (`+QPCMV: 1,0`), or over USB Audio (+QPCMV=1,2), which the
modem must have been told to be (+QCFG="usbcfg").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hal.audio.sound import FRAME
from hal.simulated import sounds
from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit
from hal.simulated.pcmport import PcmPort
from hal.simulated.radiomodels import RadioModel
from hal.simulated.radiomodem import ACTIVE, ALERTING, DIALLING, HELD, INCOMING, WAITING, RadioModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange

_RELEASED = -1
_DSCI = {HELD: 1, DIALLING: 2, ACTIVE: 3, INCOMING: 4, WAITING: 5, _RELEASED: 6, ALERTING: 7}
_UPLINK_FULL, _UPLINK_LOW = 20 * 2 * FRAME, 10 * 2 * FRAME
"""Bytes: 400 and 200 ms of audio."""
_USBCFG = "0x2C7C,0x0125,1,1,1,1,1,0,{uac}"


class QuectelModem(RadioModem):
    """EC25 and EG25."""

    def __init__(self, exchange: Exchange, name: str, number: str, model: RadioModel) -> None:
        self.urc_port = "usbat"
        """+QURCCFG "urcport": where reports come. The AT port of this modem is `usbat`. Kept over restarts, as by the real one."""
        self.usb_audio = False
        """It shows itself as a sound card. Kept, as the former."""
        self._indications: dict[str, str] = {}
        self._configured: dict[str, str] = {}
        self._voice_route = ""
        """What follows +QPCMV=1: 0 NMEA port, 2 sound card; empty: off."""
        self.card_audio = PcmPort(exchange, f"{name}.uac")
        self._uplink = bytearray()
        self._full = False
        super().__init__(exchange, name, number, model)
        self.commands |= {
            "+QPCMV": self._route_audio,
            "+QINDCFG": self._indicate,
            "+QURCCFG": self._report_where,
            "+QCFG": self._configure,
            "+QGPSCFG": self._configure,
            "+QHUP": self._hang_up_one,
            "+QPINC": self._tries_left,
            "+QCSQ": self._strength,
            "+QNWINFO": self._network,
            "+QSPN": self._network,
        }

    def reset(self) -> None:
        super().reset()
        self._indications.clear()

    def forgets(self) -> None:
        self._voice_route = ""

    def unplug(self) -> None:
        super().unplug()
        self.card_audio.port.unplug()

    def plug(self, name: str | None = None) -> None:
        """As of every radio modem; the sound card comes back too."""
        self.card_audio.port.plug(self.exchange.directory / f"{name}.uac" if name else None)
        super().plug(name)

    # --- reports ---

    def urc(self, text: str) -> None:
        if self.urc_port in ("usbat", "all"):
            super().urc(text)

    def says_state(self, circuit: Circuit, state: int) -> None:
        number, kind = self.presented(circuit)
        direction = self.incoming(circuit)
        if self._indications.get("ccinfo", "0").startswith("1"):
            self.urc(f'+QIND: "ccinfo",1,{direction},{state},0,0,"{number}",{kind}')
        if self.setting("^DSCI") == "1":
            self.urc(f"^DSCI: 1,{direction},{_DSCI[state]},0,{number},{kind}")

    def says_end(self, circuit: Circuit, cause: Cause, outcome: str) -> None:
        self.says_state(circuit, _RELEASED)
        if outcome:
            self.urc(outcome)

    def says_key(self, key: str) -> None:
        if self.setting("+QTONEDET") == "1":
            self.urc(f"+QTONEDET: {ord(key)}")

    def _indicate(self, command: Command) -> str | None:
        what, _, rest = command.arg.partition(",")
        what = what.strip('" ')
        if command.op == "=?":
            self.info('+QINDCFG: "all","csq","smsfull","ring","smsincoming","act","ccinfo"')
        elif what not in ("all", "csq", "smsfull", "ring", "smsincoming", "act", "ccinfo"):
            return self.error(50)
        elif rest:
            self._indications[what] = rest
        else:
            self.info(f'+QINDCFG: "{what}",{self._indications.get(what, "0,0")}')
        return None

    def _report_where(self, command: Command) -> str | None:
        what, _, port = command.arg.partition(",")
        port = port.strip('" ')
        if what.strip('" ') != "urcport" or port not in ("", "usbat", "usbmodem", "uart1", "all"):
            return self.error(50)
        if port:
            self.urc_port = port
        else:
            self.info(f'+QURCCFG: "urcport","{self.urc_port}"')
        return None

    def _configure(self, command: Command) -> str | None:
        what, _, value = command.arg.partition(",")
        what = what.strip('" ').lower()
        if what == "usbcfg":
            if value:
                self.usb_audio = value.rsplit(",", 1)[-1] == "1"  # works from the next start on; here at once
            else:
                self.info(f'+QCFG: "usbcfg",{_USBCFG.format(uac=int(self.usb_audio))}')
        elif what == "ims" and not value:
            self.info(f'+QCFG: "ims",{self._configured.get("ims", "0")},{int(self.ims)}')
        elif value:
            self._configured[what] = value
        else:
            self.info(f'{command.name}: "{what}",{self._configured.get(what, "0")}')
        return None

    # --- audio ---

    @property
    def audio_flows(self) -> bool:
        return bool(self._voice_route)

    @property
    def audio_port(self) -> PcmPort:
        return self.card_audio if self._voice_route == "2" else self.audio

    def audio_over(self) -> None:
        self._uplink.clear()
        self._full = False

    def _route_audio(self, command: Command) -> str | None:
        if command.op in ("?", "=?"):
            state = f"1,{self._voice_route}" if self._voice_route else "0"
            self.info(f"+QPCMV: {state if command.op == '?' else '(0,1),(0-2)'}")
            return None
        on, _, route = command.arg.partition(",")
        route = route or "0"
        if on not in ("0", "1") or route not in ("0", "2") or (route == "2" and not self.usb_audio):
            return "ERROR"
        self._voice_route = route if on == "1" else ""
        self.audio_port.flush()
        self.audio_over()
        return None

    def take_audio(self) -> bytes:
        if self._voice_route != "0":
            return super().take_audio()
        self._uplink += self.audio.read(65536)  # the serial port is read as fast as bytes come, into a buffer
        frame = sounds.QUIET
        if not self.faults.uplink_stuck:
            frame = self.audio.as_frame(bytes(self._uplink[: 2 * FRAME]))
            del self._uplink[: 2 * FRAME]
        if not self._full and len(self._uplink) > _UPLINK_FULL:
            self._full = True
            self.urc("+QPCMV: 0,0")
        elif self._full and len(self._uplink) < _UPLINK_LOW:
            self._full = False
            self.urc("+QPCMV: 1,0")
        return frame

    # --- odds and ends ---

    async def _hang_up_one(self, command: Command) -> str | None:
        """+QHUP=cause[,index]."""
        return await self._hang_up(command)

    def _tries_left(self, _: Command) -> str | None:
        self.info(f'+QPINC: "SC",{self.card.pin_tries},{self.card.puk_tries}')
        self.info('+QPINC: "P2",3,10')
        return None

    def _strength(self, _: Command) -> str | None:
        self.info(
            f'+QCSQ: "LTE",{-113 + 2 * self.signal},{2 * self.signal - 138},150,-10'
            if self.reachable
            else '+QCSQ: "NOSERVICE"'
        )
        return None

    def _network(self, command: Command) -> str | None:
        if command.name == "+QSPN":
            self.info('+QSPN: "Simulated","Sim","",0,"00101"')
        else:
            self.info('+QNWINFO: "FDD LTE","00101","LTE BAND 3",1300' if self.reachable else "+QNWINFO: No Service")
        return None
