"""The serial port: bytes both ways on a real pty, exclusiveness, back-pressure, unplugging."""

from __future__ import annotations

import asyncio
import os

import pytest

from hal.errors import LineClosed, Unplugged
from hal.serialport import SerialPort
from tests.hal.scripted import ScriptedModem


def test_bytes_are_moved_untouched_in_both_directions() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        got = bytearray()
        modem.raw = got.extend
        port = await SerialPort.open(modem.path)
        heard = bytearray()
        port.listen(heard.extend, pytest.fail)
        every = bytes(range(256)) * 4
        port.send(every)
        modem.say(every)
        async with asyncio.timeout(60):
            while len(got) < len(every) or len(heard) < len(every):
                await asyncio.sleep(0.005)
        assert bytes(got) == every
        assert bytes(heard) == every
        port.close()
        modem.close()

    asyncio.run(main())


def test_a_port_belongs_to_one_program_and_is_free_again_after_close() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        port = await SerialPort.open(modem.path)
        with pytest.raises(Unplugged):
            await SerialPort.open(modem.path)
        port.close()
        port.close()
        again = await SerialPort.open(modem.path)
        again.close()
        modem.close()

    asyncio.run(main())


def test_a_port_that_does_not_exist_is_unplugged() -> None:
    with pytest.raises(Unplugged, match="cannot open /dev/no-such-port"):
        asyncio.run(SerialPort.open("/dev/no-such-port"))


def test_unplugging_is_reported_once_and_by_every_use() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        port = await SerialPort.open(modem.path)
        faults: list[Exception] = []
        port.listen(lambda data: None, faults.append)
        modem.close()
        async with asyncio.timeout(60):
            while not faults:
                await asyncio.sleep(0.005)
        assert isinstance(faults[0], Unplugged)
        with pytest.raises(Unplugged):
            port.read()
        with pytest.raises(Unplugged):
            port.send(b"AT\r")
        await asyncio.sleep(0.02)
        assert len(faults) == 1
        port.close()
        with pytest.raises(LineClosed):
            port.read()

    asyncio.run(main())


def test_nothing_there_is_not_unplugged() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        port = await SerialPort.open(modem.path)
        assert port.read() == b""
        port.close()
        modem.close()

    asyncio.run(main())


def test_a_port_that_takes_nothing_pushes_back_and_then_goes_on_in_order() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        loop = asyncio.get_running_loop()
        loop.remove_reader(modem.master)
        port = await SerialPort.open(modem.path)
        text = b"".join(b"%06d" % i for i in range(5000))
        port.send(text)
        assert port.write(b"x") == 0, "queued bytes come first"
        got = bytearray()
        async with asyncio.timeout(60):
            while len(got) < len(text):
                try:
                    got += os.read(modem.master, 4096)
                except BlockingIOError:
                    await asyncio.sleep(0.001)
        await port.drain()
        assert bytes(got) == text
        with pytest.raises(Unplugged, match="takes no data"):
            port.send(b"y" * 200_000)
        port.close()
        modem.close()

    asyncio.run(main())


def test_flush_input_throws_away_what_waits() -> None:
    async def main() -> None:
        modem = ScriptedModem()
        port = await SerialPort.open(modem.path)
        modem.say(b"old" * 100)
        await asyncio.sleep(0.05)
        port.flush_input()
        assert port.read() == b""
        port.close()
        modem.close()

    asyncio.run(main())
