"""How far the wall clock can be trusted when the box starts. Pure."""

from __future__ import annotations

from hal.clock import ClockTrust


def at_start(
    *,
    boot_id: str,
    wall: float,
    battery_clock: bool,
    last_boot_id: str | None,
    last_wall: float,
    last_trust: ClockTrust,
) -> ClockTrust:
    """The trust to start with.

    Within one boot nothing has happened to the clock, and what was thought of it before holds; unless it has gone back. After
    a boot it counts only if a battery-backed clock has set it, and it is not before the last thing that the journal knows.
    `wall` and `last_wall` are Unix seconds; `last_boot_id` is None for an empty journal.
    """
    if last_boot_id is not None and wall < last_wall:
        return ClockTrust.DOUBTFUL
    if boot_id == last_boot_id and boot_id != "unknown":
        return last_trust
    return ClockTrust.TRUSTED if battery_clock else ClockTrust.DOUBTFUL
