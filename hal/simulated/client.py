"""Talking to a simulated exchange that runs as a process of its own: as a telephone, or as whoever breaks its modems.

async with await ExchangeClient.connect(directory / "exchange.sock") as client:
    await client.dial("03012345", "4711")
    await client.hears("welcome")
    await client.press("123456789")
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hal.audio.sound import Encoding, Sound


class ExchangeError(ConnectionError):
    """The exchange refused a request, a call failed, or the connection is gone."""


class ExchangeClient:
    """One connection: one receiver in the hand. Time limits are seconds of the running loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Event()
        self._closed = False
        self._listened = 0
        self._spoken = 0
        self.state = "idle"
        """`idle`, `dialling`, `ringing` (somebody calls), `talking`, `ended` or `failed`."""
        self.failure = ""
        """Why the last call failed."""
        self.caller = ""
        """Who calls, while `ringing`."""
        self.captions: list[str] = []
        """The prompts heard in this call."""
        self.on_event: Callable[[dict[str, Any]], None] | None = None
        """Called with each event as it comes."""
        self.on_audio: Callable[[bytes], None] | None = None
        """Called with each 20 ms of A-law, after `listen`."""
        self._task = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(cls, path: Path) -> ExchangeClient:
        """Connect to `DIR/exchange.sock`. Raises OSError."""
        return cls(*await asyncio.open_unix_connection(path, limit=1 << 24))

    async def close(self) -> None:
        """Put the receiver down and go."""
        self._closed = True
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def __aenter__(self) -> ExchangeClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Ask for anything (see `hal.simulated.server`). Raises `ExchangeError`."""
        if self._closed:
            raise ExchangeError("the exchange is gone")
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n")
        reply: dict[str, Any] = await answer
        if not reply.pop("ok"):
            raise ExchangeError(reply["error"])
        return reply

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                message = json.loads(line)
                if "event" in message:
                    self._event(message)
                elif answer := self._answers.pop(message["id"], None):
                    answer.set_result(message)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._closed = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ExchangeError("the exchange is gone"))
            if self.state in ("dialling", "ringing", "talking"):
                self.state = "ended"
            self._changed.set()

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "caption":
            self.captions.append(event["text"])
        elif kind == "audio":
            if self.on_audio:
                self.on_audio(base64.b64decode(event["alaw"]))
            return
        elif kind == "spoken":
            self._spoken += 1
        elif kind == "failed":
            self.state, self.failure = "failed", event["text"]
        elif kind == "ring":
            self.state, self.caller = "ringing", event["caller"]
        elif kind == "answered":
            self.state = "talking"
        elif kind in ("ended", "gave_up"):
            self.state = "ended"
        self._changed.set()
        if self.on_event:
            self.on_event(event)

    async def _until(self, condition: Callable[[], bool], within: float, what: str) -> None:
        try:
            async with asyncio.timeout(within):
                while not condition():
                    if self._closed:
                        raise ExchangeError(f"the exchange went away while waiting for {what}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"no {what} within {within} s; heard: {' | '.join(self.captions)}") from None

    # --- a call ---

    def _begin(self, state: str) -> None:
        self.state = state
        self.captions = []
        self._listened = 0

    async def dial(self, number: str, to: str, *, within: float = 60.0) -> None:
        """Call `to` from the phone `number`; returns when it is answered. Raises `ExchangeError`, TimeoutError."""
        self._begin("dialling")
        await self.request("dial", number=number, to=to)
        await self._until(lambda: self.state != "dialling", within, "answer")
        if self.state == "failed":
            raise ExchangeError(self.failure)

    async def attach(self, number: str) -> None:
        """Be the phone `number`: wait for calls with `rings`."""
        await self.request("attach", number=number)

    async def rings(self, *, within: float = 60.0) -> str:
        """Wait for a call; gives the caller's number."""
        await self._until(lambda: self.state == "ringing", within, "call")
        return self.caller

    async def answer(self) -> None:
        """Pick up."""
        self._begin("ringing")
        await self.request("answer")
        await self._until(lambda: self.state != "ringing", 10.0, "connection")

    async def reject(self) -> None:
        """Refuse the call that rings."""
        await self.request("reject")

    async def hears(self, text: str, *, within: float = 30.0) -> None:
        """Wait for words in the captions that come after the last `hears`. Raises `ExchangeError` at a hang-up, TimeoutError."""
        wanted = " ".join(text.lower().split())

        def come() -> bool:
            words = ""
            for position in range(self._listened, len(self.captions)):
                words += " " + " ".join(self.captions[position].lower().split())
                if wanted in words:
                    self._listened = position + 1
                    return True
            if self.state == "ended":
                raise ExchangeError(f"hung up before {text!r}; heard: {' | '.join(self.captions)}")
            return False

        await self._until(come, within, f"{text!r}")

    async def press(self, keys: str) -> None:
        """Press keys; returns after the last."""
        await self.request("press", keys=keys)

    async def speaks(self, sound: Sound) -> None:
        """Say it; returns when it has been said, or the call has ended."""
        spoken = self._spoken
        await self.request("speak", alaw=base64.b64encode(sound.to(Encoding.ALAW).data).decode())
        await self._until(lambda: self._spoken > spoken or self.state == "ended", sound.seconds + 60, "end of speech")

    async def listen(self, on_audio: Callable[[bytes], None]) -> None:
        """Have the audio sent, 20 ms of A-law at a time."""
        self.on_audio = on_audio
        await self.request("listen", audio=True)

    async def hang_up(self) -> None:
        """Put the receiver down."""
        await self.request("hang_up")

    async def ends(self, *, within: float = 60.0) -> None:
        """Wait for the call to end."""
        await self._until(lambda: self.state in ("ended", "failed"), within, "end of the call")

    # --- around it ---

    async def hello(self) -> dict[str, Any]:
        """Speed, time and devices of the exchange."""
        return await self.request("hello")

    async def calls(self, number: str = "") -> list[dict[str, Any]]:
        """The calls so far (to one number): from, to, started, rang, answered, ended, cause (Q.850)."""
        calls: list[dict[str, Any]] = (await self.request("calls", number=number))["calls"]
        return calls

    async def sms(self) -> list[dict[str, str]]:
        """The messages so far: from, to, text."""
        messages: list[dict[str, str]] = (await self.request("sms"))["sms"]
        return messages

    async def fault(self, line: str, **faults: Any) -> None:
        """Set faults of a line (`hal.simulated.faults.Faults`)."""
        await self.request("fault", line=line, **faults)
