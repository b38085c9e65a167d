"""The demonstration: a telephone exchange, a box, nine teams, and one whole alert from end to end."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from appliance.answers import Answer, CommandFailed
from appliance.console import render
from appliance.control import ask
from appliance.demo import ears, processes, story
from appliance.demo.view import View, view
from hal.audio.sound import Sound
from hal.simulated.client import ExchangeClient
from ivr.prompts import espeak, load

SPEED = 10.0
"""Times life."""
GAP_S = 20.0
"""Seconds of life between two calls to a team, instead of five minutes."""
LIFE_GAP_S = 300.0
OFFER = "phone, alerts, alerts show 1, calls, check, lines, roster list, journal verify, --help"
"""What is offered at the end, out of all commands."""
OWN = ("run", "demo")
"""Commands that are running already."""
LOOK_S = 0.25
"""Seconds between two looks at the box."""


@dataclass(frozen=True)
class Stage:
    """Where the demonstration takes place."""

    directory: Path
    config: Path
    speed: float

    @property
    def exchange(self) -> Path:
        """The exchange's socket."""
        return self.directory / "exchange/exchange.sock"

    async def ask(self, command: str, **arguments: Any) -> Answer:
        """Give the box a command. Raises `CommandFailed`, `BoxDown`."""
        work = partial(ask, self.directory / "control", command, arguments)
        return await asyncio.get_running_loop().run_in_executor(None, work)


def run(*, real_time: bool, directory: Path | None) -> int:
    """Perform it; 0 if the alert ended exactly as it should. Keeps its files where a `directory` is given."""
    if not espeak.available():
        raise click.ClickException("espeak-ng is not installed: apt-get install espeak-ng")
    place = directory or Path(tempfile.mkdtemp(prefix="alertbox-"))
    if directory is not None and place.exists() and any(place.iterdir()):
        raise click.ClickException(f"{place} is not empty; name another directory")
    place.mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_perform(place.resolve(), 1.0 if real_time else SPEED, LIFE_GAP_S if real_time else GAP_S))
    except (RuntimeError, TimeoutError, ConnectionError, CommandFailed) as error:
        raise click.ClickException(f"the demonstration broke down: {error or type(error).__name__}") from error
    except KeyboardInterrupt:
        return 130
    finally:
        if directory is None:
            shutil.rmtree(place, ignore_errors=True)


async def _perform(directory: Path, speed: float, gap_s: float) -> int:
    if speed == 1:
        click.echo(
            "At the pace of life, five minutes between two calls to a team:\nthis takes a good quarter of an hour."
        )
    else:
        click.echo(
            f"The simulated exchange runs at {speed:g} times life, and a team is called again\n"
            f"after {gap_s:g} s of it instead of five minutes (REAL_TIME=1: as in life)."
        )
    processes.find_prompts(directory)
    config = processes.prepare(directory, speed=speed, gap_s=gap_s, greeting=story.GREETING)
    stage = Stage(directory, config, speed)
    async with AsyncExitStack() as stack:
        await _start(stage, stack)
        await _load_roster(stage)
        started = time.monotonic()
        with view() as shown:
            wrong = await _alert(stage, shown)
        click.echo()
        try:
            render.show(await stage.ask("alerts show", id=1))
        except CommandFailed as error:
            click.echo(str(error), err=True)
        click.echo()
        for each in wrong:
            click.echo(f"NOT AS IT SHOULD BE: {each}", err=True)
        if not wrong:
            click.echo(f"The alert ended exactly as it should, {time.monotonic() - started:.0f} s after its start.")
    if sys.stdin.isatty() and sys.stdout.isatty():
        await _offer(stage)
    return 1 if wrong else 0


async def _start(stage: Stage, stack: AsyncExitStack) -> None:
    """Bring up the exchange, then the box, and wait until all lines are in service."""
    directory = stage.directory
    exchange = await stack.enter_async_context(
        processes.running(
            "exchange",
            "hal.simulated",
            *("--config", str(directory / "exchange.toml")),
            *("--directory", str(directory / "exchange")),
            *("--speed", f"{stage.speed:g}"),
            log=directory / "exchange.log",
        )
    )
    await processes.until_there(stage.exchange, exchange, directory / "exchange.log")
    box = await stack.enter_async_context(
        processes.running("box", "appliance", "--config", str(stage.config), "run", log=directory / "box.log")
    )
    await processes.until_there(directory / "control", box, directory / "box.log")
    await _until(lambda: stage.ask("lines"), lambda lines: all(line["in_service"] for line in lines))
    click.echo("The box is up: two ISDN lines and one radio line are in service.")


async def _load_roster(stage: Stage) -> None:
    roster = stage.directory / "roster.toml"
    loaded = await stage.ask(
        "roster load", file={"text": roster.read_text(), "source": "roster.toml", "private": True}, set_pins=False
    )
    for part in loaded.parts:
        click.echo(part if isinstance(part, str) else render.plain(Answer([part])))


async def _alert(stage: Stage, shown: View) -> list[str]:
    """Send the alert, follow it to its end; everything that was not as it should be."""
    spoken = Sound(espeak.render(load("en"), story.MESSAGE))
    heard = bytearray()
    watching = asyncio.create_task(_watch(stage, shown))
    receiving = asyncio.create_task(story.receive(stage.exchange, heard, shown.say))
    try:
        async with asyncio.timeout(story.PATIENCE_S * 3):
            await story.send_alert(stage.exchange, spoken, stage.speed, shown.say)
            report = await watching
            await _until_quiet(stage)
    except (TimeoutError, ConnectionError, CommandFailed) as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        for task in (watching, receiving):
            task.cancel()
        await asyncio.gather(watching, receiving, return_exceptions=True)
    async with await ExchangeClient.connect(stage.exchange) as client:
        texts = await client.sms()
    likeness = ears.likeness(spoken.data, bytes(heard))
    shown.say(
        f"alpine heard {likeness.share:.1%} of what was spoken in {spoken.seconds:.1f} s"
        f" ({likeness.longest_s:.1f} s of it in one piece)"
    )
    shown.say(f"the network took {len(texts)} short messages")
    return story.differences(report, texts, likeness, exact=stage.speed == 1)


async def _watch(stage: Stage, shown: View) -> dict[str, Any]:
    """Show lines and teams until the alert has ended; its report."""
    while True:
        lines = (await stage.ask("lines")).data
        report: dict[str, Any] = {}
        try:
            report = (await stage.ask("alerts show", id=1)).data
        except CommandFailed:
            pass  # it is still being spoken
        shown.update(lines, report)
        if report.get("ended"):
            return report
        await asyncio.sleep(LOOK_S)


async def _until_quiet(stage: Stage) -> None:
    """Wait for the last short messages."""
    await _until(
        lambda: stage.ask("alerts show", id=1),
        lambda report: all(state not in ("queued", "failed") for _, _, state in report["sms"]),
    )


async def _until(look: Callable[[], Awaitable[Answer]], good: Callable[[Any], bool]) -> None:
    """Look again and again until the data of the answer are good."""
    async with asyncio.timeout(processes.GIVE_UP_S):
        while True:
            if good((await look()).data):
                return
            await asyncio.sleep(LOOK_S)


async def _offer(stage: Stage) -> None:
    """What a visitor wants next, at the pace of life: nobody can press keys ten times as fast."""
    click.echo("\nNow at the pace of life:")
    processes.prepare(stage.directory, speed=1.0, gap_s=GAP_S, greeting=story.GREETING)
    async with AsyncExitStack() as stack:
        await _start(Stage(stage.directory, stage.config, 1.0), stack)
        click.echo(f"Harbour CERT logs in with {story.SENDER_LOGIN}.")
        await _prompt(stage)


async def _prompt(stage: Stage) -> None:
    loop = asyncio.get_running_loop()
    while True:
        click.echo(f"\n{OFFER}; quit to end.")
        try:
            words = split(await loop.run_in_executor(None, input, "alertbox> "))
        except EOFError:
            return
        if words in (["quit"], ["exit"], ["q"]):
            return
        if words and words[0] in OWN:
            click.echo(f"{words[0]}: this demonstration runs it already")
        elif words:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "appliance", "--config", str(stage.config), *words
            )
            await process.wait()


def split(line: str) -> list[str]:
    """The words of a typed command, `alertbox` itself left out; quotes that never end are taken as they are."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return words[1:] if words[:1] == ["alertbox"] else words
