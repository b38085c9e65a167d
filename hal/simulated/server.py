"""The exchange's control socket: one JSON object a line, both ways.

A request is `{"id": 1, "do": "dial", ...}`; its answer `{"id": 1, "ok": true, ...}` or `{"id": 1, "ok": false, "error": "..."}`.
A connection is one telephone receiver: after `dial`, or after `attach` and a `ring` event and `answer`, it has a call, and gets
events: `answered`, `failed` (with a cause), `caption`, `audio` (base64 A-law), `ended`. Times are seconds of the exchange.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from hal.audio.sound import Encoding, Sound
from hal.simulated.causes import Cause
from hal.simulated.exchange import Exchange
from hal.simulated.phone import CallEnded, IncomingRing, NotAnswered, Phone, PhoneCall

_LINE_LIMIT = 1 << 24
_BACKLOG = 1 << 20
"""Bytes that may wait for a slow client; audio beyond is dropped."""


class Refused(Exception):
    """A request that cannot be done; the text goes to the client."""


class Server:
    """Serves `DIR/exchange.sock` until closed."""

    def __init__(self, exchange: Exchange, *, speed: float = 1.0) -> None:
        self.exchange = exchange
        self.speed = speed
        self.path = exchange.directory / "exchange.sock"
        self.stopping = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._receivers: set[Receiver] = set()

    async def start(self) -> None:
        """Begin to listen. The socket is the user's alone."""
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=_LINE_LIMIT)
        self.path.chmod(0o600)

    async def close(self) -> None:
        """Hang up all receivers and stop."""
        if self._server:
            self._server.close()
        for receiver in tuple(self._receivers):
            await receiver.close()
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver = Receiver(self, writer)
        self._receivers.add(receiver)
        try:
            while line := await reader.readline():
                receiver.spawn(receiver.request(line))  # in order: each is begun before the next is read
        except (ConnectionError, ValueError):
            pass
        finally:
            self._receivers.discard(receiver)
            await receiver.close()

    # --- what can be asked without a call ---

    def hello(self) -> dict[str, Any]:
        """The speed, and everything that is plugged in."""
        return {
            "speed": self.speed,
            "now": self.exchange.loop.time(),
            "devices": [device.describe() for device in self.exchange.devices.values()],
            "subscribers": sorted(self.exchange.phones),
        }

    def calls(self, number: str = "") -> dict[str, Any]:
        """Calls so far, to one number or all."""
        logs = self.exchange.calls_to(number) if number else self.exchange.calls
        return {
            "calls": [
                {
                    "from": log.caller,
                    "to": log.called,
                    "started": log.started,
                    "rang": log.rang,
                    "answered": log.answered,
                    "ended": log.ended,
                    "cause": None if log.cause is None else int(log.cause),
                }
                for log in logs
            ]
        }

    def sms(self) -> dict[str, Any]:
        """Messages that the network accepted."""
        return {"sms": [{"from": sms.sender, "to": sms.recipient, "text": sms.text} for sms in self.exchange.sms]}

    def send_sms(self, sender: str, to: str, text: str) -> dict[str, Any]:
        """Deliver a message to a modem."""
        self.exchange.send_sms(sender, to, text)
        return {}

    def fault(self, line: str, **faults: Any) -> dict[str, Any]:
        """Set faults of a line by name (`isdn.1`, `gsm`)."""
        try:
            self._line(line).faults.set(**faults)
        except KeyError as error:
            raise Refused(f"no fault {error}") from None
        return {}

    def unplug(self, device: str) -> dict[str, Any]:
        """Pull out a device or one line."""
        self._line(device).unplug()
        return {}

    def plug(self, device: str, name: Any = None) -> dict[str, Any]:
        """Plug it in again, perhaps under another name."""
        self._line(device).plug(name)
        return {}

    def phone(self, number: str, **settings: Any) -> dict[str, Any]:
        """Change settings of a subscriber: busy, busy_times, switched_off, refuse."""
        try:
            self.exchange.phone(number, **settings)
        except AttributeError as error:
            raise Refused(f"a phone has no {error}") from None
        return {}

    def network(self, **settings: Any) -> dict[str, Any]:
        """Change the exchange: congested."""
        if "congested" in settings:
            self.exchange.congested = bool(settings["congested"])
        return {}

    def stop(self) -> dict[str, Any]:
        """End the process."""
        self.stopping.set()
        return {}

    def _line(self, name: str) -> Any:
        for device in self.exchange.devices.values():
            for candidate in (device, *getattr(device, "lines", ())):
                if candidate.name == name:
                    return candidate
        raise Refused(f"there is no device or line {name!r}")


class Receiver:
    """One connection."""

    def __init__(self, server: Server, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._writer = writer
        self._phone: Phone | None = None
        self._attached = False
        self._ring: IncomingRing | None = None
        self._call: PhoneCall | None = None
        self._captions = 0
        self._audio = False
        self._dialling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def request(self, line: bytes) -> None:
        """One line from the client."""
        number: Any = None
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise Refused("not an object")
            number = request.pop("id", None)
            answer = await self._do(str(request.pop("do", "")), request)
        except (Refused, CallEnded, NotAnswered) as error:
            self._send({"id": number, "ok": False, "error": str(error)})
        except (TypeError, ValueError, RuntimeError) as error:
            self._send({"id": number, "ok": False, "error": f"bad request: {error}"})
        else:
            self._send({"id": number, "ok": True, **answer})

    async def _do(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        own: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            "dial": self._dial,
            "attach": self._attach,
            "answer": self._answer,
            "reject": self._reject,
            "press": self._press,
            "speak": self._speak,
            "quiet": self._quiet,
            "hang_up": self._hang_up,
            "listen": self._listen,
        }
        server = self._server
        common: dict[str, Callable[..., dict[str, Any]]] = {
            "hello": server.hello,
            "calls": server.calls,
            "sms": server.sms,
            "send_sms": server.send_sms,
            "fault": server.fault,
            "unplug": server.unplug,
            "plug": server.plug,
            "phone": server.phone,
            "network": server.network,
            "stop": server.stop,
        }
        if name in own:
            return await own[name](**arguments)
        if name in common:
            return common[name](**arguments)
        raise Refused(f"unknown request {name!r}")

    # --- the receiver in the hand ---

    async def _dial(self, number: str, to: str) -> dict[str, Any]:
        if self._call and not self._call.hung_up:
            raise Refused("there is a call already")
        phone = self._phone = self._server.exchange.phone(number)
        self._dialling = self.spawn(self._dialled(phone, to))
        return {}

    async def _dialled(self, phone: Phone, to: str) -> None:
        try:
            call = await phone.dial(to, within=180)
        except NotAnswered as error:
            self._send({"event": "failed", "cause": int(error.cause), "text": str(error)})
        except RuntimeError as error:
            self._send({"event": "failed", "cause": int(Cause.USER_BUSY), "text": str(error)})
        else:
            self._follow(call)

    async def _attach(self, number: str) -> dict[str, Any]:
        self._phone = self._server.exchange.phone(number)
        self._phone.behaviour = self._rings
        self._attached = True
        return {}

    async def _rings(self, ring: IncomingRing) -> None:
        self._ring = ring
        self._send({"event": "ring", "caller": ring.caller})
        await ring.over.wait()
        if not ring.circuit.answered:
            self._send({"event": "gave_up"})

    async def _answer(self) -> dict[str, Any]:
        if self._ring is None:
            raise Refused("nothing rings")
        self._follow(await self._ring.answer())
        return {}

    async def _reject(self, cause: int = Cause.CALL_REJECTED) -> dict[str, Any]:
        if self._ring:
            await self._ring.reject(Cause(cause))
        return {}

    def _follow(self, call: PhoneCall) -> None:
        self._call = call
        self._captions = 0
        call.on_frame = self._heard
        self._send({"event": "answered", "number": call.number})
        self.spawn(self._until_ended(call))

    async def _until_ended(self, call: PhoneCall) -> None:
        while not await call.ends(within=3600):
            pass
        self._heard(b"")
        self._send({"event": "ended"})

    def _heard(self, frame: bytes) -> None:
        assert self._call
        captions = self._call.captions
        for caption in captions[self._captions :]:
            self._send({"event": "caption", "text": caption})
        self._captions = len(captions)
        if frame and self._audio and self._writer.transport.get_write_buffer_size() < _BACKLOG:
            self._send({"event": "audio", "alaw": base64.b64encode(frame).decode()})

    def _up(self) -> PhoneCall:
        if self._call is None or self._call.hung_up:
            raise Refused("there is no call")
        return self._call

    async def _press(self, keys: str, on_s: float = 0.1, off_s: float = 0.1) -> dict[str, Any]:
        await self._up().press(keys, on_s=on_s, off_s=off_s)
        return {}

    async def _speak(self, alaw: str) -> dict[str, Any]:
        """Answers at once; the event `spoken` comes when it has been said."""
        call = self._up()
        self.spawn(self._said(call, Sound(base64.b64decode(alaw), Encoding.ALAW)))
        return {}

    async def _said(self, call: PhoneCall, sound: Sound) -> None:
        try:
            await call.speaks(sound)
        except CallEnded:
            return
        self._send({"event": "spoken"})

    async def _quiet(self) -> dict[str, Any]:
        self._up().falls_silent()
        return {}

    async def _hang_up(self) -> dict[str, Any]:
        if self._call:
            await self._call.hang_up()
        if self._dialling:
            self._dialling.cancel()
        return {}

    async def _listen(self, audio: bool = True) -> dict[str, Any]:
        self._audio = audio
        return {}

    # --- the connection ---

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something for this connection, for as long as it lasts."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _send(self, message: dict[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def close(self) -> None:
        """The client has gone: the receiver is put down, an attached phone is left alone."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._call:
            await self._call.hang_up()
        if self._attached and self._phone:
            self._phone.never_answers()
        self._writer.close()


def ready_line(directory: Path, speed: float) -> str:
    """What the process prints when it can be used."""
    return f"exchange ready in {directory} at {speed:g} times life"
