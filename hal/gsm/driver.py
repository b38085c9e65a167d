"""A radio modem as a device: its two ports, its watch, its recovery. `create` is what `hal.registry` calls."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hal.at.interpreter import Interpreter
from hal.errors import LineClosed, LineFault, ModemError, ModemSilent
from hal.gsm.audiopath import audio_path
from hal.gsm.callstate import Over, Phase
from hal.gsm.inbox import Inbox
from hal.gsm.line import GsmLine
from hal.gsm.models import GENERIC, Model, model_named
from hal.gsm.radio import UNSOLICITED, Radio
from hal.gsm.reports import Direct, MemoryFull, Registration, Restarted, Stored, parse
from hal.gsm.sender import GsmSms
from hal.gsm.sim import PinMemory
from hal.gsm.turns import Turns
from hal.line import Device, DialGate, LineHealth, LineState
from hal.recovery import Rung
from hal.trace import Trace

if TYPE_CHECKING:
    from hal.audio.pump import AudioPump
    from hal.registry import DeviceConfig

log = logging.getLogger(__name__)

PING_S = 10.0
"""Seconds between two questions to an idle modem: one that has fallen silent is reported within 20 s."""
POLL_S = {Phase.IDLE: PING_S, Phase.DIALLING: 0.5, Phase.ALERTING: 0.5, Phase.INCOMING: 1.0, Phase.ACTIVE: 2.0}
"""Seconds between two looks at the modem's call list."""
STORE_S = 300.0
"""Seconds between two looks through the received messages."""
SETTINGS_EVERY = 2
"""Idle questions from one look whether the modem still knows its settings to the next."""
SIGNAL_EVERY = 6
"""Idle questions from one asking for signal and operator to the next."""
RESET_S = 10.0
"""Seconds for a modem to confirm its reset."""
REBOOT_S = 3.0
"""Seconds that a modem which resets itself still looks alive on USB."""
REAPPEAR_S = 40.0
"""Seconds for a modem to come back after a reset (USB enumeration takes 10 to 30); one try more may then be under way."""
RETRY_S = 2.0
CHOPPY_AGAIN_S = 3600.0
"""Seconds from a reset because of choppy audio to the next."""
WAITING = 64
"""Announced messages that are remembered one by one, and pushed ones that are in hand. A SIM holds fewer; a modem gone mad
announces more than memory holds."""


class GsmDevice(Device):
    """One radio modem with one line and messages."""

    def __init__(self, config: DeviceConfig, gate: DialGate | None, pump: AudioPump, model: Model | None) -> None:
        self.name = config.name
        self.pump = pump
        self.radio = Radio(name=config.name, pin=config.pin, memory=PinMemory(_pin_file()), model=model)
        self.audio = audio_path(config)
        self.line = GsmLine(config.line_name(0), self, config.line_direction(0), gate, config.msn(0))
        self.lines = (self.line,)
        self._messages = GsmSms(self, gate)
        self.sms = self._messages
        self.turns = Turns(self._messages_held)
        self._config = config
        self._fault = asyncio.Event()
        self._broken: LineFault | None = None
        """What has set the fault event."""
        self._lock = asyncio.Lock()
        self._at: Interpreter | None = None
        self._inbox = Inbox(self.name, lambda: self._messages.receiver)
        self._watch: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()
        self._unread: list[int | None] = []
        """Places of the store to be read; None: all of them."""
        self._arrived = asyncio.Event()
        self._restarted = False
        self._needs_reset = False
        self._reset_for_audio_at: float | None = None
        """When choppy audio last led to a reset."""

    # --- for the line and the sender ------------------------------------------------------------------------

    @property
    def at(self) -> Interpreter:
        """The dialogue with the modem. Raises `LineClosed`."""
        if self._at is None:
            raise LineClosed(f"{self.name} is closed")
        return self._at

    @property
    def audio_trace(self) -> Trace:
        """Where the audio is counted."""
        return self._config.traces.of(self._config.audio_port)

    def check_calls(self) -> None:
        """Look at the call list now."""
        self._look.set()

    def soon(self, chore: Coroutine[Any, Any, None]) -> None:
        """Run something beside everything else; it ends with the device."""
        task = asyncio.get_running_loop().create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def failed(self, fault: LineFault) -> None:
        """The modem does not work any more."""
        if self._fault.is_set() or self._at is None:
            return
        log.error("%s: %s", self.name, fault)
        self._broken = fault
        self._fault.set()
        self.line.faulted(fault)

    def audio_failed(self, fault: LineFault) -> None:
        """Calls work and their audio does not. SIM7600 modems come out of that by a reset alone (callpilot#121)."""
        self._needs_reset = True
        if self._at is not None and not self._fault.is_set():
            # The other side hears nothing, and would be busy for the next line that calls it: the reset comes seconds later.
            with suppress(LineFault):
                self._at.write(b"AT+CHUP\r")
        self.failed(fault)

    def audio_poor(self, fault: LineFault) -> None:
        """Calls work and their audio is choppy. A reset may mend that; where it was still so soon after one, a line that is hard to
        understand calls more teams than one that is being reset."""
        now = asyncio.get_running_loop().time()
        if self._reset_for_audio_at is not None and now - self._reset_for_audio_at < CHOPPY_AGAIN_S:
            log.warning("%s: %s; a reset has not mended it", self.name, fault)
            return
        self._reset_for_audio_at = now
        self.audio_failed(fault)

    async def health(self) -> LineHealth:
        """Ask for network and signal; while a message is being sent, what is known. Raises a `LineFault`."""
        radio = self.radio
        if not self.turns.message_in_hand:
            await radio.ask_network(self.at)
            await radio.ask_signal(self.at)
            await radio.ask_time(self.at)
            if radio.time and self.on_time:
                self.on_time(radio.time)
        facts = radio.facts | self.audio.facts
        if radio.voice is False:
            return LineHealth(
                False, "this modem or firmware carries no voice", radio.registered, radio.signal_dbm, facts
            )
        if not radio.registered:
            why = f"no network that carries voice: {radio.registration}"
            return LineHealth(False, why, False, radio.signal_dbm, facts)
        if self._fault.is_set():
            return LineHealth(False, f"out of order: {self._broken}", True, radio.signal_dbm, facts)
        return LineHealth(True, f"registered with {facts.get('operator', 'a network')}", True, radio.signal_dbm, facts)

    # --- the face -------------------------------------------------------------------------------------------

    @property
    def fault(self) -> asyncio.Event:
        return self._fault

    async def open(self) -> None:
        async with self._lock:
            await self._close_ports()
            await self._open()

    async def close(self) -> None:
        async with self._lock:
            if self._at is not None and self._at.port.lost is None and self.line.state is not LineState.FAULTED:
                call = self.line.call
                if call:
                    await call.hang_up()
            await self._close_ports()
            self.line.closed()

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return (Rung.INIT, Rung.REOPEN, Rung.RESET)

    async def recover(self, rung: Rung | None = None) -> None:
        async with self._lock:
            if self._needs_reset and rung in (Rung.INIT, Rung.REOPEN):
                raise self._broken or ModemError(f"{self.name}: only a reset brings the audio back")
            if rung is Rung.REOPEN:
                await self._close_ports()
                await self._open()
                return
            if rung is not Rung.RESET and self._at is not None and self._at.port.lost is None and not self._needs_reset:
                try:
                    await self._stop_watch()
                    await self._start(self._at)
                    return
                except LineFault as fault:
                    self.failed(fault)  # nobody watches over it any more
                    if rung is Rung.INIT:
                        raise
            elif rung is Rung.INIT:
                raise LineClosed(f"{self.name} has no port that could be initialised")
            await self._reset()
            await self._come_back()

    # --- opening and recovering -----------------------------------------------------------------------------

    async def _open(self) -> None:
        try:
            at = await self._open_commands()
            await self.audio.open()
            await self._start(at)
        except BaseException:
            await self._close_ports()
            raise

    async def _start(self, at: Interpreter) -> None:
        """Initialise a modem whose ports are open, and watch it from then on. Raises a `LineFault`."""
        self._restarted = False
        await self.radio.start(at)
        if self._restarted:  # it was still starting, and has forgotten what it was told
            self._restarted = False
            await self.radio.start(at)
        self._fault.clear()
        self._broken = None
        self._needs_reset = False
        await self.line.clear()  # a call that the last user of this modem has left behind
        if self._broken:
            raise self._broken
        self.line.opened()
        self._look.clear()
        self._to_be_read(None)
        self._watch = asyncio.get_running_loop().create_task(self._keep_watch(at))

    async def _reset(self) -> None:
        """Let the modem restart itself, if it still listens; its ports are closed then."""
        with suppress(LineFault):
            at = (
                self._at or await self._open_commands()
            )  # a failed opening has closed them, and it may obey all the same
            for command in (self.radio.model.reset, GENERIC.reset):
                if (await at.command(command, expect=(), timeout=RESET_S, check=False)).ok:
                    break
            await asyncio.sleep(REBOOT_S)
        await self._close_ports()

    async def _open_commands(self) -> Interpreter:
        """The port for commands alone, in `_at`."""
        port = await self._config.open_port(self._config.ports[0])
        self._at = Interpreter(port, on_line=self._heard, on_lost=self.failed, unsolicited=UNSOLICITED)
        return self._at

    async def _come_back(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REAPPEAR_S
        while True:
            try:
                await self._open()
                return
            except LineFault:
                if loop.time() >= deadline:
                    raise
            await asyncio.sleep(RETRY_S)

    async def _stop_watch(self) -> None:
        tasks = [task for task in (self._watch, *self._chores) if task and task is not asyncio.current_task()]
        self._watch = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close_ports(self) -> None:
        await self._stop_watch()
        at, self._at = self._at, None
        if at:
            self.line.faulted(LineClosed(f"{self.name} was closed"))
            at.port.close()
        self.audio.close()

    # --- watching -------------------------------------------------------------------------------------------

    def _heard(self, line: str) -> None:
        report = parse(line)
        match report:
            case None:
                pass  # the trace has it, without secrets
            case Registration():
                self.radio.note(report)
            case Stored(place):
                self._to_be_read(place)
            case Direct(octets):
                if len(self._chores) < WAITING:
                    self.soon(self._inbox.direct(octets))
            case MemoryFull():
                if self._messages.receiver:
                    self._messages.receiver.store_full(self.name, True)
                self._to_be_read(None)
            case Restarted():
                self._restarted = True
                self._look.set()
            case _:
                self.line.report(report)

    def _to_be_read(self, place: int | None) -> None:
        """A message is in the store. Too many to remember are found by looking through all of it."""
        if place is None or len(self._unread) >= WAITING:
            self._unread = [None]
        elif place not in self._unread and None not in self._unread:
            self._unread.append(place)
        self._arrived.set()

    async def _keep_watch(self, at: Interpreter) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_calls(at))
                group.create_task(self._watch_store(at))
        except* LineFault as faults:
            self.failed(next(fault for fault in faults.exceptions if isinstance(fault, LineFault)))
        except* Exception as errors:
            log.exception("%s: the watch has failed", self.name)
            self.failed(ModemError(f"driver: {errors.exceptions[0]!r}"))

    async def _watch_calls(self, at: Interpreter) -> None:
        loop = asyncio.get_running_loop()
        rounds = 0
        while True:
            wait_s = POLL_S[self.line.calls.phase]
            if self.line.calls.offer_at is not None:
                wait_s = max(0.0, min(wait_s, self.line.calls.offer_at - loop.time()))
            try:
                async with asyncio.timeout(wait_s):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            if self._restarted:
                raise ModemError("the modem has restarted by itself")
            try:
                await self._look_at_calls(at)
                self.line.apply(self.line.calls.tick(loop.time()))  # behind the look, which may have told who rings
                if self.line.calls.phase is Phase.IDLE and self.line.state is LineState.IDLE:
                    rounds += 1
                    await self.radio.ask_network(at)
                    if rounds % SETTINGS_EVERY == 0:
                        await self.radio.check_settings(at)
                    if rounds % SIGNAL_EVERY == 0:
                        await self.radio.ask_signal(at)
            except ModemSilent:
                await self.radio.wake(at)  # once; raises again where it stays silent

    async def _look_at_calls(self, at: Interpreter) -> None:
        legs = await self.radio.legs(at)
        if legs is None:
            return
        events = self.line.calls.poll(legs, asyncio.get_running_loop().time())
        if any(isinstance(event, Over) and not event.how.code for event in events):
            await self.radio.check_settings(at)  # a call that is gone without a word: has the modem restarted under it?
        self.line.apply(events)

    async def _watch_store(self, at: Interpreter) -> None:
        while True:
            try:
                async with asyncio.timeout(STORE_S):
                    await self._arrived.wait()
            except TimeoutError:
                self._to_be_read(None)
            place = self._unread.pop(0)
            if not self._unread:
                self._arrived.clear()
            if not self.radio.message_store:
                continue
            try:
                if place is None:
                    await self._inbox.look_through(at, self.turns.message)
                else:
                    async with self.turns.message():
                        await self._inbox.fetch(at, place)
            except ModemSilent as fault:
                log.warning("%s: reading messages: %s", self.name, fault)  # SIMs are slow at times
                self.check_calls()  # which finds out whether it is more than that

    def _messages_held(self) -> bool:
        """Messages wait while a call rings, and while one is up on a modem that cannot do both."""
        if self.line.state is LineState.IN_CALL:
            return not self.radio.model.sms_in_call
        return self.line.calls.phase is not Phase.IDLE


def _pin_file() -> Path | None:
    """Where a refused SIM PIN is remembered: the directory that systemd keeps for the service, if it runs under one."""
    directory = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(directory) / "sim-pin-refused" if directory else None


def create(config: DeviceConfig, gate: DialGate | None, pump: AudioPump) -> GsmDevice:
    """A radio modem, closed. ValueError for a configuration without its two ports, or with a model that is no row."""
    if len(config.ports) != 1 or not config.audio_port:
        raise ValueError(f"{config.name}: a radio modem has one port for commands and one for audio")
    try:
        model = model_named(config.model) if config.model else None
    except KeyError:
        raise ValueError(f"{config.name}: no model {config.model!r}") from None
    return GsmDevice(config, gate, pump, model)
