"""What thirty duplex calls cost; printed, not judged (`pytest -s`)."""

import asyncio
import os
import time

from hal.simulated import Exchange
from tests.hal.simulated.terminal import shielded, speech
from tests.support.virtualtime import run_virtual

LINES, SECONDS = 30, 5


def test_thirty_duplex_calls(tmp_path, capsys):
    """Both sides in this process: the exchange with its phones, and a host that only moves the bytes at its own tick."""

    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"] * LINES)
            ports = [os.open(tmp_path / f"isdn.{n + 1}", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK) for n in range(LINES)]
            calls = []
            for number, port in enumerate(ports):
                os.write(port, b"ATE0;&E4711;+FCLASS=8;S18=1;+VSM=5;+VLS=2\r")
                await asyncio.sleep(0.1)
                calling = asyncio.create_task(exchange.phone(str(number)).place("4711", 30))
                await asyncio.sleep(1)
                os.write(port, b"ATA\r")
                calls.append(await calling)
                os.write(port, b"AT+VTX+VRX\r")
            for _ in range(50):  # what came while the others were being connected
                for port in ports:
                    os.read(port, 65536)
                await asyncio.sleep(0.02)
            said = [speech(SECONDS, number) for number in range(LINES)]
            talking = [asyncio.create_task(call.speaks(sound)) for call, sound in zip(calls, said, strict=True)]
            frame = bytes(range(32, 192))
            began = time.process_time()
            heard = [bytearray() for _ in ports]
            for _ in range(SECONDS * 50 + 5):
                for port, ear in zip(ports, heard, strict=True):
                    os.write(port, frame)
                    try:
                        ear += os.read(port, 1024)
                    except BlockingIOError:
                        pass
                await asyncio.sleep(0.02)
            spent = time.process_time() - began
            await asyncio.gather(*talking)
            for call, sound, ear in zip(calls, said, heard, strict=True):
                assert shielded(sound.data) in ear
                assert call.heard.count(frame) > SECONDS * 50 - 10
                await call.hang_up()
            for port in ports:
                os.close(port)
            return spent

    spent = run_virtual(story())
    with capsys.disabled():
        share = 100 * spent / SECONDS
        print(
            f"\n{LINES} duplex calls for {SECONDS} s: {spent:.2f} s of CPU, {share:.1f} % of a core, host and loop included"
        )
