"""A relay that takes a modem's power away: the last rung of the recovery ladder.

Wire the modem's supply through the normally closed contact: while the pin is idle, and while the box is off, the modem has
power, and a box that dies in the middle of a cut does not leave it dark. RPi.GPIO is imported here alone, and only when a relay
is configured. It has not been run on a Raspberry Pi by this project: the tests use a stand-in of the module.
"""

from __future__ import annotations

import asyncio
import logging

from hal.errors import LineFault

log = logging.getLogger(__name__)

OFF_S = 10.0
"""Seconds without power: the capacitors of a USB modem and its supply need some to run empty."""
PINS = range(2, 28)
"""Pins by their Broadcom number; 0 and 1 belong to the board's own memory."""


class Relay:
    """One relay at `pin` (BCM). `active_low`: the relay board switches at a low level, as most do. ValueError for no pin of the
    header, `LineFault` where there is no GPIO."""

    def __init__(self, pin: int, *, active_low: bool = False) -> None:
        if pin not in PINS:
            raise ValueError(f"{pin} is no pin of the header: {PINS.start} to {PINS.stop - 1}")
        self.pin = pin
        self._cut_level = not active_low
        self._lock = asyncio.Lock()
        try:
            from RPi import GPIO
        except (ImportError, RuntimeError) as error:  # RuntimeError: this is no Raspberry Pi
            raise LineFault(f"the relay at pin {pin} cannot be used: {error}") from error
        self._gpio = GPIO
        try:
            GPIO.setmode(GPIO.BCM)
            GPIO.setup(pin, GPIO.OUT, initial=int(not self._cut_level))
        except (RuntimeError, OSError, ValueError) as error:
            raise LineFault(f"the relay at pin {pin} cannot be used: {error}") from error

    async def cut(self, seconds: float = OFF_S) -> None:
        """Take the power away for so long. The power is back when it returns, also where it is cancelled."""
        async with self._lock:
            log.warning("relay %d: power off for %g s", self.pin, seconds)
            self._set(self._cut_level)
            try:
                await asyncio.sleep(seconds)
            finally:
                self._set(not self._cut_level)

    def close(self) -> None:
        """Let go of the pin: the relay falls back, the modem has power."""
        self._gpio.cleanup(self.pin)

    def _set(self, level: bool) -> None:
        try:
            self._gpio.output(self.pin, int(level))
        except (RuntimeError, OSError) as error:
            raise LineFault(f"the relay at pin {self.pin} does not switch: {error}") from error
