"""What the announcer writes of a line."""

from __future__ import annotations

import asyncio
from typing import Any

from appliance.announcer import REASON_LIMIT, Announcer
from hal.clock import Clock
from storage import Store
from tests.storage.support import CHEAP, SECRETS
from tests.support.virtualtime import run_virtual


def test_a_modem_with_much_to_say_does_not_fill_the_journal(tmp_path) -> None:
    async def story() -> None:
        loop: Any = asyncio.get_running_loop()
        clock = Clock(wall=loop.wall, boot_id="boot")
        store = await Store.open(tmp_path / "box.db", clock=clock, secrets=SECRETS, pin_cost=CHEAP)
        announcer = Announcer(store)
        announcer.line("gsm", False, "x" * 4000)
        announcer.line("isdn", False, "no dial tone")
        await announcer.flush()
        assert len(store.lines["gsm"].reason) == REASON_LIMIT
        assert store.lines["isdn"].reason == "no dial tone"
        assert all(len(alarm.text) < REASON_LIMIT + 50 for alarm in store.alarms.active())
        await store.close()

    run_virtual(story())
