"""The exchange and the box of the demonstration, each a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from string import Template

from hal.audio import companding
from hal.audio.sound import Encoding
from ivr.prompts import espeak, load

GIVE_UP_S = 120.0
"""Seconds for a process to come up, on a slow and busy machine."""
STOP_S = 20.0


def prepare(directory: Path, *, speed: float, gap_s: float, greeting: str) -> Path:
    """Write the files of the demonstration into `directory`; the box's configuration."""
    (directory / "exchange").mkdir(parents=True, exist_ok=True)
    values = {"directory": str(directory), "prompts": str(directory / "prompts")}
    values |= {"speed": f"{speed:g}", "gap": f"{gap_s:g}"}
    for name in ("box.toml", "exchange.toml", "roster.toml"):
        text = resources.files("appliance.demo").joinpath(name).read_text(encoding="utf-8")
        target = directory / name
        target.touch(mode=0o600)
        target.write_text(Template(text).substitute(values) if name != "roster.toml" else text, encoding="utf-8")
    write_wav(directory / "greeting.wav", espeak.render(load("en"), greeting))
    return directory / "box.toml"


def write_wav(path: Path, alaw: bytes) -> None:
    """A-law as a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(companding.decode(alaw, Encoding.ALAW).astype("<i2").tobytes())


def find_prompts(directory: Path) -> None:
    """Copy the rendered phrases of the source tree, or those that are installed; names of teams are added to the copy. Without
    any the box renders them itself."""
    for path in (Path(__file__).resolve().parents[2] / "build/prompts", Path("/usr/share/alertbox/prompts")):
        if (path / "en/index.json").exists():
            shutil.copytree(path, directory / "prompts")
            return


@asynccontextmanager
async def running(name: str, *command: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of this Python, stopped at the end; what it says goes to `log`."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def until_there(path: Path, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait for a socket to appear. RuntimeError, with the end of the log, where the process ends before."""
    async with asyncio.timeout(GIVE_UP_S):
        while True:
            if _is_there(path):
                return
            if process.returncode is not None:
                raise RuntimeError(f"it ended with status {process.returncode}:\n{_tail(log)}")
            await asyncio.sleep(0.02)


def _is_there(path: Path) -> bool:
    return path.exists()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
