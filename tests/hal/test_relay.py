"""The relay, on a stand-in for RPi.GPIO: that module runs on a Raspberry Pi only, and was not tried on one."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from hal.board.relay import Relay
from hal.errors import LineFault
from tests.support.virtualtime import run_virtual


class StandIn(ModuleType):
    """RPi.GPIO as far as the relay uses it."""

    BCM, OUT = "BCM", "OUT"

    def __init__(self):
        super().__init__("RPi.GPIO")
        self.history = []
        self.broken = False

    def setmode(self, mode):
        self.history.append(("mode", mode))

    def setup(self, pin, direction, initial):
        self.history.append(("setup", pin, direction, initial))

    def output(self, pin, level):
        if self.broken:
            raise RuntimeError("no access to /dev/gpiomem")
        self.history.append((pin, level, asyncio.get_running_loop().time()))

    def cleanup(self, pin):
        self.history.append(("cleanup", pin))


@pytest.fixture
def gpio(monkeypatch):
    package, module = ModuleType("RPi"), StandIn()
    package.GPIO = module
    monkeypatch.setitem(sys.modules, "RPi", package)
    monkeypatch.setitem(sys.modules, "RPi.GPIO", module)
    return module


@pytest.mark.parametrize(("active_low", "cut", "rest"), [(False, 1, 0), (True, 0, 1)])
def test_power_is_away_for_ten_seconds(gpio, active_low, cut, rest):
    async def story():
        relay = Relay(17, active_low=active_low)
        await relay.cut()
        relay.close()

    run_virtual(story())
    (off, on) = gpio.history[2:4]
    assert gpio.history[1] == ("setup", 17, "OUT", rest), "the modem has power from the first moment"
    assert (off[:2], on[:2]) == ((17, cut), (17, rest))
    assert on[2] - off[2] == pytest.approx(10)
    assert gpio.history[-1] == ("cleanup", 17)


def test_power_comes_back_whatever_happens(gpio):
    async def story():
        cutting = asyncio.create_task(Relay(17).cut())
        await asyncio.sleep(3)
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)

    run_virtual(story())
    assert gpio.history[-1][:2] == (17, 0)


def test_a_relay_that_does_not_switch_says_so(gpio):
    gpio.broken = True
    with pytest.raises(LineFault, match="does not switch: no access"):
        run_virtual(Relay(17).cut())


def test_without_the_module_or_the_board_it_cannot_be_used(monkeypatch):
    monkeypatch.setitem(sys.modules, "RPi", None)
    with pytest.raises(LineFault, match="pin 17 cannot be used"):
        Relay(17)


@pytest.mark.parametrize("pin", [0, 1, 28, -3])
def test_only_pins_of_the_header(gpio, pin):
    with pytest.raises(ValueError, match="header"):
        Relay(pin)
