"""The box: the one place that knows everything. Starts in order, stops in reverse.

    async with Box(config) as box:
        await box.wait()

Memory first, then voice, then the dial-out (an alert that was running goes on), then the devices one by one, each on its own,
then the control socket. Whatever fails on the way is an alarm; only a box without any memory or any voice does not start.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from importlib.metadata import version
from typing import Any

from appliance import clocktrust, commands, devices
from appliance.announcer import Announcer
from appliance.answers import Answer, CommandFailed
from appliance.clockhint import ClockHint
from appliance.commands import Privilege
from appliance.config import Config
from appliance.config import Device as DeviceOptions
from appliance.control import ControlServer, Peer
from appliance.conversations import Conversations
from appliance.devices import create_devices
from appliance.gate import Gate
from appliance.health import Health
from appliance.linedesk import Kept, LineDesk
from appliance.lines import DeviceKeeper
from appliance.memory import Memory, open_memory
from appliance.mending import Mender
from appliance.overload.post import Post
from appliance.site import LineStatus, Site
from appliance.testdial import ProvingCall
from appliance.voice import open_phrases
from hal.audio.pump import LEAD_S, AudioPump
from hal.board.clocks import battery_clock
from hal.board.relay import Relay
from hal.clock import Clock, ClockTrust, read_boot_id
from hal.errors import LineFault
from hal.usb import Bus
from ivr import outbound
from ivr.dialout.loop import DialOut
from ivr.house import House
from ivr.notices import Notices
from ivr.smsinbox import SmsInbox
from ivr.trunks import Trunks
from storage import Argon2Cost, StorageError
from storage.records import BoxStarted, BoxStopped
from storage.roster import Roster

log = logging.getLogger(__name__)

RESTART_S = 1.0
"""Seconds after which a service of the box that has failed is started again."""
SPACE_S = 30.0
"""Seconds between two looks at the space on the disk."""


class Box:
    """One alert box. `async with` runs it; leaving stops it in order."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        health: Health | None = None,
        pin_cost: Argon2Cost | None = None,
        control: bool = True,
        configuration_trouble: str = "",
    ) -> None:
        """`clock` and `pin_cost` are for tests, as is a box without its `control` socket. `configuration_trouble`: why this
        is not the configuration that the technician wrote, if it is not."""
        self.config = config
        self._configuration_trouble = configuration_trouble
        self._given_clock = clock
        self._health = health or Health()
        self._pin_cost = pin_cost
        self._with_control = control
        self._stack = AsyncExitStack()
        self._keepers: list[DeviceKeeper] = []
        self._trouble: dict[str, str] = {}

    # --- life

    async def __aenter__(self) -> Box:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        config = self.config
        self.clock = self._given_clock or _clock(config.simulation.speed)
        memory = await open_memory(config.paths.state, self.clock, pin_cost=self._pin_cost)
        self.store = memory.store
        self._stack.push_async_callback(self.store.close)
        await self._begin(memory)
        self._stack.push_async_callback(self._note_stop)

        self.announcer = Announcer(self.store)
        self._stack.push_async_callback(self.announcer.flush)
        self._serve("announcer", self.announcer.run)
        if self._configuration_trouble:
            self._doubt("configuration", self._configuration_trouble)
        else:
            self.announcer.clear("box.configuration", "the configuration has no mistakes")
        languages = config.service.languages
        self.phrases = await open_phrases(config.paths.prompts, config.paths.state, languages)
        if self.phrases.languages != languages:
            self._doubt(
                "phrases",
                f"the box speaks only {', '.join(self.phrases.languages)} of {', '.join(languages)}: "
                "the phrases of the others cannot be had; render them with: python -m ivr.prompts",
            )
        else:
            self.announcer.clear("box.phrases", "all languages can be spoken")
        await self._prepare_names(self.store.roster.current())

        self.trunks = Trunks(self.clock.monotonic, keep=config.lines.keep_free)
        if config.lines.test_number:
            self.trunks.test_dial = ProvingCall(self.store, self.clock, config.lines.test_number, config.limits.ring_s)
        self.notices = Notices(
            self.store,
            (),
            self.trunks,
            self.clock,
            management=config.sms.management_number,
            texts={"": config.sms.notice},
        )
        self.sms_inbox = SmsInbox(self.store, self.clock)
        self.house = House(
            self.store,
            self.phrases,
            self.clock,
            config.limits,
            config.service.name,
            languages=self.phrases.languages,
            timezone=dt.UTC if config.service.time_zone.key == "UTC" else config.service.time_zone,
        )
        self.dialout = DialOut(
            self.store,
            self.trunks,
            self.clock,
            config.limits,
            partial(outbound.converse, house=self.house),
            self.notices,
        )
        self.house.on_alert = self.dialout.wake
        self.house.on_all_clear = self.dialout.wake
        self.overload = Post(config, self.clock, self.store, self.announcer)
        self._stack.push_async_callback(self.overload.close)
        self.conversations = Conversations(self.house, self.trunks, config.lines.conversations, self.overload.calls_in)
        for name, service in (
            ("overload", self.overload.run),
            ("notices", self.notices.run),
            ("received messages", self.sms_inbox.run),
            ("dial-out", self.dialout.run),
            ("space", self._watch_space),
        ):
            self._serve(name, service)
        self._open_devices()
        if self._with_control:
            await self._listen_for_commands()
        self._serve("watchdog", self._health.feed)
        self._stack.push_async_callback(self._end_conversations)  # last in, first out: before anything is taken down
        self._health.ready(f"{len(self._keepers)} devices, {len(self.store.roster.current().teams)} teams")

    def _doubt(self, what: str, text: str) -> None:
        """Something that a box can do without is missing: say so, and go on."""
        self._trouble[what] = text
        self.announcer.alarm(f"box.{what}", "major", text)

    async def _listen_for_commands(self) -> None:
        """Without its socket the box still alerts."""
        control = self.config.control
        server = ControlServer(control.socket, self._command, group=control.group, mode=control.mode)
        try:
            await self._stack.enter_async_context(server)
        except OSError as error:
            self._doubt("control", f"no command reaches the box: the socket {control.socket} cannot be made: {error}")
        else:
            self.announcer.clear("box.control", "commands reach the box")

    async def _begin(self, memory: Memory) -> None:
        """What must be known of the last run before anything else happens."""
        if memory.trouble:
            self._trouble["database"] = memory.trouble
        if self._given_clock is None:
            self.clock.trust = await self._judge_clock()
        try:
            await self.store.commit(BoxStarted(version("alertbox"), self.store.stopped_cleanly))
        except StorageError as error:
            log.error("the start was not written: %s", error)

    async def _judge_clock(self) -> ClockTrust:
        try:
            last = await self.store.journal.last()
        except StorageError as error:
            log.error("the clock is doubted: the end of the journal cannot be read: %s", error)
            return ClockTrust.DOUBTFUL
        return clocktrust.at_start(
            boot_id=self.clock.boot_id,
            wall=self.clock.wall(),
            battery_clock=battery_clock(),
            last_boot_id=last.boot if last else None,
            last_wall=last.wall if last else 0.0,
            last_trust=ClockTrust(last.trust) if last else ClockTrust.DOUBTFUL,
        )

    def _open_devices(self) -> None:
        gate = Gate(
            self.store,
            roster=self.store.roster.current,
            management_number=self.config.sms.management_number,
            test_number=self.config.lines.test_number,
        )
        hint = ClockHint(self.clock, self.announcer)
        pump = AudioPump(lead_s=LEAD_S * max(1.0, self.config.simulation.speed))
        bus = Bus(self.config.simulation.root)
        kept: list[Kept] = []
        for fitted in create_devices(self.config.devices, gate=gate, pump=pump, failed=self._no_device, bus=bus):
            options, device = fitted.options, fitted.device
            mender = Mender(
                device,
                fitted.config,
                self.clock,
                relay=self._relay(options),
                wait_s=self.config.lines.reopen_s,
                wait_limit_s=self.config.lines.reopen_limit_s,
            )
            keeper = DeviceKeeper(
                device,
                mender,
                driver=options.driver,
                sms=options.sms,
                trunks=self.trunks,
                notices=self.notices,
                announcer=self.announcer,
                options=self.config.lines,
                take=self.conversations.take,
            )
            if device.sms:
                device.sms.receiver = self.sms_inbox
            device.on_time = hint.told
            self._keepers.append(keeper)
            kept.append(Kept(fitted, keeper))
            self._serve(f"device {options.name}", keeper.run)
        self.desk = LineDesk(kept, bus, self.clock, self.config.service.time_zone)

    def _relay(self, options: DeviceOptions) -> Relay | None:
        """A device whose power cannot be switched is in service all the same."""
        try:
            relay = devices.relay(options)
        except LineFault as fault:
            self._doubt(f"relay-{options.name}", f"the power of {options.name} cannot be switched: {fault}")
            return None
        if relay:
            self._stack.callback(relay.close)
            self.announcer.clear(f"box.relay-{options.name}", "its power can be switched")
        return relay

    def _no_device(self, name: str, why: str) -> None:
        self._trouble[name] = f"device {name} cannot be used: {why}"
        self.announcer.alarm(f"device.{name}", "major", self._trouble[name])

    async def _end_conversations(self) -> None:
        """At a stop: nothing new begins, and what runs may end."""
        limit = self.config.lines.stop_s
        self._health.stopping(limit)
        await asyncio.gather(self.conversations.close(limit), self._end_dialling(limit))

    async def _note_stop(self) -> None:
        try:
            await self.store.commit(BoxStopped("stopped"))
        except StorageError as error:
            log.error("the stop was not written: %s", error)

    async def _end_dialling(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.dialout.drain()

    def _serve(self, name: str, service: Callable[[], Awaitable[None]]) -> None:
        """Run something for as long as the box lives; it is cancelled, and waited for, in its turn at the stop."""
        task = asyncio.get_running_loop().create_task(self._for_ever(name, service), name=name)

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)

    async def _for_ever(self, name: str, service: Callable[[], Awaitable[None]]) -> None:
        """A mistake of this program in one service costs that service a second, not the box its life."""
        while True:
            try:
                await service()
                return
            except Exception as error:
                log.exception("%s failed", name)
                self.announcer.alarm(f"box.{name}", "critical", f"{name} failed and was started again: {error!r}")
            await asyncio.sleep(RESTART_S)

    async def _watch_space(self) -> None:
        """Say so while the disk is (nearly) full."""
        while True:
            with suppress(StorageError):
                await self.store.reclaim_space()
            left, size = self.store.space()
            if left < size:
                text = f"the disk is full; {left >> 20} of {size >> 20} MB kept for an alert are left"
                self.announcer.alarm("storage.space", "critical", text)
            else:
                self.announcer.clear("storage.space", "there is room again")
            await asyncio.sleep(SPACE_S)

    async def _prepare_names(self, roster: Roster) -> list[str]:
        return await self.phrases.prepare([self.config.service.name, *(team.name for team in roster.teams)])

    # --- commands

    def lines(self) -> list[LineStatus]:
        """All lines as they are now."""
        return [status for keeper in self._keepers for status in keeper.statuses()]

    def site(self, by: str) -> Site:
        """What a command can see."""
        return Site(
            self.config,
            self.store,
            self.clock,
            running=True,
            by=by,
            lines=self.lines,
            trouble=lambda: list(self._trouble.values()),
            prepare_names=self._prepare_names,
            overload=self.overload.screens,
            desk=self.desk,
        )

    async def command(self, name: str, *, by: str = "root", **arguments: Any) -> Answer:
        """Carry out a command of the table, missing arguments at their defaults. Raises `CommandFailed`."""
        command = commands.BY_NAME.get(name)
        if command is None:
            raise CommandFailed(f"there is no command {name!r}")
        given = {each.key: arguments.get(each.key, each.default) for each in command.arguments}
        return await command.handler(self.site(by), given)

    async def _command(self, peer: Peer, name: str, arguments: dict[str, Any]) -> Answer:
        command = commands.BY_NAME.get(name)
        if command is not None and command.privilege is Privilege.CHANGE and not peer.may_change():
            raise CommandFailed(f"{name} is for root, not for {peer.name}")
        return await self.command(name, by=peer.name, **arguments)


def _clock(speed: float) -> Clock:
    """The box's own clock. Times of a simulation compare only with those of the same pace, as if it were another boot."""
    boot_id = read_boot_id() if speed == 1 else f"{read_boot_id()} at {speed:g} times life"
    return Clock(trust=ClockTrust.DOUBTFUL, boot_id=boot_id, speed=speed)
