"""`alertbox phone`: be a caller on the simulated exchange. Keys are keys, prompts appear as captions, and where there is a
sound card, and time runs at the pace of life, they are heard."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from appliance.config import Config
from appliance.keypad import HELP, HangUp, Help, Keypad, Press, Say
from hal.audio import companding
from hal.audio.sound import Encoding, Sound
from hal.simulated.behaviours import read_wav
from hal.simulated.client import ExchangeClient, ExchangeError
from ivr.prompts import espeak, load


def run(config: Config, directory: Path | None, number: str | None, caller: str) -> int:
    """Call the box from `caller`; 0 if the call came about. `directory`: that of the exchange, else that of the box's lines."""
    line = config.devices[0].lines[0]
    socket = (directory or Path(line.port).parent) / "exchange.sock"
    try:
        return asyncio.run(_call(socket, number or line.number, caller))
    except (OSError, ExchangeError, TimeoutError) as error:
        click.echo(f"no call: {error}", err=True)
        click.echo("alertbox phone needs the simulated exchange: alertbox demo starts one", err=True)
        return 1
    except KeyboardInterrupt:
        return 130


async def _call(socket: Path, number: str, caller: str) -> int:
    async with await ExchangeClient.connect(socket) as client:
        hello = await client.hello()
        click.echo(f"Calling {number} from {caller} ...")
        await client.dial(caller, number, within=120)
        click.echo(f"Answered. {HELP}")
        speaker = _speaker() if hello["speed"] == 1 else None
        if speaker is not None:
            await client.listen(speaker)
        client.on_event = _show
        with _typed() as typed:
            await _talk(client, typed)
        click.echo("\r\nThe call is over.")
    return 0


def _show(event: dict[str, Any]) -> None:
    """A caption, on a line of its own."""
    if event["event"] == "caption":
        click.echo(f"\r\x1b[K  {event['text']}" if sys.stdout.isatty() else f"  {event['text']}")


async def _talk(client: ExchangeClient, typed: asyncio.Queue[str]) -> None:
    """Do what is typed until one of the two sides hangs up."""
    ended = asyncio.create_task(client.ends(within=7200))
    doing: set[asyncio.Task[None]] = set()
    keypad = Keypad()
    try:
        while not ended.done():
            reading = asyncio.create_task(typed.get())
            await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                return
            text = reading.result()
            for action in keypad.feed(text) if text else [HangUp()]:
                match action:
                    case HangUp():
                        await client.hang_up()
                        return
                    case Help():
                        click.echo(f"\r{HELP}")
                    case Press(key):
                        await client.press(key)
                    case Say(words):
                        task = asyncio.create_task(_say(client, words))
                        doing.add(task)
                        task.add_done_callback(doing.discard)
            if keypad.sentence is not None and sys.stdout.isatty():
                click.echo(f"\r\x1b[Ksay (a sentence, or a WAV file): {keypad.sentence}", nl=False)
    finally:
        for task in (ended, *doing):
            task.cancel()
        await asyncio.gather(ended, *doing, return_exceptions=True)


async def _say(client: ExchangeClient, words: str) -> None:
    loop = asyncio.get_running_loop()
    try:
        sound = await loop.run_in_executor(None, _sound, words)
    except (ValueError, OSError, RuntimeError) as error:
        click.echo(f"\r\n{error}")
        return
    click.echo(f"\r\x1b[K  (you: {words}, {sound.seconds:.1f} s)" if sys.stdout.isatty() else f"  (you: {words})")
    await client.speaks(sound)


def _sound(words: str) -> Sound:
    """The WAV file of that name, or the sentence as espeak-ng says it. Blocks."""
    path = Path(words).expanduser()
    if path.suffix.lower() == ".wav":
        return read_wav(path)
    return Sound(espeak.render(load("en"), words), caption=words)


@contextmanager
def _typed() -> Iterator[asyncio.Queue[str]]:
    """Characters as they are typed, an empty string at the end of the input. The terminal is as before afterwards."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    stdin = sys.stdin.fileno()

    def readable() -> None:
        data = os.read(stdin, 1024)
        if not data:
            loop.remove_reader(stdin)
        queue.put_nowait(decoder.decode(data))

    before = termios.tcgetattr(stdin) if os.isatty(stdin) else None
    try:
        if before is not None:
            tty.setcbreak(stdin)
        loop.add_reader(stdin, readable)
        yield queue
    finally:
        loop.remove_reader(stdin)
        if before is not None:
            termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _speaker() -> Callable[[bytes], None] | None:
    """Plays A-law on the sound card; None where there is none."""
    try:
        from hal.audio.alsa import speaker
    except ImportError:
        return None
    play = speaker()
    return None if play is None else lambda alaw: play(companding.decode(alaw, Encoding.ALAW))
