"""The dialogue of AT commands on a serial port: a thin shell around the `Engine`.

    at = Interpreter(port, on_line=..., on_lost=...)
    reply = await at.command("AT+CSQ", expect="+CSQ:", timeout=5)
    at.release() -> the port is the audio pump's; at.attach(rest) -> it is ours again

Commands queue up and run one at a time in the order of calling. A command that gets no result within its time raises
`ModemSilent`; the next one then first makes sure that a late answer cannot be taken for its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

from hal.at.engine import ANYTHING, Command, Engine, Finished, Prompted, Reply, Unsolicited
from hal.at.framing import Shielded
from hal.at.results import BASIC, CONNECT, NO_CARRIER, OK, UNSOLICITED, VCON
from hal.errors import LineFault, ModemError, ModemSilent
from hal.serialport import SerialPort
from hal.trace import Kind

log = logging.getLogger(__name__)

COMMAND_S = 5.0
"""Seconds for an ordinary command (chan_dongle's figure)."""
QUIET_S = 0.2
"""Seconds without a byte after which no late answer is expected any more."""
RESYNC_S = 3.0
"""Seconds for a modem to say OK to AT after a command that timed out."""
ABORT_S = 3.0
"""Seconds for a modem to confirm that it has stopped dialling."""


SETTLE_S = 0.3
"""Seconds in which an OK may follow a NO CARRIER that has already ended a command (isdn4linux sends both after ATH)."""
PAYLOAD_S = 60.0
"""Seconds from handing over the payload of a message to its result (3GPP TS 27.005 names none; networks take up to 60)."""
FLOOD, FLOOD_S = 1 << 18, 5.0
"""Bytes in so many seconds that are too many for a dialogue: four times what a serial line of 115,200 bit/s carries, and a tenth of
what would keep the processor from the other lines."""
ESCAPE = b"\x1b"
"""Leaves a message prompt without sending (3GPP TS 27.005, 3.5.1)."""


class CommandError(ModemError):
    """The modem refused a command. `reply` holds its words."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


class PayloadUnanswered(ModemSilent):
    """The modem took the payload and then said nothing: nobody knows whether the message went out."""


class Interpreter:
    """One AT port. `on_line` gets every unsolicited line, `on_shielded` every code after a DLE in command state (voice
    modems), `on_lost` the fault when the port goes away. All three are called from the event loop and must not block."""

    def __init__(
        self,
        port: SerialPort,
        *,
        on_line: Callable[[str], None],
        on_lost: Callable[[LineFault], None],
        on_shielded: Callable[[int], None] | None = None,
        unsolicited: tuple[str, ...] = UNSOLICITED,
    ) -> None:
        self.port = port
        self.engine = Engine(unsolicited=unsolicited, shielded=on_shielded is not None)
        self._on_line = on_line
        self._on_lost = on_lost
        self._on_shielded = on_shielded
        self._lock = asyncio.Lock()
        self._result: asyncio.Future[Reply] | None = None
        self._heard = asyncio.Event()
        self._dirty = False
        self._prompting = False
        self._limit: asyncio.Timeout | None = None
        self._payload_s = PAYLOAD_S
        self._late_ok = asyncio.Event()
        self._aborting = False
        self._attached = True
        self._counted, self._counted_from = 0, 0.0
        port.listen(self._received, self._lost)

    async def command(
        self,
        text: str,
        *,
        expect: str | tuple[str, ...] | None = None,
        timeout: float = COMMAND_S,
        finals: Collection[str] = BASIC,
        payload: bytes | None = None,
        abort: bytes | None = None,
        payload_s: float = PAYLOAD_S,
        check: bool = True,
    ) -> Reply:
        """Send `text` and return how it ended.

        `expect`: the beginning(s) of the lines that answer it; None takes any line, `()` none. `finals`: the result codes
        that end it. `payload`: what to send at the prompt, after which `payload_s` seconds count. `abort`: bytes that
        make the modem give the command up; they are sent at the time limit and when the caller is cancelled, and the
        reply to them, be it OK, is then the result.

        Raises `CommandError` for anything but OK, CONNECT and VCON if `check`, `ModemSilent` after `timeout` seconds
        (`PayloadUnanswered` after `payload_s`), `Unplugged`, `LineClosed`; RuntimeError while a data stream has the port.
        """
        prefixes = ANYTHING if expect is None else (expect,) if isinstance(expect, str) else expect
        request = Command(text, prefixes, finals, payload)
        async with self._lock:
            if not self._attached:
                raise RuntimeError(f"{request.shown}: a data stream has the port")
            if self._dirty:
                await self._resynchronise()
            self._payload_s = payload_s
            reply = await self._exchange(request, timeout, abort=abort)
            if reply.code == NO_CARRIER:
                await self._settle()
        if check and reply.code not in (OK, CONNECT, VCON):
            raise CommandError(reply)
        return reply

    async def result(self, send: bytes, *, finals: Collection[str], timeout: float) -> Reply:
        """Write bytes that are no command line - the end of a data stream - and return the result code that they lead to.

        Where the data stream has the port, somebody else must `attach` when the stream has ended. Raises `ModemSilent`,
        `Unplugged`, `LineClosed`.
        """
        async with self._lock:
            return await self._exchange(Command("", (), finals), timeout, raw=send)

    def limit(self, seconds: float) -> None:
        """The running command has `seconds` from now on. Nothing where none runs."""
        if self._limit and self._result and not self._result.done():
            self._limit.reschedule(asyncio.get_running_loop().time() + seconds)

    async def resynchronise(self) -> None:
        """Make sure that the modem answers, and that what it says is the answer to what was asked last.

        Raises `ModemSilent` where it does not answer, `Unplugged`.
        """
        async with self._lock:
            await self._resynchronise()

    async def round_trip(self, timeout: float, question: str = "") -> tuple[Reply, ...]:
        """AT and `question`, each within `timeout` seconds, and once more where an answer got lost: no command comes in between.

        Returns their replies, with every line that came; none where a modem has gone into a data state before its turn came: it
        has just answered. Raises `ModemSilent`, `Unplugged`.
        """
        requests = [Command(text, ANYTHING) for text in ("AT", question) if text]
        async with self._lock:
            if not self._attached:
                return ()
            if not self._dirty:
                with suppress(ModemSilent):
                    return tuple([await self._exchange(request, timeout) for request in requests])
            await self._resynchronise()
            return tuple([await self._exchange(request, timeout) for request in requests])

    def write(self, data: bytes) -> None:
        """Write bytes past the dialogue: the end of a data stream, an escape. Raises `Unplugged`, `LineClosed`."""
        self._note(Kind.COMMAND, f"(past the dialogue) {data.hex(' ')}")
        self.port.send(data)

    def release(self) -> bytes:
        """Give the port away after CONNECT; the bytes that were behind it. Lines are not read until `attach`."""
        self._note(Kind.NOTE, "audio begins")
        self.port.deaf()
        self._attached = False
        rest, self.engine.rest = self.engine.rest, b""
        return rest

    def attach(self, rest: bytes = b"") -> None:
        """Take the port back; `rest` are bytes behind the end of the data stream."""
        self._attached = True
        self.port.listen(self._received, self._lost)
        if rest:
            self._received(rest)

    async def _exchange(
        self, request: Command, timeout: float, *, abort: bytes | None = None, raw: bytes | None = None
    ) -> Reply:
        result: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._result = result
        self._late_ok.clear()
        try:
            self._note(Kind.COMMAND, request.text if raw is None else f"(end of a stream) {raw.hex(' ')}")
            command_line = self.engine.begin(request)
            self.port.send(command_line if raw is None else raw)
            try:
                async with asyncio.timeout(timeout) as self._limit:
                    return await result
            except TimeoutError:
                if result.done() and not result.cancelled():
                    return result.result()  # it came in the very moment of the time limit
                if abort is None:
                    raise
            self._note(Kind.COMMAND, f"(given up) {abort.hex(' ')}")
            self._aborting = True  # from now on OK ends it too, whatever its `finals`
            self.port.send(abort)
            result = self._result = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(ABORT_S):
                return replace(await result, aborted=True)
        except TimeoutError as error:
            for line in self.engine.lines:
                self._note(Kind.ANSWER, line)
            self._note(Kind.NOTE, f"no answer to {request.shown or 'the end of a stream'} in time")
            if self.engine.prompted:
                raise PayloadUnanswered(f"{self.port.path}: no result for the message") from error
            raise ModemSilent(
                f"{self.port.path}: no answer to {request.shown or 'the end of a stream'} in time"
            ) from error
        except asyncio.CancelledError:
            if abort is not None and self.engine.running:
                self._try_send(abort)
            raise
        finally:
            self._result = self._limit = None
            self._aborting = False
            if self.engine.running:
                self._prompting = request.payload is not None
                self.engine.abandon()
                self._dirty = True

    async def _resynchronise(self) -> None:
        """AT until it is answered, then silence: an OK that was late is swallowed by the silence, not by a command."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RESYNC_S
        self._dirty = True
        if self._prompting:
            self.port.send(ESCAPE)  # a modem at its prompt takes every command for a part of the message
            self._prompting = False
        await self._quiet()
        while True:
            try:
                await self._exchange(Command("AT"), min(1.0, RESYNC_S))
                break
            except ModemSilent:
                if loop.time() >= deadline:
                    raise
        await self._quiet()
        self._dirty = False

    async def _settle(self) -> None:
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._late_ok.wait()
        except TimeoutError:
            return

    async def _quiet(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RESYNC_S
        while loop.time() < deadline:
            self._heard.clear()
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._heard.wait()
            except TimeoutError:
                return

    def _try_send(self, data: bytes) -> None:
        try:
            self.port.send(data)
        except LineFault as fault:
            log.debug("%s: %s", self.port.path, fault)

    def _received(self, data: bytes) -> None:
        self._heard.set()
        if self._floods(len(data)):
            self.port.deaf()
            self._note(Kind.NOTE, "talks without end; nobody listens any more")
            self._lost(ModemError(f"{self.port.path}: the modem talks without end"))
            return
        for event in self.engine.feed(data):
            if isinstance(event, Finished):
                for line in event.reply.lines:
                    self._note(Kind.ANSWER, line)
                self._note(Kind.ANSWER, f"{event.reply.code} {event.reply.detail}".rstrip())
                if event.reply.code == CONNECT:
                    self.port.deaf()  # the next byte is data, whoever reads it
                    self._attached = False
                self._finish(event.reply)
            elif isinstance(event, Unsolicited):
                self._note(Kind.UNSOLICITED, event.line)
                if event.line == OK and self._aborting:
                    self._aborted()
                elif event.line == OK:
                    self._late_ok.set()
                else:
                    self._on_line(event.line)
            elif isinstance(event, Prompted):
                if self._limit:
                    self._limit.reschedule(asyncio.get_running_loop().time() + self._payload_s)
                self.port.trace.message(event.data)
                self._try_send(event.data)
            elif isinstance(event, Shielded) and self._on_shielded:
                self.port.trace.shielded(event.code)
                self._on_shielded(event.code)

    def _floods(self, count: int) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._counted_from >= FLOOD_S:
            self._counted, self._counted_from = 0, now
        self._counted += count
        return self._counted > FLOOD

    def _note(self, kind: Kind, text: str) -> None:
        shown = self.port.trace.note(kind, text)
        log.debug("%s %s %s", self.port.path, kind.value, shown)

    def _aborted(self) -> None:
        """OK to an abort, for a command that OK alone does not end."""
        command = self.engine.running
        self.engine.abandon()
        if command:
            self._finish(Reply(command.shown, OK))

    def _finish(self, reply: Reply) -> None:
        if self._result and not self._result.done():
            self._result.set_result(reply)

    def _lost(self, fault: LineFault) -> None:
        if self._result and not self._result.done():
            self._result.set_exception(fault)
        self._on_lost(fault)
