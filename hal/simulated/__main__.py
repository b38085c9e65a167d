"""`python -m hal.simulated --config exchange.toml --directory DIR [--speed 10]`: the exchange as a process of its own.

It outlives the box: a box that dies with calls up closes its ports, and the modems hang up.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from hal.clock import ScaledEventLoop
from hal.simulated.config import BadConfig, load
from hal.simulated.server import Server, ready_line


async def serve(config: Path, directory: Path, speed: float) -> None:
    """Run until SIGTERM, SIGINT or a `stop` request."""
    exchange = load(config, directory)
    server = Server(exchange, speed=speed)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stopping.set)
    await server.start()
    print(ready_line(directory, speed), flush=True)
    await server.stopping.wait()
    await server.close()
    await exchange.close(check=False)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m hal.simulated", description="A simulated telephone exchange.")
    parser.add_argument("--config", type=Path, required=True, help="TOML: modems, lines, subscribers")
    parser.add_argument("--directory", type=Path, required=True, help="where device nodes and exchange.sock appear")
    parser.add_argument("--speed", type=float, default=1.0, help="times life (default 1)")
    arguments = parser.parse_args()
    try:
        with asyncio.Runner(
            loop_factory=None if arguments.speed == 1.0 else lambda: ScaledEventLoop(arguments.speed)
        ) as runner:
            runner.run(serve(arguments.config, arguments.directory, arguments.speed))
    except (BadConfig, OSError, ValueError) as error:
        print(f"exchange: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
