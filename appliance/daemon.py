"""`alertbox run`: the box as a service."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from appliance import lastconfig
from appliance.box import Box
from appliance.console.visible import LogFormatter
from appliance.lastconfig import Loaded
from hal.clock import ScaledEventLoop
from ivr.prompts import PromptsMissing
from storage import StorageError

log = logging.getLogger(__name__)


async def _serve(loaded: Loaded) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Box(loaded.config, configuration_trouble=loaded.trouble):
        log.info("the box is up")
        await loop.run_in_executor(None, lastconfig.keep, loaded)
        await stop.wait()
        log.info("stopping")


def run(loaded: Loaded) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    speed = loaded.config.simulation.speed
    try:
        with asyncio.Runner(loop_factory=(lambda: ScaledEventLoop(speed)) if speed != 1 else None) as runner:
            runner.run(_serve(loaded))
    except (StorageError, PromptsMissing) as error:
        log.critical("%s", error)
        return 2
    return 0
