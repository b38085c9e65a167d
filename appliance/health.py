"""What the service manager is told: ready, alive, stopping (sd_notify(3)).

The watchdog is fed by the event loop itself, from a plain coroutine: if the loop is stuck, nobody feeds it, and systemd starts
the box again. Without systemd, or without its Python binding, nothing is told and nothing fails.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping

try:
    from systemd.daemon import notify as _notify
except ImportError:

    def _notify(status: str) -> bool:
        return False


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two meals, half of what systemd allows (sd_watchdog_enabled(3)), or None where none are wanted."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        allowed = int(environment.get("WATCHDOG_USEC", "0"))
    except ValueError:
        return None
    return allowed / 2e6 if allowed > 0 else None


class Health:
    """Tells the service manager how the box is."""

    def __init__(self, notify: Callable[[str], object] = _notify, interval: float | None = None) -> None:
        self._notify = notify
        self._interval = interval if interval is not None else watchdog_interval()

    def ready(self, status: str) -> None:
        """The box takes calls and would alert; `status` is one line for `systemctl status`."""
        self._notify(f"READY=1\nSTATUS={status}")

    def stopping(self, limit_s: float) -> None:
        """No new calls; running conversations may take `limit_s` seconds, and systemd is asked to wait for them."""
        self._notify(f"STOPPING=1\nEXTEND_TIMEOUT_USEC={int((limit_s + 10) * 1e6)}\nSTATUS=letting conversations end")

    async def feed(self) -> None:
        """Feed the watchdog for ever, as long as the event loop turns; returns at once where there is none."""
        while self._interval is not None:
            self._notify("WATCHDOG=1")
            await asyncio.sleep(self._interval)
