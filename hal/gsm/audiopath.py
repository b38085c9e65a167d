"""Where the audio of a radio modem's calls comes from: a serial port that stays open, or a sound card that is opened for each call.

A modem's sound card (USB Audio) goes and comes with every restart of the modem, and belongs to nobody between two calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from hal.errors import LineClosed
from hal.usb.names import ALSA

if TYPE_CHECKING:
    from hal.audio.alsa import AlsaBridge
    from hal.registry import DeviceConfig
    from hal.serialport import SerialPort

RIGHT = 16000
"""Bytes a second each way."""
POOR = 0.8
"""Below this part of it the audio is choppy."""
JUDGED_S = 5.0
"""Seconds of a call before its audio is judged."""


class AudioPath(ABC):
    """The audio side of one modem."""

    card = False
    """It is a sound card, not a serial port."""

    def __init__(self, config: DeviceConfig) -> None:
        self._config = config
        self.last_call = "no call yet"
        """How much audio flowed in the last call."""

    @property
    def name(self) -> str:
        """As configured."""
        return self._config.audio_port

    @property
    def facts(self) -> dict[str, str]:
        """For the technician's page."""
        kind = "sound card" if self.card else "serial port"
        return {"audio path": f"{kind} {self.name.removeprefix(ALSA)}", "audio of the last call": self.last_call}

    @abstractmethod
    async def open(self) -> None:
        """The device is being opened. Raises a `LineFault`."""

    @abstractmethod
    async def begin(self) -> int:
        """A call is up: the file descriptor of its audio, with nothing left in it of the call before. Raises a `LineFault`."""

    @abstractmethod
    def end(self) -> None:
        """The call is over."""

    @abstractmethod
    def close(self) -> None:
        """The device is being closed. More than once is harmless."""

    def judge(self, seconds: float, received: int, sent: int, gaps: int, slips: int) -> str:
        """Note what flowed in a call (bytes); why that was not enough, or empty."""
        if seconds <= 0:
            return ""
        down, up = received / seconds, sent / seconds
        self.last_call = (
            f"{seconds:.0f} s, {down:.0f} bytes/s from the modem, {up:.0f} to it ({RIGHT} are right), {gaps} gaps, "
            f"{slips} times out of step"
        )
        if seconds < JUDGED_S or min(down, up) >= POOR * RIGHT:
            return ""
        return f"the audio of the last call was choppy: {self.last_call}"


class SerialAudio(AudioPath):
    """PCM on a serial port."""

    def __init__(self, config: DeviceConfig) -> None:
        super().__init__(config)
        self._port: SerialPort | None = None

    async def open(self) -> None:
        self._port = await self._config.open_port(self.name)

    async def begin(self) -> int:
        if self._port is None:
            raise LineClosed(f"{self.name} is closed")
        self._port.flush_input()
        return self._port.fd

    def end(self) -> None:
        return

    def close(self) -> None:
        port, self._port = self._port, None
        if port:
            port.close()


class CardAudio(AudioPath):
    """USB Audio, through ALSA."""

    card = True

    def __init__(self, config: DeviceConfig) -> None:
        super().__init__(config)
        self._bridge: AlsaBridge | None = None
        self._told: dict[str, str] = {}

    @property
    def facts(self) -> dict[str, str]:
        return super().facts | self._told

    async def open(self) -> None:
        return

    async def begin(self) -> int:
        from hal.audio.alsa import AlsaBridge  # pyalsaaudio only where there is a sound card

        self.end()
        self._bridge = await AlsaBridge.open(self._config.bus.pcm(self.name))
        return self._bridge.fd

    def end(self) -> None:
        bridge, self._bridge = self._bridge, None
        if bridge:
            self._told = bridge.facts
            bridge.close()

    def close(self) -> None:
        self.end()


def audio_path(config: DeviceConfig) -> AudioPath:
    """By the name of the audio port."""
    return CardAudio(config) if config.audio_port.startswith(ALSA) else SerialAudio(config)
