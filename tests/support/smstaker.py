"""Takes what a device receives, for tests of drivers; the box's own is `ivr.smsinbox`."""

from __future__ import annotations

import asyncio

from hal.line import DeliveryReport, IncomingSms


class Taker:
    """`messages` as they come, `whole` put together."""

    def __init__(self) -> None:
        self.messages: list[IncomingSms] = []
        self.whole: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        """(sender, text) of each message, long ones when their last part has come."""
        self.reports: list[DeliveryReport] = []
        self.full: list[bool] = []
        """Changes of the store between full and not."""
        self.refuses = False

    async def received(self, device: str, sms: IncomingSms) -> None:
        if self.refuses:
            raise OSError("disk full")
        self.messages.append(sms)
        if sms.part is None:
            self.whole.put_nowait((sms.sender, sms.text))
            return
        parts = {
            m.part.number: m.text
            for m in self.messages
            if m.part and (m.sender, m.part.reference, m.part.total) == (sms.sender, sms.part.reference, sms.part.total)
        }
        if len(parts) == sms.part.total:
            self.whole.put_nowait((sms.sender, "".join(parts[number] for number in sorted(parts))))

    async def reported(self, device: str, report: DeliveryReport) -> None:
        self.reports.append(report)

    def store_full(self, device: str, full: bool) -> None:
        if full != (self.full or [False])[-1]:
            self.full.append(full)
