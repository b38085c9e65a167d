"""An answering machine made of pycallblock, run by its own virtual environment: NODE GREETING.wav RECORDING.wav.

Prints what it is told; ends when the caller has hung up.
"""

import asyncio
import sys

from pycallblock.modem import Mode, Modem


async def main(node, greeting, recording):
    called = asyncio.Event()
    modem = Modem(node)

    async def on_call(call):
        print("call", call.number, flush=True)
        called.set()

    async def on_ring(event):
        print("ring", flush=True)

    async def on_key(key):
        print("key", key.value, flush=True)

    modem.set_call_callback(on_call)
    modem.set_ring_callback(on_ring)
    modem.set_dtmf_callback(on_key)
    async with modem:
        print("identity", await modem.get("+GMI"), flush=True)
        await modem.set_mode(Mode.VOICE)
        await modem.set_caller_id(True)
        await modem.send("+VSM=1,8000,0,0")
        modem.start_event_loop()
        print("ready", flush=True)
        await called.wait()
        await modem.stop_event_loop()
        await modem.pick_up()
        assert await modem.start_voice_duplex(recording)
        await modem.send_audio_file(greeting)
        print("answered", flush=True)
        await modem.voice_end()
        await asyncio.sleep(1)  # the recording is written by a task of its own
        await modem.hang_up()
        print("over", modem._stop_event, flush=True)


asyncio.run(main(*sys.argv[1:]))
