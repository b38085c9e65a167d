"""The exchange as a process of its own, and its control socket."""

import asyncio
import os
import subprocess
import sys
import textwrap

import pytest

from hal.clock import ScaledEventLoop
from hal.simulated import Exchange
from hal.simulated.client import ExchangeClient, ExchangeError
from hal.simulated.config import BadConfig, load
from hal.simulated.server import Server
from tests.hal.simulated.terminal import Terminal, shielded, speech
from tests.support.virtualtime import run_virtual

CONFIG = """
[[isdn]]
name = "isdn"
msns = ["4711", "4711"]
[[gsm]]
name = "gsm"
number = "+4915112345"
[[voice]]
name = "voice"
number = "4712"
model = "usr5637"
[[subscriber]]
number = "03012345"
behaviour = "acknowledges"
think_s = 1.0
busy_times = 1
"""


def test_a_receiver_over_the_socket(tmp_path):
    async def story():
        async with Exchange(tmp_path) as exchange:
            exchange.isdn_adapter("isdn", ["4711"])
            prompt = speech(1.0, 1, "welcome home")
            exchange.captions.learn(prompt)
            server = Server(exchange, speed=1.0)
            await server.start()
            terminal = Terminal(tmp_path / "isdn.1")
            await terminal.at("E0")
            await terminal.at("&E4711+FCLASS=8;S18=1+VSM=5+VLS=2")

            async def box():
                await terminal.expect("RING\r\n", within=20)
                await terminal.at("A", "VCON")
                await terminal.at("+VTX+VRX", "CONNECT\r\n\r\nCONNECT")
                await terminal.send(shielded(prompt.data))

            async with await ExchangeClient.connect(server.path) as client:
                hello = await client.hello()
                assert hello["devices"][0]["lines"][0]["node"] == str(tmp_path / "isdn.1")
                await asyncio.gather(client.dial("1", "4711"), box())
                heard = bytearray()
                await client.listen(heard.extend)
                await client.hears("Welcome")
                await client.press("19")
                said = speech(0.5, 3)
                await client.speaks(said)
                stream = await terminal.hears_within(0.5)
                assert b"\x101" in stream
                assert b"\x109" in stream
                assert shielded(said.data) in stream
                assert prompt.data[-2000:] in heard
                with pytest.raises(ExchangeError):
                    await client.request("nonsense")
                with pytest.raises(ExchangeError):
                    await client.fault("isdn.1", nonsense=True)
                await client.hang_up()
                await client.ends()
                await terminal.expect("NO CARRIER")
                calls = await client.calls("4711")
                assert calls[0]["from"] == "1"
                assert calls[0]["cause"] == 16
                await client.attach("2")
                await terminal.send("ATD2\r")
                assert await client.rings() == "4711"
                await client.answer()
                await terminal.expect("VCON")
            await terminal.expect("NO CARRIER")  # the client's going hangs up
            await server.close()

    run_virtual(story())


def test_a_configuration_says_what_is_wrong(tmp_path):
    async def story():
        file = tmp_path / "exchange.toml"
        for text, complaint in (
            ("x = 1", "unknown: x"),
            ("[[isdn]]\nname = 'a'", r"\[\[isdn\]\] number 1"),
            ("[[voice]]\nname = 'a'\nnumber='1'\nmodel='x'", "no voice modem 'x'"),
            ("[[subscriber]]\nnumber='1'\nbehaviour='dances'", "no behaviour 'dances'"),
            ("[[subscriber]]\nnumber='1'\nbehaviour='declines'\npin='1'", "has no pin"),
        ):
            file.write_text(text)
            with pytest.raises(BadConfig, match=complaint):
                load(file, tmp_path / "nodes")

    run_virtual(story())


BOX = """
    import os, sys, time
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"ATE0+FCLASS=8;S18=1&E4711+VLS=2\\r")
    time.sleep(0.5)
    os.write(fd, b"ATD77\\r")
    heard = b""
    while b"VCON" not in heard:
        heard += os.read(fd, 1000)
    os.write(fd, b"AT+VTX+VRX\\r")
    print("up", flush=True)
    time.sleep(60)
"""


def test_it_outlives_a_box_that_is_killed(tmp_path):
    (tmp_path / "exchange.toml").write_text(CONFIG)
    nodes = tmp_path / "nodes"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hal.simulated",
            "--speed",
            "10",
            "--directory",
            nodes,
            "--config",
            tmp_path / "exchange.toml",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == f"exchange ready in {nodes} at 10 times life\n"

        async def story():
            async with await ExchangeClient.connect(nodes / "exchange.sock") as client:
                assert (await client.hello())["speed"] == 10
                await client.attach("77")
                for _ in range(2):
                    box = subprocess.Popen(
                        [sys.executable, "-c", textwrap.dedent(BOX), str(nodes / "isdn.1")],
                        stdout=subprocess.PIPE,
                    )
                    await client.rings(within=300)
                    await client.answer()
                    await asyncio.get_running_loop().run_in_executor(None, box.stdout.readline)
                    box.kill()
                    box.wait()
                    await client.ends(within=300)
                terminal = Terminal(nodes / "isdn.1")
                assert await terminal.at("E0", within=100)
                terminal.close()
                assert len(await client.calls("77")) == 2

        with asyncio.Runner(loop_factory=lambda: ScaledEventLoop(10)) as runner:
            runner.run(story())
        process.terminate()
        assert process.wait(30) == 0
        assert not os.path.lexists(nodes / "isdn.1")
    finally:
        process.kill()
        process.wait()


def test_a_subscriber_acknowledges_by_itself(tmp_path):
    async def story():
        (tmp_path / "exchange.toml").write_text(CONFIG)
        async with load(tmp_path / "exchange.toml", tmp_path / "nodes") as exchange:
            terminal = Terminal(tmp_path / "nodes" / "isdn.1")
            await terminal.at("E0")
            await terminal.at("&E4711+FCLASS=8;S18=1+VSM=5+VLS=2")
            await terminal.at("D03012345", "BUSY", within=10)
            await terminal.at("D03012345", "VCON", within=20)
            await terminal.at("+VRX", "CONNECT")
            await terminal.expect(b"\x101", within=10)
            await terminal.send("x")
            await terminal.expect("VCON")
            await terminal.at("H")
            assert [log.cause for log in exchange.calls] == [17, 16]

    run_virtual(story())
