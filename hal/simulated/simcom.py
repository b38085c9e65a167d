"""What a SIMCom modem does in a call: +CLCC reports, VOICE CALL: BEGIN and END, audio by +CPCMREG, keys by +RXDTMF.

AT+CPCMREG=1 is accepted only while a call is up, and by some firmware not until seconds after the answer (callpilot#112). On
other firmware only the first call after a restart has audio (callpilot#121).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hal.simulated.atline import Command
from hal.simulated.causes import Cause
from hal.simulated.circuit import Circuit
from hal.simulated.radiomodels import RadioModel
from hal.simulated.radiomodem import ACTIVE, ALERTING, DISCONNECTED, RadioModem

if TYPE_CHECKING:
    from hal.simulated.exchange import Exchange


class SimcomModem(RadioModem):
    """SIM7600 and A7670."""

    def __init__(self, exchange: Exchange, name: str, number: str, model: RadioModel) -> None:
        self._call_reports = False
        self._pcm = False
        self._calls_with_audio = 0
        super().__init__(exchange, name, number, model)
        self.commands |= {
            "+CPCMREG": self._route_audio,
            "+CRESET": self.restart,
            "+CPSI": self._serving_cell,
            "+SPIC": self._tries_left,
        }

    def reset(self) -> None:
        super().reset()
        self._call_reports = False

    def forgets(self) -> None:
        self._calls_with_audio = 0

    # --- reports ---

    def says_state(self, circuit: Circuit, state: int) -> None:
        if self._call_reports:
            self.urc(self.call_line(circuit, state))
        if state == ALERTING and self._settings.get("+MORING") == "1":
            self.urc("MO RING")

    def says_connected(self, circuit: Circuit) -> None:
        if circuit.caller is self and self._settings.get("+MORING") == "1":
            self.urc("MO CONNECTED")
        self.urc("VOICE CALL: BEGIN")

    def says_end(self, circuit: Circuit, cause: Cause, outcome: str) -> None:
        if self._call_reports:
            self.urc(self.call_line(circuit, DISCONNECTED))
        self.urc(f"VOICE CALL: END: {self.seconds_of(circuit):06d}" if circuit.answered else "VOICE CALL: END")
        if outcome and circuit.called is self and circuit.answered is None:
            moment = datetime.fromtimestamp(self.exchange.wall(), UTC)
            self.urc(f"MISSED_CALL: {moment:%I:%M%p} {circuit.caller_number}")
        if outcome and self.setting("$QCRCIND") == "1":
            self.urc("REMOTE CALL END")
        if outcome:
            self.urc(outcome)

    def says_key(self, key: str) -> None:
        if self.setting("+DDET").startswith("1"):
            self.urc(f"+RXDTMF: {key}")

    def list_calls(self, command: Command) -> str | None:
        if command.op == "=" and command.arg in ("0", "1"):
            self._call_reports = command.arg == "1"
            return None
        if command.op in ("?", "=?"):
            self.info(f"+CLCC: {int(self._call_reports) if command.op == '?' else '(0-1)'}")
            return None
        return super().list_calls(command)

    # --- audio ---

    @property
    def audio_flows(self) -> bool:
        return self._pcm and not (self.faults.second_call_silent and self._calls_with_audio > 1)

    def audio_over(self) -> None:
        self._pcm = False

    def _route_audio(self, command: Command) -> str | None:
        if command.op in ("?", "=?"):
            self.info(f"+CPCMREG: {int(self._pcm) if command.op == '?' else '(0-1)'}")
        elif command.arg[:1] == "0":
            self._pcm = False
        elif command.arg != "1" or not self.talking or self.call_state != ACTIVE:
            return "ERROR"
        elif self.faults.cpcmreg_errors > 0:
            self.faults.cpcmreg_errors -= 1
            return "ERROR"
        elif not self._pcm:
            self.audio.flush()
            self._pcm = True
            self._audio_ticks = 0
            self._calls_with_audio += 1
        return None

    # --- odds and ends ---

    def _serving_cell(self, _: Command) -> str | None:
        self.info(
            "+CPSI: LTE,Online,001-01,0x1A2B,29612517,257,EUTRAN-BAND3,1300,5,5,-94,-850,-545,15"
            if self.reachable
            else "+CPSI: NO SERVICE,Online"
        )
        return None

    def _tries_left(self, _: Command) -> str | None:
        """PIN, PUK, PIN2, PUK2."""
        self.info(f"+SPIC: {self.card.pin_tries},{self.card.puk_tries},3,10")
        return None
